"""GET /v1/me: the key of the caller, and what it may do."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import ANY_KEY, needs
from leadledger.api.http.messages import write_json
from leadledger.api.http.openapi_options import describe_answer


def add(app: FastAPI) -> None:
    """Add the route that shows callers their key."""

    @app.get(
        "/v1/me",
        summary="Which key is this?",
        operation_id="get_me",
        **describe_answer("keys", "Me", description="The key that asks, and its scopes."),
    )
    @needs(ANY_KEY)
    async def me(request: Request) -> Response:
        """The key and what it may do. Where no keys are made, there is none, and all is allowed."""
        key = request.scope["key"]
        described = {"id": key.id, "name": key.name, "created": key.created.isoformat()} if key.id else None
        return write_json({"key": described, "scopes": key.scopes})
