"""How much rules and model count: with few outcomes the rules stand, with many the data decide."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from leadledger.training.learn.trust import LOG_ODDS, combine, in_the_large


def draw(leads: int, trust: float, weight: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes that follow rules and model by known weights."""
    random = np.random.default_rng(seed)
    rules = np.round(random.normal(0, 150, leads)).astype(np.int64)
    model = random.normal(0, 1, leads)
    return random.random(leads) < expit(-1 + trust * rules * LOG_ODDS + weight * model), rules, model


@pytest.mark.parametrize(("trust", "weight"), [(1.0, 0.0), (0.3, 1.0), (0.0, 1.0), (0.6, 0.5)])
def test_many_outcomes_find_the_weights(trust: float, weight: float) -> None:
    """With 50,000 leads, the weights are those that the outcomes were drawn by."""
    weights = combine(*draw(50_000, trust, weight))
    assert weights.trust == pytest.approx(trust, abs=0.06)
    assert weights.model == pytest.approx(weight, abs=0.06)
    assert weights.intercept == pytest.approx(-1, abs=0.06)


@pytest.mark.slow
def test_few_outcomes_leave_the_rules_as_declared() -> None:
    """With a dozen leads, trust stays near 1, even if the rules say nothing."""
    fits = [combine(*draw(12, 0.0, 1.0, seed)) for seed in range(30)]
    assert np.mean([weights.trust for weights in fits]) > 0.6


def test_without_rules_the_model_counts_as_it_is() -> None:
    """The weight is shrunk toward 1: with 300 leads that call for 1.35, the mean fit is nearer to that than to 1.2."""
    fits = []
    for seed in range(30):
        won, rules, model = draw(300, 0.0, 1.35, seed)
        fits.append(combine(won, np.zeros_like(rules), model).model)
    assert np.mean(fits) == pytest.approx(1.3, abs=0.07)
    won, rules, model = draw(12, 0.0, 1.0)
    assert combine(won, np.zeros_like(rules), np.zeros(12)).model == pytest.approx(1, abs=1e-3)


def test_weights_are_bounded() -> None:
    """Rules that point the wrong way count nothing; they are never turned round."""
    won, rules, model = draw(5_000, 1.0, 0.5)
    weights = combine(won, -rules, model)
    assert weights.trust == 0.0


def test_a_card_can_fix_the_trust() -> None:
    """Where the card says what declared points count, they count that."""
    assert combine(*draw(5_000, 0.2, 1.0), trust=0.8).trust == 0.8


def test_a_rate_that_moves_from_part_to_part_is_no_news_of_the_weights() -> None:
    """Two parts with other rates, predicted by models of the same skill, give the weights of one."""
    won, rules, model = draw(50_000, 0.5, 1.0)
    lively, *rest = draw(50_000, 0.5, 1.0, seed=4)
    keep = lively | (np.random.default_rng(5).random(len(lively)) < 0.2)  # a part with five times the odds
    outcomes, points, predicted = (
        np.concatenate([early, late[keep]]) for early, late in zip((won, rules, model), (lively, *rest), strict=True)
    )
    parts = np.repeat([0, 1], [len(won), int(keep.sum())])
    weights = combine(outcomes, points, predicted, parts=parts)
    assert weights.trust == pytest.approx(0.5, abs=0.05)
    assert weights.model == pytest.approx(1.0, abs=0.05)
    assert weights.intercept == pytest.approx(-1 + np.log(5), abs=0.06)


def test_in_the_large() -> None:
    """The intercept makes the mean probability the asked rate."""
    log_odds = np.random.default_rng(1).normal(0, 2, 1000)
    assert expit(in_the_large(log_odds, 0.07) + log_odds).mean() == pytest.approx(0.07, rel=1e-9)


def test_what_the_rules_say_already_does_not_count_twice() -> None:
    """With few outcomes, a model that repeats the rules is held near 0, one that says other things near 1."""
    rules = np.tile([300, 300, -300, -300], 4)
    won = np.tile([True, False, False, True], 4)
    weak = rules * LOG_ODDS / 20  # so weak that outcomes hardly speak about its weight
    assert combine(won, rules, weak, trust=1.0).model == pytest.approx(0, abs=0.05)
    assert combine(won, rules, np.tile([0.1, -0.1], 8), trust=1.0).model == pytest.approx(1, abs=0.05)
