"""POST /v1/score and /v1/score/batch: raw leads in, results out."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json

from api import body, crm
from api.crm_shapes import object_of
from api.problem import MEDIA_TYPE, Mistakes, Refusal
from api.settings import Settings
from scoring.engine import Engine

TURN = 20  # leads of a batch that are scored before other requests get their turn: a millisecond or two


def add(app: FastAPI, engine: Engine, settings: Settings) -> None:
    """Add the routes that score with one engine."""
    reader = crm.Reader(engine)

    @app.post("/v1/score", summary="Score one lead", **_described("ScoreRequest", "Result"))
    async def score(request: Request) -> Response:
        """The points of one lead, each with its reason, and what to do with it."""
        parsed = body.parse(await read(request, settings.max_body))
        mistakes = Mistakes()
        asked = crm.asked(request.scope["query_string"], mistakes)
        sent = crm.sent(asked, parsed, "lead", mistakes)
        lead = reader.clean(sent.source, sent.found, sent.path, mistakes)
        if mistakes or lead is None:
            raise mistakes.refusal()
        result = engine.result(lead.values, sent.as_of or today(), lead.ignored)
        said = reader.reply(asked.reply).one(result) if asked.reply else result.to_dict()
        return Response(to_json(said), media_type="application/json")

    @app.post("/v1/score/batch", summary="Score several leads", **_described("BatchRequest", "BatchResult"))
    async def score_batch(request: Request) -> Response:
        """The results of several leads, in the order in which they came. One mistake, and none is scored."""
        parsed = body.parse(await read(request, settings.max_body))
        mistakes = Mistakes()
        asked = crm.asked(request.scope["query_string"], mistakes)
        sent = crm.sent(asked, parsed, "leads", mistakes)
        reply = reader.reply(asked.reply) if asked.reply else None
        day = sent.as_of or today()
        most = min(settings.max_batch, reply.most) if reply else settings.max_batch
        results = []
        for at, raw in enumerate(body.batch(sent.found, most, mistakes, sent.path)):
            if at % TURN == TURN - 1:
                await asyncio.sleep(0)
            lead = reader.clean(sent.source, raw, sent.at(at), mistakes)
            key = reader.key(sent.source, asked.reply, raw, lead, sent.at(at), mistakes) if reply and lead else ""
            if lead is not None and not mistakes:
                result = engine.result(lead.values, day, lead.ignored)
                said = reply.item(result, key, object_of(raw)) if reply else result.to_dict()
                results.append(to_json(said))
        if mistakes:
            raise mistakes.refusal()
        whole = reply.several(results) if reply else b'{"results":[' + b",".join(results) + b"]}"
        return Response(whole, media_type="application/json")


def today() -> date:
    """The day in UTC: the only clock of the service, for requests that name no day."""
    return datetime.now(UTC).date()


async def read(request: Request, most: int) -> bytes:
    """The body of a request that says it is JSON. Raises Refusal: another type (415), more than `most` bytes (413)."""
    headers = dict(request.scope["headers"])
    media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media != b"application/json" and not (media.startswith(b"application/") and media.endswith(b"+json")):
        raise Refusal(415, "The body must be JSON; send it with the header `Content-Type: application/json`.")
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Refusal(415, "The body is compressed; send it as it is, without a Content-Encoding.")
    size = int(headers.get(b"content-length", 0))  # the server has checked that it is a number
    chunks = []
    if size <= most:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                break
            chunks.append(chunk)
    if size > most:
        raise Refusal(413, f"The body is larger than {most:,} bytes; send fewer leads at once.")
    return b"".join(chunks)


def _described(request: str, answer: str) -> dict[str, Any]:
    """What OpenAPI says of a route, by the names of `api.schemas`, which is loaded only where somebody asks."""
    reasons = {
        400: "The body is not JSON.",
        413: "The body is too large.",
        415: "The body is of another type.",
        422: "The body has mistakes: each is listed with its path.",
    }
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        "tags": ["score"],
        "openapi_extra": {
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{request}"}}},
            }
        },
        "responses": {
            200: {
                "description": "Scored.",
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{answer}"}}},
            }
        }
        | {status: {"description": reason, "content": problem} for status, reason in reasons.items()},
    }
