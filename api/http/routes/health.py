"""GET /health/live and /health/ready, for whatever watches the process."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import OPEN, needs
from leadledger.api.http.openapi_options import describe_answer
from leadledger.api.service.service import Service


def add(app: FastAPI, service: Service) -> None:
    """Add the routes of a service that has loaded its card: it is ready as soon as it answers at all."""

    # Some monitors ask with HEAD.
    @app.head("/health/live", include_in_schema=False)
    @app.get(
        "/health/live",
        summary="Is the process alive?",
        operation_id="is_live",
        **describe_answer("health", "Live", description="Yes."),
    )
    @needs(OPEN)
    async def health_live(request: Request) -> Response:
        """Answers for as long as the process runs."""
        return Response(b'{"status":"live"}', media_type="application/json")

    @app.head("/health/ready", include_in_schema=False)
    @app.get(
        "/health/ready",
        summary="Can it score?",
        operation_id="is_ready",
        **describe_answer("health", "Ready", description="Yes."),
    )
    @needs(OPEN)
    async def health_ready(request: Request) -> Response:
        """Answers once the card is loaded and has scored a lead; says which card and which release."""
        return Response(service.loaded.readiness, media_type="application/json")
