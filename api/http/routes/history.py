"""GET /v1/scores/{id}, its replay, and /v1/leads/{id}/scores: what was answered, and why it moved."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import send_json
from leadledger.api.http.openapi_options import describe_answer
from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.requests.parameters import MOST_SCORES_PER_PAGE, SCORES_PER_PAGE, read_page_parameters
from leadledger.api.service import history
from leadledger.api.service.service import Service

_REASONS = {404: "It is not in the log, or there is no log.", 410: "It was erased.", 503: "The log can't be reached."}
_PAGE_PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "limit",
        "in": "query",
        "description": f"How many scores at most, up to {MOST_SCORES_PER_PAGE}.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_SCORES_PER_PAGE, "default": SCORES_PER_PAGE},
    },
    {
        "name": "before",
        "in": "query",
        "description": "The id of a score: those before it come, for the next page.",
        "schema": {"type": "string"},
    },
]


def add(app: FastAPI, service: Service) -> None:
    """Add the routes that read the log."""

    @app.get(
        "/v1/scores/{id}",
        summary="One score, as it was answered",
        operation_id="get_score",
        **describe_answer("history", "LoggedScore", _REASONS),
    )
    @needs("read")
    async def get_score(request: Request) -> Response:
        """The answer, the cleaned values that it came from, and which key asked."""
        return send_json(await history.answer_logged_score(service, request.path_params["id"]))

    @app.get(
        "/v1/scores/{id}/replay",
        summary="Work a score out again",
        operation_id="replay_score",
        **describe_answer(
            "history", "Replayed", {**_REASONS, 409: "The release or the card that gave the score is gone."}
        ),
    )
    @needs("read")
    async def replay_score(request: Request) -> Response:
        """Is the answer the same, byte for byte, from the logged values and the release of that day?"""
        return send_json(await history.answer_replay(service, request.path_params["id"]))

    @app.get(
        "/v1/leads/{id:path}/scores",
        summary="The scores of a lead, newest first",
        operation_id="get_lead_scores",
        openapi_extra={"parameters": _PAGE_PARAMETERS},
        **describe_answer("history", "LeadScores", {**_REASONS, 422: "A parameter is wrong."}),
    )
    @needs("read")
    async def get_lead_scores(request: Request) -> Response:
        """What moved from each score to the next, by which entries, and whether data, time or the release did it."""
        mistakes = Mistakes()
        page = read_page_parameters(request.scope["query_string"], mistakes)
        if mistakes:
            raise mistakes.to_refusal()
        return send_json(await history.answer_lead_scores(service, request.path_params["id"], page))
