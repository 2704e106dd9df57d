"""From a fitted additive classifier to lookup tables in points.

The additive part is read off by probing the public `decision_function`, one lead for each bin; small trees over more
fields are taken as the classifier names them. The sum is then held against the classifier on other leads: whatever it
doesn't say is refused. Rounding to whole tenths and fusing bins that rounding can't tell apart come after.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline

from leadledger.models.learner.additive import (
    Additive,
    End,
    Floats,
    Fork,
    Indexes,
    Tree,
    add_trees,
    asked,
    count_cells,
    purify,
    read_off,
    walk,
)
from leadledger.models.learner.binning import Binning, count_bins, find_indexes, read_columns
from leadledger.scoring.errors import CompileError
from leadledger.scoring.lookup import Bins, Branch, Combination, FlagBins, Leaf, NumberBins, Pair, Table, Term, TextBins

TOLERANCE = 1e-9  # log-odds; what a sum of some dozens of doubles may differ by, with room
TENTHS = 100 / math.log(2)  # tenths of a point in one unit of log-odds: ten points double the odds
FUSED = 1.0  # tenths; bins that differ by less than the rounding become one


def compile_additive(estimator: Any, X: pd.DataFrame | ArrayLike) -> Additive:
    """The tables of a fitted classifier, in log-odds, purified.

    `estimator` has `decision_function` or `predict_log_proba`, and says what it may depend on: `bins_`, a list of bins,
    one a column (a Pipeline that begins with `Binning` has them), and `pairs_`, a list of (i, j), i < j. `counts_` and
    `pair_counts_`, if it has them, are the leads in each bin and cell; else those of X are counted. `trees_`, if it has
    them: per set of three positions or more, ascending, a tuple of `models.learner.additive.Fork` whose sum is in its
    decisions; `additive_`, if it has it, is asked for the standard errors only. `X` (n_leads, n_columns): leads that it
    was not fitted on, to check the tables by.
    Raises CompileError if they don't reproduce the classifier to 1e-9.
    """
    named = type(estimator[-1] if isinstance(estimator, Pipeline) else estimator).__name__
    bins = bins_of(estimator)
    if not bins:
        raise CompileError(
            f"{named} has no `bins_`: fit it first; if it never has any, put `Binning` before it in a"
            " Pipeline, or give it a list with one NumberBins, TextBins or FlagBins for each column"
        )
    pairs = [(int(one), int(other)) for one, other in getattr(estimator, "pairs_", ())]
    if any(not 0 <= one < other < len(bins) for one, other in pairs) or len(set(pairs)) < len(pairs):
        raise CompileError(f"`pairs_` must hold each pair once, as (i, j) with 0 <= i < j < {len(bins)}, not {pairs}")
    sizes = [len(one) for one in bins]
    trees: Mapping[tuple[int, ...], tuple[Fork, ...]] = getattr(estimator, "trees_", {})
    for fields, some in trees.items():
        if any(not asked(tree) <= set(fields) for tree in some) or list(fields) != sorted(set(fields)):
            raise CompileError(
                f"`trees_` must hold trees under the positions of the fields that they ask, not {fields}"
            )

    def decide(indexes: Indexes) -> Floats:
        decided = log_odds(estimator, stand_ins(estimator, indexes))
        return decided - sum((add_trees(some, indexes) for some in trees.values()), np.zeros(len(indexes)))

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
        trees=trees,
    )
    with np.errstate(invalid="ignore"):  # whoever is sure of a lead has infinite log-odds, and is no sum of tables
        gap = float(np.abs(found.log_odds(indexes) - log_odds(estimator, X)).max(initial=0.0))
    if not gap <= TOLERANCE:
        raise CompileError(
            f"{named} is no sum of tables: read off bin by bin, it differs by up to {gap:.3g} in"
            " log-odds. It lets fields act together that `pairs_` doesn't name, or tells values of one bin apart"
        )
    told = getattr(estimator, "additive_", None)
    if isinstance(told, Additive):
        found = replace(found, errors=told.errors, pair_errors=told.pair_errors, tree_errors=told.tree_errors)
    return replace(purify(found), gap=gap)


def bins_of(estimator: Any) -> Sequence[Bins]:
    """The bins that a fitted classifier looks at, or the Pipeline that it ends; none where it doesn't say."""
    if isinstance(estimator, Pipeline) and isinstance(estimator[0], Binning):
        estimator = estimator[0]
    found: Sequence[Bins] = getattr(estimator, "bins_", ())
    return found


def log_odds(estimator: Any, X: pd.DataFrame | ArrayLike) -> Floats:
    """The log-odds (n_leads,) of the second class by any classifier of two classes."""
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(X), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.asarray(estimator.predict_log_proba(X), dtype=np.float64)
        return logs[:, 1] - logs[:, 0]


def stand_ins(estimator: Any, indexes: Indexes) -> pd.DataFrame | Floats:
    """Leads (n, n_columns) that fall in the given bins: one value stands for all of its bin."""
    columns = [_values(one)[indexes[:, field]] for field, one in enumerate(bins_of(estimator))]
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return np.column_stack(columns).astype(np.float64)
    kinds = {NumberBins: "float64", FlagBins: "boolean", TextBins: "object"}
    typed = zip(names, columns, bins_of(estimator), strict=True)
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
    """The tables in points: singles, pairs, then combinations; one that says nothing is left out.

    `names` are those of the fields, `weight` (0 or more) multiplies the log-odds. Neighbouring bins of a number that
    differ by less than a tenth of a point are fused, and levels of a text that `other` speaks for. A monotone field
    stays monotone, to the last tenth, in its table and in the sum of that with its pairs and combinations. The
    intercept is not in the tables.
    """
    scale = weight * TENTHS
    pairs = [
        _pair(
            (names[one], names[other]),
            (additive.bins[one], additive.bins[other]),
            cells * scale,
            additive.pair_counts[one, other],
            additive.pair_errors[one, other] * scale if (one, other) in additive.pair_errors else None,
        )
        for (one, other), cells in additive.pairs.items()
    ]
    singles = []
    for field, name in enumerate(names):
        bins, tenths = additive.bins[field], additive.singles[field] * scale
        errors = additive.errors[field] * scale if additive.errors else None
        single = _table(name, bins, tenths, additive.counts[field], errors)
        way = additive.monotone[field] if additive.monotone else 0
        if way:
            beside = _alone(additive, field, scale)
            kept = _in_order(single, bins, [pair for pair in pairs if name in pair.fields], beside, way)
            single = _table(name, bins, kept, additive.counts[field], errors)
        singles.append(single)
    told: list[Term] = [single for single in singles if any(single.points)]
    told += [pair for pair in pairs if any(any(row) for row in pair.points)]
    for fields, trees in additive.trees.items():
        found = _combination(fields, trees, additive.bins, names, scale)
        if found is not None:
            told.append(replace(found, error=_rounded(additive.tree_errors.get(fields, 0.0) * scale)))
    return tuple(told)


def _table(name: str, bins: Bins, tenths: Floats, counts: Indexes, errors: Floats | None) -> Table:
    fused, groups = fuse(bins, tenths[:, None])
    points, seen = [], []
    for group in groups:
        points.append(_rounded(_mean(tenths[group], counts[group])))
        seen.append(int(counts[group].sum()))
    spread = () if errors is None else tuple(_pooled(errors[group], counts[group]) for group in groups)
    return Table(name, fused, tuple(points), tuple(seen), spread)


def _pair(
    names: tuple[str, str], bins: tuple[Bins, Bins], tenths: Floats, counts: Indexes, errors: Floats | None
) -> Pair:
    rows, row_groups = fuse(bins[0], tenths)
    columns, column_groups = fuse(bins[1], tenths.T)
    points, seen, spread = [], [], []
    for group in row_groups:
        parts = [np.ix_(group, across) for across in column_groups]
        points.append(tuple(_rounded(_mean(tenths[part], counts[part])) for part in parts))
        seen.append(tuple(int(counts[part].sum()) for part in parts))
        if errors is not None:
            spread.append(tuple(_pooled(errors[part], counts[part]) for part in parts))
    return Pair(names, (rows, columns), tuple(points), tuple(seen), tuple(spread))


def _combination(
    fields: Sequence[int], trees: Sequence[Fork], bins: Sequence[Bins], names: Sequence[str], scale: float
) -> Combination | None:
    """The trees of a set in points, over bins as fine as they ask; None if all of them round to nothing.

    Rounding each end keeps the order of a monotone field where the tree keeps it.
    """
    same: dict[object, Tree] = {}
    for tree in trees:
        key = _forks(tree)
        same[key] = _added(same[key], tree) if key in same else tree
    rounded = [one for one in (_plain(tree, scale) for tree in same.values()) if isinstance(one, Fork)]
    if not rounded:
        return None
    told = frozenset().union(*(asked(tree) for tree in rounded))
    # A combination has three fields, also where rounding left only two that are asked.
    spare = [field for field in fields if field not in told]
    kept = sorted([*told, *spare[: max(0, 3 - len(told))]])
    merged = {
        field: _as_asked(bins[field], [fork.bins for tree in rounded for fork in _of(tree, field)]) for field in kept
    }

    def split(tree: Tree) -> Branch | Leaf:
        if isinstance(tree, End):
            return Leaf(int(tree.value), tree.count)
        groups = merged[tree.field][1]
        inside = tuple(at for at, group in enumerate(groups) if group[0] in tree.bins)
        return Branch(names[tree.field], inside, split(tree.then), split(tree.otherwise))

    printed = tuple(one for one in (split(tree) for tree in rounded) if isinstance(one, Branch))
    return Combination(tuple(names[field] for field in kept), tuple(merged[field][0] for field in kept), printed)


def _forks(tree: Tree) -> object:
    """What a tree asks, without what it answers."""
    return None if isinstance(tree, End) else (tree.field, tree.bins, _forks(tree.then), _forks(tree.otherwise))


def _of(tree: Tree, field: int) -> list[Fork]:
    """The forks of a tree that ask a field."""
    if isinstance(tree, End):
        return []
    return [*([tree] if tree.field == field else []), *_of(tree.then, field), *_of(tree.otherwise, field)]


def _added(one: Tree, other: Tree) -> Tree:
    """The sum of two trees that ask the same."""
    if isinstance(one, Fork) and isinstance(other, Fork):
        return Fork(one.field, one.bins, _added(one.then, other.then), _added(one.otherwise, other.otherwise))
    assert isinstance(one, End)
    assert isinstance(other, End)
    return End(one.value + other.value, one.count)


def _plain(tree: Tree, scale: float) -> Tree:
    """The tree in whole tenths, without forks that make no difference."""
    if isinstance(tree, End):
        return End(_rounded(tree.value * scale), tree.count)
    then, otherwise = _plain(tree.then, scale), _plain(tree.otherwise, scale)
    if isinstance(then, End) and isinstance(otherwise, End) and then.value == otherwise.value:
        return End(then.value, then.count + otherwise.count)
    return Fork(tree.field, tree.bins, then, otherwise)


def _as_asked(bins: Bins, choices: Sequence[tuple[int, ...]]) -> tuple[Bins, list[list[int]]]:
    """Fewer bins, such that none is divided by `choices` between the bins, and for each the old ones in it."""
    sides = np.zeros((len(bins), len(choices)))
    for at, chosen in enumerate(choices):
        sides[list(chosen), at] = FUSED
    return fuse(bins, sides)


def _alone(additive: Additive, field: int, scale: float) -> Indexes:
    """What trees that ask one field alone add to each of its bins, in whole tenths."""
    places = np.arange(len(additive.bins[field]))
    found = np.zeros(len(places))
    for tree in (one for trees in additive.trees.values() for one in trees if asked(one) == {field}):
        found += walk(_plain(tree, scale), {field: places})
    return found.astype(np.int64)


def _in_order(single: Table, bins: Bins, pairs: Sequence[Pair], beside: Indexes, way: int) -> Floats:
    """The points of each of `bins`, such that they and all else that asks the field keep the order of a monotone field.

    That is the pairs, and `beside` (n_bins,), what trees of this field alone add. The unrounded sum keeps the order;
    rounding may break it by a tenth or two, which is made up for here. All other trees keep it each.
    """
    values = _values(bins)
    points = np.array([single.points[single.bins.find(value)] for value in values[1:]])
    steps = way * (np.diff(points) + np.diff(beside[1:]))
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


def _pooled(errors: Floats, counts: Indexes) -> int:
    """The standard error of what is fused, in whole tenths: the errors of bins that lie together go together."""
    return _rounded(math.sqrt(_mean(errors**2, counts)))


def _rounded(tenths: float) -> int:
    """To the nearest whole tenth, halves away from zero."""
    return int(math.copysign(math.floor(abs(tenths) + 0.5), tenths))
