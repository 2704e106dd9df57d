"""Refusals as pages: what is wrong, and where to go on."""

from __future__ import annotations

import http
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from starlette.types import Scope

from leadledger.api.http.local_callers import follows_link
from leadledger.api.pages.rendering import render_page
from leadledger.api.requests.mistakes import Refusal

SIGN_IN = "/sign-in"
DESK = "/desk"

_TITLES = {
    401: "Sign in again",
    403: "You may not do this",
    404: "Nothing to show here",
    405: "There is no such page",
    409: "This can’t be done now",
    413: "That is too much at once",
    422: "Something isn't right yet",
    429: "Too fast",
    500: "The service failed",
    503: "Not now",
}
_NO_PAGE = "Nothing is at this address."


def show_refusal(refusal: Refusal, scope: Scope) -> Response:
    """The page for a refusal. Whoever must sign in first is led there, and then to what was wanted."""
    request = Request(scope)
    path = quote(scope["path"], safe="/") + (
        f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    )
    if refusal.status == 401 and scope["method"] in ("GET", "HEAD"):
        headers = scope["named_headers"]
        if headers.get(b"sec-fetch-site") == b"cross-site" and follows_link(scope, headers):
            # The browser kept the cookie back, since another site led here; from a page of ours it sends it.
            return render_page(request, "go_on.html", {"path": path})
        return Response(status_code=303, headers={"Location": f"{SIGN_IN}?{urlencode({'next': path})}"})
    detail = _NO_PAGE if refusal.status in (404, 405) and not refusal.mistakes and "/docs" in refusal.detail else None
    title = _TITLES[405] if detail else _TITLES.get(refusal.status, http.HTTPStatus(refusal.status).phrase)
    context = {
        "heading": title,
        "detail": detail or refusal.detail,
        "mistakes": [mistake for mistake in refusal.mistakes if mistake.reason not in refusal.detail],
        "is_desk": scope["path"] == DESK,
        "status": refusal.status,
        "request_id": scope["request_id"],
    }
    page = render_page(request, "refusal.html", context, refusal.status)
    for name, value in (refusal.headers or {}).items():
        if name != "WWW-Authenticate":  # for programs, which send keys
            page.headers[name] = value
    if refusal.retry_after is not None:
        page.headers["Retry-After"] = str(refusal.retry_after)
    return page
