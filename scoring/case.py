"""A case: a lead in a card, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Case:
    """One of the card's own tests: a raw lead, the day, and what must come out (any subset of the results).

    `events` are the raw events of the lead; None: it isn't known which there are.
    """

    name: str
    lead: Mapping[str, Any]
    as_of: date
    expect: Mapping[str, Any]
    line: int = 0
    events: tuple[Mapping[str, Any], ...] | None = None
