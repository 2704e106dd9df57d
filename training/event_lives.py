"""How many events each lead has had over its whole life, and by the day of each look at it.

No score counts what comes after its day. The gates for leaks do, to find fields of the history that hold what came
later.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadledger.scoring.events.column_reader import ReadEvents
from leadledger.scoring.events.counter import EventCounter
from leadledger.scoring.scorecard import Card
from leadledger.training.plausible_days import EPOCH

DAY_ZERO = EPOCH.toordinal()


@dataclass(frozen=True)
class LifeCounts:
    """Counts of some events: `whole` (n,) over the life of the lead of each row, `by_look` (n,) up to its look."""

    whole: NDArray[np.int32]
    by_look: NDArray[np.int32]

    def take(self, numbers: NDArray[np.int64]) -> LifeCounts:
        """Those of some rows."""
        return LifeCounts(self.whole[numbers], self.by_look[numbers])

    def add(self, other: LifeCounts) -> LifeCounts:
        """Those of both."""
        return LifeCounts(self.whole + other.whole, self.by_look + other.by_look)


class EventLives:
    """The whole lives of the leads of `rows` rows, by each kind and subset of events.

    `first_days` (n,): the day of the first event of people, days since 1970, NaN where there is none. `people` and
    `machines` count the events of either by the day on which they happened, whenever they were received.
    """

    def __init__(self, card: Card, rows: int) -> None:
        self.first_days = {kind: np.full(rows, np.nan) for kind in card.events}
        self.people = {kind: _count_nothing(rows) for kind in card.events}
        self.machines = {kind: _count_nothing(rows) for kind in card.events}

    def note(
        self, counter: EventCounter, events: ReadEvents, numbers: NDArray[np.int64], looks: NDArray[np.int64]
    ) -> None:
        """Count the events of a lead for all its rows: `numbers` (m,), and `looks` (m,), days since 1970."""
        people, machines = counter.list_days(events)
        for kind, days in people.items():
            if days:
                self.first_days[kind][numbers] = min(days) - DAY_ZERO
        for counts, by_kind in ((self.people, people), (self.machines, machines)):
            _count(counts, by_kind, numbers, looks)


def _count_nothing(rows: int) -> LifeCounts:
    return LifeCounts(np.zeros(rows, np.int32), np.zeros(rows, np.int32))


def _count(
    counts: Mapping[str, LifeCounts],
    by_kind: Mapping[str, list[int]],
    numbers: NDArray[np.int64],
    looks: NDArray[np.int64],
) -> None:
    for kind, days in by_kind.items():
        if days:
            days.sort()
            counts[kind].whole[numbers] = len(days)
            counts[kind].by_look[numbers] = [bisect_right(days, look + DAY_ZERO) for look in looks.tolist()]
