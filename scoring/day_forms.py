"""Days: the written forms that are read, and the day of each.

A text is first brought into one form, `2026-01-31`, alone or with a time and an offset (`2026-01-31 22:00+0130`), by
rewrites that every engine has: patterns without look-around, at most nine groups, and plain replacements. The same
rewrites are printed to SQL by `printers/sql/days.py`. What is in that form afterwards is a day, all else is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from leadledger.scoring.day_formats import (
    DIGIT_UNITS,
    EXCEL,
    FIRST_SERIAL,
    LAST_SERIAL,
    DayFormat,
    describe_unread_day,
    read_format,
)
from leadledger.scoring.errors import UnreadableValue, quote
from leadledger.scoring.text_forms import WHITE_SPACE, key_of

UTC_NAME = "UTC"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_HOUR_MINUTE = "([01][0-9]:[0-5][0-9]|2[0-3]:[0-5][0-9])"
_SECONDS = "(:[0-5][0-9]([.,][0-9]+)?)?"
_OFFSET = " ?(([+-][0-9]{2})(:?([0-9]{2}))?)?"
# What most times look like. Groups: 1 day, 2 hour, 3 minute, 7 sign of the offset, 8 its hours, 10 its minutes.
ISO_PATTERN = (
    rf"({_DAY})[Tt ]([01][0-9]|2[0-3]):([0-5][0-9])(:[0-5][0-9]([.][0-9]+)?)?"
    " ?([Zz]|([+-])([01][0-9]|2[0-3])(:?([0-5][0-9]))?)?"
)
# The one form of a day with a time, which `rewrite_day` leads to: hour at 11, minute at 14, offset from 16.
FORM_PATTERN = rf"{_DAY} ([01][0-9]:[0-5][0-9]|2[0-3]:[0-5][0-9]|24:00)(([+-]([01][0-9]|2[0-3]))([0-5][0-9])?)?"
LONGEST_DIGITS = 15
DIGITS_PATTERN = rf"-?[0-9]{{1,{LONGEST_DIGITS}}}|[0-9]{{1,{LONGEST_DIGITS}}}[.][0-9]+"


@dataclass(frozen=True)
class Rewrite:
    """A text that matches `pattern` as a whole becomes `template`, in which `{1}` is the first group; else it stays."""

    pattern: str
    template: str


@dataclass(frozen=True)
class Replacement:
    """Each `part` of a text becomes `new`."""

    part: str
    new: str


Change = Rewrite | Replacement

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = f"({'|'.join(dict.fromkeys([*_MONTHS, 'sept', *(month[:3] for month in _MONTHS)]))})"
_WEEKDAYS = "monday|mon|tuesday|tues|tue|wednesday|wed|thursday|thurs|thu|friday|fri|saturday|sat|sunday|sun"
_TH = "(st|nd|rd|th)?"

ZULU = Rewrite("(.*[0-9]) ?[Zz]", "{1}+00")
TIME = Rewrite(f"({_DAY})[Tt ]{_HOUR_MINUTE}{_SECONDS}{_OFFSET}", "{1} {2}{6}{8}")
_MIDNIGHT = Rewrite(f"({_DAY})[t ](24:00)(:00([.,]0+)?)?{_OFFSET}", "{1} {2}{6}{8}")
# The year of `Tue Jun 30 10:00:00 UTC 2026` stands behind the time.
_BEFORE_ZONES: tuple[Change, ...] = (
    Rewrite(f"({_WEEKDAYS})[.,]? (.*)", "{2}"),
    Rewrite(f"{_MONTH} {{1,2}}([0-9]{{1,2}}) ([0-9:]{{5,8}})(.*) ([0-9]{{4}})", "{5}-{1}-{2} {3}{4}"),
)
# A name behind an offset says nothing more: `+0000 UTC`, `+02:00[Europe/Oslo]`, `GMT+0200 (Central European Time)`.
_ZONES: tuple[Change, ...] = (
    Rewrite(
        "(.*:[0-9.,]+( ?[ap]m)? ?)((utc|gmt)?[+-][0-9]{2}:?[0-9]{2}|z)"
        r"( ?\[[a-z0-9_/+-]+\]| \([a-z ]+\)| [a-z]{3,4})",
        "{1}{3}",
    ),
    Rewrite("(.*[0-9m]) ?(utc|gmt|z)", "{1}+00"),
    Rewrite("(.*[0-9m]) ?(utc|gmt)([+-].*)", "{1}{3}"),
)
_DAYS: tuple[Change, ...] = (
    Rewrite(f"([0-9]{{1,2}}){_TH}[ ./-]{{1,2}}{_MONTH}[ ,./-]{{1,2}}([0-9]{{4}})(.*)", "{4}-{3}-{1}{5}"),
    Rewrite(f"{_MONTH}[ ./-]{{1,2}}([0-9]{{1,2}}){_TH}[ ,/-]{{1,2}}([0-9]{{4}})(.*)", "{4}-{1}-{2}{5}"),
    Rewrite(f"([0-9]{{4}})[ /-]{_MONTH}[ /-]([0-9]{{1,2}})(.*)", "{1}-{2}-{3}{4}"),
    Rewrite("([0-9]{4}-[a-z]{3})[a-z]*(-.*)", "{1}{2}"),
    Rewrite("([0-9]{4}-[a-z]{3})-([0-9])([^0-9].*)?", "{1}-0{2}{3}"),
    *(Replacement(f"-{month[:3]}-", f"-{i:02}-") for i, month in enumerate(_MONTHS, start=1)),
    Rewrite("([0-9]{4})/([0-9]{2})/([0-9]{2})(.*)", "{1}-{2}-{3}{4}"),
    Rewrite(
        "([0-9]{4})([0-9]{2})([0-9]{2})[t ]([01][0-9]|2[0-3]):?([0-5][0-9])(:?[0-5][0-9]([.,][0-9]+)?)?(([+-].*)?)",
        "{1}-{2}-{3} {4}:{5}{8}",
    ),
)
_TIMES: tuple[Change, ...] = (
    Rewrite(f"({_DAY})(, | at |, at |,)(.*)", "{1} {3}"),
    Rewrite(f"({_DAY})[t ]([0-9]:.*)", "{1} 0{2}"),
    Rewrite(f"({_DAY})[t ](0[1-9]|1[0-2])(:[0-5][0-9]){_SECONDS} ?([ap])m(.*)", "{1} {6}{2}{3}{7}"),
    Replacement(" a12:", " 00:"),
    Replacement(" a", " "),
    Replacement(" p12:", " 12:"),
    *(Replacement(f" p{hour:02}:", f" {hour + 12}:") for hour in range(1, 12)),
    TIME,
    _MIDNIGHT,
)


@lru_cache(maxsize=64)
def find_changes(declared: str = "") -> tuple[tuple[Change, ...], ...]:
    """The changes that bring a text, trimmed and folded, into the one form, in three parts: offsets, days, times.

    `declared` is the `format:` of the field, which is read as well as the forms that can be one day only.
    """
    form = read_format(declared)
    own: tuple[Change, ...] = ()
    if form is not None and form.order:
        own = (
            *(Rewrite(pattern, template) for pattern, template in form.patterns),
            Rewrite("([0-9]{4})!([0-9])!(.*)", "{1}!0{2}!{3}"),
            Rewrite("([0-9]{4})!([0-9]{2})!([0-9])([^0-9].*)?", "{1}!{2}!0{3}{4}"),
            Rewrite("([0-9]{4})!([0-9]{2})!(.*)", "{1}-{2}-{3}"),
        )
    return (*_BEFORE_ZONES, *_ZONES, *own), _DAYS, _TIMES


_COMPILED: dict[str, re.Pattern[str]] = {}
_FORM = re.compile(FORM_PATTERN)
_ISO = re.compile(ISO_PATTERN)
_PLAIN = re.compile(_DAY)
_DIGITS = re.compile(DIGITS_PATTERN)
_EPOCH = date(1970, 1, 1)
_BEFORE_EXCEL = date(1899, 12, 30)


def apply_changes(text: str, changes: Sequence[Change]) -> str:
    """The text after some changes."""
    for change in changes:
        if isinstance(change, Replacement):
            text = text.replace(change.part, change.new)
            continue
        pattern = _COMPILED.get(change.pattern)
        if pattern is None:
            pattern = _COMPILED[change.pattern] = re.compile(change.pattern)
        match = pattern.fullmatch(text)
        if match is not None:
            text = change.template.format("", *(group or "" for group in match.groups()))
    return text


def find_zone(name: str) -> tzinfo:
    """A time zone by its name."""
    return UTC if name == UTC_NAME else ZoneInfo(name)


def make_day_reader(declared: str = "", zone_name: str = UTC_NAME) -> Callable[[Any], date]:
    """The function that gives the day that a raw value is or writes. It raises UnreadableValue.

    `declared` is the `format:` of the field, "" for none. `zone_name` is the zone whose days count: the day of an
    instant (with an offset, or `Z`) is the one there. A time without an offset keeps its day.
    """
    form = read_format(declared)
    zone = find_zone(zone_name)
    of_digits = form is not None and form.of_digits

    def read(raw: Any) -> date:
        if isinstance(raw, datetime):
            return local_day(raw, zone) if raw.tzinfo else raw.date()
        if isinstance(raw, date):
            return raw
        text = raw
        if of_digits and not isinstance(raw, str | bool) and isinstance(raw, int | float | Decimal):
            text = str(math.floor(raw)) if math.isfinite(raw) else ""
        day = _read_text(text, form, zone) if isinstance(text, str) else None
        if day is None:
            raise UnreadableValue(describe_unread_day(raw, declared, quote(raw)))
        return day

    return read


def is_day(text: str, declared: str = "") -> bool:
    """Whether a text is read as a day."""
    return _read_text(text, read_format(declared), UTC) is not None


def _read_text(text: str, form: DayFormat | None, zone: tzinfo) -> date | None:
    """The day that a text writes; None where it writes none."""
    if len(text) == 10 and _PLAIN.fullmatch(text):
        return _make_day(text)
    text = text.strip(WHITE_SPACE)
    if form is not None and form.unit and _DIGITS.fullmatch(text):
        return _count_days(int(text.partition(".")[0]), form.unit, zone)
    if (parts := _ISO.fullmatch(text)) is not None:
        minutes = int(parts[2]) * 60 + int(parts[3])
        return _find_day(parts[1], minutes, parts[7] or parts[6] or "", parts[8], parts[10], zone)
    text = key_of(text)
    for changes in find_changes(form.declared if form is not None else ""):
        text = apply_changes(text, changes)
    if _PLAIN.fullmatch(text):
        return _make_day(text)
    if (parts := _FORM.fullmatch(text)) is None:
        return None
    minutes = int(text[11:13]) * 60 + int(text[14:16])
    return _find_day(text[:10], minutes, text[16:17], text[17:19], text[19:21], zone)


def _find_day(text: str, minutes: int, sign: str, hours_off: str, minutes_off: str, zone: tzinfo) -> date | None:
    """The day of a time, some minutes after the start of a written day; `sign` is empty where it has no offset."""
    day = _make_day(text)
    if day is None or not sign:
        return day if day is None else _move(day, minutes)
    if sign in "+-":
        offset = int(hours_off) * 60 + int(minutes_off or 0)
        minutes += offset if sign == "-" else -offset
    return _move(day, minutes) if zone is UTC else _find_local_day(day, minutes, zone)


def _make_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _move(day: date, minutes: int) -> date | None:
    """The day that lies some minutes after the start of a day; None beyond the years 1 to 9999."""
    try:
        return day + timedelta(days=minutes // 1440)
    except OverflowError:
        return None


def _find_local_day(day: date, minutes: int, zone: tzinfo) -> date | None:
    """The day in a zone, some minutes after the start of a day in UTC."""
    utc_day = _move(day, minutes)
    if utc_day is None or utc_day.year in (1, 9999):
        return utc_day
    start = datetime(utc_day.year, utc_day.month, utc_day.day, tzinfo=UTC)
    return (start + timedelta(minutes=minutes % 1440)).astimezone(zone).date()


def local_day(instant: datetime, zone: tzinfo) -> date:
    """The day of an instant in a zone. In the years 1 and 9999 it is the day in UTC, and at their very ends the
    written one: such days stand for others, and every calendar must have them. Raises UnreadableValue.
    """
    try:
        utc = instant.astimezone(UTC)
        return utc.date() if zone is UTC or utc.year in (1, 9999) else utc.astimezone(zone).date()
    except OverflowError:
        raise UnreadableValue(describe_unread_day(instant, "", quote(instant))) from None


def _count_days(count: int, unit: str, zone: tzinfo) -> date | None:
    """The day of a number of seconds or milliseconds since 1970, or of days as Excel counts them."""
    if unit == EXCEL:
        return _BEFORE_EXCEL + timedelta(days=count) if FIRST_SERIAL <= count <= LAST_SERIAL else None
    days, rest = divmod(count, 86_400 * DIGIT_UNITS[unit])
    try:
        day = _EPOCH + timedelta(days=days)
    except OverflowError:
        return None
    return _find_local_day(day, rest // DIGIT_UNITS[unit] // 60, zone)
