"""A threshold by value: where the probability reaches the cost of a promotion over what an opportunity brings.

The probability is corrected by the held-out leads next to the threshold (`margin`); beside it stands what the held-out
leads above it would have brought.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.scoring.gate import DealValue, Threshold
from leadledger.scoring.result import format_unsigned
from leadledger.training.intervals import rate_limits
from leadledger.training.learn.margin import Margin, find_paying_total
from leadledger.training.learn.proof import count_alike


@dataclass(frozen=True)
class ValueThreshold:
    """A threshold by value: `net` is what a promotion above it brought on average, less its cost.

    `low` and `high` are its limits with 95 % confidence; all three are None where no held-out lead is promoted.
    `predicted` (tenths) is the threshold by the predicted probabilities, `margin` the held-out leads next to that, by
    which `threshold` was corrected where they show more or fewer opportunities.
    """

    threshold: Threshold
    value: DealValue
    leads: int
    won: int
    judged: int
    net: float | None
    low: float | None
    high: float | None
    predicted: int
    margin: Margin

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "kind": "value",
            "line": None if self.threshold.points is None else self.threshold.points / 10,
            "won_brings": self.value.won,
            "promotion_costs": self.value.cost,
            "least_probability": round(self.value.least, 6),
            "line_by_predicted_probability": self.predicted / 10,
            "held_out_leads_next_to_that": self.margin.leads,
            "of_those_won": self.margin.won,
            "of_those_expected": round(self.margin.expected, 2),
            "net_per_promotion": self.net,
            "net_low": self.low,
            "net_high": self.high,
            "held_out_leads_promoted": self.leads,
            "of_them_won": self.won,
            "held_out_leads_that_meet_the_criteria": self.judged,
            "said": self.threshold.promise or self.threshold.closed,
        }


def find_value_threshold(
    totals: NDArray[np.int64],
    won: NDArray[np.bool_],
    value: DealValue,
    base_rate: float,
    weights: NDArray[np.float64] | None = None,
) -> ValueThreshold:
    """Find the threshold from which a promotion pays; arguments as `find_threshold`.

    Closed where no held-out lead reaches it, and where the held-out leads above it show (the whole interval is below 0)
    that promotions lose by it. `weights` (n,): for how many leads each stands; None: for itself. The leads next to the
    threshold count once each, since they are held against their own probabilities.
    """
    judged = len(totals)
    threshold, predicted, margin = find_paying_total(totals, won, value.least, base_rate)
    above = totals >= threshold
    leads, of_them = int(above.sum()), int(won[above].sum())
    pays = f"{value.least:.2%} become opportunities that bring {_money(value.won)} each"
    corrected = "" if threshold == predicted else f" ({_correction(predicted, margin)})"
    if not leads:
        why = (
            f"the highest of {judged:,} has {format_unsigned(int(totals.max()))}"
            if judged
            else "none meets the criteria"
        )
        closed = Threshold(
            closed=f"no threshold pays: no held-out lead reaches {format_unsigned(threshold)} points,"
            f" where {pays}{corrected}; {why}"
        )
        return ValueThreshold(closed, value, 0, 0, judged, None, None, None, predicted, margin)
    alike, alike_won, rate = leads, of_them, of_them / leads
    if weights is not None:
        counted = count_alike(won[above], weights[above], np.array([leads]))
        alike, alike_won = (int(number[0]) for number in counted)
        rate = float(np.average(won[above], weights=weights[above]))
    low, high = (limit * value.won - value.cost for limit in rate_limits(alike_won, alike))
    net = rate * value.won - value.cost
    brought = (
        f"{leads:,} held-out leads, of which {of_them:,} became opportunities, would have brought {_money(net)} each"
        f" after the cost of {_money(value.cost)} (95% confidence: {_money(low)} to {_money(high)})"
    )
    if high < 0:
        closed = Threshold(closed=f"no threshold pays: from {format_unsigned(threshold)} points, {brought}")
        return ValueThreshold(closed, value, 0, 0, judged, net, low, high, predicted, margin)
    unsure = "; whether they pay is not sure yet" if low < 0 else ""
    sentence = f"a promotion pays where {pays}{corrected}: {brought}{unsure}"
    return ValueThreshold(
        Threshold(threshold, promise=sentence), value, leads, of_them, judged, net, low, high, predicted, margin
    )


def _correction(predicted: int, margin: Margin) -> str:
    """Why a threshold by value doesn't lie where the predicted probabilities put it."""
    return (
        f"by its probabilities from {format_unsigned(predicted)} points, but of {margin.leads:,} held-out leads within"
        f" ten points of that {margin.won:,} were won, and {margin.expected:,.0f} were expected"
    )


def _money(number: float) -> str:
    """An amount, in a sentence: `9,000`, `0.35`."""
    return f"{number:,.0f}" if abs(number) >= 100 or number == round(number) else f"{number:,.2f}"
