"""GET /metrics: the metrics for Prometheus."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from leadledger.api.http.access import ANY_KEY, needs
from leadledger.api.service.service import Service


def add(app: FastAPI, service: Service) -> None:
    """Add the route that shows the metrics."""
    example = 'leadledger_scores_total{recommendation="ask",release="2026-01-31-001"} 1204.0\n'
    content = {"text/plain": {"schema": {"type": "string"}, "example": example}}

    @app.get(
        "/metrics",
        summary="Counters, for Prometheus",
        operation_id="get_metrics",
        tags=["health"],
        responses={200: {"description": "In Prometheus's text format.", "content": content}},
        response_class=Response,
    )
    @needs(ANY_KEY)
    async def get_metrics(request: Request) -> Response:
        """Requests, scores, the release, the log, how far scores have moved; of all workers, and nothing of a lead."""
        text = await asyncio.to_thread(service.metrics.render, service.loaded)
        return Response(text, media_type=CONTENT_TYPE_LATEST)
