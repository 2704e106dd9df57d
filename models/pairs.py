"""Which pairs of fields tell more together than apart, and the coarse bins that a pair's table has."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from scipy.special import expit

from models.additive import Fields, Floats, Indexes
from scoring.lookup import Bins, NumberBins, TextBins

PARTS = 10
SHRINK = 30.0  # added to the curvature of each cell, so that a cell of few leads tells little


def coarsen(bins: Bins, counts: Indexes, most_bins: int, most_levels: int) -> Indexes:
    """The coarse bin of each bin, of shape (len(bins),); 0 is missing, a text's last is `other`.

    Numbers: neighbours together, with about as many leads in each. Texts: the most frequent levels stay.
    """
    coarse = np.arange(len(bins))
    if isinstance(bins, TextBins):
        coarse = np.minimum(coarse, most_levels + 1)
    elif isinstance(bins, NumberBins) and len(bins) - 1 > most_bins:
        middles = np.cumsum(counts[1:]) - counts[1:] / 2
        part = np.minimum(middles * most_bins // max(1, counts[1:].sum()), most_bins - 1)
        coarse[1:] = 1 + np.unique(part, return_inverse=True)[1]
    return coarse


def rank_pairs(
    indexes: Indexes,
    coarse: Sequence[Indexes],
    outcome: Floats,
    unseen: Floats,
    weights: Floats,
    random: np.random.RandomState,
) -> list[tuple[float, Fields]]:
    """All pairs of fields with their gain in log-likelihood, the best first.

    `unseen` is the log-odds (n,) of each lead by a model of single fields that was fitted without it. In turn, all parts
    of the leads but one fill the cells of a pair with what that model misses, shrunk toward nothing; the one that is
    left tells the gain. So chance gains nothing on average, and rather loses.
    """
    probability = expit(unseen)
    slope = weights * (outcome - probability)
    curvature = weights * probability * (1 - probability)
    parts = random.permutation(len(outcome)) % PARTS
    sizes = [int(one.max()) + 1 for one in coarse]
    coarsened = [one[indexes[:, field]] for field, one in enumerate(coarse)]
    ranked = []
    for one, other in combinations(range(len(coarse)), 2):
        cells = (coarsened[one] * sizes[other] + coarsened[other]) * PARTS + parts
        length = sizes[one] * sizes[other] * PARTS
        slopes = np.bincount(cells, slope, length).reshape(-1, PARTS)
        curvatures = np.bincount(cells, curvature, length).reshape(-1, PARTS)
        others = curvatures.sum(axis=1, keepdims=True) - curvatures
        filled = (slopes.sum(axis=1, keepdims=True) - slopes) / (others + SHRINK)
        gain = float(np.sum(filled * slopes - filled**2 * curvatures / 2))
        ranked.append((gain, (one, other)))
    return sorted(ranked, key=lambda item: (-item[0], item[1]))
