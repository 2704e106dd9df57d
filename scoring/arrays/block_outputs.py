"""Outputs of a block: codes of the rows, and the few values that they number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadledger.scoring.arrays.coded import CONSTANT, ROWS, Coded, Items, add_up, combine

_MOST_CASES = 1 << 40  # that one number tells apart before it is made smaller
MOST_NUMBERED = 1 << 16  # of values that are numbered in a table; more are sorted


@dataclass(frozen=True)
class CodedColumn:
    """An output of each row: `values[codes[i]]`, None where it is missing."""

    codes: Items
    values: Sequence[Any]


def code_floats(numbers: Items) -> CodedColumn:
    """Floats by their distinct values; None of NaN."""
    distinct, codes = np.unique(numbers, return_inverse=True)
    return CodedColumn(codes, [None if number != number else number for number in distinct.tolist()])


def spread_rows(value: Coded, rows: int) -> Items:
    """An item for each row."""
    return np.broadcast_to(value.items, rows) if value.axis is CONSTANT else value.spread()


def take_rows(value: Coded, rows: Items) -> Items:
    """The items of some rows."""
    if value.axis is CONSTANT:
        return np.broadcast_to(value.items, len(rows))
    return value.items[rows if value.axis.codes is None else value.axis.codes[rows]]


def number_values(value: Coded, rows: int) -> tuple[Items, list[int]]:
    """The distinct numbers among those of the rows, and the place of each row's."""
    numbers = spread_rows(value, rows)
    if not rows:
        return numbers, []
    least = int(numbers.min())
    codes, examples = find_examples(numbers - least, int(numbers.max()) - least + 1)
    return codes, numbers[examples].tolist()


def find_examples(keys: Items, size: int) -> tuple[Items, Items]:
    """The distinct keys (0 to below `size`): the place of each row's among them, and a row that has each."""
    if size > MOST_NUMBERED:
        _, examples, codes = np.unique(keys, return_index=True, return_inverse=True)
        return codes, examples
    rows = np.full(size, -1)
    rows[keys] = np.arange(len(keys))
    present = np.flatnonzero(rows >= 0)
    places = np.zeros(size, np.intp)
    places[present] = np.arange(len(present))
    return places[keys], rows[present]


def find_cases(cases: Sequence[tuple[Coded, int]], rows: int) -> tuple[Items, Items]:
    """The distinct cases among the rows: the place of each row's, and a row that has each.

    Each part of a case is a number below a size.
    """
    parts: list[Coded] = []
    size = 1
    for value, values in cases:
        if size * values > _MOST_CASES:
            codes, examples = find_examples(spread_rows(add_up(parts), rows), size)
            parts, size = [Coded(ROWS, codes)], len(examples)
        parts.append(combine(lambda items, size=size: items.astype(np.int64) * size, value))
        size *= values
    return find_examples(spread_rows(add_up(parts), rows), size)
