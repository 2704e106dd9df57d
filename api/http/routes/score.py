"""POST /v1/score and /v1/score/batch: raw leads in, results out."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_json, read_key_id, send_json
from leadledger.api.http.openapi_options import describe_exchange
from leadledger.api.requests.parameters import EXPLAIN
from leadledger.api.service.answering import answer_batch, answer_score
from leadledger.api.service.scoring import ScoreCall
from leadledger.api.service.service import Service

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
_REASONS = {503: "The score can't be recorded."}


def add(app: FastAPI, service: Service) -> None:
    """Add the routes that score."""

    @app.post(
        "/v1/score",
        summary="Score one lead",
        operation_id="score",
        **describe_exchange("score", "ScoreRequest", "Result", _REASONS, _PARAMETERS),
    )
    @needs("score")
    async def score(request: Request) -> Response:
        """The points of one lead, each with its reason, and what to do with it."""
        return send_json(await answer_score(service, _read_call(request)))

    @app.post(
        "/v1/score/batch",
        summary="Score several leads",
        operation_id="score_batch",
        **describe_exchange("score", "BatchRequest", "BatchResult", _REASONS, _PARAMETERS),
    )
    @needs("score")
    async def score_batch(request: Request) -> Response:
        """A result or a refusal for each of several leads, in the order in which they came.

        With `reply`, which has no place for a refusal, one mistake refuses them all.
        """
        return send_json(await answer_batch(service, _read_call(request)))


def _read_call(request: Request) -> ScoreCall:
    content, scope = read_json(request), request.scope
    idempotency_key = scope["named_headers"].get(b"idempotency-key")
    if idempotency_key is None:
        return ScoreCall(scope["path"], scope["query_string"], content, read_key_id(request))

    def count_leads(count: int) -> None:
        scope["repeatable_leads"] = count  # the guard counts each as a request

    return ScoreCall(scope["path"], scope["query_string"], content, read_key_id(request), idempotency_key, count_leads)
