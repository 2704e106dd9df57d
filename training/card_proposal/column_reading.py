"""What a column holds, by its values: the kind of its field, how its texts are written, and what can't be decided."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from leadledger.scoring.card.card_scalars import can_be_written
from leadledger.scoring.choice_forms import LIST_PATTERN, split_raw
from leadledger.scoring.day_formats import UNITS, find_readings
from leadledger.scoring.day_forms import is_day
from leadledger.scoring.errors import UnreadableValue, quote
from leadledger.scoring.flag_forms import NO_TEXTS, YES_TEXTS
from leadledger.scoring.number_forms import (
    AMBIGUOUS_PATTERN,
    COMMA_PROOF,
    DOT_PROOF,
    GROUPED_DOT_PROOF,
    make_number_reader,
    parse_number_format,
)
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.text_forms import fold, key_of, strip
from leadledger.training.card_proposal.column_meaning import find_meanings
from leadledger.training.card_proposal.column_profile import ColumnProfile
from leadledger.training.card_proposal.field_names import find_standard_field
from leadledger.training.evidence.known_later import split_words

MOST_BROKEN = 0.05  # of the filled rows, which can't be read as the kind of nearly all others
MOST_CODES = 60  # different whole numbers of a column of codes
ID_SHARE = 0.98  # of the filled rows of a column of ids, at least, have a value of their own
LEAST_CHOICES_SHARE = 0.02  # of the filled rows have several values at once
MOST_CHOICES = 200
RECORDS = "holds records; name a member of one in `from:`, such as `column.member`"
LONGEST_DAY = 60  # characters of a text that may be a day
BARE = "{}"  # the digits of a number, between what may stand beside them
COMMA_SAMPLE, DOT_SAMPLE = "1.234,56", "1,234.56"

_FAMILY_KINDS = dict.fromkeys(("integer", "wide", "real", "float", "decimal"), "number")
_FAMILY_KINDS |= dict.fromkeys(("date", "time", "instant"), "date") | {"flag": "flag"}
_AMBIGUOUS, _COMMA, _DOT, _GROUPED_DOT = map(re.compile, (AMBIGUOUS_PATTERN, COMMA_PROOF, DOT_PROOF, GROUPED_DOT_PROOF))
_BESIDE = re.compile(r"[+-]?(?P<before>[^0-9+\-(.,]{0,8}?) ?[+-]?[0-9](?:[0-9., '’]*[0-9])?(?P<after> ?[^0-9.,)]{0,8})")
_ID_NAME = re.compile(r"(?:.* )?(?:id|uuid|guid|key|number|no|nr|code|index|unnamed 0)|(?:.*[a-z])?id")
_DATE_NAME = re.compile(r"\b(?:date|day|time|datum|created|since|at|on|until|dato|fecha|timestamp)\b|date$|time$")
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}(?:\.0)?")


@dataclass(frozen=True)
class ColumnReading:
    """The kind of a column, and how its texts are written.

    `kind` is empty where nothing fits, and `why` says why. `keys` are those of its field, with their texts. `decision`:
    what its owner must decide, in plain words; `is_open`: it can't be read before. Then `other_formats` are those that
    fit as well as the one in `keys`, and `example` is a text that they read in different ways.
    """

    kind: str
    why: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    decision: str = ""
    is_open: bool = False
    other_formats: tuple[str, ...] = ()
    example: str = ""


def read_column(profile: ColumnProfile, decimals: str = "", *, has_typed: bool = False) -> ColumnReading:
    """What a column holds.

    `decimals`: the sign before decimals in the other columns of its list, where they show one; else empty.
    `has_typed`: among its texts are numbers that the file keeps as numbers, whose dots prove nothing.
    """
    family = type_family(profile.type)
    if not family:
        is_list = bool(type_family(profile.type, "choices"))
        if is_list:
            return ColumnReading("choices", "holds lists")
        has_members = profile.type.startswith(("STRUCT", "JSON", "MAP"))
        return ColumnReading("", RECORDS if has_members else f"holds {quote(profile.type)}, which no field can be")
    if not profile.filled:
        return ColumnReading("", "empty in every row")
    texts = {strip(text): rows for text, rows in profile.values.items()}
    is_unique = profile.different >= ID_SHARE * profile.filled
    if is_unique and find_standard_field(profile.name, "id") and family in ("text", "integer", "wide"):
        return ColumnReading("id", _explain_id(profile))
    if _looks_like_id(profile, texts):
        return ColumnReading("id", _explain_id(profile))
    if family in _FAMILY_KINDS:
        kind = _FAMILY_KINDS[family]
        if kind == "number" and set(texts) <= {"0", "1", "0.0", "1.0"}:
            return ColumnReading("flag", "0 and 1")
        return (
            ColumnReading("text", "codes") if kind == "number" and _are_codes(profile, texts) else ColumnReading(kind)
        )
    if sum(rows for text, rows in texts.items() if text.startswith("{")) > profile.filled / 2:
        return ColumnReading("", RECORDS)
    if (words := _read_flag(texts)) is not None:
        return ColumnReading("flag", words)
    if (days := _read_days(profile, texts)) is not None:
        return days
    if (numbers := _read_numbers(profile, texts, decimals, has_typed)) is not None:
        return ColumnReading("text", "codes") if numbers.kind and _are_codes(profile, texts) else numbers
    return _read_choices(profile, texts) or ColumnReading("text")


def show_decimals(profile: ColumnProfile, *, has_typed: bool = False) -> str:
    """The sign before decimals that a column's own numbers show: `,`, `.` or, where they show none or both, empty."""
    few = _spread(profile.values, 50, _is_number_like)
    if type_family(profile.type) != "text" or len(few) * 2 <= min(50, len(profile.values)):
        return ""
    dot_proof = _GROUPED_DOT if has_typed else _DOT
    signs = {
        sign
        for text in profile.values
        for sign, proof in ((",", _COMMA), (".", dot_proof))
        if proof.fullmatch(strip(text))
    }
    return signs.pop() if len(signs) == 1 else ""


# -- ids and codes --------------------------------------------------------------------------------------------------


def _looks_like_id(profile: ColumnProfile, texts: Mapping[str, int]) -> bool:
    """Whether nearly every row has a value of its own, and the name or the values look like those of ids."""
    if profile.different < ID_SHARE * profile.filled or max(map(len, texts)) > 100 or profile.filled < 2:
        return False
    if type_family(profile.type) not in ("text", "integer", "wide"):
        return False
    if any(" " in text or "@" in text for text in texts):
        return False
    named = _ID_NAME.fullmatch(split_words(profile.name)) is not None
    if named and not any(meaning in ("decision_date", "created") for meaning in find_meanings(profile.name)):
        return all(not re.fullmatch(r"[0-9]+[.,][0-9]+", text) for text in texts)
    hexadecimal = all(re.fullmatch(r"[0-9a-f]{16,}|[0-9a-fA-F-]{32,}", text) for text in texts)
    return hexadecimal and profile.filled >= 5


def _explain_id(profile: ColumnProfile) -> str:
    repeated = profile.filled - profile.different
    return "each row has one of its own" if not repeated else f"{profile.different:,} different ones"


def _are_codes(profile: ColumnProfile, texts: Mapping[str, int]) -> bool:
    """Whether whole numbers are codes by the column's name: which is greater then says nothing."""
    return (
        "code" in find_meanings(profile.name)
        and profile.different <= MOST_CODES
        and all(_WHOLE.fullmatch(text) for text in texts)
    )


# -- flags ----------------------------------------------------------------------------------------------------------


def _read_flag(texts: Mapping[str, int]) -> str | None:
    """The words of a column of flags; None where it is none. A single letter, F or N, says so only beside its other."""
    keys = {key_of(text) for text in texts}
    if not keys <= {*YES_TEXTS, *NO_TEXTS}:
        return None
    has_both = keys & set(YES_TEXTS) and keys & set(NO_TEXTS)
    if not has_both and any(len(key) == 1 and key.isalpha() for key in keys):
        return None
    return " and ".join(sorted(keys))


# -- days -----------------------------------------------------------------------------------------------------------


def _read_days(profile: ColumnProfile, texts: Mapping[str, int]) -> ColumnReading | None:
    """The column as days; None where it holds none."""
    by_name = _DATE_NAME.search(split_words(profile.name)) is not None
    if not all(_may_be_day(text, by_name) for text in list(texts)[:3]):
        return None
    broken, formats, rows_to_declare = 0, None, 0
    for text, rows in texts.items():
        if is_day(text):
            continue
        readings = _find_forms(text, by_name)
        if not readings:
            broken += rows
            if broken > MOST_BROKEN * profile.filled:
                return None
            continue
        rows_to_declare += rows
        formats = readings if formats is None else formats & readings
    if formats is None:
        return ColumnReading("date", decision=_describe_broken(broken, profile, "days"))
    if not formats:
        decision = "its days are written in several ways; write them like 2026-01-31 in the list"
        return ColumnReading("date", decision=decision, is_open=True)
    usual = sorted(formats, key=lambda form: (form in UNITS, form))
    keys = {"format": usual[0]}
    if len(usual) > 1:
        others = " or ".join(f"`format: {_quoted(form)}`" for form in usual[1:])
        decision = (
            f"its days can be read in {len(usual)} ways: as written here, or with {others}; nothing in the list tells"
        )
        example = next((text for text in texts if not is_day(text) and len(_find_forms(text, by_name)) > 1), "")
        return ColumnReading("date", "", keys, decision, True, tuple(usual[1:]), example)
    why = f"{rows_to_declare:,} of its days need the format, and no other fits them all"
    return ColumnReading("date", why, keys, decision=_describe_broken(broken, profile, "days"))


def _may_be_day(text: str, by_name: bool) -> bool:
    """Whether a text is a day, or may be one of some format."""
    return (
        len(text) <= LONGEST_DAY
        and any(sign.isdigit() for sign in text)
        and (is_day(text) or bool(_find_forms(text, by_name)))
    )


def _find_forms(text: str, by_name: bool) -> set[str]:
    """The formats in which a text is a day: of digits alone only where the column's name says that it holds days, and
    the day is one of these times.
    """
    if len(text) > LONGEST_DAY or (text.isdigit() and not by_name):
        return set()
    return {form for form, day in find_readings(text) if not text.isdigit() or "1990" <= day[:4] < "2040"}


# -- numbers --------------------------------------------------------------------------------------------------------


def _read_numbers(
    profile: ColumnProfile, texts: Mapping[str, int], decimals: str, has_typed: bool
) -> ColumnReading | None:
    """The column as numbers; None where it holds none."""
    few = _spread(texts, 200, _is_number_like)
    if len(few) < (1 - MOST_BROKEN) * min(len(texts), 200):
        return None
    unit = _find_unit(few)
    digits = {_bare(text, unit): 1 for text in texts}
    own = show_decimals(replace(profile, values=digits), has_typed=has_typed)
    sign = own or decimals
    ambiguous = sum(rows for text, rows in texts.items() if _AMBIGUOUS.fullmatch(_bare(text, unit)))
    is_open = bool(ambiguous and not sign)
    sample = ""
    if ambiguous or (unit != BARE and sign):
        sample = unit.replace(BARE, DOT_SAMPLE if sign == "." else COMMA_SAMPLE)
    elif unit != BARE:
        sample = unit.replace(BARE, "25")
    if sample and (parse_number_format(sample) is None or not can_be_written(sample)):
        return None
    read = make_number_reader(parse_number_format(sample) if sample else None)
    broken = sum(rows for text, rows in texts.items() if not _is_read(read, text))
    if broken > MOST_BROKEN * profile.filled:
        return None
    keys = {"format": sample} if sample else {}
    decision = _describe_broken(broken, profile, "numbers") or _describe_stand_in(profile, texts, read)
    other = unit.replace(BARE, DOT_SAMPLE)
    if is_open:
        decision = (
            f"{ambiguous:,} of its numbers can be two, as 1.234 can be 1.234 or 1,234: with a comma before decimals, as"
            f" written here, or with a dot, `format: {_quoted(other)}`; nothing in the list tells"
        )
    why = ""
    if ambiguous and sign:
        whose = "its own numbers" if own else "the other columns"
        name = "a comma" if sign == "," else "a dot"
        why = f"{whose} show {name} before decimals"
    if not is_open:
        return ColumnReading("number", why, keys, decision)
    example = next((text for text in texts if _AMBIGUOUS.fullmatch(_bare(text, unit))), "")
    return ColumnReading("number", why, keys, decision, True, (other,), example)


def _find_unit(texts: Iterable[str]) -> str:
    """What stands beside the digits of most of some texts that have anything beside them, around `{}`."""
    shapes: dict[str, int] = {}
    for text in texts:
        match = _BESIDE.fullmatch(fold(text))
        shape = f"{match['before']}{BARE}{match['after']}" if match else BARE
        shapes[shape] = shapes.get(shape, 0) + 1
    worded = {shape: count for shape, count in shapes.items() if shape != BARE}
    return max(worded, key=lambda shape: worded[shape]) if worded else BARE


def _bare(text: str, unit: str) -> str:
    """A text without the unit of its column."""
    for part in unit.split(BARE):
        if part.strip():
            text = fold(text).replace(part.strip(), "")
    return text.strip()


def _describe_stand_in(profile: ColumnProfile, texts: Mapping[str, int], read: Callable[[str], float | None]) -> str:
    """A number that often stands for nothing, such as 999, where the column has it far from all others."""
    numbers = {read(text): rows for text, rows in texts.items() if _is_read(read, text)}
    others = sorted(number for number in numbers if number is not None)
    for stand_in in (-1.0, -99.0, -999.0, 99.0, 999.0, 9999.0, 99999.0):
        if numbers.get(stand_in, 0) < 0.01 * profile.filled or len(others) < 3:
            continue
        apart = stand_in < 0 <= others[1] if stand_in < 0 else others[-1] == stand_in and others[-2] < stand_in / 2
        if apart:
            shown = f"{stand_in:g}"
            rows = f"{shown} stands in {numbers[stand_in]:,} rows, far from all others"
            return f"{rows}; if it means not known, add `missing: [{shown}]`"
    return ""


# -- choices --------------------------------------------------------------------------------------------------------


def _read_choices(profile: ColumnProfile, texts: Mapping[str, int]) -> ColumnReading | None:
    """The column as several values at once; None where it holds one."""
    lists = sum(rows for text, rows in texts.items() if re.fullmatch(LIST_PATTERN, text))
    if lists > profile.filled / 2:
        return ColumnReading("choices", "lists")
    for sign in ";|":
        parts: set[str] = set()
        several = 0
        for text, rows in texts.items():
            split = [part for part in split_raw(text, sign) if part] if "[" not in text else [text]
            several += rows if len(split) > 1 else 0
            parts.update(split)
        if several >= max(2, LEAST_CHOICES_SHARE * profile.filled) and len(parts) <= min(
            MOST_CHOICES, profile.filled / 2
        ):
            keys = {} if sign == ";" else {"separator": sign}
            return ColumnReading("choices", f"several at once in {several:,} rows, with '{sign}' between them", keys)
    return None


# -- all kinds ------------------------------------------------------------------------------------------------------


def _is_number_like(text: str) -> bool:
    return bool(_BESIDE.fullmatch(fold(text)))


def _spread(texts: Iterable[str], most: int, fits: Callable[[str], bool]) -> list[str]:
    """Those of the first texts that fit."""
    return [text for _, text in zip(range(most), texts, strict=False) if fits(text)]


def _is_read(read: Callable[[str], object], text: str) -> bool:
    try:
        return read(text) is not None
    except UnreadableValue:
        return False


def _describe_broken(broken: int, profile: ColumnProfile, what: str) -> str:
    if not broken:
        return ""
    return (
        f"{broken:,} of {profile.filled:,} values are no {what}, and their leads will be refused; mend them in the"
        " list, or list their words under `missing:` of the card"
    )


def _quoted(text: str) -> str:
    return f'"{text}"'
