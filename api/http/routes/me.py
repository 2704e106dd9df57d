"""GET /v1/me: which key asks, and what it may do."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json

from leadledger.api.http.access import ANY_KEY, needs
from leadledger.api.http.described import answers


def add(app: FastAPI) -> None:
    """Add the route that tells a caller who it is."""

    @app.get(
        "/v1/me",
        summary="Which key is this?",
        operation_id="get_me",
        **answers("keys", "Me", said="The key that asks, and its scopes."),
    )
    @needs(ANY_KEY)
    async def me(request: Request) -> Response:
        """The key and what it may do. Where no keys are made, there is none, and all is allowed."""
        key = request.scope["key"]
        said = {"id": key.id, "name": key.name, "created": key.created.isoformat()} if key.id else None
        return Response(to_json({"key": said, "scopes": key.scopes}), media_type="application/json")
