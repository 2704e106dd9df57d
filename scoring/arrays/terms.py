"""Learned terms over arrays: what each earns, and what open answers could still make of it.

The bins of a field get one more, of the lead whose answer is missing and could still come: its points are those of the
missing value, and what they could become is the least or the most over all bins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from leadledger.scoring.arrays.block import Block
from leadledger.scoring.arrays.coded import ROWS, Coded, Items, add_up, combine, reduce
from leadledger.scoring.bins import Bins
from leadledger.scoring.lookup import (
    Branch,
    Combination,
    Leaf,
    Pair,
    Table,
    Term,
    find_branch_fields,
    list_bins,
    list_leaves,
)
from leadledger.scoring.scorecard import Scorecard

End: TypeAlias = Literal["low", "high"]
Way: TypeAlias = Literal["now", "low", "high"]
MOST_CELLS = 100_000  # of a term, whose points are tabulated; the trees of a larger one are walked for each row


@dataclass(frozen=True)
class TermPoints:
    """What a term earns (tenths), what it could come to at each end, and the bins of its fields, one more than real."""

    points: Coded
    ends: Mapping[End, Coded]
    places: tuple[Coded, ...]


class TermTable:
    """A term of a card, tabulated over the bins of its fields where they are not too many cells."""

    def __init__(self, card: Scorecard, term: Term, ends: Sequence[End]) -> None:
        self.term = term
        self.bins = list_bins(term)
        self._roots = [card.find_askable((name,)) for name in term.fields]
        self._ends = ends
        shape = [len(bins) + 1 for bins in self.bins]
        self._shape = shape
        self._cells: dict[Way, Items] = {}
        if math.prod(shape) <= MOST_CELLS:
            grid = [axis.reshape(-1) for axis in np.indices(shape)]
            ways: tuple[Way, ...] = ("now", *ends)
            self._cells = {way: self._sum(grid, way) for way in ways}

    def find_points(self, block: Block) -> TermPoints:
        """What the term earns in a block."""
        places = tuple(map(self._find_place, [block] * len(self.bins), self.term.fields, self.bins, self._roots))
        if self._cells:
            weights = [math.prod(self._shape[i + 1 :]) for i in range(len(self._shape))]
            cell = add_up(
                combine(lambda place, weight=weight: place * weight, place)
                for place, weight in zip(places, weights, strict=True)
            )
            return TermPoints(
                cell.look_up(self._cells["now"]), {end: cell.look_up(self._cells[end]) for end in self._ends}, places
            )
        rows = [place.spread() for place in places]
        return TermPoints(
            Coded(ROWS, self._sum(rows, "now")), {end: Coded(ROWS, self._sum(rows, end)) for end in self._ends}, places
        )

    def _find_place(self, block: Block, name: str, bins: Bins, roots: tuple[str, ...]) -> Coded:
        """The bin of a field; its number of bins where an answer could still bring it."""
        place = block.find_bins(name, bins)
        if not roots:
            return place
        missing = block.is_missing(name)
        if roots != (name,):
            open_roots = reduce(np.logical_or, map(block.is_missing, roots))
            missing = combine(np.logical_and, missing, open_roots)
        return combine(lambda place, is_open: np.where(is_open, len(bins), place), place, missing)

    def _sum(self, places: Sequence[Items], way: Way) -> Items:
        """The points where the fields fall in these bins; of an end, the least or the most that they could become."""
        term = self.term
        match term:
            case Table():
                return _open(np.array(term.points), 0, way)[places[0]]
            case Pair():
                cells = _open(_open(np.array(term.points), 0, way), 1, way)
                return cells[places[0], places[1]]
            case Combination():
                by_field = dict(zip(term.fields, zip(places, self.bins, strict=True), strict=True))
                return sum(_sum_tree(tree, by_field, way) for tree in term.trees)  # type: ignore[return-value]


def _open(points: Items, axis: int, way: Way) -> Items:
    """The points with one more bin along an axis: of the answer that is open."""
    if way == "now":
        added = points.take([0], axis)
    else:
        added = points.min(axis, keepdims=True) if way == "low" else points.max(axis, keepdims=True)
    return np.concatenate([points, added], axis)


def _sum_tree(tree: Branch, places: Mapping[str, tuple[Items, Bins]], way: Way) -> Items:
    """The leaves that places come to; of an end, any leaf of a tree that asks for an open answer."""
    points = _walk(tree, places)
    assert isinstance(points, np.ndarray)
    if way == "now":
        return points
    extreme = min if way == "low" else max
    asked = [places[name] for name in find_branch_fields(tree)]
    is_open = np.logical_or.reduce([place == len(bins) for place, bins in asked])
    return np.where(is_open, extreme(leaf.points for leaf in list_leaves(tree)), points)


def _walk(node: Branch | Leaf, places: Mapping[str, tuple[Items, Bins]]) -> Items | int:
    if isinstance(node, Leaf):
        return node.points
    place, bins = places[node.field]
    chosen = np.isin(np.arange(len(bins) + 1), node.bins)
    chosen[-1] = chosen[0]  # an answer that is open is missing
    return np.where(chosen[place], _walk(node.then, places), _walk(node.otherwise, places))
