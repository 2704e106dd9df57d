"""Values of the rows of a block, kept short where they rest on one field: an item for each distinct value of it.

What rests on one field alone is worked out once for each of its distinct values, and looked up by the rows' codes only
where it meets another field, or comes out of the block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Items: TypeAlias = npt.NDArray[Any]


class CodeAxis:
    """The rows of a block by the distinct values of a field: row i has the value of number `codes[i]`.

    `codes` is None of the two axes that are not of a field: CONSTANT, with one item for all rows, and ROWS, with an
    item for each.
    """

    def __init__(self, codes: Items | None = None) -> None:
        self.codes = codes


CONSTANT, ROWS = CodeAxis(), CodeAxis()


@dataclass(frozen=True, eq=False)
class Coded:
    """Values of the rows: `items` along an axis."""

    axis: CodeAxis
    items: Items

    def spread(self) -> Items:
        """An item for each row; of a constant the one that it has, which NumPy repeats where it is used."""
        return self.items if self.axis.codes is None else self.items.take(self.axis.codes)

    def look_up(self, table: Items) -> Coded:
        """The items of a table whose positions these are."""
        return Coded(self.axis, table.take(self.items))


def constant(value: object, dtype: npt.DTypeLike | None = None) -> Coded:
    """One value for all rows."""
    return Coded(CONSTANT, np.array([value], dtype))


def combine(function: Callable[..., Items], *values: Coded) -> Coded:
    """What a function of NumPy makes of some values, item by item: short where they rest on one field together."""
    axes = {value.axis for value in values if value.axis is not CONSTANT}
    if len(axes) > 1:
        return Coded(ROWS, function(*(value.spread() for value in values)))
    return Coded(axes.pop() if axes else CONSTANT, function(*(value.items for value in values)))


def reduce(function: np.ufunc, values: Iterable[Coded]) -> Coded:
    """The sum, minimum or maximum of some values; those along one axis come together first. There is at least one."""
    by_axis: dict[CodeAxis, Items] = {}
    for value in values:
        known = by_axis.get(value.axis)
        by_axis[value.axis] = value.items if known is None else function(known, value.items)
    always = by_axis.pop(CONSTANT, None)
    merged = [Coded(axis, items) for axis, items in by_axis.items()]
    if always is not None:
        first = merged[0] if merged else None
        merged[:1] = [Coded(CONSTANT, always) if first is None else Coded(first.axis, function(first.items, always))]
    if len(merged) == 1:
        return merged[0]
    whole = function(merged[0].spread(), merged[1].spread())
    for value in merged[2:]:
        function(whole, value.spread(), out=whole)
    return Coded(ROWS, whole)


def add_up(values: Iterable[Coded]) -> Coded:
    """The sum of some values; 0 of none."""
    return reduce(np.add, [constant(0), *values])
