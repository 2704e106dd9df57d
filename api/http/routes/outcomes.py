"""POST /v1/outcomes: what became of a lead, for the history and for training."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_json, read_key_id, write_json
from leadledger.api.http.openapi_options import describe_exchange
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service import outcomes
from leadledger.api.service.service import Service

LARGEST_OUTCOME = 10_000  # bytes


def add(app: FastAPI, service: Service) -> None:
    """Add the route that takes outcomes."""

    @app.post(
        "/v1/outcomes",
        summary="Note what became of a lead",
        operation_id="add_outcome",
        **describe_exchange("outcomes", "OutcomeRequest", "Outcome", {404: "There is no log.", 503: "The log fails."}),
    )
    @needs("outcomes")
    async def add_outcome(request: Request) -> Response:
        """Once: the same outcome of the same day, however often it comes, is noted once."""
        content = read_json(request)
        if len(content) > LARGEST_OUTCOME:
            raise Refusal(413, f"The body is larger than {LARGEST_OUTCOME:,} bytes, and an outcome needs a hundred.")
        body = parse_json(content)
        return write_json(await outcomes.add_outcome(service, body, read_key_id(request)))
