"""The distinct raw values of a column, cleaned once, and what was worked out of each, from one block to the next."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from leadledger.scoring.arrays.coded import Items
from leadledger.scoring.errors import UnreadableValue
from leadledger.scoring.numpy_scalars import unwrap_scalar
from leadledger.scoring.tree import Typed

MOST_VALUES_KEPT = 200_000  # of a column; with more, what later blocks repeat is worked out again


class FieldTable:
    """Raw values of one column by their numbers. It only grows; several threads may use it."""

    def __init__(self, clean: Callable[[Any], Typed]) -> None:
        self._clean = clean
        self._numbers: dict[Any, int] = {}
        self._typed: list[Typed] = []
        self._bad: list[int] = []
        self._worked_out: dict[Hashable, Items] = {}
        self._lock = Lock()

    @property
    def is_full(self) -> bool:
        """Whether a new table should take its place."""
        return len(self._typed) > MOST_VALUES_KEPT

    def number(self, raws: Sequence[Any]) -> tuple[Items, int]:
        """The numbers of some raw values, of one type, and how many values the table has by now."""
        with self._lock:
            numbers = self._numbers
            for raw in raws:
                if raw not in numbers:
                    numbers[raw] = len(self._typed)
                    self._add(raw)
            return np.fromiter((numbers[raw] for raw in raws), np.intp, len(raws)), len(self._typed)

    def follow(self, raws: Sequence[Any], size: int) -> None:
        """Take the first `size` of some raw values under the numbers that they have there, as in the calls before."""
        with self._lock:
            for raw in raws[len(self._typed) : size]:
                self._add(raw)

    def _add(self, raw: Any) -> None:
        value = None
        try:
            value = clean_value(self._clean, raw)
        except UnreadableValue:
            self._bad.append(len(self._typed))
        self._typed.append(value)

    def find_bad(self, size: int) -> Items | None:
        """Which of the first `size` values can't be read; None: all can."""
        if not self._bad or self._bad[0] >= size:
            return None
        bad = np.zeros(size, bool)
        bad[[number for number in self._bad if number < size]] = True
        return bad

    def values(self, size: int) -> Sequence[Typed]:
        """The first `size` typed values."""
        return self._typed[:size]

    def work_out(self, key: Hashable, function: Callable[[Typed], Any], dtype: npt.DTypeLike, size: int) -> Items:
        """What a function makes of each of the first `size` typed values; `key` tells functions apart."""
        with self._lock:
            known = self._worked_out.get(key)
            start = 0 if known is None else len(known)
            if start < size:
                added = np.fromiter(map(function, self._typed[start:]), dtype, len(self._typed) - start)
                known = added if known is None else np.concatenate([known, added])
                self._worked_out[key] = known
            assert known is not None or size == 0
            return known[:size] if known is not None else np.empty(0, dtype)


def clean_value(clean: Callable[[Any], Typed], raw: Any) -> Typed:
    """The typed value of a raw one, of NumPy's types, too. Raises UnreadableValue."""
    try:
        return clean(raw)
    except UnreadableValue:
        return clean(unwrap_scalar(raw))
