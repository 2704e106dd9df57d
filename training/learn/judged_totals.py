"""Scores of a model that had not seen the leads, on the scale of the published card.

A threshold is proven on such scores, and promotes by published ones. Were only their means alike, the published totals,
which spread more, would reach it in more leads than it was proven on, and the further ones are won less often. So it is
the places that count: the best of the judged leads has the highest of their published totals, the second the second
highest, and so on. A threshold then promotes as many of the judged leads by their published totals as it was proven on.

No outcome of a judged lead says which of them is better: their order is that of the model which had not seen them. Only
how the published totals are spread is taken from a model that has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def to_published_scale(points: NDArray[np.float64], totals: NDArray[np.int64]) -> NDArray[np.int64]:
    """Totals (n,), tenths, in the order of the `points` (n,), as the published `totals` (n,) of these leads are spread.

    Leads with the same points share the mean of their places.
    """
    _, place, leads = np.unique(points, return_inverse=True, return_counts=True)
    ends = np.cumsum(leads)
    sums = np.concatenate([[0], np.cumsum(np.sort(totals))])
    return np.asarray(np.rint((sums[ends] - sums[ends - leads]) / leads).astype(np.int64)[place])
