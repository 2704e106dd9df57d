"""Score, record, answer: what becomes of a request to score, whatever brings it. No web framework here."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from pydantic_core import to_json

from leadledger.api.crm.bodies import BodyRecords, read_records
from leadledger.api.crm.reply import Reply
from leadledger.api.log.record import (
    Record,
    ScoredRequest,
    digest_request,
    encode_answer,
    encode_input,
    find_lead_id,
    new_id,
    now,
)
from leadledger.api.requests.body import read_batch
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.requests.parameters import read_score_parameters
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.service import Service
from leadledger.scoring.field import Lead
from leadledger.scoring.result import Result

STRONGEST_ENTRIES = 3  # of a ledger, either way, in an answer with `explain=top`
MOST_MISTAKES_PER_LEAD = 10  # of a batch that an answer lists
LEADS_PER_TURN = 20  # of a batch that are scored before other requests get their turn: a millisecond or two

_TENTHS = attrgetter("tenths")


class ScoreCall(NamedTuple):  # made for each request
    """A request to score: the JSON of its body, its query string, and the path that it was sent to.

    `key` is the id of the API key that it came with (empty: none). `idempotency_key` is the name under which it may be
    repeated: the same request under the same name gets its first answer, and is recorded once (None: it has none).
    """

    path: str
    query: bytes
    content: bytes
    key: str = ""
    idempotency_key: bytes | None = None


class ScoredLead(NamedTuple):  # made for each lead
    """The score of one lead, and what is recorded of it: its id, the whole answer as JSON, the record; else empty."""

    score_id: str
    result: Result
    answer: bytes
    records: Sequence[Record]

    def encode(self, explain: str) -> bytes:
        """The answer as JSON, explained in full, by its strongest entries (`top`) or not at all (`none`)."""
        if explain == "full":
            return self.answer or encode_answer(self.score_id, self.result)
        return encode_answer(self.score_id, trim(self.result, explain))


async def answer_score(service: Service, call: ScoreCall) -> bytes:
    """The result of one lead as JSON, once it is recorded. Raises Refusal."""
    return await _answer(service, call, _score_one)


async def answer_batch(service: Service, call: ScoreCall) -> bytes:
    """A result or a refusal for each of several leads as JSON, in their order, once all are recorded.

    With `reply`, which has no place for a refusal, one mistake refuses them all. Raises Refusal.
    """
    return await _answer(service, call, _score_batch)


async def _answer(
    service: Service, call: ScoreCall, score: Callable[[Service, ScoreCall], Awaitable[ScoredRequest]]
) -> bytes:
    """Do the work of a request, and answer once its scores are recorded."""
    scored: ScoredRequest | None = None

    async def work() -> ScoredRequest:
        nonlocal scored
        scored = await score(service, call)
        return scored

    if service.decision_log is None:
        answer = (await work()).body
    else:
        recorder = service.decision_log.recorder
        name = recorder.read_idempotency_key(call.idempotency_key)
        if name:
            answer = await recorder.answer_once(
                call.key, name, digest_request(call.path, call.query, call.content), work
            )
        else:
            done = await work()
            await recorder.record(done.records)
            answer = done.body
    if scored is not None:  # else an earlier request of that name was
        service.metrics.count_scores(scored.results)
    return answer


async def _score_one(service: Service, call: ScoreCall) -> ScoredRequest:
    loaded, mistakes = service.loaded, Mistakes()
    parameters = read_score_parameters(call.query, mistakes)
    records = read_records(parameters, parse_json(call.content), "lead", mistakes)
    lead = loaded.reader.clean(records.source, records.content, records.path, mistakes)
    if mistakes or lead is None:
        service.metrics.rejected.inc()
        raise mistakes.to_refusal()
    scored = score_lead(loaded, lead, records.as_of or today(), call.key, service.decision_log is not None)
    if parameters.reply:
        body = to_json(loaded.reader.reply_for(parameters.reply).make_update(scored.result))
    else:
        body = scored.encode(parameters.explain)
    return ScoredRequest(body, scored.records, (scored.result,))


async def _score_batch(service: Service, call: ScoreCall) -> ScoredRequest:
    loaded, mistakes = service.loaded, Mistakes()
    parameters = read_score_parameters(call.query, mistakes)
    records = read_records(parameters, parse_json(call.content), "leads", mistakes)
    reply = loaded.reader.reply_for(parameters.reply) if parameters.reply else None
    most = service.settings.max_batch
    leads = read_batch(records.content, min(most, reply.crm.most_updates) if reply else most, records.path, mistakes)
    if mistakes:
        raise mistakes.to_refusal()
    day, is_recorded = records.as_of or today(), service.decision_log is not None

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
    """The update call of a CRM, with all leads; where one has mistakes, nothing is scored."""
    mistakes = Mistakes()
    cleaned: list[tuple[Lead, str]] = []
    for number, record in enumerate(leads, start=1):
        if number % LEADS_PER_TURN == 0:
            await asyncio.sleep(0)
        path = records.path_of(number - 1)
        lead = loaded.reader.clean(records.source, record, path, mistakes)
        if lead is not None:
            record_id = loaded.reader.find_record_id(records.source, reply.crm.name, record, lead, path, mistakes)
            cleaned.append((lead, record_id))
    if mistakes:
        service.metrics.rejected.inc(len(leads))
        raise mistakes.to_refusal()
    updates: list[bytes] = []
    scored: list[ScoredLead] = []
    for number, (record, (lead, record_id)) in enumerate(zip(leads, cleaned, strict=True), start=1):
        if number % LEADS_PER_TURN == 0:
            await asyncio.sleep(0)
        scored.append(score(lead))
        updates.append(to_json(reply.make_update_of(record_id, scored[-1].result, record)))
    return _collect(reply.crm.join_updates(updates), scored)


def _collect(body: bytes, scored: Sequence[ScoredLead]) -> ScoredRequest:
    return ScoredRequest(body, [record for lead in scored for record in lead.records], [lead.result for lead in scored])


def score_lead(loaded: LoadedCard, lead: Lead, day: date, key: str, is_recorded: bool) -> ScoredLead:
    """The score of a clean lead on a day, with its record if it is to be recorded. `key` is the id of the API key."""
    result = loaded.engine.build_result(lead.values, day, lead.ignored)
    if not is_recorded:
        return ScoredLead("", result, b"", ())
    score_id = new_id()
    answer = encode_answer(score_id, result)
    lead_id = find_lead_id(loaded.card.card, lead.values)
    record = Record(
        score_id, now(), lead_id, key, loaded.digest, encode_input(lead.values, lead.ignored), answer.decode(), result
    )
    return ScoredLead(score_id, result, answer, (record,))


def trim(result: Result, explain: str) -> Result:
    """A result with less to explain it: `top` keeps the strongest entries, `none` no entry, reason or question."""
    if explain == "none":
        return replace(result, recommendation=replace(result.recommendation, reasons=(), questions=()), ledger=())
    entries = [entry for entry in result.ledger if entry.kind != "start"]
    gains = heapq.nlargest(STRONGEST_ENTRIES, (entry for entry in entries if entry.tenths > 0), _TENTHS)
    losses = heapq.nsmallest(STRONGEST_ENTRIES, (entry for entry in entries if entry.tenths < 0), _TENTHS)
    kept = {id(entry) for entry in (*gains, *losses)}
    return replace(result, ledger=tuple(entry for entry in entries if id(entry) in kept))


def today() -> date:
    """The day in UTC: the only clock of the service, for requests that name no day."""
    return datetime.now(UTC).date()
