"""Cleaning of a column: the raw values that one property has in many events, in far fewer steps than one by one.

Most values of a property come again and again, or are numbers already. What is out of the usual is cleaned one by one,
so that a column is read as its values are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from leadledger.scoring.field import Field
from leadledger.scoring.known_results import LONGEST_REMEMBERED, MOST_REMEMBERED
from leadledger.scoring.tree import Typed

ValueCleaner: TypeAlias = Callable[[Any], Typed]
ColumnCleaner: TypeAlias = Callable[[list[Any]], list[Typed]]
_NUMBERS = frozenset({int, float})


def make_column_cleaner(field: Field, clean: ValueCleaner, most: float = math.inf) -> ColumnCleaner:
    """The function that cleans a column of raw values of `field`, each as `clean` does.

    `most` is the largest number that `clean` takes. The function raises UnreadableValue or, for values of odd types,
    TypeError or OverflowError.
    """
    if field.kind in ("text", "id"):
        return _make_text_cleaner(clean)
    if field.kind == "number" and not field.missing:
        return _make_number_cleaner(clean, most)
    return lambda raws: [clean(raw) for raw in raws]


def _make_text_cleaner(clean: ValueCleaner) -> ColumnCleaner:
    spelt: set[Any] = {None}  # what is clean as it comes

    def clean_column(raws: list[Any]) -> list[Typed]:
        others = set(raws)
        others -= spelt
        if not others:
            return raws
        if not all(type(raw) is str for raw in others):  # 1 and True are equal, but not the same
            return [clean(raw) for raw in raws]
        cleaned = {raw: clean(raw) for raw in others}
        changed = {raw: value for raw, value in cleaned.items() if value != raw}
        if len(spelt) + len(others) > MOST_REMEMBERED:
            spelt.clear()
            spelt.add(None)
        spelt.update([raw for raw in cleaned if raw not in changed and len(raw) <= LONGEST_REMEMBERED])
        return [changed.get(raw, raw) for raw in raws] if changed else raws

    return clean_column


def _make_number_cleaner(clean: ValueCleaner, most: float) -> ColumnCleaner:
    def clean_column(raws: list[Any]) -> list[Typed]:
        if set(map(type, raws)) <= _NUMBERS:
            numbers: list[Typed] = list(map(float, raws))
            # The sum is finite only where each number is.
            if math.isfinite(math.fsum(raws)) and (most == math.inf or max(map(abs, raws)) <= most):
                return numbers
        return [clean(raw) for raw in raws]

    return clean_column
