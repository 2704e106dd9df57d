"""Whether leads that score alike are won less and less often, and what a promise loses by it until it is given.

The leads that a threshold is proven on are older than those that it will promote: by half the time over which they came
in, and by the horizon within which their outcomes became known. Where the rate falls, they flatter it. So the log-odds
of an outcome are fitted to the total and the day, a logistic regression, and where they fall beyond chance, the fall
is carried on to the day of the promise.

Three spans are looked at: the judged leads; the newest half of the history; and all of it, where the older leads fall
as the judged do. A short span sees a fall that began lately, a long one a slow fall that is hidden in the noise of a
few months. The steepest that is beyond chance counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import norm

from leadledger.training.plausible_days import EPOCH

FALL_CONFIDENCE = 0.95  # one-sided, with which a rate must be seen to fall in one of the three spans
AGREEMENT = 0.90  # two-sided: older and judged leads that differ by more are not of one trend
FEWEST_OF_A_KIND = 20  # outcomes of either kind, below which no trend is fitted
DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Fall:
    """What judged leads lose until the `day` of a promise: `log_odds` < 0; `per_month` a share (0..1) of the odds."""

    log_odds: float
    per_month: float
    day: date

    def raise_precision(self, precision: float) -> float:
        """The precision (0..1) that the judged leads must show, so that `precision` is left on the promised day."""
        return float(expit(logit(precision) - self.log_odds))

    def lower(self, precision: float) -> float:
        """What is left on the day of the promise of a precision (0..1) that the judged leads show."""
        return float(expit(logit(precision) + self.log_odds)) if precision > 0 else 0.0


@dataclass(frozen=True)
class FallingRate:
    """How fast the log-odds of leads that score alike fall: `per_day`, below 0; `day` of the promise, from 1970."""

    per_day: float
    day: int

    def until_promise(self, days: NDArray[np.int64]) -> Fall | None:
        """What leads that came in on these `days` (n,) lose on average until the day of the promise; None: nothing."""
        ahead = self.day - float(days.mean()) if len(days) else 0.0
        if ahead <= 0:
            return None
        per_month = float(-np.expm1(self.per_day * DAYS_PER_MONTH))
        return Fall(self.per_day * ahead, per_month, EPOCH + timedelta(days=self.day))


def find_falling_rate(
    totals: NDArray[np.int64], won: NDArray[np.bool_], days: NDArray[np.int64], judged: NDArray[np.intp], day: int
) -> FallingRate | None:
    """The fall of the rate among leads that score alike; None where chance explains it, or too few outcomes show it.

    Shapes: (n,) totals (tenths), outcomes, days since 1970 of all leads of the history; (m,) positions of those judged.
    `day` is the day that a promise is given for.
    """
    of_judged = _fit_trend(totals[judged], won[judged], days[judged])
    if of_judged is None:
        return None
    rest = np.ones(len(won), dtype=bool)
    rest[judged] = False
    of_rest = _fit_trend(totals[rest], won[rest], days[rest])
    trends = [of_judged]
    if of_rest is not None:
        apart = abs(of_judged[0] - of_rest[0]) / float(np.hypot(of_judged[1], of_rest[1]))
        if apart < norm.isf((1 - AGREEMENT) / 2):
            weights = np.array([of_judged[1], of_rest[1]]) ** -2.0
            pooled = float(weights @ [of_judged[0], of_rest[0]] / weights.sum())
            trends.append((pooled, float(weights.sum() ** -0.5)))
    newest = np.argsort(days, kind="stable")[len(days) // 2 :]
    of_newest = _fit_trend(totals[newest], won[newest], days[newest])
    if of_newest is not None:
        trends.append(of_newest)
    falls = [slope for slope, error in trends if slope < -error * norm.isf(1 - FALL_CONFIDENCE)]
    return FallingRate(min(falls), day) if falls else None


def _fit_trend(
    totals: NDArray[np.int64], won: NDArray[np.bool_], days: NDArray[np.int64]
) -> tuple[float, float] | None:
    """The change of the log-odds a day among leads that score alike, and its standard error; None: not to be told."""
    if min(won.sum(), (~won).sum()) < FEWEST_OF_A_KIND or np.ptp(days) == 0:
        return None
    # Both columns are centred, and of spread 1: from there the search can't run off.
    spans = [max(float(totals.std()), 1.0), float(days.std())]
    columns = np.column_stack(
        [np.ones(len(won)), (totals - float(totals.mean())) / spans[0], (days - float(days.mean())) / spans[1]]
    )
    y = won.astype(float)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        log_odds = columns @ weights
        value = float(np.sum(np.logaddexp(0, log_odds) - y * log_odds))
        return value / len(y), columns.T @ (expit(log_odds) - y) / len(y)

    start = np.array([float(logit(y.mean())), 0.0, 0.0])
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-8, "ftol": 1e-13}).x
    chance = expit(columns @ fitted)
    information = columns.T @ (columns * (chance * (1 - chance))[:, None]) + 1e-9 * np.eye(3)
    return float(fitted[2]) / spans[1], float(np.linalg.inv(information)[2, 2] ** 0.5) / spans[1]
