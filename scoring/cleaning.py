"""Cleaning: how a raw value becomes a typed one.

A raw value is what a CRM, a list or a caller gives: text mostly, or a number, a flag, a date. A cleaner turns it into a
typed value (float, str, bool, datetime.date), or None where it is missing, or refuses it with a reason. The same rules
are printed to SQL by `printers/sql/cleaning.py`; a test holds the two together.

The written forms, after white space (ASCII) is taken off both ends:

- number: what can be one number only: `12`, `-3.5`, `1e3`, `25.000,00`, `1,234,567`. What can be two, `25.000`, only
  where the field says how its numbers are written. Not `1_000`, `0x10`, `inf`. NaN, typed or written, is missing.
- flag: true/false, yes/no, y/n, t/f, on/off, 1/0, 1.0/0.0, in any case.
- date: `2026-01-31`, alone or followed by a time, which may have an offset; the day is the one in UTC.
- text, id: as it is; a whole number, also one that is a float, becomes its text. Where the card
  lists `values`, one of them (the case of A to Z ignored).
- choices: `crm;erp`, a list, or a list as JSON (`choice_forms.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from leadledger.scoring.choice_forms import ABSENT_TYPES, make_choices_reader
from leadledger.scoring.day_forms import read_day
from leadledger.scoring.errors import UnreadableValue, quote
from leadledger.scoring.field import OTHER_VALUE, Field
from leadledger.scoring.flag_forms import read_flag
from leadledger.scoring.number_forms import find_whole_number, make_number_reader
from leadledger.scoring.text_forms import WHITE_SPACE, fold
from leadledger.scoring.tree import Typed

# Per field, the texts that were read before and need not be read again.
MOST_TEXTS_REMEMBERED = 2048
LONGEST_TEXT_REMEMBERED = 40  # characters

NOT_TEXT = "is not a text"


def make_cleaner(field: Field, missing: frozenset[str]) -> Callable[[Any], Typed]:
    """The function that turns one raw value of `field` into a typed one.

    `missing` holds the texts (folded) that mean "not known" in the whole card. The function raises UnreadableValue.
    """
    missing |= field.missing_texts
    convert: Callable[[Any], Typed] = {
        "number": make_number_reader(field.number_format),
        "text": _make_text_reader(field),
        "flag": read_flag,
        "date": read_day,
        "id": _make_text_reader(field),
        "choices": make_choices_reader(field, missing),
    }[field.kind]
    absent = frozenset(field.missing)

    def clean_text(raw: str) -> Typed:
        raw = raw.strip(WHITE_SPACE)
        if not raw or fold(raw) in missing:
            return None
        value = convert(raw)
        return None if value in absent else value

    # Answers, days and round numbers come again and again; names and ids don't, and would only fill the memory.
    free = field.kind == "id" or (field.kind == "text" and not field.values)
    remembered = clean_text if free else lru_cache(maxsize=MOST_TEXTS_REMEMBERED)(clean_text)

    def clean(raw: Any) -> Typed:
        if type(raw) is str:
            return remembered(raw) if len(raw) <= LONGEST_TEXT_REMEMBERED else clean_text(raw)
        if raw is None or _is_nan(raw):
            return None
        value = convert(raw)
        return None if value in absent else value

    return clean


def _is_nan(raw: Any) -> bool:
    if isinstance(raw, Decimal):  # math.isnan has no answer for a signalling NaN
        return raw.is_nan()
    return type(raw).__name__ in ABSENT_TYPES or (isinstance(raw, float) and math.isnan(raw))


def _make_text_reader(field: Field) -> Callable[[Any], str | None]:
    values = {fold(value): value for value in field.values}

    def read_text(raw: Any) -> str | None:
        if not isinstance(raw, str):
            whole = find_whole_number(raw)
            if whole is None:
                raise UnreadableValue(f"{quote(raw)} {NOT_TEXT}")
            try:
                raw = str(whole)  # a postcode or an id that a CRM sends as a number
            except ValueError:  # more digits than Python prints
                raise UnreadableValue(f"the value {NOT_TEXT}") from None
        if not raw.isascii():
            try:
                raw.encode()
            except UnicodeEncodeError:
                raise UnreadableValue(f"{quote(raw)} {NOT_TEXT}: it holds half a character") from None
        if values:
            listed = values.get(fold(raw))
            if listed is None and field.other:
                return OTHER_VALUE if field.other == "yes" else None
            if listed is None:
                several = all(fold(part.strip(WHITE_SPACE)) in values for part in raw.split(";"))
                hint = "; a field that holds several at once has `kind: choices`" if several else ""
                raise UnreadableValue(f"{quote(raw)} {field.explain_unlisted()}{hint}")
            return listed
        return str(raw)

    return read_text


@dataclass(frozen=True)
class Lead:
    """A lead after cleaning: a typed value for each plain field (None: missing), and the keys that no field uses."""

    values: Mapping[str, Typed]
    ignored: tuple[str, ...] = ()
