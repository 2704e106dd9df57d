"""Cleaning: how a raw value becomes a typed one.

A raw value is what a CRM, a list or a caller gives: text mostly, or a number, a flag, a date. A cleaner turns it into a
typed value (float, str, bool, datetime.date), or None where it is missing, or refuses it with a reason. The same rules
are printed to SQL by `printers/sql/cleaning.py`; a test holds the two together.

The written forms, after white space (ASCII) is taken off both ends:

- number: what can be one number only: `12`, `-3.5`, `1e3`, `25.000,00`, `1,234,567`. What can be two, `25.000`, only
  where the field says how its numbers are written. Not `1_000`, `0x10`, `inf`. NaN, typed or written, is missing.
- flag: true/false, yes/no, y/n, t/f, on/off, 1/0, 1.0/0.0, in any case.
- date: `2026-01-31`, alone or followed by a time, which may have an offset; the day is the one in UTC.
- text: in the spelling that the card or a learned table has for its key (`text_forms.py`), else as it is. Where the
  card lists `values`, one of them. A text of a field that says `exact: yes`, and an id: as it is. A whole number, also
  one that is a float, becomes its text.
- choices: `crm;erp`, a list, or a list as JSON (`choice_forms.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from leadledger.scoring.choice_forms import ABSENT_TYPES, make_choices_reader
from leadledger.scoring.day_forms import make_day_reader
from leadledger.scoring.errors import UnreadableValue, quote
from leadledger.scoring.field import OTHER_VALUE, Field
from leadledger.scoring.flag_forms import read_flag
from leadledger.scoring.known_results import KnownResults
from leadledger.scoring.lead_ids import LONGEST_ID
from leadledger.scoring.number_forms import find_whole_number, make_number_reader
from leadledger.scoring.quick_init import quick_init
from leadledger.scoring.text_forms import WHITE_SPACE, key_of, strip
from leadledger.scoring.tree import Typed

NOT_TEXT = "is not a text"
_NEVER_NAN = frozenset({int, bool})  # what JSON has besides texts, mostly


class Cleaner:
    """What turns one raw value of a field into a typed one, None where it is missing. Raises UnreadableValue.

    `texts` are the typed values of texts; `clean` reads all else. Texts are apart since most raw values are texts, and
    most of them have been read before: they cost a look-up.
    """

    def __init__(self, texts: Mapping[str, Typed], clean: Callable[[Any], Typed]) -> None:
        self.texts = texts
        self.clean = clean

    def __call__(self, raw: Any) -> Typed:
        """The typed value of a raw one."""
        if type(raw) is str:
            return self.texts[raw]
        if raw is None or (type(raw) not in _NEVER_NAN and _is_nan(raw)):
            return None
        return self.clean(raw)


class _FreeTexts(dict[str, Typed]):
    """The typed values of texts, of which only those that it is made with are kept.

    Names and ids don't come again, and would only fill the memory.
    """

    def __init__(self, known: Mapping[str, str], read: Callable[[str], Typed]) -> None:
        super().__init__(known)
        self.read = read

    def __missing__(self, raw: str) -> Typed:
        return self.read(raw)


def make_cleaner(field: Field, missing: frozenset[str]) -> Cleaner:
    """The cleaner of `field`; `missing` holds the texts (folded) that mean "not known" in the whole card."""
    absent_keys = field.find_absent_keys(missing)
    if field.kind in ("text", "id"):
        return _make_text_cleaner(field, absent_keys)
    if field.kind == "choices":
        read_choices = make_choices_reader(field, missing)
        return Cleaner(KnownResults(read_choices), read_choices)
    convert: Callable[[Any], Typed] = read_flag
    if field.kind != "flag":
        is_number = field.kind == "number"
        read_day = make_day_reader(field.day_format, field.time_zone)
        convert = make_number_reader(field.number_format) if is_number else read_day
    absent = frozenset(field.missing)

    def clean_text(raw: str) -> Typed:
        if not (key := key_of(raw)) or key in absent_keys:
            return None
        return clean(raw.strip(WHITE_SPACE))

    def clean(raw: Any) -> Typed:
        value = convert(raw)
        return None if value in absent else value

    return Cleaner(KnownResults(clean_text), clean)  # answers, days and round numbers come again and again


def _make_text_cleaner(field: Field, absent_keys: frozenset[str]) -> Cleaner:
    """As `make_cleaner`, for a text or an id."""
    spellings = field.find_spellings(absent_keys)
    listed = frozenset(field.values) if field.exact else None
    is_free, is_exact, is_id = not field.values, field.exact, field.kind == "id"

    def clean_text(raw: str) -> Typed:
        is_ascii = raw.isascii()  # then key and text take no more than this
        text = raw.strip(WHITE_SPACE) if is_ascii or is_exact else strip(raw)
        key = text.lower() if is_ascii else key_of(raw)
        if not key or key in absent_keys:
            return None
        if not is_exact:
            text = spellings.get(key) or text
        if not is_ascii:
            try:
                text.encode()
            except UnicodeEncodeError:
                raise UnreadableValue(f"{quote(text)} {NOT_TEXT}: it holds half a character") from None
        if is_id and len(text) > LONGEST_ID:
            raise UnreadableValue(f"{quote(text[:20])}… has {len(text):,} characters; an id has at most {LONGEST_ID}")
        if is_free or key in spellings or (listed and text in listed):
            return text
        if field.other:
            return OTHER_VALUE if field.other == "yes" else None
        several = all(key_of(part) in spellings for part in raw.split(";"))
        hint = "; a field that holds several at once has `kind: choices`" if several else ""
        raise UnreadableValue(f"{quote(text)} {field.explain_unlisted()}{hint}")

    same = {text: text for text in spellings.values()}  # most values come as they are spelt
    texts = _FreeTexts(same, clean_text) if is_free else KnownResults(clean_text)
    return Cleaner(texts, lambda raw: clean_text(_text_of(raw)))


def _is_nan(raw: Any) -> bool:
    if isinstance(raw, Decimal):  # math.isnan has no answer for a signalling NaN
        return raw.is_nan()
    return type(raw).__name__ in ABSENT_TYPES or (isinstance(raw, float) and math.isnan(raw))


def _text_of(raw: Any) -> str:
    """The text of a value that is no plain text: of a text of another type, an id, a whole number."""
    if isinstance(raw, str):
        return str.__str__(raw)
    whole = find_whole_number(raw)
    if whole is None:
        raise UnreadableValue(f"{quote(raw)} {NOT_TEXT}")
    try:
        return str(whole)  # a postcode or an id that a CRM sends as a number
    except ValueError:  # more digits than Python prints
        raise UnreadableValue(f"the value {NOT_TEXT}") from None


@quick_init
@dataclass(frozen=True, slots=True)
class Lead:
    """A lead after cleaning: a typed value for each plain field (None: missing), and the keys that no field uses."""

    values: Mapping[str, Typed]
    ignored: tuple[str, ...] = ()
