"""From a fitted additive classifier to lookup tables in points.

The additive part is read off by probing the public `decision_function`, one lead for each bin, and then held against
the classifier on other leads: whatever isn't additive over its bins is refused. Rounding to whole tenths and fusing
bins that rounding can't tell apart come after.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.additive import Additive, Floats, Indexes, count_cells, purify, read_off
from models.binning import count_bins, find_indexes, read_columns
from scoring.lookup import Bins, FlagBins, NumberBins, Pair, Table, Term, TextBins

TOLERANCE = 1e-9  # log-odds; what a sum of some dozens of doubles may differ by, with room
TENTHS = 100 / math.log(2)  # tenths of a point in one unit of log-odds: ten points double the odds
FUSED = 1.0  # tenths; bins that differ by less than the rounding become one


class CompileError(ValueError):
    """A classifier that is no sum of tables over its bins, or doesn't say what its bins are."""


def compile_additive(estimator: Any, X: pd.DataFrame | ArrayLike) -> Additive:
    """The tables of a fitted classifier, in log-odds, purified.

    `estimator` has `decision_function`, and says what it may depend on: `bins_`, a list of bins, one a column, and
    `pairs_`, a list of (i, j), i < j. `counts_` and `pair_counts_`, if it has them, are the leads in each bin and cell;
    else those of X are counted. `X` (n_leads, n_columns): leads that it was not fitted on, to check the tables by.
    Raises CompileError if they don't reproduce the classifier to 1e-9.
    """
    bins: Sequence[Bins] = getattr(estimator, "bins_", ())
    if not bins:
        raise CompileError(
            f"{type(estimator).__name__} has no `bins_`: fit it first; if it never has any, give it a list with one"
            " NumberBins, TextBins or FlagBins for each column"
        )
    pairs = [(int(one), int(other)) for one, other in getattr(estimator, "pairs_", ())]
    if any(not 0 <= one < other < len(bins) for one, other in pairs) or len(set(pairs)) < len(pairs):
        raise CompileError(f"`pairs_` must hold each pair once, as (i, j) with 0 <= i < j < {len(bins)}, not {pairs}")
    sizes = [len(one) for one in bins]

    def decide(indexes: Indexes) -> Floats:
        return np.asarray(estimator.decision_function(stand_ins(estimator, indexes)), dtype=np.float64)

    intercept, singles, cells = read_off(decide, sizes, pairs, [0] * len(sizes))
    indexes = find_indexes(bins, read_columns(estimator, X, reset=False))
    counts = getattr(estimator, "counts_", None) or count_bins(bins, indexes)
    pair_counts = getattr(estimator, "pair_counts_", None) or [count_cells(bins, indexes, pair) for pair in pairs]
    found = Additive(
        bins=tuple(bins),
        intercept=intercept,
        singles=tuple(singles),
        pairs=cells,
        counts=tuple(counts),
        pair_counts=dict(zip(pairs, pair_counts, strict=True)),
        monotone=tuple(getattr(estimator, "monotone_", (0,) * len(bins))),
    )
    decided = np.asarray(estimator.decision_function(X), dtype=np.float64)
    gap = float(np.abs(found.log_odds(indexes) - decided).max(initial=0.0))
    if not gap <= TOLERANCE:
        raise CompileError(
            f"{type(estimator).__name__} is no sum of tables: read off bin by bin, it differs by up to {gap:.3g} in"
            " log-odds. It lets fields act together that `pairs_` doesn't name, or tells values of one bin apart"
        )
    return replace(purify(found), gap=gap)


def stand_ins(estimator: Any, indexes: Indexes) -> pd.DataFrame | Floats:
    """Leads (n, n_columns) that fall in the given bins: one value stands for all of its bin."""
    columns = [_values(one)[indexes[:, field]] for field, one in enumerate(estimator.bins_)]
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return np.column_stack(columns).astype(np.float64)
    kinds = {NumberBins: "float64", FlagBins: "boolean", TextBins: "object"}
    typed = zip(names, columns, estimator.bins_, strict=True)
    return pd.DataFrame({name: pd.Series(values, dtype=kinds[type(one)]) for name, values, one in typed})


def _values(bins: Bins) -> np.ndarray[Any, np.dtype[np.object_]]:
    """One value for each bin."""
    values: list[object]
    if isinstance(bins, NumberBins):
        lowest = bins.edges[0] - max(1.0, abs(bins.edges[0])) if bins.edges else 0.0
        values = [math.nan, lowest, *bins.edges]
    elif isinstance(bins, TextBins):
        other = "other"
        while other in bins.index:
            other += "_"
        values = [None, *bins.levels, other]
    else:
        values = [None, False, True]
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def to_tables(additive: Additive, names: Sequence[str], weight: float = 1.0) -> tuple[Term, ...]:
    """The tables in points, the singles first; a table that says nothing is left out.

    `names` are those of the fields, `weight` (0 or more) multiplies the log-odds. Neighbouring bins of a number that
    differ by less than a tenth of a point are fused, and levels of a text that `other` speaks for. A monotone field
    stays monotone, to the last tenth, in its table and in the sum of that with its pairs. The intercept is not in the
    tables.
    """
    pairs = [
        _pair(
            (names[one], names[other]),
            (additive.bins[one], additive.bins[other]),
            cells * weight * TENTHS,
            additive.pair_counts[one, other],
        )
        for (one, other), cells in additive.pairs.items()
    ]
    singles = []
    for field, name in enumerate(names):
        bins, tenths = additive.bins[field], additive.singles[field] * weight * TENTHS
        single = _table(name, bins, tenths, additive.counts[field])
        way = additive.monotone[field] if additive.monotone else 0
        if way:
            kept = _in_order(single, bins, [pair for pair in pairs if name in pair.fields], way)
            single = _table(name, bins, kept, additive.counts[field])
        singles.append(single)
    told: list[Term] = [single for single in singles if any(single.points)]
    return (*told, *(pair for pair in pairs if any(any(row) for row in pair.points)))


def _table(name: str, bins: Bins, tenths: Floats, counts: Indexes) -> Table:
    fused, groups = fuse(bins, tenths[:, None])
    points, seen = [], []
    for group in groups:
        points.append(_rounded(_mean(tenths[group], counts[group])))
        seen.append(int(counts[group].sum()))
    return Table(name, fused, tuple(points), tuple(seen))


def _pair(names: tuple[str, str], bins: tuple[Bins, Bins], tenths: Floats, counts: Indexes) -> Pair:
    rows, row_groups = fuse(bins[0], tenths)
    columns, column_groups = fuse(bins[1], tenths.T)
    points, seen = [], []
    for group in row_groups:
        cells = [(tenths[np.ix_(group, across)], counts[np.ix_(group, across)]) for across in column_groups]
        points.append(tuple(_rounded(_mean(values, weights)) for values, weights in cells))
        seen.append(tuple(int(weights.sum()) for _, weights in cells))
    return Pair(names, (rows, columns), tuple(points), tuple(seen))


def _in_order(single: Table, bins: Bins, pairs: Sequence[Pair], way: int) -> Floats:
    """The points of each of `bins`, such that they and those of the pairs together keep the order of a monotone field.

    The unrounded sum keeps it; rounding may break it by a tenth, which is made up for here.
    """
    values = _values(bins)
    points = np.array([single.points[single.bins.find(value)] for value in values[1:]])
    steps = way * np.diff(points)
    for pair in pairs:
        at = pair.fields.index(single.field)
        cells = np.array(pair.points) if at == 0 else np.array(pair.points).T
        steps += (way * np.diff(cells[[pair.bins[at].find(value) for value in values[1:]]], axis=0)).min(axis=1)
    points[1:] += way * np.cumsum(np.maximum(-steps, 0))
    return np.array([single.points[0], *points], dtype=np.float64)


def fuse(bins: Bins, tenths: Floats) -> tuple[Bins, list[list[int]]]:
    """Fewer bins, and for each the old ones that are in it.

    `tenths` (len(bins), n): what each bin says, in n cells. The missing bin stays alone.
    """
    if isinstance(bins, NumberBins):
        groups = [[1]]
        for at in range(2, len(bins)):
            together = tenths[[*groups[-1], at]]
            if (np.ptp(together, axis=0) < FUSED).all():
                groups[-1].append(at)
            else:
                groups.append([at])
        edges = tuple(bins.edges[group[0] - 2] for group in groups[1:])
        return NumberBins(edges), [[0], *groups]
    if isinstance(bins, TextBins):
        last = len(bins) - 1
        like_other = [at for at in range(1, last) if (np.abs(tenths[at] - tenths[last]) < FUSED / 2).all()]
        kept = [at for at in range(1, last) if at not in like_other]
        levels = tuple(bins.levels[at - 1] for at in kept)
        return TextBins(levels), [[0], *([at] for at in kept), [*like_other, last]]
    return bins, [[at] for at in range(len(bins))]


def _mean(values: Floats, counts: Indexes) -> float:
    """The mean of what is fused, by how many leads each part holds; plain where none holds any."""
    total = counts.sum()
    return float((values * counts).sum() / total) if total else float(values.mean())


def _rounded(tenths: float) -> int:
    """To the nearest whole tenth, halves away from zero."""
    return int(math.copysign(math.floor(abs(tenths) + 0.5), tenths))
