"""What a promotion does for leads below the threshold: those that were drawn beside those that were not.

Chance alone tells the two apart, so the difference of their rates is what the promotion did. Its interval is that of
Newcombe, from the Wilson limits of both rates: Statistics in Medicine 17 (1998), 873-890, method 10.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from leadledger.training.intervals import CONFIDENCE_SHOWN
from leadledger.training.promotions import Promotions

LIFT_TO_SHOW = 0.05  # of the rate: what must be found with POWER_OF_LIFT before "there is none" may be believed
POWER_OF_LIFT = 0.8


@dataclass(frozen=True)
class PromotionLift:
    """The rates of leads that were drawn and of others like them, and the difference with its limits.

    `share` (0..1) is the propensity of all of them; `other_shares` leads had another one and are left out. The
    difference is None where either side has no lead. `more` is how many more leads below the threshold it takes to see
    a lift of LIFT_TO_SHOW; None where the limits tell already, or that many are there.
    """

    share: float
    drawn: int
    drawn_won: int
    others: int
    others_won: int
    other_shares: int
    difference: float | None
    low: float | None
    high: float | None
    more: int | None

    @property
    def sentence(self) -> str:
        """The figures and what they mean, for people."""
        if self.difference is None or self.low is None or self.high is None:
            side = "drawn" if not self.drawn else "left undrawn"
            return (
                f"What a promotion does for leads below the threshold can't be told yet: none with an outcome was"
                f" {side}; it takes about {self.more or 0:,} more leads below the threshold."
            )
        sentence = (
            f"Below the threshold {self.drawn_won:,} of {self.drawn:,} drawn leads became opportunities"
            f" ({self.drawn_won / self.drawn:.1%}), and {self.others_won:,} of {self.others:,} others like them"
            f" ({self.others_won / self.others:.1%}): promotion moved the rate by {_points(self.difference)} points"
            f" (95% confidence: {_points(self.low)} to {_points(self.high)})"
        )
        if self.low > 0 or self.high < 0:
            return f"{sentence}."
        if self.more is None:
            return f"{sentence}, which chance explains; a lift of {LIFT_TO_SHOW:.0%} would have shown by now."
        return (
            f"{sentence}, not enough yet: about {self.more:,} more leads below the threshold would show a lift of"
            f" {LIFT_TO_SHOW:.0%}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {**asdict(self), "said": self.sentence}


def measure_lift(promotions: Promotions, won: NDArray[np.bool_]) -> PromotionLift | None:
    """The lift of promotion by leads of the share that most have; None where chance decided of none.

    Shapes: (n,) outcomes.
    """
    shares, sizes = np.unique(promotions.propensity[promotions.may_be_drawn], return_counts=True)
    if not len(shares):
        return None
    share = float(shares[sizes.argmax()])
    alike = promotions.propensity == share
    drawn, others = alike & promotions.promoted, alike & ~promotions.promoted
    counts = int(drawn.sum()), int(won[drawn].sum()), int(others.sum()), int(won[others].sum())
    difference = low = high = None
    if counts[0] and counts[2]:
        difference = counts[1] / counts[0] - counts[3] / counts[2]
        low, high = difference_limits(counts[1], counts[0], counts[3], counts[2])
    settled = low is not None and high is not None and (low > 0 or high < 0)
    more = None if settled else _count_more(share, counts[2], counts[3], counts[0] + counts[2])
    return PromotionLift(share, *counts, int(sizes.sum() - sizes.max()), difference, low, high, more)


def difference_limits(won: int, leads: int, other_won: int, others: int) -> tuple[float, float]:
    """Newcombe's limits (-1..1) of the difference of two rates, the first less the second; none is of no leads."""
    first, second = won / leads, other_won / others
    low, high = wilson_limits(won, leads)
    other_low, other_high = wilson_limits(other_won, others)
    return (
        first - second - math.hypot(first - low, other_high - second),
        first - second + math.hypot(high - first, second - other_low),
    )


def wilson_limits(won: int, leads: int) -> tuple[float, float]:
    """Wilson's score limits (0..1) of a rate. https://doi.org/10.1080/01621459.1927.10502953"""
    z = float(norm.ppf((1 + CONFIDENCE_SHOWN) / 2))
    rate, spread = won / leads, z * z / leads
    middle = rate + spread / 2
    half = math.sqrt(spread * (rate * (1 - rate) + spread / 4))
    return max((middle - half) / (1 + spread), 0.0), min((middle + half) / (1 + spread), 1.0)


def _count_more(share: float, others: int, others_won: int, leads: int) -> int | None:
    """How many more leads below the threshold it takes to see a lift of LIFT_TO_SHOW; None: there are enough."""
    rate = min((others_won + 0.5) / (others + 1), 1 - LIFT_TO_SHOW)
    lifted = rate + LIFT_TO_SHOW
    spread = lifted * (1 - lifted) + share / (1 - share) * rate * (1 - rate)
    errors = float(norm.ppf((1 + CONFIDENCE_SHOWN) / 2) + norm.ppf(POWER_OF_LIFT))
    more = math.ceil(errors**2 * spread / LIFT_TO_SHOW**2 / share) - leads
    return more if more > 0 else None


def _points(difference: float) -> str:
    """A difference of rates in points of a percent, with its sign: `+3.1`."""
    return f"{100 * difference:+.1f}".replace("-", "−")
