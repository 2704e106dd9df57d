"""The measures behind the charts of the report."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from leadledger.training.evidence.chart_measures import by_month, lift, reliability, spread
from leadledger.training.intervals import rate_limits


def test_lift_counts_from_the_best_on() -> None:
    """The top fifth holds what it holds, and all leads hold everything, no better than chance."""
    totals = np.arange(100)[::-1]
    won = np.zeros(100, bool)
    won[[0, 1, 2, 3, 50, 60, 70, 80]] = True
    found = lift(totals, won)
    assert [one["share"] for one in found] == [step / 20 for step in range(1, 21)]
    assert found[3] == {"share": 0.2, "leads": 20, "won": 4, "found": 0.5, "lift": 2.5}
    assert found[-1] == {"share": 1.0, "leads": 100, "won": 8, "found": 1.0, "lift": 1.0}


def test_lift_of_nothing_won_is_unknown() -> None:
    """Where no lead was won there is no share of them; a short list still has a lead in each share."""
    found = lift(np.arange(3), np.zeros(3, bool))
    assert {one["lift"] for one in found} == {one["found"] for one in found} == {None}
    assert [one["leads"] for one in found][:2] == [1, 1]


def test_reliability_has_tenths_with_limits() -> None:
    """The tenths are in order of what was foreseen, none is lost, and each has its exact limits."""
    random = np.random.default_rng(3)
    probability = random.random(1005)
    won = random.random(1005) < probability
    found = reliability(won, probability)
    assert [one["foreseen"] for one in found] == sorted(one["foreseen"] for one in found)
    assert sum(one["leads"] for one in found) == 1005
    assert sum(one["won"] for one in found) == won.sum()
    for one in found:
        assert (one["low"], one["high"]) == rate_limits(one["won"], one["leads"])
        assert one["low"] <= one["came"] <= one["high"]


def test_few_leads_make_few_tenths() -> None:
    """Three leads make three records."""
    assert [one["leads"] for one in reliability(np.array([True, False, True]), np.array([0.9, 0.1, 0.5]))] == [1, 1, 1]


def test_months_are_calendar_months() -> None:
    """A month is told by its year; leads without a forecast are left out; where held-out leads begin comes twice."""
    on = [date(2025, 3, 1), date(2025, 3, 31), date(2025, 3, 31), date(2025, 4, 1), date(2024, 3, 1)]
    days = np.array([(one - date(1970, 1, 1)).days for one in on])
    won = np.array([True, False, True, False, True])
    probability = np.array([0.5, 0.3, 0.2, 0.1, np.nan])
    found = by_month(days, won, probability, np.array([False, False, True, True, False]))
    assert [(one["month"], one["leads"], one["won"], one["held_out"]) for one in found] == [
        ("2025-03", 2, 1, False),
        ("2025-03", 1, 1, True),
        ("2025-04", 1, 0, True),
    ]
    assert found[0]["foreseen"] == pytest.approx(0.4)
    assert found[0]["came"] == 0.5


def test_spread_is_split_evenly() -> None:
    """Independent parts have the shares of their variances; what two move together is halved; all add up to 1."""
    one, other = np.array([1, 1, -1, -1]) * 10, np.array([1, -1, 1, -1]) * 20
    assert spread(one, other, np.zeros(4, int)) == pytest.approx({"rules": 0.2, "tables": 0.8, "combinations": 0})
    # Variances 1 and 4, covariance 2, twice: 9 in all, of which 1 + 2 and 4 + 2.
    found = spread(one, 2 * one, np.zeros(4, int))
    assert found == pytest.approx({"rules": 3 / 9, "tables": 6 / 9, "combinations": 0})


def test_spread_of_equal_scores_is_unknown() -> None:
    """Where all leads score alike nothing is spread."""
    assert spread(np.zeros(3, int), np.array([5, 5, 5]), np.zeros(3, int)) is None
    assert spread(*(np.zeros(0, int) for _ in range(3))) is None
