"""Signing in with a key and out again, the assets, and the way in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import ANY_KEY, OPEN, needs
from leadledger.api.http.visitor_cookie import make_visitor, read_visitor, write_cookie
from leadledger.api.pages.assets import load_assets
from leadledger.api.pages.forms import read_form, see_other
from leadledger.api.pages.refusals import DESK, SIGN_IN
from leadledger.api.pages.rendering import render_page
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.keys import Keyring, find_key
from leadledger.api.service.sessions import Sessions

WRONG_KEY = "This key is unknown or revoked."
NO_FILE = "Nobody can sign in: the home of the service can't be written to."

_FOREVER = "public, max-age=31536000, immutable"


def add(app: FastAPI, keys: Keyring, sessions: Sessions) -> None:
    """Add the routes."""

    @app.get("/", include_in_schema=False)
    @needs(OPEN, page=True)
    async def enter(request: Request) -> Response:
        return see_other(DESK)

    @app.get("/assets/{name}", include_in_schema=False)
    @needs(OPEN, page=True)
    async def send_asset(request: Request) -> Response:
        asset = load_assets().get(request.path_params["name"])
        if asset is None:
            raise Refusal(404, "There is no such file.")
        caching = _FOREVER if request.query_params.get("v") == asset.version else "no-cache"
        return Response(asset.content, headers={"Cache-Control": caching}, media_type=asset.media_type)

    @app.get(SIGN_IN, include_in_schema=False)
    @needs(OPEN, page=True)
    async def show_sign_in(request: Request) -> Response:
        path = _read_path(request.query_params.get("next", DESK))
        if not keys.needed:
            return see_other(path)
        return render_page(request, "sign_in.html", {"path": path, "mistake": ""})

    @app.post(SIGN_IN, include_in_schema=False)
    @needs(OPEN, page=True)
    async def sign_in(request: Request) -> Response:
        form = await read_form(request)
        path, text = _read_path(form.get("next", DESK)), form.get("key").strip()
        key = find_key(keys.by_id, text)
        if key is None and keys.look(0.0):  # it may have been created a moment ago
            key = find_key(keys.by_id, text)
        if key is None:
            return render_page(request, "sign_in.html", {"path": path, "mistake": WRONG_KEY}, 422)
        try:
            session = await asyncio.to_thread(sessions.start, key.id, datetime.now(UTC))
        except OSError:
            raise Refusal(503, NO_FILE) from None
        response = see_other(path)
        response.headers["Set-Cookie"] = write_cookie(session, request.scope)
        return response

    @app.get("/sign-out", include_in_schema=False)
    @needs(ANY_KEY, page=True)
    async def show_sign_out(request: Request) -> Response:
        return render_page(request, "sign_out.html", {})

    @app.post("/sign-out", include_in_schema=False)
    @needs(ANY_KEY, page=True)
    async def sign_out(request: Request) -> Response:
        form = await read_form(request)
        key_id = request.scope["key"].id
        try:
            if form.get("where") == "everywhere":
                await asyncio.to_thread(sessions.end_all, key_id)
            else:
                await asyncio.to_thread(sessions.end, read_visitor(request.scope["named_headers"]))
        except OSError:
            raise Refusal(503, NO_FILE) from None
        response = see_other(SIGN_IN)
        response.headers["Set-Cookie"] = write_cookie(make_visitor(), request.scope)
        return response


def _read_path(text: str) -> str:
    """A path of this service to go on to, for what an address or a form says; anything else: the desk."""
    is_path = text.startswith("/") and not text.startswith(("//", "/\\", SIGN_IN)) and text.isascii()
    return text if is_path and text.isprintable() and "\\" not in text else DESK
