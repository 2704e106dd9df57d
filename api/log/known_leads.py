"""A lead of the book, ready to be scored anew: its last values as a card reads them, and its events.

The log keeps what the events of a score came to, and not the events that stood beside the lead in a request. So a lead
has its events only where all that counted then are stored; else what they came to stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, TypeAlias

from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.record import decode_counts, decode_input
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.events.column_reader import ReadEvents
from leadledger.scoring.memory import Memory, replace_memory
from leadledger.scoring.result import Result
from leadledger.scoring.tree import Typed

# Where the events of a lead come from: the store, or what they came to at its last score; it isn't known which there
# are; the card counts none.
EventsFrom: TypeAlias = Literal["stored", "last_score", "unknown", "none"]


@dataclass(frozen=True)
class KnownLead:
    """A lead of the book, as the scorecard of an engine reads it.

    `values` are those of the plain fields and of the event fields, with what the book remembers of the lead. `events`
    are raw ones, where `events_from` is `stored`; else None, and `counts` is what is known of them. `read` are the same
    events as the card reads them, unless they are still to be read.
    """

    engine: Engine
    row: BookRow
    values: Mapping[str, Typed]
    events_from: EventsFrom
    events: Sequence[Mapping[str, Any]] | None
    counts: EventCounts | None
    read: ReadEvents | None = field(default=None, compare=False, repr=False)

    def count_events(self, as_of: date, values: Mapping[str, Typed] | None = None) -> EventCounts | None:
        """What its events come to on a day; `values` may stand for its own."""
        if self.events is None:
            return self.counts
        values = self.values if values is None else values
        if self.read is None or self.engine.counter is None:
            return self.engine.count_events(self.events, as_of, values)
        return self.engine.counter.count_read(self.read, as_of, values)

    def count_again(self, events: Sequence[Mapping[str, Any]] | None) -> KnownLead:
        """It with its raw events, of which those that the card can't read are left out; None: not known which."""
        if events is None:
            return replace(self, events_from="unknown", events=None, counts=None)
        read = self._read(events)
        if read is None:
            events = [event for event in events if self._read([event]) is not None]
            read = self._read(events)
        return replace(self, events_from="stored", events=events, counts=None, read=read)

    def _read(self, events: Sequence[Mapping[str, Any]]) -> ReadEvents | None:
        """Some events as the card reads them; None where it can't: another card may have stored them."""
        if self.engine.counter is None:
            return None
        try:
            return self.engine.counter.read(events)
        except LeadError:
            return None

    def score(self, as_of: date) -> Result:
        """Its result on a day."""
        return self.engine.build_result(self.values, as_of, counts=self.count_events(as_of))


def recall_lead(engine: Engine, row: BookRow) -> KnownLead:
    """A lead as its last score left it. Values that the card can't read are unknown."""
    card = engine.card.card
    values, _ = decode_input(card, row.input, lenient=True)
    counts = decode_counts(card, row.input, values)
    if engine.remembers:
        memory = row.memory if row.card == card.name else Memory(rejected_on=row.memory.rejected_on)
        values = replace_memory(values, memory)
    if not card.events:
        return KnownLead(engine, row, values, "none", None, None)
    is_known = counts is not None and counts.is_known
    return KnownLead(engine, row, values, "last_score" if is_known else "unknown", None, counts)


def score_last_day(lead: KnownLead) -> Result:
    """The result of a lead on the day of its last score."""
    return lead.score(date.fromisoformat(lead.row.as_of))
