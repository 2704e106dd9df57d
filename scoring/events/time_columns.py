"""Times of many events at once, where all of them are written alike; each on its day in the card's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from leadledger.scoring.day_forms import find_zone, local_day
from leadledger.scoring.events.event_time import TimeReader
from leadledger.scoring.known_results import KnownResults

# The usual forms, a 0 for each digit. Python reads more of them than we do, but of these it reads all.
_UTC_SHAPES = frozenset(f"0000-00-00T00:00:00{fraction}Z" for fraction in ("", ".000", ".000000"))
_OFFSET_SHAPES = frozenset(f"{shape[:-1]}{sign}00:00" for shape in _UTC_SHAPES for sign in "+-")
_DIGITS = dict.fromkeys(map(ord, "0123456789"), "0")
_HOUR = slice(0, len("2026-01-31T10"))
_ENDS = ("0001", "9999")  # the years beyond which there is no other time zone
_LAST_MOMENT = timedelta(hours=1) - timedelta(microseconds=1)


class TimeColumns:
    """Reads columns of times. `read_time` reads a single one, of any form."""

    def __init__(self, zone_name: str, read_time: TimeReader) -> None:
        self.zone = find_zone(zone_name)
        self.times = KnownResults(read_time)
        self.days_by_hour = KnownResults(self._find_day_of_hour)

    def read(self, raws: list[Any]) -> tuple[list[int], list[datetime | None]]:
        """The day of each time, as `date.toordinal` counts, and its instant, None where only the day is known.

        Raises UnreadableValue, or for what is no time at all TypeError or ValueError.
        """
        shape = raws[0].translate(_DIGITS) if isinstance(raws[0], str) else ""
        is_utc = shape in _UTC_SHAPES
        if not (is_utc or shape in _OFFSET_SHAPES) or "".join(raws).translate(_DIGITS) != shape * len(raws):
            times = [self.times[raw] for raw in raws]
            return [time.day.toordinal() for time in times], [time.instant for time in times]
        instants = list(map(datetime.fromisoformat, raws))
        if not is_utc:
            days = [local_day(instant, self.zone).toordinal() for instant in instants]
        elif self.zone is UTC:
            days = list(map(datetime.toordinal, instants))
        else:
            days = [
                self.days_by_hour[raw[_HOUR]] or local_day(instant, self.zone).toordinal()
                for raw, instant in zip(raws, instants, strict=True)
            ]
        return days, [*instants]

    def _find_day_of_hour(self, hour: str) -> int:
        """The day of all moments of an hour in UTC; 0 where they are on two, or where the clock is changed."""
        if hour.startswith(_ENDS):
            return 0
        first = datetime.fromisoformat(f"{hour}:00:00+00:00")
        last = first + _LAST_MOMENT
        if first.astimezone(self.zone).utcoffset() != last.astimezone(self.zone).utcoffset():
            return 0
        day = local_day(first, self.zone).toordinal()
        return day if day == local_day(last, self.zone).toordinal() else 0
