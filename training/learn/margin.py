"""Where a promotion stops to pay: judged by the leads next to the threshold, not by the average above it.

The average above a threshold pays long after the leads at the threshold have begun to lose. So the judged leads within
ten points of it are counted: where fewer or more of them were won than their predicted probabilities say, beyond
chance (exact binomial, which is on the safe side where probabilities differ: Hoeffding, 1956), the probabilities there
are corrected, and the threshold moves to where the corrected ones pay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import binom

from leadledger.scoring.scorecard import START_TENTHS, TENTHS_PER_DOUBLING
from leadledger.training.learn.trust import LOG_ODDS

NEXT_TO = 100  # tenths on either side of a threshold: odds from half to double those at it
MOST_CHANCE = 0.05  # one-sided, that chance explains what is corrected
FEWEST_NEXT_TO = 50  # leads, below which a threshold that moves is not corrected again
MOST_MOVES = 6  # of a threshold that follows the corrected probabilities; it settles in two or three


@dataclass(frozen=True)
class Margin:
    """The judged leads within ten points of a threshold: `leads`, `won` of them, `expected` by their probabilities."""

    leads: int
    won: int
    expected: float

    @property
    def off(self) -> bool:
        """Whether the probabilities are too high or too low there, beyond chance."""
        if not self.leads:
            return False
        rate = min(self.expected / self.leads, 1.0)
        fewer = binom.cdf(self.won, self.leads, rate)
        more = binom.sf(self.won - 1, self.leads, rate)
        return bool(min(fewer, more) <= MOST_CHANCE)


def find_paying_total(
    totals: NDArray[np.int64], won: NDArray[np.bool_], least: float, base_rate: float
) -> tuple[int, int, Margin]:
    """The total (tenths) from which a promotion pays, that by the predicted probabilities alone, and the leads there.

    Shapes: (n,) totals (tenths) and (n,) outcomes of the judged leads. `least` (0..1) is the probability that pays. The
    margin is that of the threshold by the predicted probabilities.
    """
    predicted = total_at(least, base_rate)
    margin = _count(totals, won, predicted, base_rate)
    threshold = predicted
    if margin.off:
        for _ in range(MOST_MOVES):
            moved = predicted - round(_correction(totals, won, threshold, base_rate) / LOG_ODDS)
            settled = abs(moved - threshold) <= 1 or _near(totals, moved).sum() < FEWEST_NEXT_TO
            threshold = moved
            if settled:
                break
    return threshold, predicted, margin


def total_at(probability: float, base_rate: float) -> int:
    """The lowest total (tenths) with at least a probability, both rates strictly between 0 and 1."""
    exact = START_TENTHS + (logit(probability) - logit(base_rate)) / math.log(2) * TENTHS_PER_DOUBLING
    return math.ceil(round(float(exact), 6))  # a total that is meant to be whole is not lifted by the last bit


def _near(totals: NDArray[np.int64], threshold: int) -> NDArray[np.bool_]:
    return np.abs(totals - threshold) <= NEXT_TO


def _log_odds(totals: NDArray[np.int64], base_rate: float) -> NDArray[np.float64]:
    return np.asarray((totals - START_TENTHS) * LOG_ODDS + logit(base_rate))


def _expected(totals: NDArray[np.int64], base_rate: float) -> float:
    """How many of the leads are won by their probabilities; sorted, since a sum knows the order in its last bit."""
    return float(expit(_log_odds(np.sort(totals), base_rate)).sum())


def _count(totals: NDArray[np.int64], won: NDArray[np.bool_], threshold: int, base_rate: float) -> Margin:
    near = _near(totals, threshold)
    return Margin(int(near.sum()), int(won[near].sum()), _expected(totals[near], base_rate))


def _correction(totals: NDArray[np.int64], won: NDArray[np.bool_], threshold: int, base_rate: float) -> float:
    """The log-odds to add to the predicted ones next to a threshold, so that they foresee as many wins as there were.

    Half a win or half a loss stands for none. No lead there: nothing is added.
    """
    near = _near(totals, threshold)
    if not near.any():
        return 0.0
    log_odds = _log_odds(totals[near], base_rate)
    wins = min(max(float(won[near].sum()), 0.5), int(near.sum()) - 0.5)
    return float(brentq(lambda moved: float(expit(log_odds + moved).sum()) - wins, -60, 60))
