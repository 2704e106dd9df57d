"""A falling rate: seen beyond chance, carried on to the day of the promise."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from leadledger.training.learn.falling_rate import Fall, FallingRate, find_falling_rate
from leadledger.training.learn.trust import LOG_ODDS

YEAR = 365


def history(
    random: np.random.Generator, leads: int, per_year: float, since: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """Totals, outcomes and days of three years, whose log-odds change by `per_year` from the year `since` on."""
    days = np.sort(random.integers(0, 3 * YEAR, leads))
    totals = np.round(random.normal(450, 150, leads))
    log_odds = (totals - 500) * LOG_ODDS - 1.5 + per_year * np.maximum(days / YEAR - since, 0)
    return totals, random.random(leads) < expit(log_odds), days


def test_a_rate_that_halves_in_a_year_is_seen() -> None:
    """The fall a day is near the true one, and half a year brings about half of it."""
    falling = find_falling_rate(*history(np.random.default_rng(1), 6000, -np.log(2)), 3 * YEAR)
    assert falling is not None
    assert falling.per_day * YEAR == pytest.approx(-np.log(2), abs=0.25)
    fall = falling.until_promise(np.full(5, int(2.5 * YEAR)))
    assert fall is not None
    assert fall.log_odds == pytest.approx(falling.per_day * (3 * YEAR - int(2.5 * YEAR)))
    assert fall.day == date(1972, 12, 31)
    assert 0.03 < fall.per_month < 0.09


def test_totals_far_out_mislead_nobody() -> None:
    """Where most leads score far below 50 and outcomes are nearly certain, the fall is still the true one."""
    random = np.random.default_rng(4)
    days = np.sort(random.integers(0, 3 * YEAR, 6000))
    totals = np.round(random.normal(100, 300, 6000))
    won = random.random(6000) < expit((totals - 500) * 2 * LOG_ODDS - np.log(2) * days / YEAR)
    falling = find_falling_rate(totals, won, days, 3 * YEAR)
    assert falling is not None
    assert falling.per_day * YEAR == pytest.approx(-np.log(2), abs=0.35)


def test_a_fall_that_began_lately_is_not_diluted_by_the_years_before() -> None:
    """Steady for two years and a quarter: it fell from there, and not from the first day."""
    falling = find_falling_rate(*history(np.random.default_rng(2), 20_000, -1.0, 2.25), 3 * YEAR)
    assert falling is not None
    assert falling.since == pytest.approx(2.25 * YEAR, abs=0.05 * YEAR)
    assert falling.per_day * YEAR == pytest.approx(-1.0, abs=0.3)


def test_a_short_history_sees_a_fall_that_began_lately() -> None:
    """That the rate was level before makes a year's fall plain in most histories of 6,000 leads."""
    falls = [
        find_falling_rate(*history(np.random.default_rng(seed), 6000, -np.log(2), 2.0), 3 * YEAR) for seed in range(20)
    ]
    assert sum(fall is not None for fall in falls) >= 15


def test_a_fall_after_a_rise_is_seen() -> None:
    """The rate rose for half of the time, and is no lower now than at first: the newest half shows the fall alone."""
    random = np.random.default_rng(1)
    days = np.sort(random.integers(0, 3 * YEAR, 8000))
    totals = np.round(random.normal(450, 150, 8000))
    way = 0.9 * (1.5 - np.abs(days / YEAR - 1.5))
    falling = find_falling_rate(totals, random.random(8000) < expit((totals - 500) * LOG_ODDS - 1.5 + way), days, 1095)
    assert falling is not None
    assert falling.per_day * YEAR == pytest.approx(-0.9, abs=0.4)


def test_leads_that_another_card_scored_are_left_out() -> None:
    """A total that isn't known moves nothing: the fall is that of the others."""
    totals, won, days = history(np.random.default_rng(1), 6000, -np.log(2))
    known = np.random.default_rng(2).random(6000) < 0.7
    of_known = find_falling_rate(totals[known], won[known], days[known], 3 * YEAR)
    assert of_known is not None
    assert find_falling_rate(np.where(known, totals, np.nan), won, days, 3 * YEAR) == of_known
    assert find_falling_rate(np.full(6000, np.nan), won, days, 3 * YEAR) is None


@pytest.mark.slow
@pytest.mark.parametrize("per_year", [0.0, 0.5])
def test_a_steady_or_rising_rate_takes_nothing_from_a_promise(per_year: float) -> None:
    """False alarms are as rare as chance makes them."""
    falls = [find_falling_rate(*history(np.random.default_rng(seed), 2000, per_year), 3 * YEAR) for seed in range(20)]
    assert sum(fall is not None for fall in falls) <= 6


def test_few_outcomes_or_one_day_tell_no_trend() -> None:
    """With fewer than twenty of a kind, or all leads on one day, nothing is said."""
    totals, won, days = history(np.random.default_rng(1), 6000, -1.0)
    few = won & (np.cumsum(won) < 15)
    assert find_falling_rate(totals, few, days, 3 * YEAR) is None
    assert find_falling_rate(totals, won, np.zeros_like(days), 3 * YEAR) is None


def test_what_is_asked_and_what_is_left_belong_together() -> None:
    """What the held-out leads must show is, after the fall, what was promised."""
    fall = Fall(-0.3, 0.05, date(2026, 6, 30))
    assert fall.raise_precision(0.7) == pytest.approx(expit(logit(0.7) + 0.3))
    assert fall.lower(fall.raise_precision(0.7)) == pytest.approx(0.7)
    assert fall.lower(0.0) == 0


def test_leads_of_the_day_of_the_promise_lose_nothing() -> None:
    """No days, or none before that of the promise: there is no fall."""
    falling = FallingRate(-0.001, 0, 100)
    assert falling.until_promise(np.array([100, 101])) is None
    assert falling.until_promise(np.array([], np.int64)) is None


def test_leads_before_a_fall_lose_all_of_it() -> None:
    """A lead loses what the rate falls from its day on, and one of before the fall no more than what fell since."""
    falling = FallingRate(-0.01, 60, 100)
    fall = falling.until_promise(np.array([0, 60, 80, 100]))
    assert fall is not None
    assert fall.log_odds == pytest.approx(-0.01 * (40 + 40 + 20 + 0) / 4)
