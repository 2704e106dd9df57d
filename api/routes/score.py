"""POST /v1/score and /v1/score/batch: raw leads in, results out."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json

from api import body
from api.access import needs
from api.problem import MEDIA_TYPE, Mistakes, Refusal
from api.settings import Settings
from scoring.engine import Engine

TURN = 20  # leads of a batch that are scored before other requests get their turn: a millisecond or two


def add(app: FastAPI, engine: Engine, settings: Settings) -> None:
    """Add the routes that score with one engine."""

    @app.post("/v1/score", summary="Score one lead", **_described("ScoreRequest", "Result"))
    @needs("score")
    async def score(request: Request) -> Response:
        """The points of one lead, each with its reason, and what to do with it."""
        parsed = body.parse(await read(request))
        mistakes = Mistakes()
        raw, as_of = body.members(parsed, "lead", mistakes)
        lead = body.clean(engine, raw, "$.lead", mistakes)
        if mistakes or lead is None:
            raise mistakes.refusal()
        result = engine.result(lead.values, as_of or today(), lead.ignored)
        return Response(to_json(result.to_dict()), media_type="application/json")

    @app.post("/v1/score/batch", summary="Score several leads", **_described("BatchRequest", "BatchResult"))
    @needs("score")
    async def score_batch(request: Request) -> Response:
        """The results of several leads, in the order in which they came. One mistake, and none is scored."""
        parsed = body.parse(await read(request))
        mistakes = Mistakes()
        raws, as_of = body.members(parsed, "leads", mistakes)
        day = as_of or today()
        results = []
        for at, raw in enumerate(body.batch(raws, settings.max_batch, mistakes)):
            if at % TURN == TURN - 1:
                await asyncio.sleep(0)
            lead = body.clean(engine, raw, f"$.leads[{at}]", mistakes)
            if lead is not None and not mistakes:
                results.append(to_json(engine.result(lead.values, day, lead.ignored).to_dict()))
        if mistakes:
            raise mistakes.refusal()
        return Response(b'{"results":[' + b",".join(results) + b"]}", media_type="application/json")


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


def _described(request: str, answer: str) -> dict[str, Any]:
    """What OpenAPI says of a route, by the names of `api.schemas`, which is loaded only where somebody asks."""
    reasons = {
        400: "The body is not JSON.",
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
