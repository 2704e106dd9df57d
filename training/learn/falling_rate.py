"""Whether leads that score alike are won less and less often, and what a promise loses by it until it is given.

The leads that a threshold is proven on are older than those that it will promote: by half the time over which they came
in, and by the horizon within which their outcomes became known. Where the rate falls, they flatter it. So the log-odds
of an outcome are fitted to the total and the day, a logistic regression, and where they fall beyond chance, the fall
is carried on to the day of the promise.

Leads score alike where one card gives them the same total: of two cards, one that has learned from fewer leads spreads
its totals less, and the same total means another chance, although nothing has fallen.

Four falls are tried. Three let the rate be level until a day, and fall from then on: from the first day, from the start
of the newest half of the leads, and of the newest quarter. That it was level pins down where it fell from, so that the
fall of the last months is seen in half the noise. It misleads where the rate rose before it fell; so the newest half is
also looked at alone. The fall that is seen most surely counts, where it is beyond chance: nearest to how it fell.
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

FALL_CONFIDENCE = 0.90  # one-sided, of each of four tries; a steady rate seems to fall in 15 of 100 histories
NEWEST_SHARES = (1.0, 0.5, 0.25)  # of the leads, with whose first day a fall may begin
ALONE_SHARE = 0.5  # of the leads, the newest: looked at without the older ones
FEWEST_OF_A_KIND = 20  # outcomes of either kind since a fall began, below which none is fitted
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
    """How fast the log-odds of leads that score alike fall: `per_day`, below 0, since the day `since`.

    `day` is that of the promise. Both count from 1970.
    """

    per_day: float
    since: int
    day: int

    def until_promise(self, days: NDArray[np.int64]) -> Fall | None:
        """What leads that came in on these `days` (n,) lose on average until the day of the promise; None: nothing."""
        if not len(days):
            return None
        ahead = max(self.day - self.since, 0) - float(np.maximum(days - self.since, 0).mean())
        if ahead <= 0:
            return None
        per_month = float(-np.expm1(self.per_day * DAYS_PER_MONTH))
        return Fall(self.per_day * ahead, per_month, EPOCH + timedelta(days=self.day))


def find_falling_rate(
    totals: NDArray[np.float64], won: NDArray[np.bool_], days: NDArray[np.int64], day: int
) -> FallingRate | None:
    """The fall of the rate among leads that score alike; None where chance explains it, or too few outcomes show it.

    Shapes: (n,) totals by one card (tenths; NaN: the lead is left out), outcomes, days since 1970. `day` is the day
    that a promise is given for.
    """
    order = np.argsort(days, kind="stable")
    order = order[np.isfinite(totals[order])]
    if not len(order):
        return None
    totals, won, days = totals[order], won[order], days[order]
    starts = [int(len(days) * (1 - share)) for share in NEWEST_SHARES]
    tries = [(0, start) for start in starts] + [(int(len(days) * (1 - ALONE_SHARE)),) * 2]
    falls = []
    for first, start in tries:
        since = int(days[start])
        fall = _fit_fall(totals[first:], won[first:], days[first:], since)
        if fall is not None:
            falls.append((fall[0] / fall[1], FallingRate(fall[0], since, day)))
    surest = min(falls, key=lambda fall: fall[0], default=None)
    return surest[1] if surest is not None and surest[0] < -norm.isf(1 - FALL_CONFIDENCE) else None


def _fit_fall(
    totals: NDArray[np.float64], won: NDArray[np.bool_], days: NDArray[np.int64], since: int
) -> tuple[float, float] | None:
    """The change of the log-odds a day among leads that score alike, from a day on, and its standard error.

    None where too few outcomes show it.
    """
    fallen = np.maximum(days - since, 0)
    lately = won[days >= since]
    if min(lately.sum(), (~lately).sum()) < FEWEST_OF_A_KIND or np.ptp(fallen) == 0:
        return None
    # Both columns are centred, and of spread 1: from there the search can't run off.
    spans = [max(float(totals.std()), 1.0), float(fallen.std())]
    columns = np.column_stack(
        [np.ones(len(won)), (totals - float(totals.mean())) / spans[0], (fallen - float(fallen.mean())) / spans[1]]
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
