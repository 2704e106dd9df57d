"""The benchmark of fairness: its groups are as far apart as the card's bounds say, and it counts what is found."""

from __future__ import annotations

import pytest

from benchmarks.fairness import EXCESSES, list_groups, measure


@pytest.mark.parametrize("excess", list(EXCESSES))
def test_the_last_group_is_worse_off_by_a_known_amount(excess: str) -> None:
    """By as many times what the bounds of 0.8, 0.1 and 0.05 allow as the excess says."""
    first, last = list_groups(2, EXCESSES[excess])
    assert 1 - last.promoted / first.promoted == pytest.approx(0.2 * EXCESSES[excess])
    assert first.precision - last.precision == pytest.approx(0.1 * EXCESSES[excess])
    assert first.won - first.foreseen == pytest.approx(0)
    assert last.foreseen - last.won == pytest.approx(0.05 * EXCESSES[excess])


def test_what_is_counted() -> None:
    """Far gaps are found in most draws of many leads, gaps at the bound in few; limits hold most true rates."""
    at, farther = (measure(2, 2000, excess, 30, 7) for excess in ("at", "farther"))
    for name in ("rate_ratio", "precision_gap", "calibration_gap"):
        assert at.exceeded[name] <= 0.2
        assert farther.exceeded[name] >= 0.7
        assert farther.gaps_covered[name] >= 0.7
    assert at.rates_covered >= 0.9
