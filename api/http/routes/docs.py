"""GET /docs, a page for people, and GET /openapi.json, what it shows; the same contract for older programs.

The description names the card's fields and values, so it needs a key, any. The page has nothing of the card and is
open; where the description is refused, it asks for the key, keeps it in the page alone, and sends it with requests too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json

from leadledger.api.http.access import ANY_KEY, OPEN, needs
from leadledger.api.http.messages import send_json
from leadledger.api.http.routes.docs_page import make_page


class _Described:
    """The JSON of the description in each form, written once for each card that is served: it takes milliseconds."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._content: dict[str, Any] | None = None
        self._written: dict[str, bytes] = {}

    def write(self, form: str, convert: Callable[[dict[str, Any]], Any]) -> bytes:
        content = self._app.openapi()
        if content is not self._content:
            self._content, self._written = content, {}
        if form not in self._written:
            self._written[form] = to_json(convert(content))
        return self._written[form]


def add(app: FastAPI) -> None:
    """Add the page and the description."""
    described = _Described(app)

    @app.get("/openapi.json", include_in_schema=False)
    @needs(ANY_KEY)
    async def openapi(request: Request) -> Response:
        return send_json(described.write("3.1", lambda content: content))

    @app.get("/openapi-3.0.json", include_in_schema=False)
    @needs(ANY_KEY)
    async def openapi_3_0(request: Request) -> Response:
        from leadledger.api.openapi import older_versions  # loaded when it is asked for

        return send_json(described.write("3.0", older_versions.convert_to_3_0))

    @app.get("/swagger-2.0.json", include_in_schema=False)
    @needs(ANY_KEY)
    async def swagger_2_0(request: Request) -> Response:
        from leadledger.api.openapi import older_versions

        return send_json(described.write("2.0", older_versions.convert_to_2_0))

    @app.get("/docs", include_in_schema=False)
    @needs(OPEN)
    async def docs(request: Request) -> Response:
        text, policy = make_page()
        return Response(text, media_type="text/html", headers={"Content-Security-Policy": policy})
