"""GET /v1/scores/{id}, its replay, and /v1/leads/{id}/scores: what was answered, and why it moved."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json

from leadledger.api.http.access import needs
from leadledger.api.http.described import answers
from leadledger.api.requests.mistakes import Mistakes, Refusal
from leadledger.api.requests.parameters import MOST_SCORES_PER_PAGE, SCORES_PER_PAGE, read_page_parameters
from leadledger.api.service.service import Logged, Service
from leadledger.scoring.errors import ScoringError

_T = TypeVar("_T")

_REASONS = {404: "It is not in the log, or there is no log.", 410: "It was erased.", 503: "The log can't be reached."}


def add(app: FastAPI, service: Service) -> None:
    """Add the routes that read the log."""

    @app.get(
        "/v1/scores/{id}",
        summary="One score, as it was answered",
        operation_id="get_score",
        **answers("history", "LoggedScore", _REASONS),
    )
    @needs("read")
    async def get_score(request: Request) -> Response:
        """The answer, the cleaned values that it came from, and which key asked."""
        row = await _row(service, request)
        values = json.loads(row["input"])
        said = {**_head(row), "input": _listed(values["values"]), "result": json.loads(row["result"])}
        return _answer(said)

    @app.get(
        "/v1/scores/{id}/replay",
        summary="Work a score out again",
        operation_id="replay_score",
        **answers("history", "Replayed", {**_REASONS, 409: "The release or the card that gave the score is gone."}),
    )
    @needs("read")
    async def replay_score(request: Request) -> Response:
        """Is the answer the same, byte for byte, from the logged values and the release of that day?"""
        row = await _row(service, request)
        try:
            again = await read(service, lambda logged: logged.replay.replay(row))
        except ScoringError as error:
            raise Refusal(409, f"The score can't be worked out again: {error}.") from None
        return _answer(
            {
                "id": row["id"],
                "release": row["release"],
                "identical": again.decode() == row["result"],
                "points": row["tenths"] / 10,
                "replayed": json.loads(again)["points"],
                "result": json.loads(again),
            }
        )

    @app.get(
        "/v1/leads/{id}/scores",
        summary="The scores of a lead, newest first",
        operation_id="get_lead_scores",
        openapi_extra={
            "parameters": [
                {
                    "name": "limit",
                    "in": "query",
                    "description": f"How many scores at most, up to {MOST_SCORES_PER_PAGE}.",
                    "schema": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": MOST_SCORES_PER_PAGE,
                        "default": SCORES_PER_PAGE,
                    },
                },
                {
                    "name": "before",
                    "in": "query",
                    "description": "The id of a score: those before it come, for the next page.",
                    "schema": {"type": "string"},
                },
            ]
        },
        **answers("history", "LeadScores", {**_REASONS, 422: "A parameter is wrong."}),
    )
    @needs("read")
    async def get_lead_scores(request: Request) -> Response:
        """What moved from each score to the next, by which entries, and whether data, time or the release did it."""
        lead = request.path_params["id"]
        mistakes = Mistakes()
        page = read_page_parameters(request.scope["query_string"], mistakes)
        if mistakes:
            raise mistakes.to_refusal()
        said = await read(service, lambda logged: _history(logged, lead, page.limit, page.before))
        if not said["scores"] and not said["outcomes"]:
            raise Refusal(404, "No score of this lead is in the log.")
        return _answer(said)


async def read(service: Service, work: Callable[[Logged], _T]) -> _T:
    """What comes of reading the log, in a thread of its own. Raises Refusal: there is no log (404), it fails (503)."""
    if service.logged is None:
        raise Refusal(404, "Nothing is recorded: the service runs with its log off.")
    from sqlalchemy.exc import SQLAlchemyError

    from leadledger.api.log.database import describe_error

    try:
        return await asyncio.to_thread(work, service.logged)
    except SQLAlchemyError as error:
        raise Refusal(
            503, f"The decision log can't be reached: {describe_error(error)}. Try again.", retry_after=1
        ) from None


async def _row(service: Service, request: Request) -> dict[str, Any]:
    ident = request.path_params["id"]
    row = await read(service, lambda logged: logged.log.read_score(ident))
    if row is None:
        raise Refusal(404, "There is no score of this id in the log.")
    if row["input"] is None:
        raise Refusal(410, "What this score was made of was erased: its lead is forgotten.")
    return row


def _history(logged: Logged, lead: str, limit: int, before: str) -> dict[str, Any]:
    from leadledger.api.log.replay import list_changes

    rows = logged.log.read_lead_scores(lead, limit + 1, before)
    if rows is None:
        raise Refusal(404, "The score that `before` names is not in the log.")
    scores = []
    for new, old in zip(rows[:limit], [*rows[1:], None], strict=False):
        moved = [] if old is None else logged.replay.list_moves(old, new)
        scores.append({**_head(new), "moved": moved, "changed": [] if old is None else list_changes(old, new)})
    outcomes = [
        {"became": one["became"], "on": one["on"], "at": one["at"]} for one in logged.log.read_lead_outcomes(lead)
    ]
    return {"lead": lead, "scores": scores, "more": len(rows) > limit, "outcomes": outcomes}


def _head(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of every score."""
    return {
        "id": row["id"],
        "at": row["at"],
        "lead": row["lead"] or "",
        "key": row["key"],
        "card": row["card"],
        "release": row["release"],
        "as_of": row["as_of"],
        "score": row["score"],
        "points": row["tenths"] / 10,
        "grade": row["grade"],
        "recommendation": row["recommendation"],
    }


def _listed(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Values by name as flat records, each as a text."""
    return [{"field": name, "value": one if isinstance(one, str) else json.dumps(one)} for name, one in values.items()]


def _answer(said: Mapping[str, Any]) -> Response:
    return Response(to_json(said), media_type="application/json")
