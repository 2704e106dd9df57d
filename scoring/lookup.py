"""Lookup tables: points per bin of one field, or per cell of a pair of fields; and small trees over bins of several.

A table is the readable form of everything that is learned. Bin 0 of every kind of bins is the missing value, so an
unknown answer has points of its own and is never mistaken for a "no". Points are whole tenths (integers); a count is
the number of leads of the training history that fell in a bin.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from leadledger.scoring.bins import Bins


@dataclass(frozen=True)
class Table:
    """Learned points of one field: `points[i]` (tenths) and `counts[i]` (leads) of bin i. Shapes: (len(bins),).

    `errors[i]` (tenths, 0 or more) is the standard error of `points[i]`; an empty tuple: not known.
    """

    field: str
    bins: Bins
    points: tuple[int, ...]
    counts: tuple[int, ...]
    errors: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The name of its ledger entry."""
        return self.field

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields it asks."""
        return (self.field,)


@dataclass(frozen=True)
class Pair:
    """Learned points of two fields together: `points[i][j]` (tenths), `counts[i][j]` (leads).

    Shapes: (len(bins[0]), len(bins[1])), a row for each bin of the first field. `errors`: as in `Table`.
    """

    fields: tuple[str, str]
    bins: tuple[Bins, Bins]
    points: tuple[tuple[int, ...], ...]
    counts: tuple[tuple[int, ...], ...]
    errors: tuple[tuple[int, ...], ...] = ()

    @property
    def name(self) -> str:
        """The name of its ledger entry."""
        return f"{self.fields[0]} & {self.fields[1]}"


@dataclass(frozen=True)
class Leaf:
    """The end of a small tree: its points (tenths), and the leads of the history that came to it."""

    points: int
    count: int


@dataclass(frozen=True)
class Branch:
    """A choice of a small tree: a lead whose `field` falls in one of `bins` goes to `then`, any other `otherwise`.

    `bins` are positions in the combination's bins of that field, ascending, neither none nor all; 0 is missing.
    """

    field: str
    bins: tuple[int, ...]
    then: Branch | Leaf
    otherwise: Branch | Leaf


@dataclass(frozen=True)
class Combination:
    """Learned points of three fields or more together: the sum of some small trees, one entry of the ledger.

    `bins[i]` are those of `fields[i]`, as fine as the trees ask and no finer. Every split asks one of `fields`.
    `error` (tenths) is the standard error of their sum over the leads of the history; 0: not known.
    """

    fields: tuple[str, ...]
    bins: tuple[Bins, ...]
    trees: tuple[Branch, ...]
    error: int = 0

    @property
    def name(self) -> str:
        """The name of its ledger entry."""
        return " & ".join(self.fields)

    def number_cell(self, bins: Sequence[int]) -> int:
        """The number of a cell, given the bin of each field: the first field counts most, as the rows of a pair."""
        cell = 0
        for at, axis in zip(bins, self.bins, strict=True):
            cell = cell * len(axis) + at
        return cell

    def find_bins(self, cell: int) -> tuple[int, ...]:
        """The bin of each field in a cell; undoes `number_cell`."""
        bins = []
        for axis in reversed(self.bins):
            cell, at = divmod(cell, len(axis))
            bins.append(at)
        return tuple(reversed(bins))

    def sum_points(self, bins: Sequence[int]) -> int:
        """The points (tenths) of a cell, given the bin of each field: the sum of the leaves that it comes to."""
        place = dict(zip(self.fields, bins, strict=True))
        return sum(find_leaf(tree, place).points for tree in self.trees)


# What is learned is a sum of terms. Every printer walks this union, so a member that it lacks is an error of type
# checking, not a silence.
Term: TypeAlias = Table | Pair | Combination


def list_bins(term: Term) -> tuple[Bins, ...]:
    """The bins of each field of a term."""
    return (term.bins,) if isinstance(term, Table) else term.bins


def count_rows(term: Term) -> int:
    """How many rows of a table, cells of a pair or leaves of a combination a person reads."""
    if isinstance(term, Combination):
        return sum(1 for tree in term.trees for _ in list_leaves(tree))
    return math.prod(len(bins) for bins in list_bins(term))


def find_leaf(node: Branch | Leaf, place: Mapping[str, int]) -> Leaf:
    """The leaf of a tree that a lead comes to; `place` holds the bin of each field."""
    while isinstance(node, Branch):
        node = node.then if place[node.field] in node.bins else node.otherwise
    return node


def list_leaves(node: Branch | Leaf) -> Iterator[Leaf]:
    """All leaves of a tree, from the first `then` to the last `otherwise`."""
    if isinstance(node, Leaf):
        yield node
    else:
        yield from list_leaves(node.then)
        yield from list_leaves(node.otherwise)


def find_branch_fields(node: Branch | Leaf) -> frozenset[str]:
    """The fields that a tree asks."""
    if isinstance(node, Leaf):
        return frozenset()
    return frozenset({node.field}) | find_branch_fields(node.then) | find_branch_fields(node.otherwise)
