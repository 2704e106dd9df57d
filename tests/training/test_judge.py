"""The exact limits of a rate."""

from __future__ import annotations

import pytest
from scipy.stats import binom

from training.judge import interval


@pytest.mark.parametrize(("won", "leads"), [(1, 30), (7, 30), (29, 30), (500, 1000)])
def test_the_limits_are_exact(won: int, leads: int) -> None:
    """At either limit, what was seen or worse has exactly the half of what confidence leaves."""
    low, high = interval(won, leads)
    assert binom.sf(won - 1, leads, low) == pytest.approx(0.025)
    assert binom.cdf(won, leads, high) == pytest.approx(0.025)


def test_none_and_all_reach_the_ends() -> None:
    """None of some leads has no lower limit, all of them no upper one, and no leads tell nothing."""
    assert interval(0, 10) == pytest.approx((0.0, 1 - 0.025 ** (1 / 10)))
    assert interval(10, 10) == pytest.approx((0.025 ** (1 / 10), 1.0))
    assert interval(0, 0) == (0.0, 1.0)


def test_more_confidence_is_wider() -> None:
    """At 99 % both limits lie further out than at 80 %."""
    (low, high), (lower, higher) = interval(12, 40, 0.8), interval(12, 40, 0.99)
    assert lower < low < 12 / 40 < high < higher
