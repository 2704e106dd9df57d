"""Checking the parameters of the additive classifier, which name columns, against the leads that it is fitted to.

Every function raises ValueError with the name of the parameter and what it must be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from leadledger.models.learner.additive import Fields, Floats
from leadledger.models.learner.binning import check_whole
from leadledger.scoring.bins import Bins, NumberBins, TextBins
from leadledger.scoring.errors import did_you_mean

PairsParameter: TypeAlias = Literal["auto"] | int | Sequence[tuple[int | str, int | str]]
MonotoneParameter: TypeAlias = Mapping[str | int, int] | Sequence[int] | None
ParentsParameter: TypeAlias = Mapping[str | int, str | int] | None
AxesParameter: TypeAlias = Mapping[str | int, str] | None
PairsChoice: TypeAlias = Literal["auto"] | int | list[Fields]  # as the parameter, with positions of columns


def encode_outcome(labels: NDArray[Any]) -> tuple[NDArray[Any], Floats]:
    """The two classes, and each lead's outcome as 0.0 or 1.0; shape (n,)."""
    if not len(labels):
        raise ValueError("Sample weights must contain at least one non-zero number.")
    check_classification_targets(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) > 2:
        raise ValueError(
            "Only binary classification is supported. The type of the target is "
            f"{type_of_target(labels, input_name='y')}."
        )
    if len(classes) < 2:
        raise ValueError(f"AdditiveClassifier needs leads of 2 classes, but y has one class only: {classes[0]!r}.")
    return classes, codes.astype(np.float64)


def number_groups(groups: object, used: NDArray[np.bool_]) -> NDArray[np.intp] | None:
    """The numbers from 0 of the groups of the rows (n,) that are used; None where each row is one of its own."""
    if groups is None:
        return None
    given = np.asarray(groups)
    if given.shape != used.shape:
        raise ValueError(f"groups has the shape {given.shape}; it must hold one value for each of {len(used)} rows.")
    return np.unique(given[used], return_inverse=True)[1]


def find_column(column: object, parameter: str, names: Sequence[str], n_columns: int) -> int:
    """The position of a column that `parameter` gives by its name or its position. `names` is empty for an array."""
    if isinstance(column, str) and column in names:
        return names.index(column)
    if isinstance(column, (int, np.integer)) and not isinstance(column, bool) and 0 <= column < n_columns:
        return int(column)
    hint = did_you_mean(str(column), names) or f" Columns are 0 to {n_columns - 1}."
    raise ValueError(f"{parameter} names the column {column!r}, which X doesn't have.{hint}")


def find_directions(monotone: MonotoneParameter, names: Sequence[str], bins: Sequence[Bins]) -> tuple[int, ...]:
    """Per column 1, -1 or 0, as in the parameter `monotone`."""
    if monotone is None:
        return (0,) * len(bins)
    directions: list[Any]
    if isinstance(monotone, Mapping):
        directions = [0] * len(bins)
        for column, direction in monotone.items():
            directions[find_column(column, "monotone", names, len(bins))] = direction
    else:
        directions = list(monotone)
        if len(directions) != len(bins):
            raise ValueError(f"monotone has {len(directions)} entries, but X has {len(bins)} columns.")
    for name, direction, column_bins in zip(names or range(len(bins)), directions, bins, strict=True):
        if direction not in (-1, 0, 1):
            raise ValueError(f"monotone must be -1, 0 or 1, not {direction!r} as for column {name!r}.")
        if direction and isinstance(column_bins, TextBins):
            raise ValueError(f"monotone asks for an order of column {name!r}, but its texts have none.")
    return tuple(int(direction) for direction in directions)


def find_segment(
    segment: str | int | None, names: Sequence[str], bins: Sequence[Bins], directions: Sequence[int]
) -> int | None:
    """The position of the column that the parameter `segment` names; None where it names none.

    `directions` are those of `monotone`; levels that are segments have no order.
    """
    if segment is None:
        return None
    at = find_column(segment, "segment", names, len(bins))
    if isinstance(bins[at], NumberBins):
        raise ValueError(f"segment names the column {segment!r}, which holds numbers; it must hold texts or flags.")
    if directions[at]:
        raise ValueError(f"segment and monotone both name the column {segment!r}; segments have no order.")
    return at


def find_parents(parents: ParentsParameter, names: Sequence[str], bins: Sequence[Bins]) -> dict[int, int]:
    """The position of the parent of each column that has one, as in the parameter `parents`; parents stand first."""
    by_child = {
        find_column(child, "parents", names, len(bins)): find_column(parent, "parents", names, len(bins))
        for child, parent in (parents or {}).items()
    }

    def refuse(column: int, why: str) -> ValueError:
        return ValueError(f"parents names the column {names[column] if names else column!r}, {why}.")

    def find_depth(child: int) -> int:
        depth, column = 0, child
        while column in by_child:
            depth, column = depth + 1, by_child[column]
            if depth > len(by_child):
                raise refuse(child, "which would be its own ancestor")
        return depth

    for column in sorted({*by_child, *by_child.values()}):
        if not isinstance(bins[column], TextBins):
            raise refuse(column, "which holds no texts")
    return {child: by_child[child] for child in sorted(by_child, key=lambda child: (find_depth(child), child))}


def find_axes(axes: AxesParameter, names: Sequence[str], n_columns: int, segment: int | None) -> tuple[int, ...]:
    """The axis of each column by a number, as in the parameter `axes`; empty where all columns are of one.

    Columns that it doesn't name are of an axis of their own; the one of segments is no matter, for it meets all.
    """
    named = {find_column(column, "axes", names, n_columns): axis for column, axis in (axes or {}).items()}
    known = sorted({axis for axis in named.values() if isinstance(axis, str)})
    for axis in named.values():
        if not isinstance(axis, str):
            raise ValueError(f"axes must map columns to names of axes, not to {axis!r}.")
    numbers = tuple(known.index(named[column]) if column in named else len(known) for column in range(n_columns))
    return numbers if len({axis for column, axis in enumerate(numbers) if column != segment}) > 1 else ()


def find_pairs(pairs: PairsParameter, names: Sequence[str], n_columns: int, axes: Sequence[int] = ()) -> PairsChoice:
    """The parameter `pairs`, with positions of columns, the lower first, each pair once."""
    if isinstance(pairs, str):
        if pairs != "auto":
            raise ValueError(f'pairs must be "auto", a whole number, or a list of pairs, not {pairs!r}.')
        return "auto"
    if isinstance(pairs, Sequence):
        listed: dict[Fields, None] = {}
        for pair in pairs:
            if isinstance(pair, str) or len(pair) != 2:
                raise ValueError(f"pairs must list pairs of columns, not {pair!r}.")
            first, second = sorted(find_column(column, "pairs", names, n_columns) for column in pair)
            if first == second:
                raise ValueError(f"pairs holds {pair!r}; a pair is of two columns.")
            if axes and axes[first] != axes[second]:
                raise ValueError(f"pairs holds {pair!r}, and axes keeps these two columns apart.")
            listed[first, second] = None
        return list(listed)
    check_whole("pairs", pairs, 0)
    return pairs
