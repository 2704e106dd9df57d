"""Cleaning: how a raw value becomes a typed one.

A raw value is what a CRM, a list or a caller gives: text mostly, or a number, a flag, a date. A cleaner turns it into a
typed value (float, str, bool, datetime.date), or None where it is missing, or refuses it with a reason. The same rules
are printed to SQL by `printers/sql/cleaning.py`; a test holds the two together.

The written forms, after white space (ASCII) is taken off both ends:

- number: `12`, `-3.5`, `.5`, `+5`, `1e3`. Not `1_000`, `0x10`, `1,000`, `inf`. NaN, typed or written, is missing.
- flag: true/false, yes/no, y/n, t/f, on/off, 1/0, in any case.
- date: `2026-01-31`, alone or followed by a time, which may have an offset; the day is the one in UTC.
- text, id: as it is. Where the card lists `values`, one of them (the case of A to Z ignored).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from leadledger.scoring.errors import UnreadableValue, quote
from leadledger.scoring.field import Field, fold
from leadledger.scoring.tree import Typed

WHITE_SPACE = " \t\n\r\f\v"
NUMBER_PATTERN = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
# Groups: 1 day, 2 hour, 3 minute, 4 sign of the offset, 5 its hours, 6 its minutes. Python and RE2 read it alike.
DATE_PATTERN = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\.[0-9]+)?)?"
    r" ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?"
)
YES_TEXTS = ("true", "1", "yes", "on", "y", "t")
NO_TEXTS = ("false", "0", "no", "off", "n", "f")
# The types of what pandas puts for a missing value, recognised by name since serving never imports pandas.
ABSENT_TYPES = ("NAType", "NaTType")
# Per field, the texts that were read before and need not be read again.
MOST_TEXTS_REMEMBERED = 2048
LONGEST_TEXT_REMEMBERED = 40  # characters

_NUMBER = re.compile(NUMBER_PATTERN)
_DATE = re.compile(DATE_PATTERN)
_FLAGS = dict.fromkeys(YES_TEXTS, True) | dict.fromkeys(NO_TEXTS, False)

NOT_NUMBER = "is not a number; write it like 25000, 2.5 or 1e6"
NOT_FINITE = "is not a finite number"
NOT_FLAG = "is neither yes nor no; write true or false"
NOT_DATE = "is not a date; write it like 2026-01-31"
NOT_TEXT = "is not a text"


def make_cleaner(field: Field, missing: frozenset[str]) -> Callable[[Any], Typed]:
    """The function that turns one raw value of `field` into a typed one.

    `missing` holds the texts (folded) that mean "not known" in the whole card. The function raises UnreadableValue.
    """
    convert = {
        "number": _read_number,
        "text": _make_text_reader(field),
        "flag": _read_flag,
        "date": _read_day,
        "id": _make_text_reader(field),
    }[field.kind]
    absent = frozenset(field.missing)
    missing |= field.missing_texts

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


def _read_number(raw: Any) -> float | None:
    if type(raw) is str:
        if not _NUMBER.fullmatch(raw):
            if fold(raw) == "nan":
                return None
            raise UnreadableValue(f"{quote(raw)} {NOT_NUMBER}")
        value = float(raw)
    elif isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise UnreadableValue(f"{quote(raw)} {NOT_NUMBER}")
    else:
        try:
            value = float(raw)
        except OverflowError:  # an int beyond 1e308
            raise UnreadableValue(f"{quote(raw)} {NOT_FINITE}") from None
    if math.isfinite(value):
        return value
    raise UnreadableValue(f"{quote(raw)} {NOT_FINITE}")


def _read_flag(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        flag = _FLAGS.get(fold(raw))
        if flag is not None:
            return flag
    elif isinstance(raw, int | float | Decimal) and raw in (0, 1):
        return bool(raw)
    raise UnreadableValue(f"{quote(raw)} {NOT_FLAG}")


def _read_day(raw: Any) -> date:
    if isinstance(raw, datetime):
        moved = raw.astimezone(UTC) if raw.tzinfo else raw
        return moved.date()
    if isinstance(raw, date):
        return raw
    match = _DATE.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        raise UnreadableValue(f"{quote(raw)} {NOT_DATE}")
    try:
        day = date.fromisoformat(match[1])
        if match[4] is None:  # no offset, or Z
            return day
        offset = int(match[5]) * 60 + int(match[6] or 0)
        minutes = int(match[2]) * 60 + int(match[3]) + (offset if match[4] == "-" else -offset)
        return day + timedelta(days=minutes // 1440)
    except (ValueError, OverflowError):
        raise UnreadableValue(f"{quote(raw)} {NOT_DATE}") from None


def _make_text_reader(field: Field) -> Callable[[Any], str]:
    values = {fold(value): value for value in field.values}

    def read_text(raw: Any) -> str:
        if not isinstance(raw, str):
            if isinstance(raw, bool) or not isinstance(raw, int):
                raise UnreadableValue(f"{quote(raw)} {NOT_TEXT}")
            try:
                raw = str(raw)  # a postcode or an id that a CRM sends as a number
            except ValueError:  # more digits than Python prints
                raise UnreadableValue(f"the value {NOT_TEXT}") from None
        if not raw.isascii():
            try:
                raw.encode()
            except UnicodeEncodeError:
                raise UnreadableValue(f"{quote(raw)} {NOT_TEXT}: it holds half a character") from None
        if values:
            listed = values.get(fold(raw))
            if listed is None:
                raise UnreadableValue(f"{quote(raw)} {field.explain_unlisted()}")
            return listed
        return str(raw)

    return read_text


@dataclass(frozen=True)
class Lead:
    """A lead after cleaning: a typed value for each plain field (None: missing), and the keys that no field uses."""

    values: Mapping[str, Typed]
    ignored: tuple[str, ...] = ()
