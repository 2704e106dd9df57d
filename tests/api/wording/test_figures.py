"""Figures as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from leadledger.api.wording.figures import (
    word_chance,
    word_count,
    word_distance,
    word_number,
    word_time_since,
    word_wait,
)

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        *[(0.674, "67\u00a0%"), (0.001, "<1\u00a0%"), (0.0, "0\u00a0%"), (0.999, ">99\u00a0%"), (1.0, "100\u00a0%")],
        *[(0.005, "<1\u00a0%"), (0.0051, "1\u00a0%"), (0.994, "99\u00a0%"), (None, "")],
    ],
)
def test_chances_are_whole_per_cent(probability: float | None, words: str) -> None:
    """A chance that is neither sure nor impossible is never written as 0 or 100."""
    assert word_chance(probability) == words


def test_numbers_have_their_thousands_apart_and_a_true_minus() -> None:
    """Counts and numbers are grouped, and a number below zero has the sign of typesetters."""
    assert (word_count(1997), word_count(-1200)) == ("1,997", "−1,200")
    assert (word_number(75000.0), word_number(12.5), word_number(-3.0)) == ("75,000", "12.5", "−3")
    assert (word_distance(-9), word_distance(170), word_distance(12_345)) == ("0.9", "17", "1,234.5")


@pytest.mark.parametrize(
    ("since", "words"),
    [
        *[(TODAY, "today"), (date(2026, 11, 29), "1 day"), (date(2026, 11, 16), "14 days")],
        (date(2026, 12, 1), "today"),  # it is tomorrow elsewhere
    ],
)
def test_waits_are_whole_days(since: date, words: str) -> None:
    """The book knows the day of a recommendation, and not its hour."""
    assert word_wait(since, TODAY) == words


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "1 min"), (59, "59 min"), (60, "1 hour"), (179, "2 hours"), (1_439, "23 hours")]
)
def test_what_came_today_waits_for_hours(minutes: int, words: str) -> None:
    """Whoever asked a minute ago may still be at the telephone."""
    at = datetime(2026, 11, 30, 0, 0, 30, tzinfo=UTC)
    assert word_time_since(at, at + timedelta(minutes=minutes, seconds=20)) == words
