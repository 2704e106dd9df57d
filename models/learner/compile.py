"""From a fitted additive classifier to lookup tables in points.

The additive part comes from probing the public `decision_function` with one lead for each bin; small trees over more
fields are taken from the classifier's `trees_`. The sum must then reproduce the classifier on other leads, or the
compilation is refused. Last, points are rounded to whole tenths, and bins that are equal after rounding are fused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline

from leadledger.models.learner.additive import (
    Additive,
    End,
    Fields,
    Finer,
    Floats,
    Fork,
    Indexes,
    Tree,
    add_finer,
    add_trees,
    count_cells,
    evaluate_tree,
    find_fields,
    purify,
    read_off,
)
from leadledger.models.learner.binning import Binning, count_bins, find_bins, find_indexes, read_columns
from leadledger.models.learner.fusing import equalise
from leadledger.scoring.bins import Bins, FlagBins, NumberBins, TextBins
from leadledger.scoring.errors import CompileError
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table, Term

LARGEST_GAP = 1e-9  # log-odds; rounding errors of a sum of some dozens of doubles are far below
TENTHS_PER_LOG_ODDS = 100 / math.log(2)  # ten points double the odds
FUSING_DISTANCE = 1.0  # tenths; bins that differ by less than the rounding are fused

FineTable: TypeAlias = tuple[Bins, Floats, Indexes, Floats | None]  # bins; of each its tenths, leads and error


def compile_additive(estimator: Any, X: pd.DataFrame | ArrayLike) -> Additive:
    """The tables of a fitted classifier, in log-odds, purified.

    `estimator` has `decision_function`, `predict_log_proba` or `predict_proba`, and these attributes; only `bins_` must
    be there. In a Pipeline whose steps keep the columns as they are, `pairs_` may be those of the last step.

    bins_ : list of bins, one a column; a Pipeline that begins with `Binning` has them.
    pairs_ : list of (i, j), i < j.
    counts_, pair_counts_ : the leads in each bin and cell; without them, those of X are counted.
    trees_ : per set of three positions or more, ascending, a tuple of `models.learner.additive.Fork` whose sum is part
        of its decisions.
    finer_ : per position of a column, an `Additive`'s `Finer`, finer bins whose values are part of its decisions.
    additive_ : an `Additive`, from which only the standard errors are taken.

    `X` (n_leads, n_columns) are leads that it was not fitted on, to check the tables with.
    Raises CompileError if they don't reproduce the classifier to 1e-9.
    """
    class_name = class_name_of(estimator)
    bins = bins_of(estimator)
    if not bins:
        raise CompileError(
            f"{class_name} has no `bins_`: fit it first; if it never has any, put `Binning` before it in a"
            " Pipeline, or give it a list with one NumberBins, TextBins or FlagBins for each column"
        )
    pairs = _declared_pairs(estimator, len(bins))
    sizes = [len(column_bins) for column_bins in bins]
    trees: Mapping[tuple[int, ...], tuple[Fork, ...]] = getattr(estimator, "trees_", {})
    for fields, set_trees in trees.items():
        if any(not find_fields(tree) <= set(fields) for tree in set_trees) or list(fields) != sorted(set(fields)):
            raise CompileError(
                f"`trees_` must hold trees under the positions of the fields that they ask, not {fields}"
            )

    finer: Mapping[int, Finer] = getattr(estimator, "finer_", {})
    finer_values = {field: table.values for field, table in finer.items()}
    standing_for = {  # per field, the finer bin of the value that stands for each bin
        field: np.array([0, *(table.bins.find(value) for value in bin_values(bins[field])[1:])], dtype=np.int64)
        for field, table in finer.items()
    }

    def decide(indexes: Indexes) -> Floats:
        decided = log_odds(estimator, make_leads(estimator, indexes))
        decided = decided - add_finer(finer_values, {at: of[indexes[:, at]] for at, of in standing_for.items()})
        return decided - sum((add_trees(set_trees, indexes) for set_trees in trees.values()), np.zeros(len(indexes)))

    intercept, singles, cells = read_off(decide, sizes, pairs, [0] * len(sizes))
    columns = read_columns(estimator, X, reset=False)
    indexes = find_indexes(bins, columns)
    counts = getattr(estimator, "counts_", None) or count_bins(bins, indexes)
    pair_counts = getattr(estimator, "pair_counts_", None) or [count_cells(bins, indexes, pair) for pair in pairs]
    model = Additive(
        bins=tuple(bins),
        intercept=intercept,
        singles=tuple(singles),
        pairs=cells,
        counts=tuple(counts),
        pair_counts=dict(zip(pairs, pair_counts, strict=True)),
        monotone=tuple(getattr(estimator, "monotone_", (0,) * len(bins))),
        trees=trees,
        finer=finer,
    )
    finer_indexes = {field: find_bins(table.bins, columns[field]) for field, table in finer.items()}
    with np.errstate(invalid="ignore"):  # a probability of 0 or 1 is an infinite gap
        gap = float(np.abs(model.log_odds(indexes, finer_indexes) - log_odds(estimator, X)).max(initial=0.0))
    if not gap <= LARGEST_GAP:
        raise CompileError(
            f"{class_name} is not a sum of tables: the tables differ from it by up to {gap:.3g} in"
            " log-odds. Fields that `pairs_` doesn't name interact in it, or it distinguishes values within a bin"
        )
    own = getattr(estimator, "additive_", None)
    if isinstance(own, Additive):
        model = replace(model, errors=own.errors, pair_errors=own.pair_errors, tree_errors=own.tree_errors)
    return replace(purify(model), gap=gap)


def _declared_pairs(estimator: Any, n_columns: int) -> list[Fields]:
    """The `pairs_` of a classifier, or of the last step of a Pipeline; none where it has none.

    Those of a last step count where it was given as many columns as there are bins; behind a step that makes others,
    positions mean something else.
    """
    declares = estimator
    if isinstance(estimator, Pipeline) and not hasattr(estimator, "pairs_"):
        declares = estimator[-1] if getattr(estimator[-1], "n_features_in_", None) == n_columns else None
    pairs = [(int(first), int(second)) for first, second in getattr(declares, "pairs_", ())]
    if any(not 0 <= first < second < n_columns for first, second in pairs) or len(set(pairs)) < len(pairs):
        raise CompileError(f"`pairs_` must hold each pair once, as (i, j) with 0 <= i < j < {n_columns}, not {pairs}")
    return pairs


def bins_of(estimator: Any) -> Sequence[Bins]:
    """The `bins_` of a fitted classifier, or of the `Binning` that its Pipeline begins with; none where it has none.

    Raises CompileError where they are bins of another kind, such as InterpretML's.
    """
    if isinstance(estimator, Pipeline) and isinstance(estimator[0], Binning):
        estimator = estimator[0]
    bins: Sequence[Bins] = getattr(estimator, "bins_", ())
    if not all(isinstance(column_bins, NumberBins | TextBins | FlagBins) for column_bins in bins):
        raise CompileError(
            f"the `bins_` of {type(estimator).__name__} are not leadledger's; put `Binning` before it in a Pipeline"
        )
    return bins


def log_odds(estimator: Any, X: pd.DataFrame | ArrayLike) -> Floats:
    """The log-odds (n_leads,) of the second class by any classifier of two classes.

    Raises CompileError where the classifier has no probabilities.
    """
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(X), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if hasattr(estimator, "predict_log_proba"):
            logs = np.asarray(estimator.predict_log_proba(X), dtype=np.float64)
        elif hasattr(estimator, "predict_proba"):
            logs = np.log(np.asarray(estimator.predict_proba(X), dtype=np.float64))
        else:
            raise CompileError(
                f"{class_name_of(estimator)} has no probabilities; it needs `decision_function` or `predict_proba`"
            )
        return logs[:, 1] - logs[:, 0]


def class_name_of(estimator: Any) -> str:
    """The class of a classifier, or of the last step of a Pipeline."""
    return type(estimator[-1] if isinstance(estimator, Pipeline) else estimator).__name__


def make_leads(estimator: Any, indexes: Indexes) -> pd.DataFrame | Floats:
    """Leads (n, n_columns) that fall in the given bins; each bin has one value that stands for it."""
    columns = [bin_values(bins)[indexes[:, field]] for field, bins in enumerate(bins_of(estimator))]
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return np.column_stack(columns).astype(np.float64)
    kinds = {NumberBins: "float64", FlagBins: "boolean", TextBins: "object"}
    typed = zip(names, columns, bins_of(estimator), strict=True)
    return pd.DataFrame({name: pd.Series(values, dtype=kinds[type(bins)]) for name, values, bins in typed})


def bin_values(bins: Bins) -> np.ndarray[Any, np.dtype[np.object_]]:
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
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def to_tables(
    additive: Additive, names: Sequence[str], weight: float = 1.0, most_loss: float = 0.0
) -> tuple[Term, ...]:
    """The terms in points: singles, pairs, then combinations, without those that are zero everywhere.

    `names` are those of the fields, `weight` (0 or more) multiplies the log-odds. Neighbouring bins of a number that
    differ by less than a tenth of a point are fused, and levels of a text with the points of `other`; so are others as
    far as the mean log-loss rises by no more than `most_loss` by all of that together. A monotone field
    stays monotone, to the last tenth, in its table and in the sum of that with its pairs and combinations. The
    intercept is not in the tables.
    """
    scale = weight * TENTHS_PER_LOG_ODDS
    pairs = [
        _round_pair(
            (names[first], names[second]),
            (additive.bins[first], additive.bins[second]),
            cells * scale,
            additive.pair_counts[first, second],
            additive.pair_errors[first, second] * scale if (first, second) in additive.pair_errors else None,
        )
        for (first, second), cells in additive.pairs.items()
    ]
    fine = [_single_of(additive, field, scale) for field in range(len(names))]
    if most_loss:
        fine = _equalise(additive, fine, most_loss)
    singles = []
    for field, (name, (bins, tenths, counts, errors)) in enumerate(zip(names, fine, strict=True)):
        single = _round_table(name, bins, tenths, counts, errors)
        direction = additive.monotone[field] if additive.monotone else 0
        if direction:
            own_trees = _own_tree_points(additive, field, scale)
            if field in additive.finer:
                own_trees = own_trees[additive.finer[field].coarse]
            own_pairs = [pair for pair in pairs if name in pair.fields]
            ordered = _restore_order(single, bins, own_pairs, own_trees, direction)
            single = _round_table(name, bins, ordered, counts, errors)
        singles.append(single)
    terms: list[Term] = [single for single in singles if any(single.points)]
    terms += [pair for pair in pairs if any(any(row) for row in pair.points)]
    for fields, trees in additive.trees.items():
        combination = _round_combination(fields, trees, additive.bins, names, scale)
        if combination is not None:
            error = _round_tenths(additive.tree_errors.get(fields, 0.0) * scale)
            terms.append(replace(combination, error=error))
    return tuple(terms)


def _equalise(additive: Additive, tables: Sequence[FineTable], most_loss: float) -> list[FineTable]:
    """Tables with bins made equal where that loses little.

    A monotone field that has pairs or combinations keeps its bins: its order rests on their steps together.
    """
    together = {field for pair in additive.pairs for field in pair} | {at for fields in additive.trees for at in fields}
    directions = additive.monotone or (0,) * len(tables)
    free = [field for field, way in enumerate(directions) if not (way and field in together)]
    log_odds_tables = [(bins, tenths / TENTHS_PER_LOG_ODDS, counts) for bins, tenths, counts, _ in tables]
    equal = dict(zip(free, equalise([log_odds_tables[field] for field in free], most_loss), strict=True))
    return [
        (bins, equal[field] * TENTHS_PER_LOG_ODDS if field in equal else tenths, counts, errors)
        for field, (bins, tenths, counts, errors) in enumerate(tables)
    ]


def _single_of(additive: Additive, field: int, scale: float) -> FineTable:
    """The bins of a field's table, finer ones where there are any; of each its tenths, its leads and its error."""
    tenths, errors = additive.singles[field] * scale, additive.errors[field] * scale if additive.errors else None
    if field not in additive.finer:
        return additive.bins[field], tenths, additive.counts[field], errors
    finer = additive.finer[field]
    errors = finer.errors * scale if len(finer.errors) else None
    return finer.bins, tenths[finer.coarse] + finer.values * scale, finer.counts, errors


def _round_table(name: str, bins: Bins, tenths: Floats, counts: Indexes, errors: Floats | None) -> Table:
    fused, groups = fuse(bins, tenths[:, None])
    points = tuple(_round_tenths(_weighted_mean(tenths[group], counts[group])) for group in groups)
    leads = tuple(int(counts[group].sum()) for group in groups)
    fused_errors = () if errors is None else tuple(_pool_errors(errors[group], counts[group]) for group in groups)
    return Table(name, fused, points, leads, fused_errors)


def _round_pair(
    names: tuple[str, str], bins: tuple[Bins, Bins], tenths: Floats, counts: Indexes, errors: Floats | None
) -> Pair:
    rows, row_groups = fuse(bins[0], tenths)
    columns, column_groups = fuse(bins[1], tenths.T)
    points, leads, fused_errors = [], [], []
    for group in row_groups:
        parts = [np.ix_(group, across) for across in column_groups]
        points.append(tuple(_round_tenths(_weighted_mean(tenths[part], counts[part])) for part in parts))
        leads.append(tuple(int(counts[part].sum()) for part in parts))
        if errors is not None:
            fused_errors.append(tuple(_pool_errors(errors[part], counts[part]) for part in parts))
    return Pair(names, (rows, columns), tuple(points), tuple(leads), tuple(fused_errors))


def _round_combination(
    fields: Sequence[int], trees: Sequence[Fork], bins: Sequence[Bins], names: Sequence[str], scale: float
) -> Combination | None:
    """The trees of a set in points, over bins as fine as they need; None if all of them round to zero.

    Rounding each end keeps the order of a monotone field where the tree keeps it.
    """
    by_shape: dict[object, Tree] = {}
    for tree in trees:
        shape = _tree_shape(tree)
        by_shape[shape] = _sum_trees(by_shape[shape], tree) if shape in by_shape else tree
    rounded = [tree for tree in (_round_tree(tree, scale) for tree in by_shape.values()) if isinstance(tree, Fork)]
    if not rounded:
        return None
    used = frozenset().union(*(find_fields(tree) for tree in rounded))
    # A combination has three fields, also where the rounded trees look at two only.
    spare = [field for field in fields if field not in used]
    kept = sorted([*used, *spare[: max(0, 3 - len(used))]])
    merged = {
        field: _merge_bins(bins[field], [fork.bins for tree in rounded for fork in _forks_on(tree, field)])
        for field in kept
    }

    def to_branch(tree: Tree) -> Branch | Leaf:
        if isinstance(tree, End):
            return Leaf(int(tree.value), tree.count)
        groups = merged[tree.field][1]
        inside = tuple(at for at, group in enumerate(groups) if group[0] in tree.bins)
        return Branch(names[tree.field], inside, to_branch(tree.then), to_branch(tree.otherwise))

    branches = tuple(node for node in map(to_branch, rounded) if isinstance(node, Branch))
    return Combination(tuple(names[field] for field in kept), tuple(merged[field][0] for field in kept), branches)


def _tree_shape(tree: Tree) -> object:
    """The forks of a tree, without the values of its ends; trees of one shape can be added end by end."""
    if isinstance(tree, End):
        return None
    return (tree.field, tree.bins, _tree_shape(tree.then), _tree_shape(tree.otherwise))


def _forks_on(tree: Tree, field: int) -> list[Fork]:
    """The forks of a tree on a field."""
    if isinstance(tree, End):
        return []
    return [*([tree] if tree.field == field else []), *_forks_on(tree.then, field), *_forks_on(tree.otherwise, field)]


def _sum_trees(first: Tree, second: Tree) -> Tree:
    """The sum of two trees of one shape."""
    if isinstance(first, Fork) and isinstance(second, Fork):
        then = _sum_trees(first.then, second.then)
        return Fork(first.field, first.bins, then, _sum_trees(first.otherwise, second.otherwise))
    assert isinstance(first, End)
    assert isinstance(second, End)
    return End(first.value + second.value, first.count)


def _round_tree(tree: Tree, scale: float) -> Tree:
    """The tree in whole tenths, without forks that make no difference."""
    if isinstance(tree, End):
        return End(_round_tenths(tree.value * scale), tree.count)
    then, otherwise = _round_tree(tree.then, scale), _round_tree(tree.otherwise, scale)
    if isinstance(then, End) and isinstance(otherwise, End) and then.value == otherwise.value:
        return End(then.value, then.count + otherwise.count)
    return Fork(tree.field, tree.bins, then, otherwise)


def _merge_bins(bins: Bins, choices: Sequence[tuple[int, ...]]) -> tuple[Bins, list[list[int]]]:
    """Fewer bins, such that none is divided by `choices` between the bins, and for each the old ones in it."""
    sides = np.zeros((len(bins), len(choices)))
    for choice, chosen in enumerate(choices):
        sides[list(chosen), choice] = FUSING_DISTANCE
    return fuse(bins, sides)


def _own_tree_points(additive: Additive, field: int, scale: float) -> Indexes:
    """What the trees of this field alone add to each of its bins, in whole tenths; shape (n_bins,)."""
    bins = np.arange(len(additive.bins[field]))
    points = np.zeros(len(bins))
    for tree in (tree for trees in additive.trees.values() for tree in trees if find_fields(tree) == {field}):
        points += evaluate_tree(_round_tree(tree, scale), {field: bins})
    return points.astype(np.int64)


def _restore_order(single: Table, bins: Bins, pairs: Sequence[Pair], own_trees: Indexes, direction: int) -> Floats:
    """The points of each of `bins`, such that the sum of all terms of a monotone field keeps its order.

    The other terms are the pairs of the field and `own_trees` (n_bins,), what trees of this field alone add. The
    unrounded sum keeps the order; rounding may break it by a tenth or two, which is made up for here. Each other tree
    keeps the order by itself.
    """
    values = bin_values(bins)
    points = np.array([single.points[single.bins.find(value)] for value in values[1:]])
    steps = direction * (np.diff(points) + np.diff(own_trees[1:]))
    for pair in pairs:
        side = pair.fields.index(single.field)
        cells = np.array(pair.points) if side == 0 else np.array(pair.points).T
        rows = [pair.bins[side].find(value) for value in values[1:]]
        steps += (direction * np.diff(cells[rows], axis=0)).min(axis=1)
    points[1:] += direction * np.cumsum(np.maximum(-steps, 0))
    return np.array([single.points[0], *points], dtype=np.float64)


def fuse(bins: Bins, tenths: Floats) -> tuple[Bins, list[list[int]]]:
    """Fewer bins, and for each the old ones that are in it.

    `tenths` (len(bins), n): the points of each bin, in n cells. The missing bin stays alone.
    """
    if isinstance(bins, NumberBins):
        groups = [[1]]
        for at in range(2, len(bins)):
            together = tenths[[*groups[-1], at]]
            if (np.ptp(together, axis=0) < FUSING_DISTANCE).all():
                groups[-1].append(at)
            else:
                groups.append([at])
        edges = tuple(bins.edges[group[0] - 2] for group in groups[1:])
        return NumberBins(edges), [[0], *groups]
    if isinstance(bins, TextBins):
        last = len(bins) - 1
        like_other = [at for at in range(1, last) if (np.abs(tenths[at] - tenths[last]) < FUSING_DISTANCE / 2).all()]
        kept = [at for at in range(1, last) if at not in like_other]
        levels = tuple(bins.levels[at - 1] for at in kept)
        return TextBins(levels), [[0], *([at] for at in kept), [*like_other, last]]
    return bins, [[at] for at in range(len(bins))]


def _weighted_mean(values: Floats, counts: Indexes) -> float:
    """The mean weighted by the leads of each part; unweighted where no part has leads."""
    total = counts.sum()
    return float((values * counts).sum() / total) if total else float(values.mean())


def _pool_errors(errors: Floats, counts: Indexes) -> int:
    """The standard error of fused bins, in whole tenths, if the errors of neighbouring bins move together."""
    return _round_tenths(math.sqrt(_weighted_mean(errors**2, counts)))


def _round_tenths(tenths: float) -> int:
    """To the nearest whole tenth, halves away from zero."""
    return int(math.copysign(math.floor(abs(tenths) + 0.5), tenths))
