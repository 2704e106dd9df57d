"""When a new release is worse than the current one or the best so far, and when that can't be told."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from leadledger.training.evidence.release_comparison import (
    Comparison,
    Forecast,
    compare,
    incomparable,
    nothing_learned,
    with_best,
)
from leadledger.training.intervals import lower_limit

LEADS = 4000
RANDOM = np.random.default_rng(3)
LOG_ODDS = RANDOM.normal(-2, 1.2, LEADS)
WON = RANDOM.random(LEADS) < expit(LOG_ODDS)
RATE = float(WON.mean())
ABLE = np.ones(LEADS, bool)


def blur(noise: float, seed: int = 5) -> NDArray[np.float64]:
    """The true log-odds with noise."""
    return np.asarray(LOG_ODDS + np.random.default_rng(seed).normal(0, noise, LEADS))


def forecast(log_odds: NDArray[np.float64], line: float = 0.0) -> Forecast:
    """A forecast that promotes from a line on, in log-odds."""
    return Forecast(expit(log_odds), log_odds >= line)


def compared(new: Forecast, old: Forecast, kind: str = "current release") -> Comparison:
    """The comparison, with a release named for the message."""
    return compare("2026-01-01-001", WON, ABLE, new, old, RATE, kind)


def test_the_same_release_is_as_good() -> None:
    """No difference, and nothing held back."""
    comparison = compared(forecast(LOG_ODDS), forecast(LOG_ODDS))
    assert not comparison.worse
    assert comparison.log_loss is not None
    assert (comparison.log_loss.difference, comparison.log_loss.low, comparison.log_loss.high) == (0, 0, 0)
    assert comparison.precision is not None
    assert (comparison.precision.difference, comparison.precision.low, comparison.precision.high) == (0, 0, 0)
    loss = f"{comparison.log_loss.new:.4f}"
    assert comparison.said == (
        f"as good as the current release 2026-01-01-001: log-loss {loss} against {loss}, with 95% confidence at most"
        " 0.0000 worse"
    )
    assert comparison.measure == "2026-01-01-001"
    assert json.loads(json.dumps(comparison.to_dict()))["worse"] is False


def test_a_blurred_challenger_is_worse_and_a_sharper_one_better() -> None:
    """Both ways, with the interval on the side where it belongs."""
    worse = compared(forecast(blur(1.0)), forecast(LOG_ODDS))
    assert worse.worse
    assert worse.log_loss is not None
    assert 0 < worse.log_loss.low < worse.log_loss.difference < worse.log_loss.high
    assert worse.said.startswith("worse than the current release 2026-01-01-001 on the same 4,000 leads: log-loss 0.")
    better = compared(forecast(LOG_ODDS), forecast(blur(1.0)))
    assert better.better
    assert not better.worse
    assert better.said.startswith("better than the current release")
    assert better.measure == ""


def test_promoting_more_and_keeping_the_promise_is_not_worse() -> None:
    """In 20 of 20 draws a lower line with the same forecasts is let pass, though its own precision is lower."""
    held_back = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        log_odds = random.normal(-1, 1.6, LEADS)
        won = random.random(LEADS) < expit(log_odds)
        strict, wide = forecast(log_odds, line=2.2), forecast(log_odds, line=0.7)
        assert lower_limit(int(won[wide.promoted].sum()), int(wide.promoted.sum()), 0.90) > 0.70  # the promise
        assert won[wide.promoted].mean() < won[strict.promoted].mean() - 0.05
        held_back += compare("a", won, ABLE, wide, strict, float(won.mean())).worse
    assert held_back == 0


def test_a_worse_ranking_at_equal_volume_is_held_back() -> None:
    """A challenger that is as good on most leads and mixes up the best ones is held back for its precision there."""
    mixed = LOG_ODDS.copy()
    best = np.argsort(mixed)[-400:]
    mixed[best] = np.random.default_rng(1).permutation(mixed[best])
    comparison = compared(forecast(mixed, line=-1), forecast(LOG_ODDS, line=0.5))
    assert comparison.worse
    assert comparison.precision is not None
    assert comparison.promoted is not None
    assert comparison.promoted.new > comparison.promoted.old
    assert comparison.precision.high < 0
    assert f"precision among the best {comparison.promoted.old:,} " in comparison.said


def test_a_difference_within_the_margin_holds_nothing_back() -> None:
    """However sure, a loss of log-loss that nobody would notice is no reason."""
    comparison = compared(forecast(LOG_ODDS + 0.02), forecast(LOG_ODDS))
    shifted = expit(logit(RATE) + np.array([0.0, 0.02]))
    assert abs(shifted[1] - shifted[0]) < 0.005
    assert comparison.log_loss is not None
    assert 0 < abs(comparison.log_loss.difference) < 0.0005
    assert not comparison.worse


def test_quality_can_not_creep_down() -> None:
    """Each release is a little worse than the one before, mostly too little to be seen; the best so far stops them."""
    best = before = forecast(LOG_ODDS)
    noise = np.random.default_rng(8).normal(0, 0.06, (30, LEADS))
    let_pass, stopped = [], []
    for step in range(1, 31):
        after = forecast(LOG_ODDS + noise[:step].sum(axis=0))
        current = compared(after, before)
        beside_best = with_best(current, compared(after, best, "best release so far"))
        let_pass.append(not current.worse)
        stopped.append(beside_best.worse)
        if beside_best.worse and not current.worse:
            assert beside_best.said.startswith("worse than the best release so far 2026-01-01-001 on the same 4,000")
            assert beside_best.said.endswith(current.said)
        before = after
    assert sum(let_pass) > 20
    assert all(stopped[15:])


def test_where_nobody_is_promoted_there_is_no_precision_to_compare() -> None:
    """A comparison with a release that promotes nobody is one of probabilities alone."""
    assert compared(forecast(LOG_ODDS), forecast(LOG_ODDS, line=99)).precision is None


@pytest.mark.parametrize(("leads", "volume"), [(300, 30), (1000, 60)])
def test_equal_releases_are_rarely_told_apart(leads: int, volume: int) -> None:
    """Two equally blurred forecasts: about one in twenty is found worse by precision, and as many by log-loss."""
    found = np.zeros(2)
    for seed in range(300):
        random = np.random.default_rng(seed)
        log_odds = random.normal(-2, 1.3, leads)
        won = random.random(leads) < expit(log_odds)
        new, old = (log_odds + random.normal(0, 0.5, leads) for _ in range(2))
        line = float(np.sort(old)[-volume])
        comparison = compare("a", won, ABLE[:leads], forecast(new), forecast(old, line), float(won.mean()))
        assert comparison.log_loss is not None
        assert comparison.precision is not None
        found += comparison.log_loss.low > 0, comparison.precision.high < 0
    assert (found / 300 < 0.10).all()


def test_what_has_learned_nothing_is_held_back() -> None:
    """A challenger that gives everybody the base rate does not follow a release that was wrong on these leads."""
    constant = Forecast(np.full(LEADS, RATE), np.zeros(LEADS, bool))
    upside_down = Forecast(1 - expit(LOG_ODDS), np.zeros(LEADS, bool))
    comparison = compared(constant, upside_down)
    assert comparison.log_loss is not None
    assert comparison.log_loss.high < 0
    assert comparison.worse
    assert comparison.said.startswith("no better on 4,000 held-out leads than the base rate of the history, ")


@pytest.mark.parametrize("leads", [1, 2])
def test_next_to_no_leads(leads: int) -> None:
    """One lead has no interval, and two have one without a warning."""
    some = Forecast(expit(LOG_ODDS[:leads]), np.ones(leads, bool))
    other = Forecast(expit(-LOG_ODDS[:leads]), np.ones(leads, bool))
    assert compare("a", WON[:leads], ABLE[:leads], some, other, RATE).leads == leads


def test_what_can_not_be_compared_is_reported() -> None:
    """Another outcome does not hold back; rules alone after a trained release do."""
    assert not incomparable("a", "it predicts another outcome").worse
    assert nothing_learned("a", "no lead has an outcome").worse
