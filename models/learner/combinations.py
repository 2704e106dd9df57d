"""Combinations: small trees over sets of three to seven fields that act together, and which sets those are.

The sets are disjoint, so that every tree asks fields of one set, and a person reads of each field in one place. They
are found by boosting that is free to choose: what a split gains is laid to the fields on the way to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from leadledger.models.learner.additive import Additive, End, Floats, Fork, Indexes, Tree, asked, ends, shift, walk
from leadledger.models.learner.boosting import Boosted

SIZES = (3, 4, 5, 6, 7)  # fields in a set
WIDEST = 12  # fields that sets are sought among, those that gain most together
LEAST_SHARE = 0.02  # of all that fields gain together; a set of less isn't worth reading
LARGER = 1.02  # a larger set must gain this much more than a smaller one

AVERAGED = 2_000  # leads over which the average of a field's effect is taken

Gains: TypeAlias = Mapping[frozenset[int], float]


def gains_together(boosted: Boosted, rounds: int) -> Gains:
    """What the splits of a fit gained, by the fields on the way to each, where they are two or more."""
    found: dict[frozenset[int], float] = {}

    def add(node: Mapping[str, Any], above: frozenset[int]) -> None:
        if "split_feature" not in node:
            return
        fields = above | {boosted.columns[node["split_feature"]][0]}
        if len(fields) > 1:
            found[fields] = found.get(fields, 0.0) + float(node["split_gain"])
        add(node["left_child"], fields)
        add(node["right_child"], fields)

    for tree in dumped(boosted, rounds):
        add(tree, frozenset())
    return found


def choose_sets(scouts: Sequence[Gains], most: int) -> list[tuple[int, ...]]:
    """At most `most` disjoint sets of three to seven fields that hold most of what fields gain together, best first."""
    together: dict[frozenset[int], float] = {}
    of_field: dict[int, float] = {}
    for scout in scouts:
        for fields, gain in scout.items():
            together[fields] = together.get(fields, 0.0) + gain
            for field in fields:
                of_field[field] = of_field.get(field, 0.0) + gain
    least = LEAST_SHARE * sum(together.values())
    free = sorted(of_field, key=lambda field: (-of_field[field], field))[:WIDEST]
    bits = np.array([sum(1 << free.index(one) for one in fields) for fields in together if fields <= set(free)])
    gains = np.array([gain for fields, gain in together.items() if fields <= set(free)])
    positions = {field: at for at, field in enumerate(free)}
    chosen: list[tuple[int, ...]] = []
    while len(chosen) < most:
        best: tuple[int, ...] = ()
        best_gain = 0.0
        for size in SIZES:
            for tried in combinations(sorted(free), size):
                outside = ~sum(1 << positions[one] for one in tried)
                gain = float(gains[(bits & outside) == 0].sum())
                if gain > best_gain * LARGER:
                    best, best_gain = tried, gain
        if not best or best_gain < least:
            break
        chosen.append(best)
        free = [field for field in free if field not in best]
    return chosen


def dumped(boosted: Boosted, rounds: int) -> Iterator[Mapping[str, Any]]:
    """The roots of the trees of the first rounds."""
    if rounds:
        for tree in boosted.booster.dump_model(num_iteration=rounds)["tree_info"]:
            yield tree["tree_structure"]


def read_trees(boosted: Boosted, rounds: int, indexes: Indexes, counts: Sequence[Indexes]) -> list[Tree]:
    """The trees of the first rounds over the bins, with the leads (n, n_fields) that come to each leaf.

    A missing value or another text that no lead of the history had goes with the most leads: the fit says nothing on
    it.
    """

    def read(node: Mapping[str, Any], here: Indexes) -> Tree:
        if "split_feature" not in node:
            return End(float(node["leaf_value"]), len(here))
        field, values = boosted.columns[node["split_feature"]]
        unknown = node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0
        left = np.where(np.isnan(values), unknown, np.nan_to_num(values) <= node["threshold"])
        goes = left[indexes[here, field]]
        if not counts[field][0]:
            left[0] = 2 * goes.sum() > len(goes)
        then, otherwise = read(node["left_child"], here[goes]), read(node["right_child"], here[~goes])
        return Fork(field, tuple(np.flatnonzero(left).tolist()), then, otherwise)

    everyone = np.arange(len(indexes))
    return [read(tree, everyone) for tree in dumped(boosted, rounds)]


def absorb(model: Additive, trees: Sequence[Tree], sets: Sequence[tuple[int, ...]], indexes: Indexes) -> Additive:
    """The model with trees added: those of one or two fields to its tables, the others centred, under their set.

    Over the leads that were counted at their ends, a centred tree adds nothing on average. What a field of a set does
    on average, while the others are what they are, goes to its table, and a small tree of that field alone takes it
    out of the set: tables say what fields do by themselves, combinations what they do together. `indexes` (n, n_fields)
    are the leads over which the average is taken.
    """
    intercept = model.intercept
    singles = [values.copy() for values in model.singles]
    pairs = {pair: cells.copy() for pair, cells in model.pairs.items()}
    of_set: dict[tuple[int, ...], list[Fork]] = {}
    for tree in trees:
        fields = sorted(asked(tree))
        if isinstance(tree, End):
            intercept += tree.value
        elif len(fields) == 1:
            (field,) = fields
            singles[field] += walk(tree, {field: np.arange(len(singles[field]))})
        elif len(fields) == 2:
            one, other = fields
            rows, columns = np.indices((len(singles[one]), len(singles[other])))
            pairs[one, other] = pairs.get((one, other), 0.0) + walk(tree, {one: rows, other: columns})
        else:
            mean = sum(end.value * end.count for end in ends(tree)) / sum(end.count for end in ends(tree))
            intercept += mean
            shifted = shift(tree, -mean)
            assert isinstance(shifted, Fork)
            of_set.setdefault(next(one for one in sets if set(fields) <= set(one)), []).append(shifted)
    few = indexes[:: 1 + len(indexes) // AVERAGED]
    for together in of_set.values():
        for field, effect in effects_of(together, few, model.counts).items():
            singles[field] += effect
            taken_out = staircase(field, -effect, model.counts[field])
            together += [taken_out] if isinstance(taken_out, Fork) else []
    return replace(
        model,
        intercept=intercept,
        singles=tuple(singles),
        pairs=pairs,
        trees={one: tuple(of_set[one]) for one in sets if one in of_set},
    )


def effects_of(trees: Sequence[Fork], indexes: Indexes, counts: Sequence[Indexes]) -> dict[int, Floats]:
    """What each field of some trees does on average (its partial dependence), per bin; zero over the leads counted.

    Leads (n, n_fields) keep their other fields while one goes through its bins. Bins of no lead do nothing.
    """
    found = {field: np.zeros(len(counts[field])) for field in sorted({one for tree in trees for one in asked(tree)})}

    def add(tree: Tree, allowed: Mapping[int, NDArray[np.bool_]]) -> None:
        if isinstance(tree, Fork):
            inside = np.zeros(len(counts[tree.field]), dtype=bool)
            inside[list(tree.bins)] = True
            before = allowed.get(tree.field, np.ones_like(inside))
            add(tree.then, {**allowed, tree.field: before & inside})
            add(tree.otherwise, {**allowed, tree.field: before & ~inside})
            return
        met = {field: bins[indexes[:, field]] for field, bins in allowed.items()}
        for field, bins in allowed.items():
            rest = [one for other, one in met.items() if other != field]
            share = np.logical_and.reduce(rest).mean() if rest else 1.0
            found[field][bins] += tree.value * share

    for tree in trees:
        add(tree, {})
    for field, effect in found.items():
        effect -= np.average(effect, weights=counts[field])
        effect[counts[field] == 0] = 0.0
    return found


def staircase(field: int, values: Floats, counts: Indexes) -> Tree:
    """A tree of one field with a value (n_bins,) for each of its bins; bins of one value come to one end."""
    steps, at = np.unique(values, return_inverse=True)

    def halve(low: int, high: int) -> Tree:
        if high - low == 1:
            return End(float(steps[low]), int(counts[at == low].sum()))
        middle = (low + high) // 2
        lower = tuple(np.flatnonzero((at >= low) & (at < middle)).tolist())
        return Fork(field, lower, halve(low, middle), halve(middle, high))

    return halve(0, len(steps))
