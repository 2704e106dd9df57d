"""Problems: the one shape of every refusal, `application/problem+json` as RFC 9457 has it.

    {"type": "about:blank", "title": "Unprocessable Content", "status": 422,
     "detail": "1 mistake in the request; nothing was scored.",
     "errors": [{"path": "$.lead.employees", "reason": "'many' is not a number; …", "value": "many"}],
     "request_id": "5f0c…"}

`type` is always about:blank: the status says which kind of problem it is (RFC 9457, 4.2.1). `errors` is always there,
and empty where nothing in the body is at fault; `request_id` finds the request in the server's log. Where it helps to
try again, `retry_after` says after how many seconds, as the header does. What comes from the caller is shortened before
an answer repeats it.
"""

from __future__ import annotations

import http

from fastapi import Response
from pydantic_core import to_json

from leadledger.api.requests.mistakes import Refusal

MEDIA_TYPE = "application/problem+json"

# RFC 9110's phrases: older Pythons still have those of RFC 7231 for some of them.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
_FAILURE = "The service failed, and it is not your request's fault. The server's log says how."


def respond(refusal: Refusal, request_id: str = "") -> Response:
    """A refusal as an HTTP response."""
    headers = dict(refusal.headers or {})
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return Response(to_json(describe(refusal, request_id)), refusal.status, headers, MEDIA_TYPE)


def describe(refusal: Refusal, request_id: str) -> dict[str, object]:
    """A refusal as JSON."""
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": _TITLES.get(refusal.status) or http.HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.detail,
        "errors": [mistake.to_dict() for mistake in refusal.mistakes],
        "request_id": request_id,
    }
    if refusal.retry_after is not None:
        problem["retry_after"] = refusal.retry_after
    return problem


def make_failure() -> Refusal:
    """The refusal where the service itself is at fault; it says nothing of what happened inside."""
    return Refusal(500, _FAILURE)
