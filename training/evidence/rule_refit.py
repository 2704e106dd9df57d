"""The points that past outcomes support for one rule: a logistic regression with the rest of the score held fixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from leadledger.training.learn.trust import LOG_ODDS

LIKELIHOOD_DROP = 3.841459  # twice the log-likelihood that the limits of a 95 % interval lose
MOST_NEWTON_STEPS = 50  # steps at most; a handful do
# Before any data, of the weights in `refit`: a rule is worth 0 points give or take 30, its neighbours what they declare
# give or take as much again, the average anything.
PRIOR_CENTRE = np.array([0.0, 1.0, 0.0])
PRIOR_PRECISION = np.array([(300 * LOG_ODDS) ** -2, 1.0, 1e-6])


@dataclass(frozen=True)
class Supported:
    """The points (tenths, no whole number) that the data support, and their 95 % interval."""

    points: float
    low: float
    high: float


def refit(
    offset: NDArray[np.int64], share: NDArray[np.float64], beside: NDArray[np.int64], won: NDArray[np.bool_]
) -> Supported | None:
    """The points of a rule by logistic regression; None where the data say nothing. All shapes are (n,).

    `offset` (tenths) is held fixed. `share` (0..1) is how much of its points the rule earns a lead, and `beside`
    (tenths) what its neighbours do, of which the data choose a factor; the average is free too. The rule has a wide
    prior, so that one without a miss has an end; the limits are those of the profile likelihood.
    """
    if not len(won) or won.all() or not won.any() or np.ptp(share) == 0:
        return None
    fixed, columns, leads, wins = _folded(offset, share, beside, won)

    def fit(
        start: NDArray[np.float64], held: float | None = None
    ) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
        """The weights, their penalised log-likelihood and its curvature; `held` fixes the first weight."""
        free = slice(0 if held is None else 1, None)
        weights = start.copy()
        weights[0] = start[0] if held is None else held
        value, slope, curve = _likelihood(weights, fixed, columns, leads, wins)
        for _ in range(MOST_NEWTON_STEPS):
            step = np.zeros(len(weights))
            step[free] = np.linalg.solve(curve[free, free], slope[free])
            # Where the curve is flat a whole step may overshoot; half of it, as often as need be, never loses.
            while (tried := _likelihood(weights + step, fixed, columns, leads, wins))[0] < value and abs(
                step
            ).max() > 1e-9:
                step /= 2
            weights, gained = weights + step, tried[0] - value
            value, slope, curve = tried
            if gained < 1e-9:
                break
        return weights, value, curve

    best, top, curve = fit(np.array([0.0, 1.0, np.log(wins.sum() / (leads.sum() - wins.sum()))]))

    def lost(at: float) -> float:
        return 2 * (top - fit(best, at)[1]) - LIKELIHOOD_DROP

    ends = []
    for side in (-1, 1):
        far = 2 * side * float(np.sqrt(np.linalg.inv(curve)[0, 0]))
        while lost(best[0] + far) < 0:
            far *= 1.5
        ends.append(float(brentq(lost, best[0], best[0] + far, xtol=1e-4)))
    return Supported(*(float(weight / LOG_ODDS) for weight in (best[0], *ends)))


def _folded(
    offset: NDArray[np.int64], share: NDArray[np.float64], beside: NDArray[np.int64], won: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Leads that are alike, counted: offset (log-odds), columns (share, beside, 1), how many, how many won.

    Points are whole tenths, so a million leads fold to some thousand.
    """
    key = offset - offset.min()
    for column in (share, beside):
        levels, code = np.unique(column, return_inverse=True)
        key = key * len(levels) + code
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    columns = np.column_stack([share[first], beside[first] * LOG_ODDS, np.ones(len(first))])
    leads, wins = np.bincount(group).astype(float), np.bincount(group, weights=won).astype(float)
    return offset[first] * LOG_ODDS, columns, leads, wins


def _likelihood(
    weights: NDArray[np.float64],
    fixed: NDArray[np.float64],
    columns: NDArray[np.float64],
    leads: NDArray[np.float64],
    wins: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """The penalised log-likelihood, its slope and its curvature (negative second derivative)."""
    log_odds = fixed + columns @ weights
    chance = expit(log_odds)
    off = weights - PRIOR_CENTRE
    value = float(np.sum(wins * log_odds - leads * np.logaddexp(0, log_odds)) - (PRIOR_PRECISION * off**2).sum() / 2)
    slope = columns.T @ (wins - leads * chance) - PRIOR_PRECISION * off
    curve = (columns * (leads * chance * (1 - chance))[:, None]).T @ columns + np.diag(PRIOR_PRECISION)
    return value, slope, curve
