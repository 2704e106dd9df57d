"""Days: the written forms that are read, and the day in UTC of each."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from leadledger.scoring.errors import UnreadableValue, quote

# Groups: 1 day, 2 hour, 3 minute, 4 sign of the offset, 5 its hours, 6 its minutes. Python and RE2 read it alike.
DATE_PATTERN = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\.[0-9]+)?)?"
    r" ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?"
)
NOT_DATE = "is not a date; write it like 2026-01-31"

_DATE = re.compile(DATE_PATTERN)


def read_day(raw: Any) -> date:
    """The day that a raw value is or writes. Raises UnreadableValue."""
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
