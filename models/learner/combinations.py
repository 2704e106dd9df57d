"""Combinations: small trees over sets of three to seven fields that act together, and which sets those are.

Sets are found by boosting that may use all fields: the gain of a split counts for the fields on the way to it. They may
overlap; every tree asks fields of one set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from leadledger.models.learner.additive import (
    Additive,
    End,
    Floats,
    Fork,
    Indexes,
    Tree,
    evaluate_tree,
    find_fields,
    list_ends,
    shift_tree,
)
from leadledger.models.learner.boosting import BoostedTrees

MOST_SET_FIELDS = 7  # more than that nobody reads together
SEEDS = 12  # groups of fields that a set is grown from, the best is kept
LEAST_SET_SHARE = 0.02  # of all that fields gain together; a set of less isn't worth reading
LEAST_FIELD_GAIN = 0.02  # of what a set gains; a field that brings less isn't worth reading

EFFECT_LEADS = 2_000  # leads over which the average of a field's effect is taken

Gains: TypeAlias = Mapping[frozenset[int], float]


def gains_together(boosted: BoostedTrees, rounds: int) -> Gains:
    """What the splits of a fit gained, by the fields on the way to each, where they are two or more."""
    gains: dict[frozenset[int], float] = {}

    def add(node: Mapping[str, Any], above: frozenset[int]) -> None:
        if "split_feature" not in node:
            return
        fields = above | {boosted.columns[node["split_feature"]][0]}
        if len(fields) > 1:
            gains[fields] = gains.get(fields, 0.0) + float(node["split_gain"])
        add(node["left_child"], fields)
        add(node["right_child"], fields)

    for tree in dump_trees(boosted, rounds):
        add(tree, frozenset())
    return gains


def choose_sets(
    scouts: Sequence[Gains], most: int, least_share: float = LEAST_SET_SHARE, axes: Sequence[int] = ()
) -> tuple[list[tuple[int, ...]], list[float]]:
    """At most `most` sets of three to seven fields that hold most of what fields gain together, best first.

    Sets may overlap. Beside them, the share of the gain that each adds to those before it, `least_share` or more.
    `axes` is the axis of each field, where there are several: the fields that gained together are of one.
    """
    left: dict[frozenset[int], float] = {}
    for scout in scouts:
        for fields, gain in scout.items():
            left[fields] = left.get(fields, 0.0) + gain
    total = sum(left.values())
    chosen: list[tuple[int, ...]] = []
    shares: list[float] = []
    while len(chosen) < most and left:
        small = [fields for fields in left if len(fields) <= MOST_SET_FIELDS]
        seeds = sorted(small, key=lambda fields: (-left[fields], sorted(fields)))
        grown = [_grow_set(seed, _keep_axis(left, seed, axes) if axes else left) for seed in seeds[:SEEDS]]
        sums = [sum(gain for fields, gain in left.items() if fields <= candidate) for candidate in grown]
        if not sums or max(sums) < least_share * total or len(grown[int(np.argmax(sums))]) < 3:
            break
        best = grown[int(np.argmax(sums))]
        chosen.append(tuple(sorted(best)))
        shares.append(max(sums) / total)
        left = {fields: gain for fields, gain in left.items() if not fields <= best}
    return chosen, shares


def _keep_axis(gains: Gains, seed: frozenset[int], axes: Sequence[int]) -> dict[frozenset[int], float]:
    """The gains of the fields of one axis: that of `seed`."""
    axis = axes[min(seed)]
    return {fields: gain for fields, gain in gains.items() if axes[min(fields)] == axis}


def _grow_set(seed: frozenset[int], left: Gains) -> frozenset[int]:
    """The seed with the fields that bring most of what is left, up to seven, as long as they bring something.

    A group of fields that lacks several counts little for each of them: the others may not come.
    """
    grown = seed
    while len(grown) < MOST_SET_FIELDS:
        brings: dict[int, float] = {}
        for fields, gain in left.items():
            lacking = fields - grown
            if 0 < len(lacking) <= MOST_SET_FIELDS - len(grown):
                for field in lacking:
                    brings[field] = brings.get(field, 0.0) + gain / len(lacking) ** 2
        inside = sum(gain for fields, gain in left.items() if fields <= grown)
        if not brings:
            break
        best = min(brings, key=lambda field: (-brings[field], field))
        if len(grown) >= 3 and brings[best] < LEAST_FIELD_GAIN * inside:
            break
        grown |= {best}
    return _trim_set(grown, left)


def _trim_set(fields: frozenset[int], left: Gains) -> frozenset[int]:
    """Three fields of a set at least, and those that it would lose by not having them."""
    inside = {group: gain for group, gain in left.items() if group <= fields}
    while len(fields) > 3:
        losses = {field: sum(gain for group, gain in inside.items() if field in group) for field in fields}
        idle = min(losses, key=lambda field: (losses[field], field))
        if losses[idle] >= LEAST_FIELD_GAIN * sum(inside.values()):
            break
        fields -= {idle}
        inside = {group: gain for group, gain in inside.items() if group <= fields}
    return fields


def dump_trees(boosted: BoostedTrees, rounds: int) -> Iterator[Mapping[str, Any]]:
    """The roots of the trees of the first rounds."""
    if rounds:
        for tree in boosted.booster.dump_model(num_iteration=rounds)["tree_info"]:
            yield tree["tree_structure"]


def asked_fields(boosted: BoostedTrees) -> list[set[int]]:
    """Per tree of a fit, the fields that it asks."""

    def find(node: Mapping[str, Any]) -> set[int]:
        if "split_feature" not in node:
            return set()
        return {boosted.columns[node["split_feature"]][0]} | find(node["left_child"]) | find(node["right_child"])

    return [find(root) for root in dump_trees(boosted, boosted.rounds)]


def read_trees(
    boosted: BoostedTrees, indexes: Indexes, counts: Sequence[Indexes], scale: float, changes: Floats | None = None
) -> list[Tree]:
    """The trees of a fit over the bins, with one variant of their values; see `read_variants`."""
    return [tree for (tree,) in read_variants(boosted, indexes, counts, scale, [changes])]


def read_variants(
    boosted: BoostedTrees,
    indexes: Indexes,
    counts: Sequence[Indexes],
    scale: float,
    variants: Sequence[Floats | None],
) -> list[list[Tree]]:
    """Each tree of a fit over the bins, once a variant, with the leads (n, n_fields) that come to each leaf.

    A variant (n_trees, n_leaves) is added to the fit's own values, where it isn't None; all are multiplied by `scale`.
    A missing value or another text that no lead of the history had goes the way of most leads: the fit knows nothing of
    it. The leads go through a tree once for all variants.
    """

    def read(node: Mapping[str, Any], leads: Indexes, tree: int) -> list[Tree]:
        if "split_feature" not in node:
            own, leaf = float(node["leaf_value"]), node.get("leaf_index", 0)
            changes = [0.0 if variant is None else float(variant[tree, leaf]) for variant in variants]
            return [End(scale * (own + change), len(leads)) for change in changes]
        field, order = boosted.columns[node["split_feature"]]
        unknown = node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0
        left = np.where(np.isnan(order), unknown, np.nan_to_num(order) <= node["threshold"])
        goes = left[indexes[leads, field]]
        if not counts[field][0]:
            left[0] = 2 * goes.sum() > len(goes)
        bins = tuple(np.flatnonzero(left).tolist())
        branches = read(node["left_child"], leads[goes], tree), read(node["right_child"], leads[~goes], tree)
        return [Fork(field, bins, then, otherwise) for then, otherwise in zip(*branches, strict=True)]

    everyone = np.arange(len(indexes))
    return [read(root, everyone, tree) for tree, root in enumerate(dump_trees(boosted, boosted.rounds))]


def absorb(model: Additive, trees: Sequence[Tree], sets: Sequence[tuple[int, ...]], indexes: Indexes) -> Additive:
    """The model with trees added: those of one or two fields to its tables, the others centred, under their set.

    A centred tree adds nothing on average over the leads counted at its ends. The average effect of a field of a set,
    with the other fields as they are, goes to its table, and a small tree of that field alone takes it out of the set:
    tables say what fields do by themselves, combinations what they do together. `indexes` (n, n_fields) are the leads
    over which the average is taken.
    """
    intercept = model.intercept
    singles = [values.copy() for values in model.singles]
    pairs = {pair: cells.copy() for pair, cells in model.pairs.items()}
    of_set: dict[tuple[int, ...], list[Fork]] = {}
    for tree in trees:
        fields = sorted(find_fields(tree))
        if isinstance(tree, End):
            intercept += tree.value
        elif len(fields) == 1:
            (field,) = fields
            singles[field] += evaluate_tree(tree, {field: np.arange(len(singles[field]))})
        elif len(fields) == 2:
            first, second = fields
            rows, columns = np.indices((len(singles[first]), len(singles[second])))
            pairs[first, second] = pairs.get((first, second), 0.0) + evaluate_tree(tree, {first: rows, second: columns})
        else:
            mean = sum(end.value * end.count for end in list_ends(tree)) / sum(end.count for end in list_ends(tree))
            intercept += mean
            shifted = shift_tree(tree, -mean)
            assert isinstance(shifted, Fork)
            of_set.setdefault(next(candidate for candidate in sets if set(fields) <= set(candidate)), []).append(
                shifted
            )
    sample = indexes[:: 1 + len(indexes) // EFFECT_LEADS]
    for together in of_set.values():
        for field, effect in effects_of(together, sample, model.counts).items():
            singles[field] += effect
            taken_out = staircase(field, -effect, model.counts[field])
            together += [taken_out] if isinstance(taken_out, Fork) else []
    return replace(
        model,
        intercept=intercept,
        singles=tuple(singles),
        pairs=pairs,
        trees={fields: tuple(of_set[fields]) for fields in sets if fields in of_set},
    )


def effects_of(trees: Sequence[Fork], indexes: Indexes, counts: Sequence[Indexes]) -> dict[int, Floats]:
    """The partial dependence of each field of some trees, per bin; it averages zero over the leads counted.

    Leads (n, n_fields) keep their other fields while one field goes through its bins. A bin without leads has 0.
    """
    effects = {field: np.zeros(len(counts[field])) for field in sorted(set().union(*map(find_fields, trees)))}

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
            rest = [inside for name, inside in met.items() if name != field]
            share = np.logical_and.reduce(rest).mean() if rest else 1.0
            effects[field][bins] += tree.value * share

    for tree in trees:
        add(tree, {})
    for field, effect in effects.items():
        effect -= np.average(effect, weights=counts[field])
        effect[counts[field] == 0] = 0.0
    return effects


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
