"""POST /v1/score and /v1/score/batch: raw leads in, results out."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json

from leadledger.api.crm.bodies import read_records
from leadledger.api.http.access import needs
from leadledger.api.http.described import takes
from leadledger.api.log.record import Record, ScoredRequest, digest_request, encode_input, find_lead_id, new_id, now
from leadledger.api.requests.body import read_batch
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.mistakes import Mistakes, Refusal
from leadledger.api.requests.parameters import EXPLAIN, read_score_parameters
from leadledger.api.service.keys import Key
from leadledger.api.service.loaded import Served
from leadledger.api.service.service import Service
from leadledger.scoring.field import Lead
from leadledger.scoring.result import Result

STRONGEST = 3  # entries of a ledger, either way, in an answer with `explain=top`
MOST_OF_ITEM = 10  # mistakes of one lead of a batch that are listed
TURN = 20  # leads of a batch that are scored before other requests get their turn: a millisecond or two

_PARAMETERS: tuple[dict[str, Any], ...] = (
    {
        "name": "explain",
        "in": "query",
        "required": False,
        "description": "How much of the ledger, the reasons and the questions to send: all, the strongest three"
        " entries either way, or nothing.",
        "schema": {"type": "string", "enum": list(EXPLAIN), "default": "full"},
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "A name of this request: the same request under the same name gets its first answer, and"
        " is recorded once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    },
)
_UNRECORDED = {503: "The score can't be recorded."}


def add(app: FastAPI, service: Service) -> None:
    """Add the routes that score."""
    settings = service.settings

    @app.post(
        "/v1/score",
        summary="Score one lead",
        operation_id="score",
        **takes("score", "ScoreRequest", "Result", _UNRECORDED, _PARAMETERS),
    )
    @needs("score")
    async def score(request: Request) -> Response:
        """The points of one lead, each with its reason, and what to do with it."""
        content = await read(request)

        async def work() -> ScoredRequest:
            served, mistakes = service.served, Mistakes()
            parameters = read_score_parameters(request.scope["query_string"], mistakes)
            records = read_records(parameters, parse_json(content), "lead", mistakes)
            lead = served.reader.clean(records.source, records.content, records.path, mistakes)
            if mistakes or lead is None:
                service.metrics.rejected.inc()
                raise mistakes.to_refusal()
            scored = _scored(served, lead, records.as_of or today(), caller(request), bool(service.logged))
            reply = served.reader.reply_for(parameters.reply) if parameters.reply else None
            said = to_json(reply.make_update(scored.result)) if reply else scored.said(parameters.explain)
            return ScoredRequest(said, scored.records, (scored.result,))

        return await recorded(request, service, content, work)

    @app.post(
        "/v1/score/batch",
        summary="Score several leads",
        operation_id="score_batch",
        **takes("score", "BatchRequest", "BatchResult", _UNRECORDED, _PARAMETERS),
    )
    @needs("score")
    async def score_batch(request: Request) -> Response:
        """A result or a refusal for each of several leads, in the order in which they came.

        With `reply`, which has no place for a refusal, one mistake refuses them all.
        """
        content = await read(request)

        async def work() -> ScoredRequest:
            served, mistakes = service.served, Mistakes()
            reader = served.reader
            parameters = read_score_parameters(request.scope["query_string"], mistakes)
            sent = read_records(parameters, parse_json(content), "leads", mistakes)
            reply = reader.reply_for(parameters.reply) if parameters.reply else None
            most = min(settings.max_batch, reply.crm.most_updates) if reply else settings.max_batch
            leads = read_batch(sent.content, most, sent.path, mistakes)
            if mistakes:
                raise mistakes.to_refusal()
            day = sent.as_of or today()
            items: list[bytes] = []
            records: list[Record] = []
            results: list[Result] = []
            for at, raw in enumerate(leads):
                if at % TURN == TURN - 1:
                    await asyncio.sleep(0)
                own = mistakes if reply else Mistakes(MOST_OF_ITEM)
                lead = reader.clean(sent.source, raw, sent.path_of(at), own)
                key = ""
                if reply and lead:
                    key = reader.find_record_id(sent.source, parameters.reply, raw, lead, sent.path_of(at), own)
                if reply and mistakes:
                    continue  # what else is wrong is looked for, and nothing is scored
                if own or lead is None:
                    items.append(to_json({"status": 422, "errors": own.to_list()}))
                    continue
                scored = _scored(served, lead, day, caller(request), bool(service.logged))
                records += scored.records
                results.append(scored.result)
                if reply:
                    items.append(to_json(reply.make_update_of(key, scored.result, raw)))
                else:
                    items.append(b'{"status":200,"errors":[],"result":' + scored.said(parameters.explain) + b"}")
            if mistakes:
                service.metrics.rejected.inc(len(leads))  # one spoils them all
                raise mistakes.to_refusal()
            if reply:
                return ScoredRequest(reply.crm.join_updates(items), records, results)
            refused = len(items) - len(results)
            service.metrics.rejected.inc(refused)
            head = b'{"scored":%d,"refused":%d,"results":[' % (len(results), refused)
            return ScoredRequest(head + b",".join(items) + b"]}", records, results)

        return await recorded(request, service, content, work)


class _Scored(NamedTuple):  # made for each lead
    """The score of one lead: its result, that as it leaves, and what is recorded of it."""

    result: Result
    flat: dict[str, Any]
    whole: bytes
    records: tuple[Record, ...]

    def said(self, explain: str) -> bytes:
        """The answer, with as much to explain it as is asked for."""
        return self.whole if explain == "full" else to_json(trimmed(self.flat, explain))


async def recorded(
    request: Request, service: Service, content: bytes, work: Callable[[], Awaitable[ScoredRequest]]
) -> Response:
    """Do the work of a request, and answer once its scores are recorded.

    A request that comes again with its Idempotency-Key gets its first answer, and is recorded once.
    """
    done: ScoredRequest | None = None

    async def doing() -> ScoredRequest:
        nonlocal done
        done = await work()
        return done

    if service.logged is None:
        said = (await doing()).body
    else:
        recorder = service.logged.recorder
        name = recorder.read_idempotency_key(request.scope["named_headers"].get(b"idempotency-key"))
        if name:
            digest = digest_request(request.scope["path"], request.scope["query_string"], content)
            said = await recorder.answer_once(caller(request), name, digest, doing)
        else:
            made = await doing()
            await recorder.record(made.records)
            said = made.body
    if done is not None:
        service.metrics.scored(done.results)
    return Response(said, media_type="application/json")


def _scored(served: Served, lead: Lead, day: date, key: str, is_logged: bool) -> _Scored:
    """The score of a clean lead, and its record, where there is a log."""
    result = served.engine.result(lead.values, day, lead.ignored)
    if not is_logged:
        flat = {"id": "", **result.to_dict()}
        return _Scored(result, flat, to_json(flat), ())
    ident = new_id()
    flat = {"id": ident, **result.to_dict()}
    whole = to_json(flat)
    of = find_lead_id(served.card.card, lead.values)
    cleaned = encode_input(lead.values, lead.ignored)
    record = Record(ident, now(), of, key, served.digest, cleaned, whole.decode(), result)
    return _Scored(result, flat, whole, (record,))


def trimmed(said: dict[str, Any], explain: str) -> dict[str, Any]:
    """An answer with less to explain it: `top` has the strongest entries alone, `none` no entry, reason or question."""
    if explain == "none":
        return {**said, "reasons": [], "questions": [], "ledger": []}
    entries = [one for one in said["ledger"] if one["kind"] != "start"]
    gains = heapq.nlargest(STRONGEST, (one for one in entries if one["points"] > 0), _points)
    losses = heapq.nsmallest(STRONGEST, (one for one in entries if one["points"] < 0), _points)
    kept = {id(one) for one in (*gains, *losses)}
    return {**said, "ledger": [one for one in entries if id(one) in kept]}


def _points(entry: dict[str, Any]) -> float:
    return float(entry["points"])


def caller(request: Request) -> str:
    """The id of the key that a request came with; empty: none."""
    key: Key = request.scope["key"]
    return key.id


def today() -> date:
    """The day in UTC: the only clock of the service, for requests that name no day."""
    return datetime.now(UTC).date()


async def read(request: Request) -> bytes:
    """The body of a request that says it is JSON; the guard saw to its size. Raises Refusal: another type (415)."""
    headers: dict[bytes, bytes] = request.scope["named_headers"]
    media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media != b"application/json" and not (media.startswith(b"application/") and media.endswith(b"+json")):
        raise Refusal(415, "The body must be JSON; send it with the header `Content-Type: application/json`.")
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Refusal(415, "The body is compressed; send it as it is, without a Content-Encoding.")
    return await request.body()
