"""Many leads in one request: each with its own result or refusal, or all of them in one update call of a CRM."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from pydantic_core import to_json

from leadledger.api.crm.bodies import BodyRecords, read_records
from leadledger.api.crm.reply import Reply
from leadledger.api.log.record import (
    ScoredRequest,
)
from leadledger.api.requests.body import read_batch
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.requests.parameters import read_score_parameters
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.scoring import ScoreCall, ScoredLead, score_lead, today
from leadledger.api.service.service import Service
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.lead_ids import find_id_key

MOST_MISTAKES_PER_LEAD = 10  # of a batch that an answer lists
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
    day, is_recorded = records.as_of or today(loaded.card.card.time_zone), service.decision_log is not None

    def score(lead: Lead) -> ScoredLead:
        return score_lead(loaded, lead, day, call.key, is_recorded)

    if reply:
        return await _score_updates(service, loaded, records, leads, reply, score)
    return await _score_items(service, loaded, records, leads, parameters.explain, score)


async def _score_items(
    service: Service,
    loaded: LoadedCard,
    records: BodyRecords,
    leads: Sequence[Any],
    explain: str,
    score: Callable[[Lead], ScoredLead],
) -> ScoredRequest:
    """A result or the mistakes of each lead."""
    items: list[bytes] = []
    scored: list[ScoredLead] = []
    for number, record in enumerate(leads, start=1):
        if number % LEADS_PER_TURN == 0:
            await asyncio.sleep(0)
        mistakes = Mistakes(MOST_MISTAKES_PER_LEAD)
        lead = loaded.reader.clean(records.source, record, records.path_of(number - 1), mistakes)
        if mistakes or lead is None:
            items.append(to_json({"status": 422, "errors": mistakes.to_list()}))
            continue
        scored.append(score(lead))
        items.append(b'{"status":200,"errors":[],"result":' + scored[-1].encode(explain) + b"}")
    refused = len(items) - len(scored)
    service.metrics.rejected.inc(refused)
    head = b'{"scored":%d,"refused":%d,"results":[' % (len(scored), refused)
    return _collect(head + b",".join(items) + b"]}", scored)


async def _score_updates(
    service: Service,
    loaded: LoadedCard,
    records: BodyRecords,
    leads: Sequence[Any],
    reply: Reply,
    score: Callable[[Lead], ScoredLead],
) -> ScoredRequest:
    """The update call of a CRM with the leads that can be scored; the mistakes of the others stand in its `errors`.

    A record that was sent twice is updated once, by the later one, since a CRM refuses a call with an id twice.
    Raises Refusal where no lead can be scored.
    """
    updates: dict[str, bytes] = {}
    scored: list[ScoredLead] = []
    refused = Mistakes()
    for number, record in enumerate(leads, start=1):
        if number % LEADS_PER_TURN == 0:
            await asyncio.sleep(0)
        path = records.path_of(number - 1)
        mistakes = Mistakes(MOST_MISTAKES_PER_LEAD)
        lead = loaded.reader.clean(records.source, record, path, mistakes)
        record_id = ""
        if lead is not None:
            record_id = loaded.reader.find_record_id(records.source, reply.crm.name, record, lead, path, mistakes)
        if mistakes or lead is None:
            refused.add_all(mistakes)
            continue
        scored.append(score(lead))
        updates[find_id_key(record_id)] = to_json(reply.make_update_of(record_id, scored[-1].result, record))
    service.metrics.rejected.inc(len(leads) - len(scored))
    if not scored:
        raise refused.to_refusal()
    body = reply.crm.join_updates(updates.values())
    if refused:
        body = body[:-1] + b',"errors":' + to_json(refused.to_list()) + b"}"
    return _collect(body, scored)


def _collect(body: bytes, scored: Sequence[ScoredLead]) -> ScoredRequest:
    return ScoredRequest(body, [record for lead in scored for record in lead.records], [lead.result for lead in scored])
