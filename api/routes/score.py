"""POST /v1/score and /v1/score/batch: raw leads in, results out."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json

from api import body
from api.access import needs
from api.keys import Key
from api.log.record import Record, Work, new_id, now, written
from api.log.record import ident as lead_id
from api.problem import MEDIA_TYPE, Mistakes, Refusal, cut
from api.service import Service
from scoring.errors import did_you_mean
from scoring.field import Lead

EXPLAIN = ("none", "top", "full")
PARAMETERS = ("explain", "as_of")
STRONGEST = 3  # entries of a ledger, either way, in an answer with `explain=top`
MOST_OF_ITEM = 10  # mistakes of one lead of a batch that are listed
TURN = 20  # leads of a batch that are scored before other requests get their turn: a millisecond or two


def add(app: FastAPI, service: Service) -> None:
    """Add the routes that score."""
    engine, settings = service.engine, service.settings

    @app.post("/v1/score", summary="Score one lead", operation_id="score", **_scoring("ScoreRequest", "Result"))
    @needs("score")
    async def score(request: Request) -> Response:
        """The points of one lead, each with its reason, and what to do with it."""
        content = await read(request)

        def work() -> Work:
            mistakes = Mistakes()
            explain, day = query(request, mistakes)
            raw, as_of = body.members(body.parse(content), "lead", mistakes)
            as_of = one_day(as_of, day, mistakes)
            lead = body.clean(engine, raw, "$.lead", mistakes)
            if mistakes or lead is None:
                raise mistakes.refusal()
            scored = _scored(service, lead, as_of or today(), caller(request), explain)
            return Work(scored.body, (scored.record,) if scored.record else ())

        async def later() -> Work:
            return work()

        return await recorded(request, service, content, later)

    @app.post(
        "/v1/score/batch",
        summary="Score several leads",
        operation_id="score_batch",
        **_scoring("BatchRequest", "BatchResult"),
    )
    @needs("score")
    async def score_batch(request: Request) -> Response:
        """A result or a refusal for each of several leads, in the order in which they came."""
        content = await read(request)

        async def work() -> Work:
            mistakes = Mistakes()
            explain, day = query(request, mistakes)
            raws, as_of = body.members(body.parse(content), "leads", mistakes)
            as_of = one_day(as_of, day, mistakes) or today()
            leads = body.batch(raws, settings.max_batch, mistakes)
            if mistakes:
                raise mistakes.refusal()
            items, records = [], []
            for at, raw in enumerate(leads):
                if at % TURN == TURN - 1:
                    await asyncio.sleep(0)
                own = Mistakes(MOST_OF_ITEM)
                lead = body.clean(engine, raw, f"$.leads[{at}]", own)
                if own or lead is None:
                    items.append(to_json({"status": 422, "errors": [one.to_dict() for one in own.kept]}))
                    continue
                scored = _scored(service, lead, as_of, caller(request), explain)
                items.append(b'{"status":200,"errors":[],"result":' + scored.body + b"}")
                records += [scored.record] if scored.record else []
            good = sum(one.startswith(b'{"status":200') for one in items)
            said = b'{"scored":%d,"refused":%d,"results":[' % (good, len(items) - good)
            return Work(said + b",".join(items) + b"]}", records)

        return await recorded(request, service, content, work)


@dataclass(frozen=True, slots=True)
class _Scored:
    body: bytes
    record: Record | None


async def recorded(request: Request, service: Service, content: bytes, work: Callable[[], Awaitable[Work]]) -> Response:
    """Do the work of a request, and answer once its scores are recorded.

    A request that comes again with its Idempotency-Key gets its first answer, and is recorded once.
    """
    if service.logged is None:
        return _answer((await work()).body)
    recorder = service.logged.recorder
    headers = dict(request.scope["headers"])
    name = recorder.name_of(headers.get(b"idempotency-key"))
    if not name:
        done = await work()
        await recorder.record(done.records)
        return _answer(done.body)
    return _answer(await recorder.once(caller(request), name, request.scope, content, work))


def _answer(content: bytes) -> Response:
    return Response(content, media_type="application/json")


def _scored(service: Service, lead: Lead, day: date, key: str, explain: str) -> _Scored:
    """The answer to a clean lead, and its record."""
    result = service.engine.result(lead.values, day, lead.ignored)
    said = result.to_dict()
    if service.logged is None:
        return _Scored(to_json(trimmed({"id": "", **said}, explain)), None)
    ident = new_id()
    whole = to_json({"id": ident, **said})
    record = Record(
        ident,
        now(),
        lead_id(service.engine.card.card, lead.values),
        key,
        service.digest,
        written(lead.values, lead.ignored),
        whole.decode(),
        result,
    )
    return _Scored(whole if explain == "full" else to_json(trimmed({"id": ident, **said}, explain)), record)


def trimmed(said: dict[str, Any], explain: str) -> dict[str, Any]:
    """An answer with less to explain it: `top` has the strongest entries alone, `none` no entry, reason or question."""
    if explain == "full":
        return said
    if explain == "none":
        return {**said, "reasons": [], "questions": [], "ledger": []}
    entries = [one for one in said["ledger"] if one["kind"] != "start"]
    gains = heapq.nlargest(STRONGEST, (one for one in entries if one["points"] > 0), _points)
    losses = heapq.nsmallest(STRONGEST, (one for one in entries if one["points"] < 0), _points)
    kept = {id(one) for one in (*gains, *losses)}
    return {**said, "ledger": [one for one in entries if id(one) in kept]}


def _points(entry: dict[str, Any]) -> float:
    return float(entry["points"])


def query(request: Request, mistakes: Mistakes) -> tuple[str, date | None]:
    """How much to explain, and the day, as the query of a request says it."""
    raw = request.scope["query_string"]
    if not raw:
        return "full", None
    explain, day = "full", None
    for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        if name == "explain":
            explain = value
            if value not in EXPLAIN:
                mistakes.add("?explain", f"there is no such way to explain.{did_you_mean(cut(value), EXPLAIN)}", value)
        elif name == "as_of":
            day = body.day(value, "?as_of", mistakes)
        else:
            mistakes.add(f"?{cut(name)}", f"unknown parameter.{did_you_mean(cut(name), PARAMETERS)}")
    return explain, day


def one_day(said: date | None, asked: date | None, mistakes: Mistakes) -> date | None:
    """The day of a score, which may stand in the body or in the query, and in both only if it is the same."""
    if said is not None and asked is not None and said != asked:
        mistakes.add("?as_of", f"is {asked}, and the body says {said}; send one of the two")
    return said or asked


def caller(request: Request) -> str:
    """The id of the key that a request came with; empty: none."""
    key: Key = request.scope["key"]
    return key.id


def today() -> date:
    """The day in UTC: the only clock of the service, for requests that name no day."""
    return datetime.now(UTC).date()


async def read(request: Request) -> bytes:
    """The body of a request that says it is JSON; the guard saw to its size. Raises Refusal: another type (415)."""
    headers = dict(request.scope["headers"])
    media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media != b"application/json" and not (media.startswith(b"application/") and media.endswith(b"+json")):
        raise Refusal(415, "The body must be JSON; send it with the header `Content-Type: application/json`.")
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Refusal(415, "The body is compressed; send it as it is, without a Content-Encoding.")
    return await request.body()


def described(tag: str, request: str, answer: str, more: Mapping[int, str] | None = None) -> dict[str, Any]:
    """What OpenAPI says of a route, by the names of `api.schemas`, which is loaded only where somebody asks."""
    reasons = {
        400: "The body is not JSON.",
        415: "The body is of another type.",
        422: "The body has mistakes: each is listed with its path.",
        **(more or {}),
    }
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        "tags": [tag],
        "openapi_extra": {
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{request}"}}},
            }
        },
        "responses": {
            200: {
                "description": "Done.",
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{answer}"}}},
            }
        }
        | {status: {"description": reason, "content": problem} for status, reason in reasons.items()},
    }


def _scoring(request: str, answer: str) -> dict[str, Any]:
    """What OpenAPI says of a route that scores: also its parameters."""
    said = described("score", request, answer, {503: "The score can't be recorded."})
    said["openapi_extra"]["parameters"] = [
        {
            "name": "explain",
            "in": "query",
            "description": "How much of the ledger, the reasons and the questions to send: all, the strongest three"
            " entries either way, or nothing.",
            "schema": {"type": "string", "enum": list(EXPLAIN), "default": "full"},
        },
        {
            "name": "as_of",
            "in": "query",
            "description": "The day of the score, as in the body.",
            "schema": {"type": "string", "format": "date"},
        },
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A name of this request: the same request under the same name gets its first answer, and"
            " is recorded once.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        },
    ]
    return said
