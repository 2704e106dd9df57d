"""GET /docs, a page for people, and GET /openapi.json, what it shows; the same contract for older programs.

The description names the card's fields and values, so it needs a key, any. The page has nothing of the card and is
open; where the description is refused, it asks for the key, keeps it in the page alone, and sends it with requests too.
"""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import ANY_KEY, OPEN, needs
from leadledger.api.http.messages import write_json
from leadledger.api.http.routes.docs_page import make_page


def add(app: FastAPI) -> None:
    """Add the page and the description."""

    @app.get("/openapi.json", include_in_schema=False)
    @needs(ANY_KEY)
    async def openapi(request: Request) -> Response:
        return write_json(app.openapi())

    @app.get("/openapi-3.0.json", include_in_schema=False)
    @needs(ANY_KEY)
    async def openapi_3_0(request: Request) -> Response:
        from leadledger.api.openapi import older_versions  # loaded when it is asked for

        return write_json(older_versions.convert_to_3_0(app.openapi()))

    @app.get("/swagger-2.0.json", include_in_schema=False)
    @needs(ANY_KEY)
    async def swagger_2_0(request: Request) -> Response:
        from leadledger.api.openapi import older_versions

        return write_json(older_versions.convert_to_2_0(app.openapi()))

    @app.get("/docs", include_in_schema=False)
    @needs(OPEN)
    async def docs(request: Request) -> Response:
        text, policy = make_page()
        return Response(text, media_type="text/html", headers={"Content-Security-Policy": policy})
