"""GET /v1/scorecard: the card and what was learned for it, for people and programs to read."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import write_json
from leadledger.api.http.openapi_options import describe_answer
from leadledger.api.service.scorecard_json import describe_scorecard
from leadledger.api.service.service import Service


def add(app: FastAPI, service: Service) -> None:
    """Add the route that shows the scorecard."""

    @app.get(
        "/v1/scorecard",
        summary="Read the scorecard",
        operation_id="get_scorecard",
        **describe_answer("scorecard", "Scorecard", description="The scorecard that is served."),
    )
    @needs("read")
    async def scorecard(request: Request) -> Response:
        """Every field, rule, table and line that a score rests on."""
        return write_json(describe_scorecard(service.loaded.card))
