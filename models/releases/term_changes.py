"""What changed in the learned terms of two releases: tables, pairs and combinations, bin by bin.

Numbers are split at the edges of both releases, texts level by level: each bin of the comparison lies in one bin of
either release.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, product
from typing import TypeAlias

from leadledger.models.releases.changes import PointsChange, TermChange, change_kind
from leadledger.scoring.bins import MISSING, OTHER, Bins, FlagBins, NumberBins, TextBins
from leadledger.scoring.errors import quote
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table, Term, list_bins, list_leaves
from leadledger.scoring.outputs import TermKind
from leadledger.scoring.scorecard import Scorecard

# Up to this many cells of a combination are compared one by one; of more, only the least and the most points.
MOST_CELLS_COMPARED = 100_000


@dataclass(frozen=True)
class _JointBin:
    """A bin of the joint bins of two releases: what falls in it, and the bin of each in which it lies."""

    label: str
    old: int
    new: int


def compare_terms(old: Scorecard, new: Scorecard) -> Iterator[TermChange]:
    """The terms that changed, or that one side lacks, in the order of the old release, then of the new one."""
    was, now = ({term.name: term for term in card.learned.terms} for card in (old, new))
    for name in was | now:
        before, after = was.get(name), now.get(name)
        if before and after and [*map(type, list_bins(before))] != [*map(type, list_bins(after))]:
            # The field has another kind now: the two can't be compared bin by bin.
            yield _compare_term(before, before, None)
            yield _compare_term(after, None, after)
            continue
        change = _compare_term(after or before, before, after)  # type: ignore[arg-type]  # one of the two is there
        if change.moves or change.bounds or change.change != "changed":
            yield change


def _compare_term(term: Term, old: Term | None, new: Term | None) -> TermChange:
    """The change of a term, of which one side may be missing; `term` is the side that is there."""
    joint = [_join_bins(*bins) for bins in zip(list_bins(old or term), list_bins(new or term), strict=True)]
    if isinstance(term, Combination):
        assert not isinstance(old, Table | Pair)  # terms of the same name have the same fields and are of the same kind
        assert not isinstance(new, Table | Pair)
        return _compare_combination(term, old, new, joint)
    assert not isinstance(old, Combination)
    assert not isinstance(new, Combination)
    moves = [
        PointsChange(
            ", ".join(joint_bin.label for joint_bin in cell),
            _points_at(old, [joint_bin.old for joint_bin in cell]),
            _points_at(new, [joint_bin.new for joint_bin in cell]),
        )
        for cell in product(*joint)
    ]
    if isinstance(term, Table) and isinstance(term.bins, NumberBins):
        moves = _merge_equal(moves, _all_edges(*list_bins(old or term), *list_bins(new or term)))
    moved = tuple(move for move in moves if move.moved)
    kind: TermKind = "pair" if isinstance(term, Pair) else "table"
    return TermChange(term.name, kind, change_kind(old, new), moved, len(moves))


def _compare_combination(
    term: Combination, old: Combination | None, new: Combination | None, joint: Sequence[Sequence[_JointBin]]
) -> TermChange:
    size = math.prod(map(len, joint))
    change = change_kind(old, new)
    if size > MOST_CELLS_COMPARED:
        bounds = () if old and new and _earn_the_same(old, new) else tuple(_compare_bounds(old, new))
        return TermChange(term.name, "combination", change, (), size, bounds)
    sides = tuple(None if side is None else side.trees for side in (old, new))
    moves = tuple(move for move in _compare_cells(sides, term.fields, joint) if move.moved)
    return TermChange(term.name, "combination", change, moves, size)


# The trees of a release, without the branches that are decided already; None: it has no such term.
_Trees: TypeAlias = tuple[Branch | Leaf, ...] | None


def _compare_cells(
    sides: tuple[_Trees, ...], fields: Sequence[str], joint: Sequence[Sequence[_JointBin]], labels: tuple[str, ...] = ()
) -> Iterator[PointsChange]:
    """Every cell of the joint bins, with what the trees of each release add up to there.

    Each step decides one field, so that what the cells of a row have in common is computed once.
    """
    if not fields:
        points = (None if side is None else sum(map(_sum_points, side)) for side in sides)
        yield PointsChange(", ".join(labels), *points)
        return
    for joint_bin in joint[0]:
        decided = tuple(
            None if side is None else tuple(_decide(node, fields[0], at) for node in side)
            for side, at in zip(sides, (joint_bin.old, joint_bin.new), strict=True)
        )
        yield from _compare_cells(decided, fields[1:], joint[1:], (*labels, joint_bin.label))


def _decide(node: Branch | Leaf, field: str, at: int) -> Branch | Leaf:
    """The tree without the branches of a field, given the bin `at` that a lead has in it."""
    if isinstance(node, Leaf):
        return node
    if node.field == field:
        return _decide(node.then if at in node.bins else node.otherwise, field, at)
    then, otherwise = _decide(node.then, field, at), _decide(node.otherwise, field, at)
    return node if then is node.then and otherwise is node.otherwise else Branch(node.field, node.bins, then, otherwise)


def _sum_points(node: Branch | Leaf) -> int:
    return sum(leaf.points for leaf in list_leaves(node))


def _earn_the_same(old: Combination, new: Combination) -> bool:
    """Whether the trees are equal, whatever leads were counted in them."""
    return old.bins == new.bins and [*map(_without_counts, old.trees)] == [*map(_without_counts, new.trees)]


def _without_counts(node: Branch | Leaf) -> Branch | Leaf:
    """A tree without the counts of leads."""
    if isinstance(node, Leaf):
        return Leaf(node.points, 0)
    return Branch(node.field, node.bins, _without_counts(node.then), _without_counts(node.otherwise))


def _compare_bounds(old: Combination | None, new: Combination | None) -> Iterator[PointsChange]:
    for name, end in (("the least that it can give", min), ("the most that it can give", max)):
        ends = [
            None if side is None else sum(end(leaf.points for leaf in list_leaves(tree)) for tree in side.trees)
            for side in (old, new)
        ]
        yield PointsChange(name, *ends)


def _points_at(term: Table | Pair | None, at: Sequence[int]) -> int | None:
    if term is None:
        return None
    return term.points[at[0]][at[1]] if isinstance(term, Pair) else term.points[at[0]]


def _join_bins(old: Bins, new: Bins) -> list[_JointBin]:
    """The bins of two releases, of the same kind, split where either splits."""
    missing = _JointBin(MISSING, 0, 0)
    match old, new:
        case NumberBins(), NumberBins():
            edges = _all_edges(old, new)
            labels = NumberBins(edges).labels[1:]
            starts = zip(labels, (-math.inf, *edges), strict=True)
            return [missing, *(_JointBin(label, old.find(start), new.find(start)) for label, start in starts)]
        case TextBins(), TextBins():
            levels = dict.fromkeys((*old.levels, *new.levels))
            level_bins = [_JointBin(quote(level), old.find(level), new.find(level)) for level in levels]
            return [missing, *level_bins, _JointBin(OTHER, len(old) - 1, len(new) - 1)]
        case _:
            return [_JointBin(label, at, at) for at, label in enumerate(FlagBins().labels)]


def _all_edges(*bins: Bins) -> tuple[float, ...]:
    return tuple(sorted({edge for side in bins if isinstance(side, NumberBins) for edge in side.edges}))


def _merge_equal(moves: list[PointsChange], edges: tuple[float, ...]) -> list[PointsChange]:
    """The moves of the bins of a number, without the edges at which neither release changes its points."""
    runs = [next(run) for _, run in groupby(moves[1:], key=lambda move: (move.old, move.new))]
    kept = [
        edge
        for edge, (below, above) in zip(edges, pairwise(moves[1:]), strict=True)
        if (below.old, below.new) != (above.old, above.new)
    ]
    labels = NumberBins(tuple(kept)).labels[1:]
    return [moves[0], *(PointsChange(label, run.old, run.new) for label, run in zip(labels, runs, strict=True))]
