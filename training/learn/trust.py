"""How much the declared rules count, and how much the model: two weights, learned and bounded.

The log-odds of an outcome are taken as `intercept + trust * rules + weight * model`, where `rules` are the declared
points and `model` the log-odds that the classifier predicts for leads which it has not seen. The fit is shrunk toward
rules as declared (trust 1) and toward a model that counts as it is (weight 1), less what the rules say already: the
correlation of the two. So with few outcomes the rules stand, nothing counts twice, and without rules the model is not
held back; with many the data decide. This is stacking, and calibration too, since the weights also undo what over- or
under-confidence there is.

Parts that were predicted by different models, each of earlier days, have an intercept each: how the rate moved from one
part to the next says nothing about the weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit

from leadledger.scoring.scorecard import START_TENTHS, TENTHS_PER_DOUBLING, Learned

LOG_ODDS = np.log(2) / TENTHS_PER_DOUBLING  # log-odds of a tenth of a point
# How strongly the weights are held to where they are shrunk toward: a standard deviation of less than a half.
PRIOR_STRENGTH = 5.0
HIGHEST_MODEL_WEIGHT = 1.5  # of the weight of the model; out-of-fold predictions ask for more only by accident


@dataclass(frozen=True)
class Weights:
    """The fitted weights: `intercept` in log-odds, `trust` 0..1, `model` 0..1.5."""

    intercept: float
    trust: float
    model: float

    def log_odds(self, rules: NDArray[np.int64], model: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weighted sum (n,) of rule points (n,), tenths, and log-odds of the model (n,); no intercept."""
        return np.asarray(self.trust * rules * LOG_ODDS + self.model * model)


def combine(
    won: NDArray[np.bool_],
    rules: NDArray[np.int64],
    model: NDArray[np.float64],
    trust: float | None = None,
    parts: NDArray[np.int64] | None = None,
    sample_weight: NDArray[np.float64] | None = None,
) -> Weights:
    """Fit the weights. Shapes: (n,) outcomes, rule points (tenths), out-of-fold log-odds of the model.

    `trust` fixes the weight of the rules, as a card may; None: it is learned. `parts` (n,) from 0 numbers the parts of
    the leads that have an intercept of their own; None: all are one. The intercept returned is that of the last.
    `sample_weight` (n,): how much each lead counts; None: alike.
    """
    points = rules * LOG_ODDS
    y = won.astype(float)
    of = np.zeros(len(y), dtype=np.int64) if parts is None else parts
    size = int(of.max(initial=0)) + 1
    alone = 1 - _overlap(points, model)
    counts = np.ones(len(y)) if sample_weight is None else sample_weight / sample_weight.mean()

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        by_rules, by_model = weights[:2]
        log_odds = weights[2:][of] + by_rules * points + by_model * model
        value = float(np.sum(counts * (np.logaddexp(0, log_odds) - y * log_odds)))
        miss = counts * (expit(log_odds) - y)
        slope = np.concatenate([[(miss * points).sum(), (miss * model).sum()], np.bincount(of, miss, size)])
        value += PRIOR_STRENGTH / 2 * ((by_rules - 1) ** 2 + (by_model - alone) ** 2)
        slope[:2] += PRIOR_STRENGTH * np.array([by_rules - 1, by_model - alone])
        return value / len(y), slope / len(y)

    held = (0.0, 1.0) if trust is None else (trust, trust)
    rate = min(max(float(np.average(y, weights=sample_weight)), 1e-6), 1 - 1e-6)
    start = np.array([held[1], alone, *[np.log(rate / (1 - rate))] * size])
    bounds = [held, (0.0, HIGHEST_MODEL_WEIGHT), *[(None, None)] * size]
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return Weights(intercept=float(fitted.x[-1]), trust=float(fitted.x[0]), model=float(fitted.x[1]))


def _overlap(rules: NDArray[np.float64], model: NDArray[np.float64]) -> float:
    """How far rules and model say the same, 0..1: their correlation over the leads, 0 where either says nothing."""
    if len(rules) < 2 or np.ptp(rules) == 0 or np.ptp(model) == 0:
        return 0.0
    return abs(float(np.corrcoef(rules, model)[0, 1]))


def in_the_large(log_odds: NDArray[np.float64], rate: float, weights: NDArray[np.float64] | None = None) -> float:
    """The intercept with which log-odds (n,) predict a rate (0..1, neither end) on average.

    `weights` (n,): how much each lead counts; None: alike.
    """

    def miss(intercept: float) -> float:
        return float(np.average(expit(intercept + log_odds), weights=weights)) - rate

    return float(brentq(miss, -60, 60))


def probability_at(learned: Learned, totals: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
    """The predicted probabilities (n,) at some totals (n,), tenths, for a scorecard that knows its base rate."""
    assert learned.base_rate is not None
    return np.asarray(expit((totals - START_TENTHS) * LOG_ODDS + logit(learned.base_rate)))
