"""Leads in the order of their scores, whatever the order of the file: leads that score alike are never told apart.

A cut through leads that score alike takes an equal share of each of them, which is what it finds on average if they are
drawn by lot. Groups of about equal size keep them together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def won_among_best(
    scores: NDArray[np.generic], won: NDArray[np.bool_], leads: Sequence[float] | NDArray[np.float64]
) -> NDArray[np.float64]:
    """How many of the best leads were won, as expected over leads that score alike.

    Shapes: (n,) scores, the higher the better, and outcomes; (k,) how many of the best leads are taken, 0 to n, whole
    or not; (k,) the answer.
    """
    _, group, sizes = np.unique(-np.asarray(scores), return_inverse=True, return_counts=True)
    won_here = np.bincount(group, won, len(sizes))
    return np.asarray(np.interp(leads, np.cumsum([0, *sizes]), np.cumsum([0.0, *won_here])))


def share_among_best(scores: NDArray[np.generic], leads: float) -> NDArray[np.float64]:
    """Which share (n,) 0..1 of each lead is among so many of the best: 1 or 0, between them where a tie is cut."""
    _, group, sizes = np.unique(-np.asarray(scores), return_inverse=True, return_counts=True)
    before = np.cumsum(sizes) - sizes
    return np.asarray(np.clip((leads - before) / sizes, 0.0, 1.0)[group])


def groups_by_score(scores: NDArray[np.generic], most: int) -> list[NDArray[np.intp]]:
    """The positions of the leads in groups of about equal size, lowest scores first; leads that score alike share one.

    Shapes: (n,) scores. There are at most `most` groups, and fewer where many leads score alike; none is empty.
    """
    if not len(scores):
        return []
    _, group, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    middles = np.cumsum(sizes) - sizes / 2
    parts = np.floor(middles * most / len(scores)).astype(int)[group]
    return [np.flatnonzero(parts == part) for part in np.unique(parts)]
