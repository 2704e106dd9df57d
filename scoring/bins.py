"""Bins: which stretch of numbers, which text, which flag a value falls in. Bin 0 of every kind is the missing value."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

MISSING = "missing"
OTHER = "other"


@dataclass(frozen=True)
class NumberBins:
    """Bins of a number, split at `edges` (finite, ascending).

    Bin 0: missing. Bin i, from 1 to len(edges) + 1: edges[i - 2] <= x < edges[i - 1], open at both outer ends.
    """

    edges: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.edges) + 2

    def find(self, value: float | None) -> int:
        """The bin of a number; None (missing) is bin 0. NaN must have become None before."""
        return 0 if value is None else 1 + bisect_right(self.edges, value)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """One label a bin, for people: `missing`, `below 10`, `10 to 50`, `50 and up`."""
        if not self.edges:
            return (MISSING, "any")
        texts = [format_number(edge) for edge in self.edges]
        between = [f"{low} to {high}" for low, high in pairwise(texts)]
        return (MISSING, f"below {texts[0]}", *between, f"{texts[-1]} and up")


@dataclass(frozen=True)
class TextBins:
    """Bins of a text, one a level. Bin 0: missing. Bin i: levels[i - 1]. The last bin: every other text."""

    levels: tuple[str, ...]
    index: dict[str, int] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {level: i for i, level in enumerate(self.levels, start=1)})

    def __len__(self) -> int:
        return len(self.levels) + 2

    def find(self, value: str | None) -> int:
        """The bin of a text, compared exactly; None (missing) is bin 0, an unlisted text is the last bin."""
        return 0 if value is None else self.index.get(value, len(self.levels) + 1)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """One label a bin, for people."""
        return (MISSING, *self.levels, OTHER)


@dataclass(frozen=True)
class FlagBins:
    """Bins of a flag: 0 missing, 1 no, 2 yes."""

    def __len__(self) -> int:
        return 3

    def find(self, value: bool | None) -> int:
        """The bin of a flag; None (missing) is bin 0."""
        return 0 if value is None else 2 if value else 1

    @property
    def labels(self) -> tuple[str, ...]:
        """One label a bin, for people."""
        return (MISSING, "no", "yes")


Bins: TypeAlias = NumberBins | TextBins | FlagBins


def merge_ranges(bins: NumberBins, chosen: Sequence[int]) -> list[tuple[float | None, float | None]]:
    """Some bins of a number as stretches, neighbours fused, missing left out: from where to below where (None: no end).

    `chosen` are positions of bins, ascending.
    """
    runs: list[list[int]] = []
    for at in chosen:
        if at and runs and runs[-1][1] == at - 1:
            runs[-1][1] = at
        elif at:
            runs.append([at, at])
    return [
        (bins.edges[first - 2] if first > 1 else None, bins.edges[last - 1] if last <= len(bins.edges) else None)
        for first, last in runs
    ]


def describe_bins(bins: Bins, chosen: Sequence[int]) -> tuple[str, ...]:
    """Some bins, ascending, for people: `missing`, `below 50`; neighbouring bins of a number are one stretch."""
    if not isinstance(bins, NumberBins):
        return tuple(bins.labels[at] for at in chosen)
    labels = [MISSING] if chosen[0] == 0 else []
    for low, high in merge_ranges(bins, chosen):
        if low is None:
            labels.append("any" if high is None else f"below {format_number(high)}")
        else:
            labels.append(
                f"{format_number(low)} and up" if high is None else f"{format_number(low)} to {format_number(high)}"
            )
    return tuple(labels)


def format_number(number: float) -> str:
    """A number as a person writes it: `10`, `0.5`, `1e+20`; never `10.0`, nor `-0`, which bins hold equal to 0."""
    return f"{number + 0.0:.0f}" if number == int(number) and abs(number) < 1e15 else repr(number)
