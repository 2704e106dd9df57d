"""POST /v1/outcomes: what became of a lead, for the history and for training."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_json, read_key_id, write_json
from leadledger.api.http.openapi_options import describe_exchange
from leadledger.api.requests.json_text import parse_json
from leadledger.api.service import outcomes
from leadledger.api.service.service import Service


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
        body = parse_json(await read_json(request))
        return write_json(await outcomes.add_outcome(service, body, read_key_id(request)))
