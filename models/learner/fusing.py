"""Fewer rows for a person to read: bins made equal where telling them apart foretells next to nothing.

Merging two parts of a table moves the log-odds of their leads to the mean of both. The log-loss then rises by at most
an eighth of the leads' mean squared move, since its second derivative is a quarter at most. The cheapest merges of all
tables are made until their sum reaches what may be lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heapify, heapreplace
from typing import TypeAlias

import numpy as np

from leadledger.models.learner.additive import Floats, Indexes
from leadledger.scoring.bins import Bins, NumberBins, TextBins

LEAST_OTHER_LEADS = 20.0  # that the bin of every other text counts as: levels come to it, and not it to a level

Merge: TypeAlias = tuple[float, int, int]  # its loss, summed over leads, and the first bins of two groups


def equalise(tables: Sequence[tuple[Bins, Floats, Indexes]], most_loss: float) -> list[Floats]:
    """The values of tables, in log-odds, with those bins made equal whose difference costs least.

    A table is its bins, their values and the leads in each; neighbouring bins of a number are merged, and levels of a
    text with `other`. Missing bins stay. `most_loss` is what the mean log-loss may rise by, all tables together.
    """
    left = most_loss * max((int(counts.sum()) for _, _, counts in tables), default=0)
    groups = [np.arange(len(bins)) for bins, _, _ in tables]
    merges = [_list_merges(bins, values, counts.astype(np.float64)) for bins, values, counts in tables]
    queue = [(first, at) for at, first in enumerate(next(table_merges, None) for table_merges in merges) if first]
    heapify(queue)
    while queue:
        (loss, into, gone), at = queue[0]
        left -= loss
        if left < 0:
            break
        groups[at][groups[at] == gone] = into
        following = next(merges[at], None)
        if following:
            heapreplace(queue, (following, at))
        else:
            queue = sorted(queue[1:])
    return [_means(*of_table) for of_table in zip(groups, tables, strict=True)]


def _means(groups: Indexes, table: tuple[Bins, Floats, Indexes]) -> Floats:
    """The values of a table, each the mean of its group."""
    bins, values, counts = table
    weights = np.maximum(counts.astype(np.float64), 1e-9)
    if isinstance(bins, TextBins):
        weights[-1] = max(weights[-1], LEAST_OTHER_LEADS)
    sums, leads = np.bincount(groups, weights * values, len(bins)), np.bincount(groups, weights, len(bins))
    size = np.bincount(groups, minlength=len(bins))
    means: Floats = np.where(size[groups] > 1, sums[groups] / leads[groups], values)
    return means


def _list_merges(bins: Bins, values: Floats, counts: Floats) -> Iterator[Merge]:
    """The merges of a table, the cheapest first as far as one can be made after the other."""
    if isinstance(bins, NumberBins):
        weights, means, first = np.maximum(counts[1:], 1e-9), values[1:].copy(), np.arange(1, len(bins))
        while len(first) > 1:
            losses = np.diff(means) ** 2 * weights[:-1] * weights[1:] / (weights[:-1] + weights[1:]) / 8
            at = int(np.argmin(losses))
            yield float(losses[at]), int(first[at]), int(first[at + 1])
            means[at] = np.average(means[at : at + 2], weights=weights[at : at + 2])
            weights[at] += weights[at + 1]
            weights, means, first = (np.delete(array, at + 1) for array in (weights, means, first))
    elif isinstance(bins, TextBins):
        last = len(bins) - 1
        other, mean = max(float(counts[last]), LEAST_OTHER_LEADS), float(values[last])
        apart = counts[1:last] * (values[1:last] - mean) ** 2
        for level in 1 + np.argsort(apart, kind="stable"):
            weight = max(float(counts[level]), 1e-9)
            yield (values[level] - mean) ** 2 * weight * other / (weight + other) / 8, last, int(level)
            mean = (mean * other + values[level] * weight) / (other + weight)
            other += weight
