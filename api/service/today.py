"""Today at the desk: who is new above the threshold, who is about to leave it, who waits for an answer, against what
can be taken care of; and how many leads each view of the list has. The answer is kept for some seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from leadledger.api.service.history import read_log
from leadledger.api.service.known_leads import recall_leads
from leadledger.api.service.lead_details import find_lead_title
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.places import LeadPlaces, list_call_stages, read_places
from leadledger.api.service.scoring import today
from leadledger.api.service.service import DecisionLog, Service
from leadledger.scoring.engine.forecast import forecast_values
from leadledger.scoring.outputs import VERDICTS, Verdict
from leadledger.scoring.scorecard import START_TENTHS, Card

if TYPE_CHECKING:
    from leadledger.api.log.book_rows import BookRow
    from leadledger.api.log.known_leads import KnownLead

DAYS_AHEAD = 14  # within which a lead is about to leave
MOST_FORECAST = 60  # promoted leads, the nearest to the threshold
LEADS_PER_STEP = 20  # after which other work may go on
MOST_WAITING = 1_000  # leads that are counted
LEADS_NAMED = 3
DAYS_BACK = 7  # within which a lead that was put off comes back
ACTED_ON: Sequence[Verdict] = ("promote", "ask", "demote")  # recommendations after which somebody has something to do


async def answer_today(service: Service, renewed_for: float | None = None) -> dict[str, Any]:
    """What a day at the desk begins with, as flat JSON: as of a moment ago, or (`renewed_for`) anew, kept for so many
    seconds. Raises Refusal: there is no log (404), or it fails (503).
    """
    loaded = service.loaded
    day = today(loaded.card.card.time_zone)
    places = await read_places(service)

    async def work_out() -> dict[str, Any]:
        answer, known = await read_log(service, lambda log: _read_figures(service, log, loaded, places, day))
        leaving: list[dict[str, Any]] = []
        for start in range(0, len(known), LEADS_PER_STEP):  # each in a thread, and others have their turn between two
            leaving += await asyncio.to_thread(list_leaving, known[start : start + LEADS_PER_STEP], day)
        leaving.sort(key=lambda lead: (lead["on"], lead["lead"]))
        return {**answer, "leaving": {"days": DAYS_AHEAD, "looked_at": len(known), "leads": leaving}}

    question = ("today", loaded.release, loaded.digest, day)
    answer: dict[str, Any] = await service.kept_answers.get(question, work_out, renewed_for)
    return answer


def _read_figures(
    service: Service, log: DecisionLog, loaded: LoadedCard, places: LeadPlaces, day: date
) -> tuple[dict[str, Any], Sequence[KnownLead]]:
    """All but the leads that are about to leave, and those of which some may be."""
    from leadledger.api.log.book_figures import BookFigures
    from leadledger.api.log.book_summary import describe_capacity
    from leadledger.api.log.lead_lists import LeadFilters, LeadList
    from leadledger.api.log.record import now
    from leadledger.api.log.today_figures import MOST_OWNERS, TodayFigures

    figures, counts, card = TodayFigures(log.store.engine), BookFigures(log.store.engine), loaded.card
    put_off = figures.count_put_off(day.isoformat())
    call_stages = list_call_stages(card.card)
    awake, calls = dict.fromkeys(VERDICTS, 0) | dict(places.verdicts), places.calls
    for (verdict, stage), leads in put_off.items():
        awake[verdict] = max(0, awake[verdict] - leads)
        if verdict == "promote" and (stage in call_stages or not call_stages):
            calls = max(0, calls - leads)
    new_since = find_last_working_day(day).isoformat()
    back_by = (day + timedelta(days=DAYS_BACK)).isoformat()
    promoted = LeadFilters(recommendations=("promote",), today=day.isoformat())
    new = LeadFilters(**{**vars(promoted), "to_stages": call_stages, "new_since": new_since})
    waiting = LeadFilters(**{**vars(promoted), "waits": True})
    owners = figures.list_owners()
    known, threshold = recall_nearest(service, log, loaded, day), find_call_threshold(loaded)
    answer = {
        "card": card.card.name,
        "release": card.release,
        "as_of": day.isoformat(),
        "at": now(),
        "leads": places.leads,
        "to": list(call_stages),
        "threshold": None if threshold is None else threshold / 10,
        "views": [
            {"view": "act", "leads": sum(awake[verdict] for verdict in ACTED_ON)},
            {"view": "call", "leads": calls},
            {"view": "ask", "leads": awake["ask"]},
            {"view": "back", "leads": figures.count_back(day.isoformat(), back_by)},
            {"view": "all", "leads": places.leads},
        ],
        "back_by": back_by,
        "new": {
            **{"since": new_since, "leads": figures.count_new(new_since, call_stages)},
            "best": _name_leads(log.book.list_leads(LeadList(new, limit=LEADS_NAMED)).rows, card.card),
        },
        "waiting": {
            "leads": figures.count_waiting(MOST_WAITING),
            "longest": _name_leads(
                log.book.list_leads(LeadList(waiting, "since", descending=False, limit=LEADS_NAMED)).rows, card.card
            ),
        },
        "capacity": describe_capacity(counts, card.card, day),
        "owners": owners if len(owners) <= MOST_OWNERS else [],
    }
    return answer, known


def _name_leads(rows: Iterable[BookRow], card: Card) -> list[dict[str, Any]]:
    return [{"lead": row.lead, "title": find_lead_title(card, row), "since": row.since} for row in rows]


def recall_nearest(
    service: Service, log: DecisionLog, loaded: LoadedCard, day: date, owner: str | None = None
) -> Sequence[KnownLead]:
    """The leads to call that may be about to leave, the nearest to the threshold; of all owners (None), or of one."""
    from leadledger.api.log.book_figures import BookFigures

    card = loaded.card.card
    threshold = find_call_threshold(loaded)
    nearest = BookFigures(log.store.engine).read_nearest(
        "promote", START_TENTHS if threshold is None else threshold, MOST_FORECAST, owner, list_call_stages(card)
    )
    rows = [row for row in nearest if row.card == card.name]
    return recall_leads(log.store, loaded, service.settings.home, rows, day)


def find_call_threshold(loaded: LoadedCard) -> int | None:
    """The threshold above which leads are to be called, in tenths; None: points don't decide."""
    from leadledger.api.log.book_summary import find_predicted_gate

    gate = find_predicted_gate(loaded.card)
    return None if gate is None else gate.threshold.points


def list_leaving(known: Sequence[KnownLead], day: date) -> list[dict[str, Any]]:
    """Those leads whose promotion ends within DAYS_AHEAD if nothing happens, each with the day."""
    leaving = []
    for lead in known:
        answer = forecast_values(lead.engine.card, lead.values, day, DAYS_AHEAD, lead.events, lead.counts)
        change = answer.recommendation
        if answer.now.recommendation.verdict == "promote" and change is not None:
            leaving.append(
                {
                    "lead": lead.row.lead,
                    "title": find_lead_title(lead.engine.card.card, lead.row),
                    "on": change.on.isoformat(),
                    "recommendation": change.result.recommendation.verdict,
                }
            )
    return leaving


def find_last_working_day(day: date) -> date:
    """The last day before another on which people work: of a Monday, the Friday."""
    return day - timedelta(days={0: 3, 6: 2}.get(day.weekday(), 1))
