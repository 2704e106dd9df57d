"""Times of a CRM's clock, in UTC, as texts that sort: 2026-03-03T10:20:30.123456Z."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def shift_time(time: str, seconds: float) -> str:
    """A time of a CRM, moved."""
    moment = read_time(time) + timedelta(seconds=seconds)
    return write_time(moment)


def read_time(time: str) -> datetime:
    """The moment of a time as a window has it. Raises ValueError."""
    moment = datetime.fromisoformat(time)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def write_time(moment: datetime) -> str:
    """A moment as a window has it: 2026-03-03T10:20:30.123456Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z".rjust(27, "0")
