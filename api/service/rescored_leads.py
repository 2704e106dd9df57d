"""Leads of the book, worked out again: each as of a day, by a card or release, with what is remembered and stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.book_updates import LeadScore, decision_of
from leadledger.api.log.event_store import EventStore, StoredEvents
from leadledger.api.log.lead_titles import find_title
from leadledger.api.log.raw_events import make_raw_events
from leadledger.api.log.record import decode_counts, decode_input, encode_input, find_owner, has_sent_events
from leadledger.api.log.replay import Replayer
from leadledger.api.log.store import LogStore
from leadledger.api.requests.lead_events import count_events
from leadledger.api.requests.mistakes import NOTHING, Mistakes
from leadledger.api.service.loaded import LoadedCard
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import ScoringError
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.memory import REMEMBERED, fill_memory
from leadledger.scoring.result import Result
from leadledger.scoring.tree import Typed

DecisionCause: TypeAlias = Literal["release", "time", "data"]


class RescoredLead(NamedTuple):  # made for each lead
    """The row of a lead, and its score now; `cause` is what changed the decision, None: it is the same."""

    row: BookRow
    score: LeadScore
    cause: DecisionCause | None


class LeadRescorer:
    """Works leads of the book out again by one card or release, as of a day."""

    def __init__(self, log: LogStore, loaded: LoadedCard, home: Path, day: date) -> None:
        self.loaded, self.day = loaded, day
        self._events = EventStore(log.engine)
        self._replayer = Replayer(log, home)

    def rescore(self, rows: Sequence[BookRow]) -> list[RescoredLead | None]:
        """The scores of some leads now; None for a lead whose events came with it and are not stored.

        What those would come to on another day isn't known.
        """
        if not self.loaded.card.card.events:
            return [self._rescore(row, None) for row in rows]
        stored = self._events.read([row.lead for row in rows])
        return [self._rescore(row, stored) if self.has_all_events(row, stored) else None for row in rows]

    def _rescore(self, row: BookRow, stored: StoredEvents | None) -> RescoredLead:
        look = _Look(self.loaded, row, stored)
        filled = look.fill(row.rejected_on, self.day)
        result = look.score(filled, self.day)
        kept = row.input
        card = self.loaded.card.card
        if card.events or card.memory_fields or not is_of_release(row, self.loaded):  # else it is as it was
            kept = encode_input(filled, look.ignored, result.events)
        names = find_owner(filled), find_title(card, filled)
        score = LeadScore(row.lead, kept, *names, self.loaded.digest, result)
        return RescoredLead(row, score, None if row.decision == score.decision else look.find_cause(result))

    def has_all_events(self, row: BookRow, stored: StoredEvents) -> bool:
        """Whether the events that a lead's score counted can be counted again.

        Those that came with the lead can't, unless they are stored, too: then the stored ones come to the same.
        """
        if not has_sent_events(row.input):
            return True
        try:
            same = is_of_release(row, self.loaded)
            engine = self.loaded.engine if same else self._replayer.engine(row._asdict())
            values, ignored = decode_input(engine.card.card, row.input)
            counted = decode_counts(engine.card.card, row.input, values)
        except ScoringError:  # the card of that day is gone
            return False
        if counted is None or not counted.total:
            return True
        known = find_known_events(engine, stored, row, date.fromisoformat(row.as_of), row.at)
        again = _count(engine, known, date.fromisoformat(row.as_of), Lead(values, ignored))
        return again is not None and _summarize(again) == _summarize(counted)


class _Look:
    """A row of the book, and what its score rests on: the values as they were, and the events that are stored now."""

    def __init__(self, loaded: LoadedCard, row: BookRow, stored: StoredEvents | None) -> None:
        self.loaded, self.row, self.stored = loaded, row, stored
        card = loaded.card.card
        self.decoded, self.ignored = decode_input(card, row.input, lenient=True)
        self.values = {field.name: self.decoded[field.name] for field in card.plain_fields}

    def fill(self, rejected_on: str | None, day: date) -> dict[str, Typed]:
        """The values with what the row remembers on a day, and a rejection.

        What a CRM sent of its last recommendation went into the row's score, so the row knows a newer one.
        """
        unfilled = {name: None if name in REMEMBERED else value for name, value in self.values.items()}
        return fill_memory(unfilled, self.row._replace(rejected_on=rejected_on).remember(self.row.card, day))

    def score(self, values: Mapping[str, Typed], day: date, known_by: str = "") -> Result:
        """The result on a day; with `known_by`, by the events that were stored by then."""
        engine, counts = self.loaded.engine, None
        if self.stored is not None:
            known = find_known_events(engine, self.stored, self.row, day, known_by)
            counts = _count(engine, known, day, Lead(values, self.ignored))
        return engine.build_result(values, day, self.ignored, counts)

    def find_cause(self, result: Result) -> DecisionCause:
        """What has changed the decision: of three steps, the last one that does.

        The release changes first; then the day; then the data: events that arrived since, and a rejection.
        """
        row, released = self.row, self.row.decision
        if not is_of_release(row, self.loaded):
            counts = decode_counts(self.loaded.card.card, row.input, self.decoded)
            day = date.fromisoformat(row.as_of)
            released = decision_of(self.loaded.engine.build_result(self.values, day, self.ignored, counts))
        later = decision_of(self.score(self.fill(None, result.as_of), result.as_of, row.at))
        if later != decision_of(result):
            return "data"
        return "time" if released != later else "release"


def is_of_release(row: BookRow, loaded: LoadedCard) -> bool:
    """Whether the score of a row comes from a card or release that is loaded."""
    return (row.release, row.card_digest) == (loaded.release, loaded.digest)


def find_known_events(
    engine: Engine, stored: StoredEvents, row: BookRow, day: date, known_by: str
) -> list[dict[str, Any]] | None:
    """The stored events of a lead in our words; None: it isn't known on that day which there are.

    With `known_by`, those that were stored by then.
    """
    first = stored.first if not known_by or stored.first <= known_by else ""
    if not first or engine.event_reader.read_time(first).day > day:
        return [] if has_sent_events(row.input) else None  # who sent none has said that there are none
    events = [event for event in stored.of(row.lead) if not known_by or max(event.at, event.received) <= known_by]
    return make_raw_events(engine.event_reader, events)


def _count(engine: Engine, events: Sequence[Mapping[str, Any]] | None, day: date, lead: Lead) -> EventCounts | None:
    return count_events(engine, NOTHING, day, lead, Mistakes(), events)


def _summarize(counts: EventCounts) -> tuple[Mapping[str, Typed], Mapping[str, int | None]]:
    """What a score takes of counts."""
    return counts.values, {earned.rule: earned.tenths for earned in counts.rules}
