"""Times of a CRM: stamps that can be read, and those that can't."""

from __future__ import annotations

from typing import Any

import pytest

from leadledger.api.sync.crm_times import read_stamp, write_second
from leadledger.scoring.errors import SyncError


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("2026-03-03T10:20:30Z", "2026-03-03T10:20:30.000000Z"),
        ("2026-03-03T10:20:30.123+0000", "2026-03-03T10:20:30.123000Z"),
        ("2026-03-03 10:20:30.123456", "2026-03-03T10:20:30.123456Z"),
        ("2026-03-03T10:20:30+05:30", "2026-03-03T04:50:30.000000Z"),
    ],
)
def test_stamps_are_read(stamp: str, time: str) -> None:
    """With a zone or without one, which is UTC then."""
    assert read_stamp("Odoo", stamp) == time


@pytest.mark.parametrize(
    "stamp", ["soon", "", "2026-13-03", "0001-01-01T00:00:00+14:00", 1772533230, None, ["2026-03-03"]]
)
def test_stamps_that_are_none(stamp: Any) -> None:
    """Are refused in words, whatever they are."""
    with pytest.raises(SyncError) as refused:
        read_stamp("Odoo", stamp)
    assert str(refused.value) == (
        "Odoo answered with a record whose time of change can't be read. Nothing of it was used."
    )


def test_whole_seconds() -> None:
    """A window never becomes smaller."""
    form = "%H:%M:%S"
    assert write_second("2026-03-03T10:20:30.5Z", form) == "10:20:30"
    assert write_second("2026-03-03T10:20:59.5Z", form, rounds_up=True) == "10:21:00"
    assert write_second("2026-03-03T10:20:30Z", form, rounds_up=True) == "10:20:30"
