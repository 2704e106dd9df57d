"""POST /v1/events: what leads did, stored until a score counts it."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_json, read_key_id, write_json
from leadledger.api.http.openapi_options import describe_exchange
from leadledger.api.service import events
from leadledger.api.service.service import Service


def add(app: FastAPI, service: Service) -> None:
    """Add the route that takes events."""

    @app.post(
        "/v1/events",
        summary="Store what leads did",
        operation_id="add_events",
        **describe_exchange(
            "events", "EventsRequest", "StoredEvents", {404: "There is no log.", 503: "The log fails."}
        ),
    )
    @needs("events")
    async def add_events(request: Request) -> Response:
        """Store events, up to 1,000 at once, for the scores of the leads that they name.

        Each is stored once by its source and id, however often it is sent. Events with mistakes are listed with paths
        and left out; the others are stored. A body may also be one event, or what Segment and CloudEvents send, one or
        several.
        """
        headers = request.scope["named_headers"]
        content = read_json(request)
        return write_json(await events.add_events(service, content, headers, read_key_id(request)))
