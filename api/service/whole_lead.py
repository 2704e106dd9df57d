"""All that is known of one lead of the book, read at once: its score, its course, what it did, what answers would do.

The score is the last one, as the book has it; all else is worked out as of that day, by the release that is served.
Nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from leadledger.api.log.known_leads import KnownLead
from leadledger.api.log.lead_lists import LeadList, LeadPosition
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.requests.parameters import PageParameters
from leadledger.api.service.book import BookLead, read_book_lead
from leadledger.api.service.history import list_scores
from leadledger.api.service.known_leads import (
    compute_comparison,
    compute_forecast,
    compute_what_if,
    list_days,
    list_notes,
    recall_leads,
)
from leadledger.api.service.lead_bodies import Answers
from leadledger.api.service.lead_details import DetailedLead, detail_leads
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.service import DecisionLog
from leadledger.scoring.engine.answer_effects import AnswerEffect, find_answer_effects
from leadledger.scoring.engine.comparison import LeadComparison
from leadledger.scoring.engine.forecast import LeadForecast
from leadledger.scoring.engine.forecast_days import USUAL_DAYS
from leadledger.scoring.engine.what_if import WhatIf
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.events.event_days import EventDay
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.result import Result
from leadledger.scoring.tree import Typed

SCORES_SHOWN = 20


@dataclass(frozen=True)
class WholeLead:
    """A lead of the book.

    `scored` is its last score, and `detailed` what the list says of it; `is_replayed` is False where the release of
    that day is gone, so that it is worked out by the one that is served. `now` is the lead by the release that is
    served, as of the same day, `known` what that rests on. `history` is what GET /v1/leads/{id}/scores answers.
    """

    scored: BookLead
    detailed: DetailedLead
    is_replayed: bool
    known: KnownLead
    now: Result
    forecast: LeadForecast
    days: tuple[EventDay, ...]
    history: Mapping[str, Any]

    @property
    def as_of(self) -> date:
        """The day of its last score."""
        return date.fromisoformat(self.scored.row.as_of)

    @property
    def notes(self) -> list[str]:
        """What is to be known of all that is worked out anew, in sentences."""
        return list_notes(self.known, "This lead")

    def try_answers(self, answers: Answers) -> WhatIf:
        """It as it is, and as it would be with some answers."""
        return compute_what_if(self.known, answers, self.as_of)

    def try_each_answer(self, field: str) -> tuple[AnswerEffect, ...]:
        """What each answer to the question of a field would do."""
        engine, kinds = self.known.engine, self.known.engine.card.card.events.values()
        counted = self.known.count_events(self.as_of)
        depends = any(kind.tracked_since == field for kind in kinds)

        def count(values: Mapping[str, Typed]) -> EventCounts | None:
            return self.known.count_events(self.as_of, values) if depends else counted

        return find_answer_effects(engine, self.known.values, engine.card.card.fields[field], self.as_of, count)


@dataclass(frozen=True)
class ComparedPair:
    """Two leads side by side, as of the day of the last score of the first, by the release that is served."""

    first: KnownLead
    second: KnownLead
    comparison: LeadComparison
    as_of: date


@dataclass(frozen=True)
class Neighbours:
    """The ids of the leads before and after one in a list; empty: there is none."""

    before: str
    after: str


def read_whole_lead(log: DecisionLog, loaded: LoadedCard, home: Path, lead: str, today: date) -> WholeLead:
    """All that is known of a lead on a day; `home` has the releases. Raises Refusal (404): the book doesn't know it."""
    try:
        scored, is_replayed = read_book_lead(log, lead), True
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        scored, is_replayed = None, False
    row = log.book.read_lead(lead) if scored is None else scored.row
    assert row is not None  # else it was refused
    day = date.fromisoformat(row.as_of)
    (known,) = recall_leads(log.store, loaded, home, [row], day)
    now = known.score(day)
    if scored is None:
        scored = BookLead(row, log.book.read_feedback(lead), loaded.engine, now)
    history = list_scores(log, row.lead, PageParameters(SCORES_SHOWN, ""))
    forecast = compute_forecast(known, day, USUAL_DAYS)
    (detailed,) = detail_leads(log, loaded, home, [row], today)
    return WholeLead(scored, detailed, is_replayed, known, now, forecast, list_days(known, day), history)


def read_pair(log: DecisionLog, loaded: LoadedCard, home: Path, lead: str, other: str) -> ComparedPair:
    """Two leads to compare. Raises Refusal (404): the book doesn't know one."""
    from leadledger.api.service.book import refuse_unknown_lead

    rows = []
    for wanted in (lead, other):
        row = log.book.read_lead(wanted)
        if row is None:
            raise refuse_unknown_lead(log, wanted)
        rows.append(row)
    day = date.fromisoformat(rows[0].as_of)
    first, second = recall_leads(log.store, loaded, home, rows, day)
    return ComparedPair(first, second, compute_comparison(first, second, day), day)


def find_neighbours(log: DecisionLog, lead: BookLead, wanted: LeadList) -> Neighbours:
    """The leads beside one in a list, whose place is that of its values now; it need not be in the list."""
    row = lead.row
    values: dict[str, int | float | str] = {
        "points": row.tenths,
        "probability": -1.0 if row.probability is None else row.probability,
        "change": row.change,
        "since": row.since,
        "id": row.key,
    }
    here = replace(wanted, after=LeadPosition(values[wanted.order], find_id_key(row.lead)), limit=1, detailed=False)
    pages = (log.book.list_leads(replace(here, descending=way)) for way in (not wanted.descending, wanted.descending))
    before, after = ("".join(found.lead for found in page.rows) for page in pages)
    return Neighbours(before, after)
