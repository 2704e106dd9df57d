"""From points to what people are shown: the probability, odds doubling with every 10 points, and the rounded score."""

from __future__ import annotations

import math
from collections.abc import Sequence

from leadledger.scoring.scorecard import START_TENTHS, TENTHS_PER_DOUBLING


def compute_probability(base_rate: float | None, tenths: int) -> float | None:
    """The probability (0..1) at a total, odds doubling with every 10 points; None where no base rate is known."""
    if base_rate is None:
        return None
    log_odds = math.log(base_rate / (1 - base_rate)) + (tenths - START_TENTHS) / TENTHS_PER_DOUBLING * math.log(2)
    # Two branches, so that neither end overflows.
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)


def multiply_chances(chances: Sequence[float | None]) -> float | None:
    """The chance (0..1) that a lead takes all its steps, one after the other; None: there are none, or one is unknown.

    In the order of the steps, as SQL multiplies.
    """
    known = [chance for chance in chances if chance is not None]
    return math.prod(known) if known and len(known) == len(chances) else None


def round_score(tenths: int) -> int:
    """The score of a total: whole points, halves up, cut to 0…100."""
    return (max(0, min(1000, tenths)) + 5) // 10
