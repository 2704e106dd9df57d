"""POST /mcp: the tools for agents, over the streamable HTTP of the Model Context Protocol.

Each request stands alone: no session outlives it, so any worker answers, and the key of each request counts. Answers
are JSON; there is nothing to stream, so GET and DELETE, which open and end streams, are refused.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from leadledger.api.http.access import ANY_KEY, needs
from leadledger.api.http.body_limit import receive_again
from leadledger.api.http.messages import read_json
from leadledger.api.mcp.extra import HOW_TO_INSTALL, is_installed
from leadledger.api.mcp.tool import Caller
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.keys import Key
from leadledger.api.service.service import Service

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

NOT_INSTALLED = f"Tools for agents need the package mcp. Install it on the server: {HOW_TO_INSTALL}."
FOREIGN_PAGE = "This request came from a web page of another site; agents send no Origin."


def add(app: FastAPI, service: Service) -> None:
    """Add the route that agents call."""
    ready: list[Server[Any]] = []

    @app.post("/mcp", include_in_schema=False)  # the protocol describes itself, by tools/list
    @needs(ANY_KEY)
    async def call_tools(request: Request) -> Response:
        _refuse_other_pages(request.scope["named_headers"])
        if not is_installed():
            raise Refusal(501, NOT_INSTALLED)
        content = read_json(request)
        parse_json(content)  # refuses what is nested too deep, or no JSON at all
        if not ready:
            ready.append(await asyncio.to_thread(_build_server, service))  # the import takes a second or two
        return _Relay(ready[0], content, service.settings.max_body)


class _Relay(Response):
    """The answer of the protocol's SDK to one request."""

    def __init__(self, server: Server[Any], content: bytes, max_body: int) -> None:
        self._server, self._content, self._max_body = server, content, max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        # A manager for each request: its tasks end with it, and there is nothing to start or to stop with the service.
        manager = StreamableHTTPSessionManager(
            self._server, json_response=True, stateless=True, max_request_body_size=self._max_body
        )
        async with manager.run():
            await manager.handle_request(scope, receive_again(self._content, receive), send)


def _build_server(service: Service) -> Server[Any]:
    from mcp.server import streamable_http_manager  # noqa: F401  # loaded here, in the thread

    from leadledger.api.mcp.protocol import build_server

    return build_server(service, _find_caller)


def _find_caller(request: Request) -> Caller:
    key: Key = request.scope["key"]
    return Caller(key.id, key.scopes)


def _refuse_other_pages(headers: dict[bytes, bytes]) -> None:
    """Raise Refusal for a request of a web page that is not of this service, as the protocol demands.

    https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
    """
    origin = headers.get(b"origin")
    if origin is not None and origin.partition(b"://")[2].lower() != headers.get(b"host", b"").lower():
        raise Refusal(403, FOREIGN_PAGE)
