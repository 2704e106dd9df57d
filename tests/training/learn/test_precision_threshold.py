"""A threshold by precision: a promise that holds as often as it says, or why there is none and what would be needed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from leadledger.training.learn.falling_rate import Fall
from leadledger.training.learn.precision_threshold import Look, find_precision_threshold
from leadledger.training.learn.trust import LOG_ODDS

FALL = Fall(log_odds=-0.3, per_month=0.06, day=date(2026, 6, 30))


def draw(random: np.random.Generator, leads: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Totals (tenths) and true probabilities of leads, which meet at 56 points and a half."""
    totals = np.round(random.normal(500, 200, leads)).astype(np.int64)
    return totals, expit((totals - 560) * LOG_ODDS)


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "leads", "fewest"), [(0.5, 1500, 99), (0.7, 1500, 97), (0.9, 6000, 50)])
def test_a_promise_is_broken_no_oftener_than_it_says(precision: float, leads: int, fewest: int) -> None:
    """Over 100 draws, the true precision of the threshold is below the promise in at most 1 - confidence of them."""
    random = np.random.default_rng(7)
    given = broken = 0
    for _ in range(100):
        totals, true = draw(random, leads)
        threshold = find_precision_threshold(totals, random.random(leads) < true, precision, 0.9, 0.34)
        if threshold.threshold.points is not None:
            given += 1
            broken += true[totals >= threshold.threshold.points].mean() < precision
    assert given >= fewest
    assert broken <= 0.1 * 100


@pytest.mark.parametrize("base_rate", [None, 0.1, 0.99])
def test_what_is_certain_can_be_promised(base_rate: float | None) -> None:
    """A thousand of a thousand prove 99 %, whatever the forecasts say."""
    threshold = find_precision_threshold(np.arange(1000), np.ones(1000, bool), 0.99, 0.9, base_rate)
    assert threshold.threshold.points == 0
    assert threshold.threshold.promise == (
        "at least 99% of the promoted become opportunities, with 90% confidence: 1,000 of 1,000 held-out leads did,"
        " each scored once"
    )
    assert threshold.bound >= 0.99


def test_where_nothing_can_be_promised_the_reason_is_given() -> None:
    """The gate stays closed, and the message has the candidate that came nearest, below what was asked."""
    threshold = find_precision_threshold(np.arange(400, 700), np.arange(300) % 3 == 0, 0.7, 0.9, 0.5)
    assert threshold.threshold.points is None
    assert threshold.threshold.closed == (
        "no threshold can promise that 70% of the promoted become opportunities, with 90% confidence: 100 of the 300"
        " held-out leads from 40.0 points on did, which proves 25.2%; 20 times as many leads like these would not be"
        " enough"
    )
    assert threshold.more is None


def test_the_leads_that_would_be_enough_are_named() -> None:
    """Three in four were won, of too few: the message says how many more leads the history needs."""
    look = Look(history_leads=2400)
    threshold = find_precision_threshold(np.arange(300, 700, 5), np.arange(80) % 4 > 0, 0.7, 0.9, 0.75, look)
    assert threshold.threshold.closed.endswith(
        f"; with about {threshold.more:,} more leads like these in the history it could be promised"
    )
    assert threshold.more is not None
    assert 1_000 < threshold.more < 20_000


def test_as_many_more_leads_are_enough() -> None:
    """With the leads that were named, a promise is found in most draws."""
    random = np.random.default_rng(5)
    named = later = 0
    for _ in range(30):
        totals, true = draw(random, 300)
        threshold = find_precision_threshold(totals, random.random(300) < true, 0.8, 0.9, 0.34)
        if threshold.more is not None:
            named += 1
            totals, true = draw(random, 300 + threshold.more)
            found = find_precision_threshold(totals, random.random(len(totals)) < true, 0.8, 0.9, 0.34)
            later += found.threshold.points is not None
    assert named >= 10
    assert later >= 0.6 * named


def test_too_few_leads_promise_nothing() -> None:
    """Fewer held-out leads than prove anything close the gate, even if all of them were won."""
    threshold = find_precision_threshold(np.full(44, 600), np.ones(44, bool), 0.95, 0.9)
    assert threshold.threshold.closed == (
        "no threshold can promise that 95% of the promoted become opportunities, with 90% confidence: only 44 held-out"
        " leads meet the criteria, 45 are needed, all of them won"
    )
    assert find_precision_threshold(np.full(45, 600), np.ones(45, bool), 0.95, 0.9, 0.9).threshold.points == 600


def test_no_lead_at_all_promises_nothing() -> None:
    """Where no held-out lead meets the criteria, the message says so."""
    none = np.zeros(0, np.int64)
    threshold = find_precision_threshold(none, none.astype(bool), 0.7, 0.9, 0.1)
    assert threshold.threshold.closed.endswith(
        "only 0 held-out leads meet the criteria, 20 are needed, all of them won"
    )


def test_ties_are_promoted_together() -> None:
    """A threshold promotes every lead with its total, so all of them are counted."""
    totals = np.repeat([700, 600], [10, 90])
    won = np.repeat([True, False], [85, 15])
    threshold = find_precision_threshold(totals, won, 0.7, 0.9)
    assert (threshold.threshold.points, threshold.leads, threshold.won) == (600, 100, 85)


def test_a_part_of_the_error_proves_less() -> None:
    """Who looks twice at the same leads spends half of the error on each look: 85 of 100 no longer prove 80 %."""
    totals, won = np.full(100, 600), np.arange(100) < 85
    assert find_precision_threshold(totals, won, 0.79, 0.9, 0.5).threshold.points == 600
    assert find_precision_threshold(totals, won, 0.79, 0.9, 0.5, Look(error_share=0.2)).threshold.points is None


def test_while_the_rate_falls_more_is_asked_of_the_held_out_leads() -> None:
    """The promise is for a day, with what was asked of the held-out leads, and the advice to train again."""
    totals, won = np.full(1000, 600), np.arange(1000) < 780
    threshold = find_precision_threshold(totals, won, 0.7, 0.9, 0.5, Look(FALL))
    assert threshold.threshold.promise == (
        "at least 70% of the promoted become opportunities, with 90% confidence: 780 of 1,000 held-out leads did, each"
        " scored once; leads that score alike lose 6% of their odds a month, so 76% was asked of the held-out leads,"
        " and the promise is for 2026-06-30: train again while the rate falls"
    )
    record = threshold.to_dict()
    assert record["asked_of_held_out_leads"] == pytest.approx(0.759, abs=0.001)
    assert (record["odds_lost_per_month"], record["promised_for"]) == (0.06, "2026-06-30")
    assert 0.7 <= record["precision_lower_bound"] < 0.72


def test_where_the_rate_falls_too_fast_the_promise_is_withheld() -> None:
    """740 of 1,000 prove 70 % of the held-out leads, and less of today's."""
    totals, won = np.full(1000, 600), np.arange(1000) < 740
    assert find_precision_threshold(totals, won, 0.7, 0.9, 0.5).threshold.points == 600
    assert find_precision_threshold(totals, won, 0.7, 0.9, 0.5, Look(FALL)).threshold.closed == (
        "no threshold can promise that 70% of the promoted become opportunities, with 90% confidence: 740 of the 1,000"
        " held-out leads from 60.0 points on did, which proves 65.7% for 2026-06-30, since leads that score alike lose"
        " 6% of their odds a month; 20 times as many leads like these would not be enough"
    )
