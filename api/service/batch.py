"""Many leads in one request: each with its own result or refusal, or all of them in one update call of a CRM."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic_core import to_json

from leadledger.api.crm.bodies import BodyRecords, read_records
from leadledger.api.crm.reply import Reply
from leadledger.api.log.record import (
    ScoredRequest,
)
from leadledger.api.requests.body import read_batch
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.lead_events import EVENTS_PATH, count_events, read_event_lists
from leadledger.api.requests.mistakes import NOTHING, Mistakes
from leadledger.api.requests.parameters import read_score_parameters
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.remembered_leads import read_remembered
from leadledger.api.service.scoring import ScoreCall, ScoredLead, score_lead, today
from leadledger.api.service.service import Service
from leadledger.api.service.stored_events import LeadEvents, read_lead_events
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.lead_ids import find_id_key

MOST_MISTAKES_PER_LEAD = 10  # of a batch that an answer lists
LEADS_PER_READ = 100  # of a batch whose stored events are read at once
LEADS_PER_TURN = 20  # of a batch that are scored before other requests get their turn: a millisecond or two


async def score_batch(service: Service, call: ScoreCall) -> ScoredRequest:
    """Score each lead of a request. Raises Refusal where the request itself has mistakes."""
    loaded, mistakes = service.loaded, Mistakes()
    parameters = read_score_parameters(call.query, mistakes)
    records = read_records(parameters, parse_json(call.content), "leads", mistakes)
    reply = loaded.reader.reply_for(parameters.reply) if parameters.reply else None
    most = service.settings.max_batch
    leads = read_batch(records.content, min(most, reply.crm.most_updates) if reply else most, records.path, mistakes)
    if mistakes:
        raise mistakes.to_refusal()
    events = read_event_lists(records.events, len(leads), mistakes)
    if mistakes:
        raise mistakes.to_refusal()
    day = records.as_of or today(loaded.card.card.time_zone)
    work = _BatchWork(service, loaded, records, leads, events, day, call.key)
    if reply:
        return await _score_updates(work, reply)
    return await _score_items(work, parameters.explain)


@dataclass(frozen=True)
class _BatchWork:
    """The leads of a request, and what is needed to score each."""

    service: Service
    loaded: LoadedCard
    records: BodyRecords
    leads: Sequence[Any]
    events: Sequence[Any]  # for each lead, those that were sent; NOTHING: none
    day: date
    key: str

    async def clean(self) -> AsyncIterator[tuple[int, Lead | None, Mistakes, LeadEvents]]:
        """Each lead by its number, with its mistakes, and where its stored events are. Other requests get turns."""
        for start in range(0, len(self.leads), LEADS_PER_READ):
            numbers = range(start, min(start + LEADS_PER_READ, len(self.leads)))
            cleaned: list[tuple[int, Lead | None, Mistakes]] = []
            for number in numbers:
                mistakes = Mistakes(MOST_MISTAKES_PER_LEAD)
                path = self.records.path_of(number)
                lead = self.loaded.reader.clean(self.records.source, self.leads[number], path, mistakes)
                cleaned.append((number, lead, mistakes))
                if number % LEADS_PER_TURN == LEADS_PER_TURN - 1:
                    await asyncio.sleep(0)
            leads = [lead for _, lead, _ in cleaned]
            stored = await read_lead_events(self.service, self.loaded, leads)
            remembered = await read_remembered(self.service, self.loaded, leads)
            for number, lead, mistakes in cleaned:
                yield number, lead and remembered.complete(lead, self.day), mistakes, stored
                if number % LEADS_PER_TURN == LEADS_PER_TURN - 1:
                    await asyncio.sleep(0)

    def score(self, number: int, lead: Lead, stored: LeadEvents, mistakes: Mistakes) -> ScoredLead | None:
        """The score of a clean lead; None where its events have mistakes, which are noted."""
        events, path = self.events[number], (*EVENTS_PATH, number)
        known = stored.find(lead, self.day)
        counts = count_events(self.loaded.engine, events, self.day, lead, mistakes, known, path)
        if mistakes:
            return None
        is_recorded = self.service.decision_log is not None
        return score_lead(self.loaded, lead, self.day, self.key, is_recorded, counts, events is not NOTHING)


async def _score_items(work: _BatchWork, explain: str) -> ScoredRequest:
    """A result or the mistakes of each lead."""
    items: list[bytes] = []
    scored: list[ScoredLead] = []
    async for number, lead, mistakes, stored in work.clean():
        result = None if lead is None or mistakes else work.score(number, lead, stored, mistakes)
        if result is None:
            items.append(to_json({"status": 422, "errors": mistakes.to_list()}))
            continue
        scored.append(result)
        items.append(b'{"status":200,"errors":[],"result":' + result.encode(explain) + b"}")
    refused = len(items) - len(scored)
    work.service.metrics.rejected.inc(refused)
    head = b'{"scored":%d,"refused":%d,"results":[' % (len(scored), refused)
    return _collect(head + b",".join(items) + b"]}", scored)


async def _score_updates(work: _BatchWork, reply: Reply) -> ScoredRequest:
    """The update call of a CRM with the leads that can be scored; the mistakes of the others stand in its `errors`.

    A record that was sent twice is updated once, by the later one, since a CRM refuses a call with an id twice.
    Raises Refusal where no lead can be scored.
    """
    updates: dict[str, bytes] = {}
    scored: list[ScoredLead] = []
    refused = Mistakes()
    records, reader = work.records, work.loaded.reader
    async for number, lead, mistakes, stored in work.clean():
        record, result, record_id = work.leads[number], None, ""
        if lead is not None:
            path = records.path_of(number)
            record_id = reader.find_record_id(records.source, reply.crm.name, record, lead, path, mistakes)
            result = None if mistakes else work.score(number, lead, stored, mistakes)
        if result is None:
            refused.add_all(mistakes)
            continue
        scored.append(result)
        updates[find_id_key(record_id)] = to_json(reply.make_update_of(record_id, result.result, record))
    work.service.metrics.rejected.inc(len(work.leads) - len(scored))
    if not scored:
        raise refused.to_refusal()
    body = reply.crm.join_updates(updates.values())
    if refused:
        body = body[:-1] + b',"errors":' + to_json(refused.to_list()) + b"}"
    return _collect(body, scored)


def _collect(body: bytes, scored: Sequence[ScoredLead]) -> ScoredRequest:
    return ScoredRequest(body, [record for lead in scored for record in lead.records], [lead.result for lead in scored])
