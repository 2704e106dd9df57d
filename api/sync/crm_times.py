"""Times of a CRM's clock, in UTC, as texts that sort: 2026-03-03T10:20:30.123456Z."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leadledger.scoring.errors import SyncError


def shift_time(time: str, seconds: float) -> str:
    """A time of a CRM, moved."""
    moment = read_time(time) + timedelta(seconds=seconds)
    return write_time(moment)


def read_time(time: str) -> datetime:
    """The moment of a time as a window has it. Raises ValueError."""
    moment = datetime.fromisoformat(time)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_stamp(title: str, stamp: object) -> str:
    """When a record changed, as a window has it. Raises SyncError, which names the system: it can't be read."""
    try:
        return write_time(read_time(stamp))  # type: ignore[arg-type]  # whatever it is, it isn't a time then
    except (TypeError, ValueError, OverflowError):
        raise SyncError(
            f"{title} answered with a record whose time of change can't be read. Nothing of it was used."
        ) from None


def write_second(time: str, form: str, *, rounds_up: bool = False) -> str:
    """A time of a window in whole seconds, for a system that has no parts of them; `form` as `strftime` takes it."""
    moment = read_time(time)
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1 if rounds_up else 0)
    return f"{moment:{form}}"


def write_time(moment: datetime) -> str:
    """A moment as a window has it: 2026-03-03T10:20:30.123456Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z".rjust(27, "0")
