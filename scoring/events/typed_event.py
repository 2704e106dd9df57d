"""One event of a lead after reading: its kind, its time, and the typed values of its properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from leadledger.scoring.tree import Typed


@dataclass(slots=True)  # not frozen: made for each event, and marked once all of them are known
class TypedEvent:
    """An event that the card knows.

    `kind` is the declared kind, none of its subsets. `day` is when it happened, `instant` the microseconds since 1970
    (None: only the day is known), `received` the day on which it was known (None: always). `identity` is equal for what
    is one event. `values` has each property of the kind (None: missing).
    """

    kind: str
    day: date
    instant: int | None
    received: date | None
    identity: tuple[Any, ...]
    values: Mapping[str, Typed]
    is_machine: bool = False

    @property
    def rank(self) -> tuple[Any, ...]:
        """Of two events with one identity, the one with the lower rank counts: what was known first stays.

        An order that every engine has: nothing stands before a value, texts go by their signs.
        """
        times = (self.received or date.min, self.day, self.instant is not None, self.instant)
        return (*times, self.kind, [(value is not None, value) for value in self.values.values()])
