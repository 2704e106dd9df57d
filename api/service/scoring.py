"""One lead scored for a request: its result, its answer as JSON, and the record of it. No web framework here."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from operator import attrgetter
from typing import NamedTuple

from pydantic_core import to_json

from leadledger.api.crm.bodies import read_records
from leadledger.api.log.lead_titles import find_title
from leadledger.api.log.record import (
    Record,
    ScoredRequest,
    encode_answer,
    encode_input,
    find_lead_id,
    find_owner,
    new_id,
    now,
)
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.lead_events import count_events
from leadledger.api.requests.mistakes import NOTHING, Mistakes
from leadledger.api.requests.parameters import read_score_parameters
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.remembered_leads import read_remembered
from leadledger.api.service.service import Service
from leadledger.api.service.stored_events import read_lead_events
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.day_forms import UTC_NAME, find_zone
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.result import Result

STRONGEST_ENTRIES = 3  # of a ledger, either way, in an answer with `explain=top`

_TENTHS = attrgetter("tenths")


class ScoreCall(NamedTuple):  # made for each request
    """A request to score: the JSON of its body, its query string, and the path that it was sent to.

    `key` is the id of the API key that it came with (empty: none). `idempotency_key` is the name under which it may be
    repeated: the same request under the same name gets its first answer, and is recorded once (None: it has none).
    `count_leads` is told how many leads were scored for such a request, if any.
    """

    path: str
    query: bytes
    content: bytes
    key: str = ""
    idempotency_key: bytes | None = None
    count_leads: Callable[[int], None] | None = None


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


async def score_one(service: Service, call: ScoreCall) -> ScoredRequest:
    """Score the one lead of a request. Raises Refusal with every mistake."""
    loaded, mistakes = service.loaded, Mistakes()
    parameters = read_score_parameters(call.query, mistakes)
    records = read_records(parameters, parse_json(call.content), "lead", mistakes)
    lead = loaded.reader.clean(records.source, records.content, records.path, mistakes)
    day = records.as_of or today(loaded.card.card.time_zone)
    counts = None
    if lead is not None:
        if loaded.card.card.memory_fields:
            lead = (await read_remembered(service, loaded, [lead])).complete(lead, day)
        stored = None
        if loaded.card.card.events:
            stored = (await read_lead_events(service, loaded, [lead])).find(lead, day)
        counts = count_events(loaded.engine, records.events, day, lead, mistakes, stored)
    if mistakes or lead is None:
        service.metrics.rejected.inc()
        raise mistakes.to_refusal()
    has_sent = records.events is not NOTHING
    scored = score_lead(loaded, lead, day, call.key, service.decision_log is not None, counts, has_sent)
    if parameters.reply:
        body = to_json(loaded.reader.reply_for(parameters.reply).make_update(scored.result))
    else:
        body = scored.encode(parameters.explain)
    return ScoredRequest(body, scored.records, (scored.result,))


def score_lead(
    loaded: LoadedCard,
    lead: Lead,
    day: date,
    key: str,
    is_recorded: bool,
    counts: EventCounts | None = None,
    has_sent: bool = False,
) -> ScoredLead:
    """The score of a clean lead on a day, with its record if it is to be recorded.

    `key` is the id of the API key. `counts` is what the events of the lead come to; None: not known. `has_sent`: some
    of them came with the lead.
    """
    result = loaded.engine.build_result(lead.values, day, lead.ignored, counts)
    if not is_recorded:
        return ScoredLead("", result, b"", ())
    score_id = new_id()
    answer = encode_answer(score_id, result)
    lead_id = find_lead_id(loaded.card.card, lead.values)
    kept = encode_input(lead.values, lead.ignored, result.events, has_sent=has_sent)
    names = find_owner(lead.values), find_title(loaded.card.card, lead.values)
    record = Record(score_id, now(), lead_id, key, loaded.digest, kept, answer, result, *names)
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


def today(time_zone: str = UTC_NAME) -> date:
    """The day in a time zone, a card's: the only clock of the service, for requests that name no day."""
    return datetime.now(find_zone(time_zone)).date()
