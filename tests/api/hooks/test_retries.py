"""When a message is tried again: at the times of the standard, moved at random, later where a receiver asks for it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from leadledger.api.hooks.retries import (
    LONGEST_RETRY_AFTER,
    MOST_ATTEMPTS,
    RETRY_DELAYS,
    choose_delay,
    read_retry_after,
)

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)


@given(st.integers(1, MOST_ATTEMPTS - 1), st.integers(), st.none() | st.floats(0, LONGEST_RETRY_AFTER))
def test_delays(attempts: int, seed: int, retry_after: float | None) -> None:
    """A delay is within a tenth of its time, or what the receiver asks for where that is longer."""
    delay = choose_delay(attempts, retry_after, random.Random(seed))
    time = RETRY_DELAYS[attempts - 1]
    assert delay is not None
    assert delay >= (retry_after or 0)
    assert time * 0.9 <= delay <= max(time * 1.1, retry_after or 0)


def test_the_last_attempt() -> None:
    """After the tenth attempt there is none, whatever the receiver asks for; all of them take three days."""
    assert choose_delay(MOST_ATTEMPTS, 5.0, random.Random(1)) is None
    assert timedelta(days=3) < timedelta(seconds=sum(RETRY_DELAYS)) < timedelta(days=3.5)


@given(st.text(max_size=40) | st.text("0123456789-+.eE ", max_size=400))
def test_any_header_is_read(text: str) -> None:
    """Whatever a receiver writes, the time is none or lies within a day."""
    seconds = read_retry_after(text, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_RETRY_AFTER


@given(st.integers(-100_000, 100_000))
def test_times_and_seconds_agree(seconds: int) -> None:
    """A time and the seconds until then ask for the same."""
    expected = min(max(seconds, 0), LONGEST_RETRY_AFTER)
    assert read_retry_after(format_datetime(NOW + timedelta(seconds=seconds), usegmt=True), NOW) == expected
    if seconds >= 0:
        assert read_retry_after(f" {seconds} ", NOW) == expected
