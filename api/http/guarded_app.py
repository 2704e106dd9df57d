"""The app that the server runs: FastAPI describes its routes and runs its lifespan, and the guard answers requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from leadledger.api.http.guard import Guard


class GuardedApp(FastAPI):
    """An app whose guard stands in place of FastAPI's own middlewares and router: every request would pay for them.

    `make_guard` makes the guard of the routes that there are at the first request.
    """

    make_guard: Callable[[], Guard]

    @cached_property
    def guard(self) -> Guard:
        """The guard. Raises TypeError where it can't be one of all routes."""
        return self.make_guard()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
        elif scope["type"] == "http":
            scope["app"] = self
            await self.guard(scope, receive, send)
        else:  # nothing here uses web sockets
            await send({"type": "websocket.close", "code": 1000})
