"""The place of a lead among others: the points from which 1, 2, … 99 of 100 judged leads have fewer points.

Points say what a lead is worth in odds, not how many leads are worth less: where few leads are won, most have far fewer
points than 50. The steps are counted, so they hold exactly for the leads that were judged, ties included.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leadledger.scoring.scorecard import MOST_PERCENT

FEWEST_LEADS = 100  # judged leads, below which one lead would be more than a percent


def find_percentiles(totals: NDArray[np.int64], weights: NDArray[np.float64] | None = None) -> tuple[int, ...]:
    """The steps (tenths) of `Learned.percentiles`, from the totals (leads,) of the judged leads, in tenths.

    Step p is the least total that at least p percent of the leads are below. Empty where the leads are fewer than
    FEWEST_LEADS. `weights` (leads,): for how many leads each stands; None: for itself.
    """
    leads = len(totals)
    if leads < FEWEST_LEADS:
        return ()
    if weights is not None:
        order = np.argsort(totals, kind="stable")
        known = np.cumsum(weights[order])
        wanted = known[-1] * np.arange(1, MOST_PERCENT + 1) / 100
        return tuple(int(total) + 1 for total in totals[order][np.searchsorted(known, wanted)])
    ordered = np.sort(totals)
    below = -(-np.arange(1, MOST_PERCENT + 1) * leads // 100)  # leads that must have fewer points, rounded up
    return tuple(int(total) + 1 for total in ordered[below - 1])
