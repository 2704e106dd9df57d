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
from leadledger.scoring.known_results import LONGEST_REMEMBERED, MOST_REMEMBERED
from leadledger.scoring.lead_ids import LONGEST_ID
from leadledger.scoring.number_forms import find_whole_number, make_number_reader
from leadledger.scoring.quick_init import quick_init
from leadledger.scoring.text_forms import WHITE_SPACE, key_of, strip
from leadledger.scoring.tree import Typed

NOT_TEXT = "is not a text"
_NEVER_NAN = frozenset({int, bool})  # what JSON has besides texts, mostly


class KnownValues(dict[Any, Typed]):
    """The typed values of raw ones. Those of texts that have been read are kept, since most texts come again.

    What is no text is read anew each time: `True`, `1` and `1.0` would be one key. What can't be hashed, such as a
    list, is no key at all (TypeError); `read` takes it.
    """

    def __init__(
        self,
        read_text: Callable[[str], Typed],
        read_other: Callable[[Any], Typed],
        known: Mapping[str, str] | None = None,
        keeps: bool = True,
    ) -> None:
        super().__init__(known or {})
        self[None] = None
        self._read_text, self._read_other, self._keeps = read_text, read_other, keeps

    def __missing__(self, raw: Any) -> Typed:
        if type(raw) is not str:
            return self.read(raw)
        value = self._read_text(raw)
        if self._keeps and len(raw) <= LONGEST_REMEMBERED:
            if len(self) >= MOST_REMEMBERED:
                self.clear()
            self[raw] = value
        return value

    def read(self, raw: Any) -> Typed:
        """The typed value of what is no plain text. Raises UnreadableValue."""
        if isinstance(raw, str):
            return self[str.__str__(raw)]
        if raw is None or (type(raw) not in _NEVER_NAN and _is_nan(raw)):
            return None
        return self._read_other(raw)


class Cleaner:
    """What turns one raw value of a field into a typed one, None where it is missing. Raises UnreadableValue.

    Many values at once are better looked up in `values`, without a call for most.
    """

    def __init__(self, values: KnownValues) -> None:
        self.values = values

    def __call__(self, raw: Any) -> Typed:
        """The typed value of a raw one."""
        return self.values[raw] if type(raw) is str else self.values.read(raw)


def make_cleaner(field: Field, missing: frozenset[str]) -> Cleaner:
    """The cleaner of `field`; `missing` holds the texts (folded) that mean "not known" in the whole card."""
    absent_keys = field.find_absent_keys(missing)
    if field.kind in ("text", "id"):
        return _make_text_cleaner(field, absent_keys)
    if field.kind == "choices":
        read_choices = make_choices_reader(field, missing)
        return Cleaner(KnownValues(read_choices, read_choices))
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

    return Cleaner(KnownValues(clean_text, clean))


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
    # Ids don't come again, and would only fill the memory.
    return Cleaner(KnownValues(clean_text, lambda raw: clean_text(_text_of(raw)), same, keeps=not is_id))


def _is_nan(raw: Any) -> bool:
    if isinstance(raw, Decimal):  # math.isnan has no answer for a signalling NaN
        return raw.is_nan()
    return type(raw).__name__ in ABSENT_TYPES or (isinstance(raw, float) and math.isnan(raw))


def _text_of(raw: Any) -> str:
    """The text of a value that is no text: of an id, of a whole number."""
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
