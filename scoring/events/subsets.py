"""Subsets: which events of a kind are of which subset, by conditions over their properties."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import date
from typing import Any, TypeAlias

from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.events.event_columns import EventColumns
from leadledger.scoring.events.property_card import make_property_card
from leadledger.scoring.known_results import LONGEST_REMEMBERED, MOST_REMEMBERED
from leadledger.scoring.printers.python.module import compile_card
from leadledger.scoring.scorecard import Card
from leadledger.scoring.tree import Days, walk_tree

Met: TypeAlias = frozenset[str]  # the names of the conditions that an event meets


class SubsetFinder:
    """The conditions of one kind: those of its subsets, each by its name, and under its own name that of machines.

    `fields` has the properties in the spelling of these conditions.
    """

    def __init__(self, kind: EventKind, card: Card) -> None:
        small = make_property_card(kind, card)
        self.conditions = {criterion.name: criterion.met for criterion in small.card.criteria}
        self.fields = small.card.fields
        self.tally = compile_card(small) if self.conditions else None
        self.asked = list(dict.fromkeys(name for condition in self.conditions.values() for name in condition.fields))
        parts = [part for condition in self.conditions.values() for part in walk_tree(condition.tree)]
        self.asks_day = any(isinstance(part, Days) for part in parts)  # these count from the day of the event
        self.memo: dict[Hashable, Met] = {}  # by all that the conditions ask of an event

    def find(self, columns: EventColumns) -> dict[str, list[bool]]:
        """For each condition which events meet it."""
        if self.tally is None:
            return {}
        asked: list[Sequence[Any]] = [columns.values[name] for name in self.asked]
        if self.asks_day:
            asked.append(columns.days)
        keys: Sequence[Hashable] = asked[0] if len(asked) == 1 else list(zip(*asked, strict=True))
        met = {key: self.memo[key] if key in self.memo else self._find(key, len(asked)) for key in set(keys)}
        return {
            name: list(map({key for key, names in met.items() if name in names}.__contains__, keys))
            for name in self.conditions
        }

    def _find(self, key: Any, parts: int) -> Met:
        """What the events meet that have these properties and, where that is asked, happened on this day."""
        told = [key] if parts == 1 else list(key)
        day = date.fromordinal(told.pop()) if self.asks_day else date.min
        values = dict.fromkeys(self.fields) | dict(zip(self.asked, told, strict=True))
        assert self.tally is not None
        *_, criteria, _ = self.tally(values, day)
        met = frozenset(name for name, holds in zip(self.conditions, criteria, strict=True) if holds)
        if len(self.memo) >= MOST_REMEMBERED:
            self.memo.clear()
        if all(not isinstance(value, str) or len(value) <= LONGEST_REMEMBERED for value in told):
            self.memo[key] = met
        return met
