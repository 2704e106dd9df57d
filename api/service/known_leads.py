"""What is asked of leads of the book: two of them compared, what will become of one, what answers would make of it, and
what it did.

Each lead is scored anew, by the release that is served and as of today or another day; nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadledger.api.log.known_leads import KnownLead, recall_lead
from leadledger.api.log.record import encode_value
from leadledger.api.requests.lead_parameters import CompareParameters, ForecastParameters
from leadledger.api.requests.mistakes import shorten
from leadledger.api.service.book import refuse_unknown_lead
from leadledger.api.service.history import read_log
from leadledger.api.service.lead_bodies import Answers
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.scoring import today
from leadledger.api.service.service import DecisionLog, Service
from leadledger.scoring.bins import format_number
from leadledger.scoring.engine.comparison import ComparedLead, LeadComparison, compare
from leadledger.scoring.engine.forecast import LeadForecast, forecast_values
from leadledger.scoring.engine.what_if import WhatIf, put_answers
from leadledger.scoring.events.event_days import EventDay, list_event_days
from leadledger.scoring.tree import Typed

if TYPE_CHECKING:
    from leadledger.api.log.book_rows import BookRow
    from leadledger.api.log.store import LogStore

KEPT_EVENTS = (
    "The events of {lead} came beside it and are not stored: what they came to at its last score, of {day}, stays."
)
OTHER_RELEASE = "{lead} was last scored by {before}; here it is scored by {now}."


async def answer_comparison(
    service: Service, asked: CompareParameters, names: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Two leads beside each other, as flat JSON. `names` are what notes call them; None: their ids. Raises Refusal."""
    loaded = service.loaded
    as_of = asked.as_of or today(loaded.card.card.time_zone)
    a, b = await read_leads(service, loaded, (asked.a, asked.b), as_of)
    return compare_leads(a, b, as_of, names)


async def answer_forecast(service: Service, lead: str, asked: ForecastParameters) -> dict[str, Any]:
    """What becomes of a lead if nothing happens, as flat JSON. Raises Refusal."""
    loaded = service.loaded
    as_of = asked.as_of or today(loaded.card.card.time_zone)
    (known,) = await read_leads(service, loaded, (lead,), as_of)
    return forecast_lead(known, as_of, asked.days)


async def answer_what_if(
    service: Service, loaded: LoadedCard, lead: str, answers: Answers, name: str | None = None
) -> dict[str, Any]:
    """A lead beside what answers would make of it, as flat JSON. `name` is what notes call it; None: its id.

    Raises Refusal.
    """
    as_of = answers.as_of or today(loaded.card.card.time_zone)
    (known,) = await read_leads(service, loaded, (lead,), as_of)
    return try_answers(known, answers, as_of, name)


async def answer_events(service: Service, lead: str, as_of: date | None) -> dict[str, Any]:
    """What a lead did, day by day, and what it has earned, as flat JSON; as of today or another day. Raises Refusal."""
    loaded = service.loaded
    day = as_of or today(loaded.card.card.time_zone)
    (known,) = await read_leads(service, loaded, (lead,), day)
    return describe_events(known, day)


async def read_leads(service: Service, loaded: LoadedCard, leads: Sequence[str], as_of: date) -> tuple[KnownLead, ...]:
    """Leads of the book by their ids. Raises Refusal: one isn't in it, there is no log (404), or it fails (503)."""

    def read(log: DecisionLog) -> tuple[KnownLead, ...]:
        rows = [log.book.read_lead(lead) for lead in leads]
        for lead, row in zip(leads, rows, strict=True):
            if row is None:
                raise refuse_unknown_lead(log, lead)
        known = [row for row in rows if row is not None]
        return recall_leads(log.store, loaded, service.settings.home, known, as_of)

    return await read_log(service, read)


def recall_leads(
    log: LogStore, loaded: LoadedCard, home: Path, rows: Sequence[BookRow], as_of: date
) -> tuple[KnownLead, ...]:
    """The leads of some rows of the book, with their stored events, as far as a rescore would count these again.

    `home` has the releases. `as_of` is the day for which the events are wanted.
    """
    engine = loaded.engine
    known = [recall_lead(engine, row) for row in rows]
    if not engine.card.card.events or not known:
        return tuple(known)
    from leadledger.api.log.event_store import EventStore
    from leadledger.api.service.rescored_leads import LeadRescorer, find_known_events

    rescorer, stored = LeadRescorer(log, loaded, home, as_of), EventStore(log.engine).read([row.lead for row in rows])
    recalled = []
    for lead in known:
        if rescorer.has_all_events(lead.row, stored):
            recalled.append(lead.count_again(find_known_events(engine, stored, lead.row, as_of, "")))
        else:
            recalled.append(lead)
    return tuple(recalled)


def compare_leads(a: KnownLead, b: KnownLead, as_of: date, names: tuple[str, str] | None = None) -> dict[str, Any]:
    """Two leads of the book beside each other, as flat JSON. `names` are what notes call them; None: their ids."""
    comparison = compute_comparison(a, b, as_of)
    described = comparison.to_dict()
    for side, lead, result in (("a", a, comparison.a), ("b", b, comparison.b)):
        described[side] = {
            "lead": lead.row.lead,
            "points": result.points,
            "low": result.low / 10,
            "high": result.high / 10,
            "grade": result.grade,
            "recommendation": result.recommendation.verdict,
            "to": result.recommendation.to,
        }
    first_name, second_name = names or (None, None)
    return {**described, "notes": [*list_notes(a, first_name), *list_notes(b, second_name)]}


def forecast_lead(lead: KnownLead, as_of: date, days: int) -> dict[str, Any]:
    """What becomes of a lead of the book if nothing happens, as flat JSON."""
    answer = compute_forecast(lead, as_of, days)
    return {"lead": lead.row.lead, **answer.to_dict(), "notes": list_notes(lead)}


def try_answers(lead: KnownLead, answers: Answers, as_of: date, name: str | None = None) -> dict[str, Any]:
    """A lead of the book beside what answers would make of it, as flat JSON. `name` is what notes call it."""
    what_if = compute_what_if(lead, answers, as_of)
    return {
        "lead": lead.row.lead,
        "as_of": as_of.isoformat(),
        "difference": what_if.tenths / 10,
        "moved": [difference.to_dict("now", "then") for difference in what_if.moved],
        "now": {"id": "", **what_if.now.to_dict()},
        "then": {"id": "", **what_if.then.to_dict()},
        "notes": list_notes(lead, name),
    }


def compute_what_if(lead: KnownLead, answers: Answers, as_of: date) -> WhatIf:
    """A lead of the book as it is, and as it would be with some answers."""
    values = put_answers(lead.engine, lead.values, answers.lead, answers.names)
    then = lead.engine.build_result(values, as_of, counts=lead.count_events(as_of, values))
    return WhatIf(lead.score(as_of), then)


def compute_forecast(lead: KnownLead, as_of: date, days: int) -> LeadForecast:
    """What becomes of a lead of the book if nothing happens."""
    return forecast_values(lead.engine.card, lead.values, as_of, days, lead.events, lead.counts)


def compute_comparison(a: KnownLead, b: KnownLead, as_of: date) -> LeadComparison:
    """Two leads of the book beside each other."""
    first, second = (ComparedLead(lead.values, lead.count_events(as_of)) for lead in (a, b))
    return compare(a.engine, first, second, as_of)


def list_days(lead: KnownLead, as_of: date) -> tuple[EventDay, ...]:
    """The events of a lead that count on a day, by day; none where they aren't stored."""
    counter = lead.engine.counter
    if counter is None or lead.events is None:
        return ()
    return list_event_days(counter, counter.read(lead.events), as_of)


def describe_events(lead: KnownLead, as_of: date) -> dict[str, Any]:
    """What a lead of the book did, day by day, as flat JSON."""
    days = [
        {
            "on": day.on.isoformat(),
            "kind": day.kind,
            "events": day.events,
            "machine": day.is_machine,
            "properties": [{"field": name, "value": write_value(value)} for name, value in day.values],
            "earned": [
                {"rule": earned.rule, "events": earned.events, "then": earned.then / 10, "now": earned.now / 10}
                for earned in day.earned
            ],
        }
        for day in list_days(lead, as_of)
    ]
    return {
        "lead": lead.row.lead,
        "as_of": as_of.isoformat(),
        "source": lead.events_from,
        "days": days,
        "notes": list_notes(lead),
    }


def write_value(value: Typed) -> str:
    """A value as a text: numbers as people write them, flags as in JSON."""
    if isinstance(value, float):
        return format_number(value)
    return value if isinstance(value, str) else encode_value(value).strip('"')


def list_notes(lead: KnownLead, name: str | None = None) -> list[str]:
    """What is to be known of a lead that is scored anew, in sentences that call it `name`; None: by its id."""
    notes, name = [], name or shorten(lead.row.lead)
    before, now = _name_release(lead.row.release), _name_release(lead.engine.card.release)
    if before != now:
        notes.append(OTHER_RELEASE.format(lead=name, before=before, now=now))
    if lead.events_from == "last_score" and lead.counts is not None and lead.counts.counted:
        notes.append(KEPT_EVENTS.format(lead=name, day=lead.row.as_of))
    return notes


def _name_release(release: str) -> str:
    return f"the release {release}" if release else "rules alone"
