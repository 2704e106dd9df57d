"""The population stability index: how far the leads of one time differ from those of another, over the same bins.

It is the sum of `(new - old) * ln(new / old)` over the shares of each bin. By convention, below 0.10 nothing has moved
to speak of, and 0.25 or more means different leads. Between two samples of the same leads it isn't 0: times `1 / (1/old
+ 1/new)` it is nearly chi-squared, with one degree of freedom fewer than there are bins (Yurdakul and Naranjo,
"Statistical properties of the population stability index", Journal of Risk Model Validation 14, 2020).

Plain Python, since the service uses it too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import log
from typing import Literal, TypeAlias

LEADS_ADDED = 0.5  # to every bin, so that the logarithm of an empty bin is defined
EDGES = tuple(range(0, 1001, 50))  # tenths of points: where the bins of scores begin, below and above them one each
POINTS = "points"  # the key in metrics.json of the leads of the history in each bin
MOVED, SHIFTED = 0.10, 0.25  # from where on the bands of the convention start

Band: TypeAlias = Literal["steady", "moved", "shifted"]


def find_band(distance: float, chance: float) -> Band:
    """The band of a distance as `moved` has it; what chance brings, up to `chance`, is steady."""
    if distance <= chance or distance < MOVED:
        return "steady"
    return "moved" if distance < SHIFTED else "shifted"


def bin_of(tenths: int) -> int:
    """The bin of a score, 0 … len(EDGES)."""
    return bisect_right(EDGES, tenths)


def index(old: Sequence[float], new: Sequence[float]) -> float:
    """The population stability index of leads in bins, with half a lead added to each bin."""
    before, after = (sum(counts) + LEADS_ADDED * len(counts) for counts in (old, new))
    shares = [((a + LEADS_ADDED) / before, (b + LEADS_ADDED) / after) for a, b in zip(old, new, strict=True)]
    return sum((b - a) * log(b / a) for a, b in shares)


def moved(old: Sequence[float], new: Sequence[float]) -> float:
    """The index over the bins that are used, less what chance adds on average, and not below 0.

    Both `old` and `new` must hold leads.
    """
    used = [(a, b) for a, b in zip(old, new, strict=True) if a + b > 0]
    by_chance = max(0, len(used) - 1) * (1 / sum(old) + 1 / sum(new))
    return max(0.0, index([a for a, _ in used], [b for _, b in used]) - by_chance)
