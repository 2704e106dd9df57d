"""Which pairs of fields say more together than apart, and the coarse bins of a pair's table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from scipy.special import expit

from leadledger.models.learner.additive import Fields, Floats, Indexes
from leadledger.scoring.bins import Bins, NumberBins, TextBins

JUDGING_PARTS = 10  # of the leads, each of which judges the pairs once
CELL_SHRINKAGE = 30.0  # added to the curvature of each cell, so that a cell of few leads counts little


def coarsen(bins: Bins, counts: Indexes, most_bins: int, most_levels: int) -> Indexes:
    """The coarse bin of each bin, of shape (len(bins),); 0 is missing, a text's last is `other`.

    Texts: the most frequent levels stay. Numbers: neighbours go together, such that coarse bins hold about as many
    leads each. Outcomes have no say: what is fitted over coarse bins is judged by leads whose outcomes would have
    shaped them, and would look better than it is.
    """
    coarse = np.arange(len(bins))
    if isinstance(bins, TextBins):
        coarse = np.minimum(coarse, most_levels + 1)
    elif isinstance(bins, NumberBins) and len(bins) - 1 > most_bins:
        coarse[1:] = 1 + merge(np.maximum(counts[1:], 1).astype(np.float64), most_bins)
    return coarse


def merge(weights: Floats, most: int) -> Indexes:
    """The group, from 0, of each of a row of bins (n_bins,): Ward's clustering of their ranks, of neighbours only."""
    places = (np.cumsum(weights) - weights / 2) / weights.sum()
    first = np.arange(len(weights))  # of each group, its first bin
    sizes = weights.copy()
    while len(first) > most:
        apart = np.diff(places) ** 2 * sizes[:-1] * sizes[1:] / (sizes[:-1] + sizes[1:])
        near = int(np.argmin(apart))
        places[near] = np.average(places[near : near + 2], weights=sizes[near : near + 2])
        sizes[near] += sizes[near + 1]
        places, sizes, first = (np.delete(values, near + 1) for values in (places, sizes, first))
    return np.searchsorted(first, np.arange(len(weights)), side="right") - 1


def rank_pairs(
    indexes: Indexes,
    coarse: Sequence[Indexes],
    outcome: Floats,
    held_out: Floats,
    weights: Floats,
    random: np.random.RandomState,
    pairs: Iterable[Fields] | None = None,
) -> list[tuple[float, Fields]]:
    """Pairs of fields with their gain in log-likelihood, the best first; all pairs, where none are named.

    `held_out` is the log-odds (n,) of each lead by a model of single fields that was fitted without it. In turn, all
    parts of the leads but one fill the cells of a pair with what that model misses, shrunk toward zero; the gain is
    measured on the part that is left out. A pair without effect gains nothing on average, and rather loses.
    """
    probability = expit(held_out)
    slope = weights * (outcome - probability)
    curvature = weights * probability * (1 - probability)
    parts = random.permutation(len(outcome)) % JUDGING_PARTS
    sizes = [int(bins.max()) + 1 for bins in coarse]
    coarsened = [bins[indexes[:, field]] for field, bins in enumerate(coarse)]
    ranked = []
    for first, second in combinations(range(len(coarse)), 2) if pairs is None else pairs:
        cells = (coarsened[first] * sizes[second] + coarsened[second]) * JUDGING_PARTS + parts
        length = sizes[first] * sizes[second] * JUDGING_PARTS
        slopes = np.bincount(cells, slope, length).reshape(-1, JUDGING_PARTS)
        curvatures = np.bincount(cells, curvature, length).reshape(-1, JUDGING_PARTS)
        others = curvatures.sum(axis=1, keepdims=True) - curvatures
        filled = (slopes.sum(axis=1, keepdims=True) - slopes) / (others + CELL_SHRINKAGE)
        gain = float(np.sum(filled * slopes - filled**2 * curvatures / 2))
        ranked.append((gain, (first, second)))
    return sorted(ranked, key=lambda item: (-item[0], item[1]))
