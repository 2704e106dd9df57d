"""A readable model over bins: its log-odds are a sum of tables and of small trees.

An intercept, a value per bin of each field, a value per cell of some pairs of fields, and for some sets of more fields
the sum of small trees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from leadledger.scoring.bins import Bins

FEWEST_BINS_TO_POOL = 3
POOLED_FREEDOM = 14  # degrees of freedom of the bins of a table together; on simulated leads more gained little

Floats: TypeAlias = NDArray[np.float64]
Indexes: TypeAlias = NDArray[np.int64]
Fields: TypeAlias = tuple[int, int]  # a pair, by the positions of its fields; the lower first


@dataclass(frozen=True)
class End:
    """The end of a small tree: its value in log-odds, and the leads of the history that come to it."""

    value: float
    count: int


@dataclass(frozen=True)
class Fork:
    """A choice of a small tree: a lead whose field falls in one of `bins` goes to `then`, any other `otherwise`.

    `field` is the position of a field, `bins` are positions of its bins, ascending.
    """

    field: int
    bins: tuple[int, ...]
    then: Tree
    otherwise: Tree


Tree: TypeAlias = Fork | End


def list_ends(tree: Tree) -> list[End]:
    """The ends of a tree, in order."""
    return [tree] if isinstance(tree, End) else [*list_ends(tree.then), *list_ends(tree.otherwise)]


def find_fields(tree: Tree) -> frozenset[int]:
    """The positions of the fields whose bins a tree looks at."""
    return frozenset() if isinstance(tree, End) else find_fields(tree.then) | find_fields(tree.otherwise) | {tree.field}


def evaluate_tree(tree: Tree, bins: Mapping[int, Indexes]) -> Floats:
    """The value (n,) that a tree gives to leads; `bins` maps the position of a field to the bins (n,) of the leads."""
    if isinstance(tree, End):
        return np.asarray(tree.value)
    field_bins = bins[tree.field]
    inside = np.zeros(max(int(field_bins.max(initial=0)), *tree.bins) + 1, dtype=bool)
    inside[list(tree.bins)] = True
    return np.where(inside[field_bins], evaluate_tree(tree.then, bins), evaluate_tree(tree.otherwise, bins))


def shift_tree(tree: Tree, by: float) -> Tree:
    """The tree with `by` added to every end."""
    if isinstance(tree, End):
        return End(tree.value + by, tree.count)
    return Fork(tree.field, tree.bins, shift_tree(tree.then, by), shift_tree(tree.otherwise, by))


@dataclass(frozen=True, eq=False)
class Finer:
    """More bins of one field than its pairs and trees see, and what each adds to the field's single.

    bins : the finer bins, each of which lies in one bin of the field.
    coarse : (len(bins),) that bin. Once purified, the finer bins of one bin average zero over the leads.
    values : (len(bins),) what each adds, in log-odds. counts : (len(bins),) the leads of the history in each.
    errors : (len(bins),) the standard error of each together with the single; empty where not known.
    """

    bins: Bins
    coarse: Indexes
    values: Floats
    counts: Indexes
    errors: Floats = attribute(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, eq=False)
class Additive:
    """Log-odds, read off an additive model.

    bins : the bins of each field.
    intercept : the log-odds of the average lead, if the model is purified.
    singles : one array of shape (len(bins[i]),) a field.
    pairs : one array of shape (len(bins[i]), len(bins[j])) a pair (i, j), i < j.
    counts, pair_counts : the leads of the history in each bin and cell; same shapes.
    monotone : per field 1 if more never lowers the log-odds, -1 if it never raises them, 0 if free; missing is free.
    gap : the largest difference to the model it was read off, on the leads that were checked.
    trees : per set of three fields or more, by their positions, its trees, whose sum counts.
    errors, pair_errors : the standard error of each single and each cell, same shapes; empty where not known.
    tree_errors : per set, the standard error of the sum of its trees, over the leads; empty where not known.
    finer : per field that has them, finer bins and what they add.
    """

    bins: tuple[Bins, ...]
    intercept: float
    singles: tuple[Floats, ...]
    pairs: Mapping[Fields, Floats]
    counts: tuple[Indexes, ...]
    pair_counts: Mapping[Fields, Indexes]
    monotone: tuple[int, ...] = ()
    gap: float = 0.0
    trees: Mapping[tuple[int, ...], tuple[Fork, ...]] = attribute(default_factory=dict)
    errors: tuple[Floats, ...] = ()
    pair_errors: Mapping[Fields, Floats] = attribute(default_factory=dict)
    tree_errors: Mapping[tuple[int, ...], float] = attribute(default_factory=dict)
    finer: Mapping[int, Finer] = attribute(default_factory=dict)

    def log_odds(self, indexes: Indexes, finer_indexes: Mapping[int, Indexes] | None = None) -> Floats:
        """The log-odds (n_leads,) of leads given by their bins (n_leads, n_fields).

        `finer_indexes` are their bins (n_leads,) of each field in `finer`; without these, nothing is added for them.
        """
        total = add_up(self.intercept, self.singles, self.pairs, indexes)
        total += add_finer({field: self.finer[field].values for field in finer_indexes or {}}, finer_indexes or {})
        for trees in self.trees.values():
            total += add_trees(trees, indexes)
        return total


def add_trees(trees: Sequence[Tree], indexes: Indexes) -> Floats:
    """The sum of some trees for leads given by their bins (n_leads, n_fields); shape (n_leads,)."""
    bins = {field: np.ascontiguousarray(indexes[:, field]) for tree in trees for field in find_fields(tree)}
    total = np.zeros(len(indexes))
    for tree in trees:
        total += evaluate_tree(tree, bins)
    return total


def add_up(intercept: float, singles: Sequence[Floats], pairs: Mapping[Fields, Floats], indexes: Indexes) -> Floats:
    """The sum of the tables' values for leads given by their bins; shape (n_leads,)."""
    total = np.full(len(indexes), float(intercept))
    for field, values in enumerate(singles):
        total += values[indexes[:, field]]
    for (first, second), cells in pairs.items():
        total += cells[indexes[:, first], indexes[:, second]]
    return total


def add_finer(values: Mapping[int, Floats], finer_indexes: Mapping[int, Indexes]) -> Floats:
    """What finer bins add to leads given by their finer bins (n,) of each field; shape (n,), or () for no field."""
    return np.asarray(sum((values[field][bins] for field, bins in finer_indexes.items()), np.zeros(())))


def count_cells(bins: Sequence[Bins], indexes: Indexes, pair: Fields) -> Indexes:
    """The leads in each cell of a pair, of leads given by their bins; shape (len(bins[i]), len(bins[j]))."""
    rows, columns = (len(bins[field]) for field in pair)
    flat = indexes[:, pair[0]] * columns + indexes[:, pair[1]]
    return np.bincount(flat, minlength=rows * columns).reshape(rows, columns)


def read_off(
    decide: Callable[[Indexes], Floats], sizes: Sequence[int], pairs: Sequence[Fields], base: Sequence[int]
) -> tuple[float, list[Floats], dict[Fields, Floats]]:
    """Intercept, singles and pairs of a function from bins (n, n_fields) to log-odds (n,), by probing it.

    The probes are one lead at `base`, leads that differ from it in one field, and leads that differ in the two fields
    of a pair. Their differences are the tables, if the function is additive; only a check on other leads shows that.
    """
    probes = [np.asarray([base], dtype=np.int64)]
    for field, size in enumerate(sizes):
        probe = np.tile(probes[0], (size, 1))
        probe[:, field] = np.arange(size)
        probes.append(probe)
    for first, second in pairs:
        probe = np.tile(probes[0], (sizes[first] * sizes[second], 1))
        probe[:, first], probe[:, second] = np.divmod(np.arange(len(probe)), sizes[second])
        probes.append(probe)
    answers = np.split(decide(np.concatenate(probes)), np.cumsum([len(probe) for probe in probes[:-1]]))
    intercept = float(answers[0][0])
    singles = [answer - intercept for answer in answers[1 : len(sizes) + 1]]
    cells = {
        (first, second): answer.reshape(sizes[first], sizes[second])
        - intercept
        - singles[first][:, None]
        - singles[second][None, :]
        for (first, second), answer in zip(pairs, answers[len(sizes) + 1 :], strict=True)
    }
    return intercept, singles, cells


def purify(model: Additive) -> Additive:
    """The same sums with main effects and interactions separated.

    A pair keeps only what its fields do together; a single averages zero over the leads. The weight of a bin is its
    count; that of a cell, the product of its bins' counts rather than its own count. So the single of a field is the
    average effect of that field in the whole model: monotone where the model is. Rows of a pair that were equal stay
    equal. What finer bins add on average within one bin goes to its single.
    """
    intercept = model.intercept
    singles = [values.copy() for values in model.singles]
    shares = [count / count.sum() for count in model.counts]
    finer = {}
    for field, table in model.finer.items():
        size = len(singles[field])
        leads = np.maximum(np.bincount(table.coarse, table.counts, size), 1)
        means = np.bincount(table.coarse, table.counts * table.values, size) / leads
        singles[field] += means
        finer[field] = replace(table, values=table.values - means[table.coarse])
    pairs = {}
    for (first, second), cells in model.pairs.items():
        rows, columns = cells @ shares[second], shares[first] @ cells
        mean = float(shares[first] @ rows)
        pairs[first, second] = cells - rows[:, None] - columns[None, :] + mean
        singles[first] += rows - mean
        singles[second] += columns - mean
        intercept += mean
    for field, share in enumerate(shares):
        mean = float(share @ singles[field])
        singles[field] -= mean
        intercept += mean
    return replace(model, intercept=intercept, singles=tuple(singles), pairs=pairs, finer=finer)


def silence(model: Additive, segment: int | None = None) -> Additive:
    """The purified model with zero, the average, in the bins that no lead of the history fell in.

    Their error is zero too: nothing is known of them, and nothing is claimed. `segment` is the position of a field
    whose levels are segments: in its pairs a level that nobody had is the pool, not the average segment, and stays.
    """
    empty = [count == 0 for count in model.counts]
    silent_in_pairs = [none & (field != segment) for field, none in enumerate(empty)]

    def silent(singles: Sequence[Floats]) -> tuple[Floats, ...]:
        return tuple(np.where(none, 0.0, values) for none, values in zip(empty, singles, strict=True))

    def silenced(pairs: Mapping[Fields, Floats]) -> Mapping[Fields, Floats]:
        return {
            (first, second): np.where(silent_in_pairs[first][:, None] | silent_in_pairs[second], 0.0, cells)
            for (first, second), cells in pairs.items()
        }

    return replace(
        model,
        singles=silent(model.singles),
        pairs=silenced(model.pairs),
        errors=silent(model.errors) if model.errors else (),
        pair_errors=silenced(model.pair_errors),
    )


def jackknife(values: Sequence[Floats]) -> Floats:
    """The standard error of a value by the delete-a-group jackknife: each of `values` left out one part of the leads.

    The values are arrays of one shape, and so is the result.
    """
    spread = np.asarray(values) - np.mean(values, axis=0)
    error: Floats = np.sqrt((len(values) - 1) / len(values) * np.sum(spread**2, axis=0))
    return error


def steady(errors: Floats, counts: Indexes, groups: int) -> Floats:
    """Standard errors of the bins of a table, each blended with what bins of as many leads have in that table.

    A jackknife over eight groups leaves a noise of 27 % in each error alone. The variances of the bins follow a power
    of their leads, from none to one over their number, that is fitted here; each counts beside that with its degrees of
    freedom, `groups` less one. The missing bin, and bins without leads or error, keep their own.
    """
    known = (errors > 0) & (counts > 0)
    known[0] = False
    freedom = groups - 1
    if known.sum() < FEWEST_BINS_TO_POOL or freedom < 2:
        return errors
    size, variance = np.log(counts[known]), 2 * np.log(errors[known])
    size -= size.mean()
    slope = float(np.clip(size @ variance / max(float(size @ size), 1e-12), -1.0, 0.0))
    # The logarithm of a variance with few degrees of freedom lies below that of the true one on average.
    level = variance.mean() - (digamma(freedom / 2) - np.log(freedom / 2))
    pooled = errors.copy()
    pooled[known] = np.sqrt(
        (POOLED_FREEDOM * np.exp(level + slope * size) + freedom * errors[known] ** 2) / (POOLED_FREEDOM + freedom)
    )
    return pooled
