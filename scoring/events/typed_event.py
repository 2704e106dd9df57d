"""One event of a lead after reading: its kind, its time, and the typed values of its properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from leadledger.scoring.tree import Typed


@dataclass(frozen=True, slots=True)
class TypedEvent:
    """An event that the card knows.

    `kind` is the declared kind, none of its subsets. `day` is when it happened, `instant` the moment, aware (None: only
    the day is known), `received` the day on which it was known (None: always). `identity` is equal for what is one
    event. `values` has each property of the kind (None: missing).
    """

    kind: str
    day: date
    instant: datetime | None
    received: date | None
    identity: tuple[Any, ...]
    values: Mapping[str, Typed]
