"""The time of an event: its day in the card's time zone, and its instant where the time of day is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from leadledger.scoring.day_forms import find_zone, local_day
from leadledger.scoring.errors import UnreadableValue, quote
from leadledger.scoring.text_forms import WHITE_SPACE

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:[.,]([0-9]{1,6})[0-9]*)?"
    r" ?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_PER_UNIT = {"seconds": 1, "milliseconds": 1000}
_FORMS = "write it like 2026-01-31T10:00:00Z, or a day alone, 2026-01-31"


class EventTime(NamedTuple):  # made for each event
    """A time: the day, and the instant, which is aware; None where only the day is known."""

    day: date
    instant: datetime | None


class TimeReader(Protocol):
    """Reads the time of an event. `unit` is what a number counts since 1970; empty: numbers are refused."""

    def __call__(self, raw: Any, unit: str = "") -> EventTime:
        """The time. Raises UnreadableValue."""


def format_time(time: EventTime) -> str:
    """A time as a text that sorts by time: `2026-01-31T10:00:00.000000Z`, or the day alone. Raises UnreadableValue."""
    if time.instant is None:
        return time.day.isoformat()
    try:
        return f"{time.instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    except OverflowError:
        raise UnreadableValue("lies outside of the years 1 to 9999 in UTC") from None


def make_time_reader(zone_name: str, is_zoned: bool) -> TimeReader:
    """The function that reads the time of an event; `zone_name` is the zone whose days count.

    A time without an offset is one of that zone if the card names it (`is_zoned`), else it is refused.
    """
    zone = find_zone(zone_name)

    def read(raw: Any, unit: str = "") -> EventTime:
        if isinstance(raw, str):
            text = raw.strip(WHITE_SPACE)
            if _DAY.fullmatch(text):
                return EventTime(_read_iso(date.fromisoformat, text, raw), None)
            parts = _TIME.fullmatch(text)
            if parts is None:
                raise UnreadableValue(f"{quote(raw)} is not a time; {_FORMS}")
            offset = (parts[3] or "").upper().replace("Z", "+00:00")
            iso = f"{parts[1].upper()}.{parts[2] or '0':0<6}{offset}"
            return from_instant(_read_iso(datetime.fromisoformat, iso, raw), raw)
        if isinstance(raw, datetime):
            return from_instant(raw, raw)
        if isinstance(raw, date):
            return EventTime(raw, None)
        if unit and isinstance(raw, int | float) and not isinstance(raw, bool):
            try:
                return from_instant(_EPOCH + timedelta(seconds=raw / _SECONDS_PER_UNIT[unit]), raw)
            except (OverflowError, ValueError):
                raise UnreadableValue(f"{quote(raw)} is not a time; it counts {unit} since 1970") from None
        raise UnreadableValue(f"{quote(raw)} is not a time; {_FORMS}")

    def from_instant(moment: datetime, raw: Any) -> EventTime:
        if moment.tzinfo is None:
            if not is_zoned:
                raise UnreadableValue(
                    f"{quote(_write(raw))} has no time zone; add Z or an offset such as +01:00, or name the zone of"
                    " such times by `time_zone:` in the card"
                )
            moment = moment.replace(tzinfo=zone)
        day = moment.date() if moment.tzinfo is UTC and zone is UTC else local_day(moment, zone)
        return EventTime(day, moment)

    return read


def _write(raw: Any) -> Any:
    """A time as people write it, whatever it came as."""
    return raw.isoformat(" ") if isinstance(raw, datetime) else raw


def _read_iso(parse: Callable[[str], Any], text: str, raw: Any) -> Any:
    try:
        return parse(text)
    except ValueError:
        raise UnreadableValue(f"{quote(raw)} is not a time; {_FORMS}") from None
