"""Exact confidence limits of a rate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from leadledger.training.intervals import lower_limit, rate_limits


def test_the_bound_is_exact() -> None:
    """At the lower limit, as many successes as were seen have exactly the probability 1 - confidence."""
    for won, leads in [(1, 1), (28, 30), (70, 100), (30, 30)]:
        limit = lower_limit(won, leads, 0.9)
        assert binom.sf(won - 1, leads, limit) == pytest.approx(0.1)
    assert lower_limit(0, 50, 0.9) == 0.0


@given(won=st.integers(0, 40), more=st.integers(1, 40))
def test_limits_are_those_of_scipy(won: int, more: int) -> None:
    """The two-sided exact limits are scipy's."""
    interval = binomtest(won, won + more).proportion_ci(0.95, method="exact")
    assert rate_limits(won, won + more) == pytest.approx((interval.low, interval.high))
