"""When a new release is worse than the current one, and when that can't be told."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from leadledger.training.evidence.release_comparison import Comparison, Forecast, compare, incomparable, nothing_learned

pytestmark = pytest.mark.slow  # the whole file learns from histories

LEADS = 4000
RANDOM = np.random.default_rng(3)
LOG_ODDS = RANDOM.normal(-2, 1.2, LEADS)
WON = RANDOM.random(LEADS) < expit(LOG_ODDS)
RATE = float(WON.mean())


def forecast(noise: float = 0.0, line: bool = True) -> Forecast:
    """The truth, blurred; it promotes those with even odds or better."""
    blurred = LOG_ODDS + np.random.default_rng(5).normal(0, noise, LEADS) if noise else LOG_ODDS
    return Forecast(expit(blurred), (blurred >= 0) & line, line)


def compared(new: Forecast, old: Forecast) -> Comparison:
    """The comparison, with a release named for the message."""
    return compare("2026-01-01-001", WON, new, old, RATE, seed=0)


def test_the_same_release_is_as_good() -> None:
    """No difference, and nothing held back."""
    comparison = compared(forecast(), forecast())
    assert not comparison.worse
    assert comparison.log_loss is not None
    assert (comparison.log_loss.difference, comparison.log_loss.low, comparison.log_loss.high) == (0, 0, 0)
    assert comparison.said.startswith("as good as the current release 2026-01-01-001: log-loss 0.")


def test_a_blurred_challenger_is_worse_and_a_sharper_one_better() -> None:
    """Both ways, with the interval on the side where it belongs."""
    worse = compared(forecast(noise=1.0), forecast())
    assert worse.worse
    assert worse.log_loss is not None
    assert 0 < worse.log_loss.low < worse.log_loss.difference < worse.log_loss.high
    assert worse.said.startswith("worse than the current release 2026-01-01-001 on the same 4,000 leads: log-loss 0.")
    better = compared(forecast(), forecast(noise=1.0))
    assert not better.worse
    assert better.said.startswith("better than the current release")


def test_precision_at_the_threshold_counts_too() -> None:
    """A challenger with the same probabilities that promotes anybody is held back for its precision."""
    careless = Forecast(expit(LOG_ODDS), LOG_ODDS >= -3, True)
    comparison = compared(careless, forecast())
    assert comparison.worse
    assert comparison.precision is not None
    assert comparison.precision.high < 0
    assert "precision at the threshold" in comparison.said
    assert "log-loss" not in comparison.said


def test_without_a_threshold_there_is_no_precision_to_compare() -> None:
    """A release that promotes nobody is judged by its probabilities alone."""
    assert compared(forecast(line=False), forecast()).precision is None


def test_what_has_learned_nothing_is_held_back() -> None:
    """A challenger that gives everybody the base rate does not follow a release that was wrong on these leads."""
    constant = Forecast(np.full(LEADS, RATE), np.zeros(LEADS, bool), False)
    upside_down = Forecast(1 - expit(LOG_ODDS), np.zeros(LEADS, bool), False)
    comparison = compared(constant, upside_down)
    assert comparison.log_loss is not None
    assert comparison.log_loss.high < 0
    assert comparison.worse
    assert comparison.said.startswith("no better on 4,000 held-out leads than the base rate of the history, ")


@pytest.mark.parametrize("leads", [1, 2])
def test_next_to_no_leads(leads: int) -> None:
    """One lead has no interval, and two have one without a warning."""
    some = Forecast(expit(LOG_ODDS[:leads]), np.ones(leads, bool), True)
    assert compare("a", WON[:leads], some, some, RATE, 0).leads == leads


def test_what_can_not_be_compared_is_reported() -> None:
    """Another outcome does not hold back; rules alone after a trained release do."""
    assert not incomparable("a", "it predicts another outcome").worse
    assert nothing_learned("a", "no lead has an outcome").worse
