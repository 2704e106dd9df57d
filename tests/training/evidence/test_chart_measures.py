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
    records = lift(totals, won)
    assert [record["share"] for record in records] == [step / 20 for step in range(1, 21)]
    assert records[3] == {"share": 0.2, "leads": 20, "won": 4, "found": 0.5, "lift": 2.5}
    assert records[-1] == {"share": 1.0, "leads": 100, "won": 8, "found": 1.0, "lift": 1.0}


def test_lift_of_equal_scores_is_that_of_chance() -> None:
    """Where all leads score alike no share of them holds more than chance, whichever leads the file has first."""
    records = lift(np.full(200, 7), np.arange(200) < 40)
    assert [record["lift"] for record in records] == pytest.approx([1.0] * 20)
    assert records[1]["won"] == pytest.approx(4)


def test_tenths_keep_leads_of_one_probability_together() -> None:
    """Of two probabilities there are two groups, each with its own rate, in any order of the file."""
    probability = np.repeat([0.1, 0.5], [70, 30])
    won = np.concatenate([np.arange(70) < 7, np.arange(30) < 15])
    for order in (np.arange(100), np.arange(100)[::-1]):
        records = reliability(won[order], probability[order])
        assert [(record["leads"], record["won"]) for record in records] == [(70, 7), (30, 15)]


def test_lift_of_nothing_won_is_unknown() -> None:
    """Where no lead was won there is no share of them; a short list still has a lead in each share."""
    records = lift(np.arange(3), np.zeros(3, bool))
    assert {record["lift"] for record in records} == {record["found"] for record in records} == {None}
    assert [record["leads"] for record in records][:2] == [1, 1]


def test_reliability_has_tenths_with_limits() -> None:
    """The tenths are in order of the predicted probability, none is lost, and each has its exact limits."""
    random = np.random.default_rng(3)
    probability = random.random(1005)
    won = random.random(1005) < probability
    records = reliability(won, probability)
    assert [record["foreseen"] for record in records] == sorted(record["foreseen"] for record in records)
    assert sum(record["leads"] for record in records) == 1005
    assert sum(record["won"] for record in records) == won.sum()
    for record in records:
        assert (record["low"], record["high"]) == rate_limits(record["won"], record["leads"])
        assert record["low"] <= record["came"] <= record["high"]


def test_few_leads_make_few_tenths() -> None:
    """Three leads make three records."""
    assert [record["leads"] for record in reliability(np.array([True, False, True]), np.array([0.9, 0.1, 0.5]))] == [
        1,
        1,
        1,
    ]


def test_months_are_calendar_months() -> None:
    """A month has its year; leads without a prediction are left out; where held-out leads begin appears twice."""
    on = [date(2025, 3, 1), date(2025, 3, 31), date(2025, 3, 31), date(2025, 4, 1), date(2024, 3, 1)]
    days = np.array([(day - date(1970, 1, 1)).days for day in on])
    won = np.array([True, False, True, False, True])
    probability = np.array([0.5, 0.3, 0.2, 0.1, np.nan])
    records = by_month(days, won, probability, np.array([False, False, True, True, False]))
    assert [(record["month"], record["leads"], record["won"], record["held_out"]) for record in records] == [
        ("2025-03", 2, 1, False),
        ("2025-03", 1, 1, True),
        ("2025-04", 1, 0, True),
    ]
    assert records[0]["foreseen"] == pytest.approx(0.4)
    assert records[0]["came"] == 0.5


def test_spread_is_split_evenly() -> None:
    """Independent parts have the shares of their variances; what two move together is halved; all add up to 1."""
    rules, tables = np.array([1, 1, -1, -1]) * 10, np.array([1, -1, 1, -1]) * 20
    assert spread(rules, tables, np.zeros(4, int)) == pytest.approx({"rules": 0.2, "tables": 0.8, "combinations": 0})
    # Variances 1 and 4, covariance 2, twice: 9 in all, of which 1 + 2 and 4 + 2.
    shares = spread(rules, 2 * rules, np.zeros(4, int))
    assert shares == pytest.approx({"rules": 3 / 9, "tables": 6 / 9, "combinations": 0})


def test_spread_of_equal_scores_is_unknown() -> None:
    """Where all leads score alike nothing is spread."""
    assert spread(np.zeros(3, int), np.array([5, 5, 5]), np.zeros(3, int)) is None
    assert spread(*(np.zeros(0, int) for _ in range(3))) is None
