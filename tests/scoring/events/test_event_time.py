"""The time of an event: its day, its instant, and what can't be read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from leadledger.scoring.errors import UnreadableValue
from leadledger.scoring.events.event_time import make_time_reader

READ = make_time_reader("UTC", False)
OSLO = make_time_reader("Europe/Oslo", True)
INSTANT = datetime(2026, 1, 1, 10, tzinfo=UTC)
FORMS = "write it like 2026-01-31T10:00:00Z, or a day alone, 2026-01-31"


@pytest.mark.parametrize(
    "raw",
    [
        "2026-01-01T10:00:00Z",
        "2026-01-01t10:00z",
        " 2026-01-01 10:00:00.000 +00:00 ",
        "2026-01-01T11:00:00+01",
        "2026-01-01T11:30:00,000000000+0130",
        datetime(2026, 1, 1, 10, tzinfo=UTC),
        datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_times(raw: Any) -> None:
    """One instant, however it is written."""
    assert READ(raw) == (date(2026, 1, 1), INSTANT)


@pytest.mark.parametrize(("raw", "unit"), [(1_767_261_600, "seconds"), (1_767_261_600_000.0, "milliseconds")])
def test_numbers_count_from_1970(raw: float, unit: str) -> None:
    """A number is a time where its system says what it counts, and only there."""
    assert READ(raw, unit) == (date(2026, 1, 1), INSTANT)
    with pytest.raises(UnreadableValue):
        READ(raw)


@pytest.mark.parametrize("raw", ["2026-01-01", date(2026, 1, 1)])
def test_days(raw: Any) -> None:
    """Of a day alone no instant is known."""
    assert READ(raw) == OSLO(raw) == (date(2026, 1, 1), None)


def test_the_day_is_that_of_the_card() -> None:
    """An instant is on the day of the card's time zone, in winter and in summer; a microsecond decides."""
    assert OSLO("2026-01-01T22:59:59.999999Z").day == date(2026, 1, 1)
    assert OSLO("2026-01-01T23:00:00Z").day == date(2026, 1, 2)
    assert OSLO("2026-07-01T22:00:00Z").day == date(2026, 7, 2)
    assert OSLO("2026-07-01T23:59").day == date(2026, 7, 1)
    assert OSLO(datetime(2026, 1, 1, 11)) == (date(2026, 1, 1), INSTANT)


@pytest.mark.parametrize(
    ("raw", "written"),
    [("2026-01-01T10:00:00", "2026-01-01T10:00:00"), (datetime(2026, 1, 1, 10), "2026-01-01 10:00:00")],
)
def test_a_time_without_a_zone_is_refused(raw: Any, written: str) -> None:
    """Where the card names no time zone, a time without one can be on two days."""
    with pytest.raises(UnreadableValue) as caught:
        READ(raw)
    mend = "add Z or an offset such as +01:00, or name the zone of such times by `time_zone:` in the card"
    assert str(caught.value) == f"'{written}' has no time zone; {mend}"


@pytest.mark.parametrize(
    "raw",
    [
        "yesterday",
        "2026-02-30",
        "2026-01-01T24:00:00Z",
        "2026-W01-1",
        "20260101T100000Z",
        "01.02.2026",
        True,
        5,
        [],
        "a",
    ],
)
def test_no_times(raw: Any) -> None:
    """What is no time is refused with the forms that are read."""
    with pytest.raises(UnreadableValue) as caught:
        READ(raw)
    assert str(caught.value) == f"{raw!r} is not a time; {FORMS}"


def test_numbers_beyond_all_calendars() -> None:
    """A number that no calendar has is refused."""
    with pytest.raises(UnreadableValue) as caught:
        READ(1e300, "seconds")
    assert str(caught.value) == "1e+300 is not a time; it counts seconds since 1970"
