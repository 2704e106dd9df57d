"""The events of one kind as columns: what a lead has done, part by part instead of event by event.

A lead may have hundreds of events. Lists of one part of them all, days say, are worked on as a whole, which takes a
small part of the time that as many objects would.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress, repeat
from typing import Any

from leadledger.scoring.events.typed_event import TypedEvent
from leadledger.scoring.tree import Typed

ALWAYS = 1  # the first day of the calendar, on which all that says nothing was received


@dataclass(slots=True)
class EventColumns:
    """Typed events of one kind: lists of one length, with an item for each event.

    `days` are those on which they happened, as `date.toordinal` counts them; `instants` are aware, None where only the
    day is known. `received` are the days on which they were known; None: all of them always were. Events are one where
    their `identities` are equal, and so is the `source`; None: each identity has its own. `values` has each property
    (None: missing).
    """

    days: list[int]
    instants: list[datetime | None]
    received: list[int] | None
    identities: list[Hashable]
    source: str | None
    values: dict[str, list[Typed]]

    def __len__(self) -> int:
        return len(self.days)

    def keep(self, kept: Sequence[bool]) -> EventColumns:
        """Some of the events: those for which `kept`, an item for each event, is true."""
        return EventColumns(
            list(compress(self.days, kept)),
            list(compress(self.instants, kept)),
            None if self.received is None else list(compress(self.received, kept)),
            list(compress(self.identities, kept)),
            self.source,
            {name: list(compress(column, kept)) for name, column in self.values.items()},
        )

    def keep_until(self, last: int) -> EventColumns:
        """The events that happened up to a day."""
        return self if not self.days or max(self.days) <= last else self.keep([day <= last for day in self.days])

    def keep_known(self, last: int) -> EventColumns:
        """The events that were received up to a day."""
        if self.received is None:
            return self
        return self.keep([day <= last for day in self.received])

    def qualify(self) -> None:
        """Put the source into each identity, so that they can be compared with those of any other source."""
        if self.source is not None:
            self.identities = list(zip(repeat(self.source), self.identities, strict=False))
            self.source = None

    def rank(self, row: int, kind: str) -> tuple[Any, ...]:
        """Of two events with one identity, the one with the lower rank counts: what was known first stays.

        An order that every engine has: nothing stands before a value, texts go by their signs.
        """
        instant = self.instants[row]
        received = ALWAYS if self.received is None else self.received[row]
        values = [column[row] for column in self.values.values()]
        return (
            received,
            self.days[row],
            instant is not None,
            instant,
            kind,
            [(value is not None, value) for value in values],
        )


def join_columns(parts: Sequence[EventColumns]) -> EventColumns:
    """The events of several columns of one kind."""
    if len(parts) == 1:
        return parts[0]
    whole = EventColumns([], [], [], [], None, {name: [] for name in parts[0].values})
    for part in parts:
        part.qualify()
        whole.days += part.days
        whole.instants += part.instants
        whole.received = [*(whole.received or ()), *(part.received or repeat(ALWAYS, len(part)))]
        whole.identities += part.identities
        for name, column in whole.values.items():
            column += part.values[name]
    return whole


def make_columns(events: Iterable[TypedEvent], properties: Iterable[str]) -> EventColumns:
    """Typed events of one kind, with these properties, as columns."""
    columns = EventColumns([], [], [], [], None, {name: [] for name in properties})
    received: list[int] = []
    for event in events:
        columns.days.append(event.day.toordinal())
        columns.instants.append(event.instant)
        received.append(ALWAYS if event.received is None else event.received.toordinal())
        columns.identities.append(event.identity)
        for name, column in columns.values.items():
            column.append(event.values[name])
    columns.received = received
    return columns
