"""Numbers: the written forms that are read, and how.

A text that can be one number only is read, however it is written: `25000`, `12.5`, `25.000,00`, `1,234,567`, `1 234,5`.
One that can be two numbers, `25.000` or `1,234`, is refused, unless the field says how its numbers are written. What
stands beside the digits (a currency, a percent sign, a k, brackets) is read only where the field says so.

The patterns are read alike by Python, RE2, Java, PostgreSQL and POSIX: no look-around, and no backslash. All but
NUMBER_PATTERN are of texts that `fold` has folded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

from leadledger.scoring.errors import UnreadableValue, quote
from leadledger.scoring.text_forms import fold, key_of

# The plain form, in which a dot is surely no sign between thousands; what nearly every value looks like.
_PLAIN_DIGITS = r"(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})"
_WITH_EXPONENT = r"(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+"
NUMBER_PATTERN = rf"[+-]?(?:{_PLAIN_DIGITS}|{_WITH_EXPONENT})"
# One sign between groups of digits: for thousands, or for decimals?
_TWO_READINGS = r"[1-9][0-9]{0,2}[.,][0-9]{3}"
AMBIGUOUS_PATTERN = rf"[+-]?{_TWO_READINGS}"
_GROUP = r"[1-9][0-9]{0,2}"  # the first digits of a number with signs between thousands
_COMMA_DECIMALS = (
    rf"{_GROUP}(?:[.][0-9]{{3}})+,[0-9]+|{_GROUP}(?:[.][0-9]{{3}}){{2,}}|{_GROUP}(?:[ '’][0-9]{{3}})+,[0-9]+"
    r"|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}"
)
_DOT_DECIMALS = (
    rf"{_GROUP}(?:,[0-9]{{3}})+[.][0-9]+|{_GROUP}(?:,[0-9]{{3}}){{2,}}|{_GROUP}(?:[ '’][0-9]{{3}})+[.][0-9]+"
)
_SPACED = rf"{_GROUP}(?:[ '’][0-9]{{3}})+"
_PLAIN_WITH_DOT = r"[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})[.][0-9]{3}"
# Texts that can only be written with a comma, or a dot, before decimals: they prove how a column is written.
COMMA_PROOF = rf"[+-]?(?:{_COMMA_DECIMALS})"
DOT_PROOF = rf"[+-]?(?:{_DOT_DECIMALS}|{_PLAIN_WITH_DOT})"
GROUPED_DOT_PROOF = rf"[+-]?(?:{_DOT_DECIMALS})"  # those that no program writes for a number
_SIGNS_BESIDE_COMMA, _SIGNS_BESIDE_DOT = ",. '’", ", '’"  # all go, but a comma before decimals becomes a dot
LONGEST_NUMBER = 300  # characters in any form but the plain one, so that every such number is finite

MOST_EXACT = 2.0**53  # below it, a float that is whole is one whole number, and no other

DecimalSign = Literal[".", ",", ""]
SAMPLES = '"1.234,56", "1,234.56", "€1.234,56", "1,234.56 EUR", "25%", "25k" or "(1,234)"'
NOT_NUMBER = "is not a number; write it like 25000, 2.5 or 1e6"
NOT_FINITE = "is not a finite number"

_UNIT = r"(?!e\b)[^0-9\s+.,:;_/'’()\[\]{}^\\\-\u2010-\u2015\u2212\"]{1,8}"  # of a person's choice, such as EUR
_SAMPLE = re.compile(
    rf"(?P<open>[(])?(?:(?P<before>{_UNIT}) ?)?(?P<digits>[0-9](?:[0-9., '’]*[0-9])?)(?P<thousand> ?[kK](?![^\W\d]))?"
    rf"(?: ?(?P<after>{_UNIT}))?(?P<close>[)])?"
)


@dataclass(frozen=True)
class NumberForm:
    """One written form: the pattern of the whole (folded) text; `comma`: a comma stands before the decimals."""

    pattern: str
    comma: bool

    @property
    def translation(self) -> tuple[str, str]:
        """What makes it a plain number: signs to replace, and what takes their place; those without a partner go."""
        return (_SIGNS_BESIDE_COMMA, ".") if self.comma else (_SIGNS_BESIDE_DOT, "")


@dataclass(frozen=True)
class NumberFormat:
    """How a field says that the texts of its numbers are written.

    `decimal` is the sign before decimals, which decides what `25.000` is; empty: not said. A `unit` (folded) may stand
    before or behind the digits. `thousand`: a k behind them counts. `brackets` around them are a minus. `sample` is
    what the card says.
    """

    decimal: DecimalSign = ""
    unit: str = ""
    thousand: bool = False
    brackets: bool = False
    sample: str = ""

    @property
    def is_wrapped(self) -> bool:
        """Whether something other than digits, points and signs may stand in a text."""
        return bool(self.unit or self.thousand or self.brackets)

    @cached_property
    def wrapper(self) -> str:
        """The pattern of a text with all that the format allows beside the digits; for `is_wrapped` only."""
        digits = r"[0-9](?:[0-9., '’]*[0-9])?" + ("(?: ?k)?" if self.thousand else "")
        unit = "".join(f"[{sign}]" if not sign.isalnum() else sign for sign in self.unit)
        ways = [digits]
        if unit:
            ways = [f"(?:{unit} ?)?[+-]?{digits}", f"{digits}(?: ?{unit})?"]
        inner = "|".join(ways)
        bracketed = f"|[(](?:{inner})[)]" if self.brackets else ""
        return f"[+-]?(?:{inner}{bracketed})"

    @cached_property
    def replacements(self) -> tuple[tuple[str, str], ...]:
        """What takes the place of what, in this order, in a text of the pattern `wrapper`."""
        pairs = []
        if self.unit:
            pairs += [(f"{self.unit} ", ""), (f" {self.unit}", ""), (self.unit, "")]
        if self.thousand:
            pairs += [(" k", "k"), ("k", "e3")]
        if self.brackets:
            pairs += [("(", "-"), (")", "")]
        return tuple(pairs)

    @cached_property
    def forms(self) -> tuple[NumberForm, ...]:
        """The written forms beside the plain one, once `replacements` are made; they exclude each other."""
        comma, dot = _COMMA_DECIMALS, f"{_DOT_DECIMALS}|{_SPACED}"
        if self.decimal == ",":
            comma += f"|{_TWO_READINGS}"
        elif self.decimal == ".":
            dot += f"|{_TWO_READINGS}"
        exponent = ""
        if self.is_wrapped:
            dot += f"|{_PLAIN_DIGITS}"
            exponent = "(?:e3)?" if self.thousand else ""
        return tuple(NumberForm(f"[+-]?(?:{digits}){exponent}", way) for digits, way in ((comma, True), (dot, False)))


ANY_FORMAT = NumberFormat()
_NUMBER = re.compile(NUMBER_PATTERN)
_NUMBERS = (int, float, Decimal)
_AMBIGUOUS = re.compile(AMBIGUOUS_PATTERN)


def parse_number_format(sample: str) -> NumberFormat | None:
    """The format that a sample such as `1.234,56`, `€1,234.56` or `25%` shows; None where it shows none."""
    match = _SAMPLE.fullmatch(sample)
    if match is None or bool(match["open"]) != bool(match["close"]) or (match["before"] and match["after"]):
        return None
    digits = match["digits"]
    # A sample of one group and one sign, 1.234, shows thousands: with decimals it would show two digits of them.
    if re.fullmatch(rf"{COMMA_PROOF}|{_GROUP}[.][0-9]{{3}}", digits):
        decimal: DecimalSign = ","
    elif re.fullmatch(rf"{DOT_PROOF}|{_GROUP},[0-9]{{3}}", digits):
        decimal = "."
    elif re.fullmatch(rf"[0-9]+|{_SPACED}", digits):
        decimal = ""
    else:
        return None
    unit = fold(match["before"] or match["after"] or "")
    format_ = NumberFormat(decimal, unit, bool(match["thousand"]), bool(match["open"]), sample)
    return format_ if decimal or format_.is_wrapped else None


def write_number(text: str) -> str:
    """The text of a typed number, for a file of texts: with a fourth decimal where three would leave two readings."""
    return f"{text}0" if _AMBIGUOUS.fullmatch(text) else text


def make_number_reader(format_: NumberFormat | None) -> Callable[[Any], float | None]:
    """The function that gives the number that a raw value is or writes; None for a NaN. It raises UnreadableValue."""
    read_other = _make_text_reader(format_ or ANY_FORMAT)

    def read_number(raw: Any) -> float | None:
        if type(raw) is str:
            if _NUMBER.fullmatch(raw):
                value = float(raw)
            elif fold(raw) == "nan":
                return None
            else:
                value = read_other(raw)
        elif isinstance(raw, bool) or not isinstance(raw, _NUMBERS):
            raise UnreadableValue(f"{quote(raw)} {NOT_NUMBER}")
        else:
            try:
                value = float(raw)
            except OverflowError:  # an int beyond 1e308
                raise UnreadableValue(f"{quote(raw)} {NOT_FINITE}") from None
        if math.isfinite(value):
            return value
        raise UnreadableValue(f"{quote(raw)} {NOT_FINITE}")

    return read_number


def _make_text_reader(format_: NumberFormat) -> Callable[[str], float]:
    """The function that reads a text that is not in the plain form. It raises UnreadableValue."""
    forms = [(re.compile(form.pattern), str.maketrans(*_padded(form))) for form in format_.forms]
    wrapper = re.compile(format_.wrapper) if format_.is_wrapped else None

    def read_text(raw: str) -> float:
        digits = key_of(raw)
        if wrapper is not None and wrapper.fullmatch(digits):
            for sign, instead in format_.replacements:
                digits = digits.replace(sign, instead)
        for pattern, signs in forms:
            if len(digits) <= LONGEST_NUMBER and pattern.fullmatch(digits):
                return float(digits.translate(signs))
        raise UnreadableValue(f"{quote(raw)} {_explain(raw, format_)}")

    return read_text


def _padded(form: NumberForm) -> tuple[str, str, str]:
    """The arguments of `str.maketrans` for the signs of a form."""
    signs, instead = form.translation
    return signs[: len(instead)], instead, signs[len(instead) :]


read_number = make_number_reader(None)  # of a field that declares no format

# -- what a refusal says ------------------------------------------------------------------------------------------

_DIGITS = r"[0-9](?:[0-9., '’]*[0-9])?"
_WORDS = r"[^0-9+-]{0,8}"
_RANGE = re.compile(rf"{_WORDS}{_DIGITS}{_WORDS}(?:-|–|—|\bto\b){_WORDS}{_DIGITS}{_WORDS}")
_BRACKETS = re.compile(r"[(](.*[0-9].*)[)]")
_PERCENT = re.compile(rf"([+-]?{_DIGITS}) ?%")
_THOUSAND = re.compile(rf"[+-]?({_DIGITS}) ?[kK]")
_BESIDE = re.compile(rf"[+-]?(?:(?P<before>{_UNIT}) ?)?[+-]?(?P<digits>{_DIGITS})(?: ?(?P<after>{_UNIT}))?")
_COMMA_SAMPLE, _DOT_SAMPLE = "1.234,56", "1,234.56"


def find_two_readings(text: str) -> tuple[str, str] | None:
    """The two numbers that a text such as `25.000` can be, as people write them; None where it can't be two."""
    if not _AMBIGUOUS.fullmatch(text):
        return None
    return _written(float(text.replace(",", "."))), _written(float(re.sub("[.,]", "", text)))


def _written(number: float) -> str:
    return f"{number:,}".removesuffix(".0")


def _explain(raw: str, format_: NumberFormat) -> str:
    """Why a text is no number, and how to mend it."""
    readings = find_two_readings(raw)
    if readings is not None:
        return f"can be {readings[0]} or {readings[1]}; {_declare_both(format_.sample)}"
    if _RANGE.fullmatch(raw):
        return "looks like a range of two numbers; write one number"
    if (match := _BRACKETS.fullmatch(raw)) is not None:
        readings = find_two_readings(match[1])
        if readings is not None:
            return f"can be {readings[0]} or {readings[1]}, or either with a minus; {_declare_both('(25)')}"
        mend = _declare("(1,234)")
        number = _read_or_none(match[1])
        if number is None:
            return f"has brackets, which may mean a minus; write it like -5000, or {mend}"
        return f"can be {_written(number)} or {_written(-number)}; {mend}, which reads it as {_written(-number)}"
    if (match := _PERCENT.fullmatch(raw)) is not None and (number := _read_or_none(match[1])) is not None:
        mend = f"{_declare('25%')}, which reads it as {_written(number)}"
        return f"can be {_written(number)} or {_written(number / 100)}; {mend}"
    if (match := _THOUSAND.fullmatch(raw)) is not None:
        readings = find_two_readings(match[1])
        if readings is not None:
            return f"can be {readings[0]} or {readings[1]} thousand; {_declare_both('25k')}"
        return f"has a k behind the number; write it like 25000, or {_declare('25k')}"
    match = _BESIDE.fullmatch(raw)
    if match is not None and (match["before"] or match["after"]):
        return _explain_unit(match)
    return NOT_NUMBER


def _explain_unit(match: re.Match[str]) -> str:
    """Why a number with a unit beside it is refused."""
    before, digits, after = match["before"] or "", match["digits"], match["after"] or ""
    blank = " " if len(before or after) > 1 else ""
    sample = f"{before}{blank}25" if before else f"25{blank}{after}"
    readings = find_two_readings(digits)
    if readings is not None:
        return f"can be {readings[0]} or {readings[1]} {before or after}; {_declare_both(sample)}"
    number = _COMMA_SAMPLE if re.fullmatch(COMMA_PROOF, digits) else _DOT_SAMPLE
    mend = _declare(sample.replace("25", number))
    return f"has {quote(before or after)} beside the number; write it like 25000, or {mend}"


def _read_or_none(digits: str) -> float | None:
    """The number that digits, with nothing beside them, can only be."""
    try:
        return read_number(digits)
    except UnreadableValue:
        return None


def _declare_both(sample: str) -> str:
    """The mend of what can be two numbers; `sample` shows what else is declared, or may be empty."""
    match = _SAMPLE.fullmatch(sample)
    start, end = match.span("digits") if match is not None else (0, 0)
    return _declare(*(f"{sample[:start]}{number}{sample[end:]}" for number in (_COMMA_SAMPLE, _DOT_SAMPLE)))


def _declare(*samples: str) -> str:
    keys = " or ".join(f'`format: "{sample}"`' for sample in samples)
    return f"declare {keys} for the field"


def with_decimal(format_: NumberFormat | None, decimal: DecimalSign) -> NumberFormat:
    """A format that also says what stands before decimals."""
    return replace(format_ or ANY_FORMAT, decimal=decimal)


def find_whole_number(raw: Any) -> int | UUID | None:
    """The whole number that a value is, whatever its type, or the id that it is; None where it is neither."""
    if isinstance(raw, int | UUID):
        return None if isinstance(raw, bool) else raw
    if isinstance(raw, Decimal):
        return int(raw) if raw.is_finite() and raw == raw.to_integral_value() else None
    return int(raw) if isinstance(raw, float) and abs(raw) < MOST_EXACT and raw.is_integer() else None
