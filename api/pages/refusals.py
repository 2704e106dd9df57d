"""Refusals as pages: what is wrong, and where to go on."""

from __future__ import annotations

import http
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from starlette.types import Scope

from leadledger.api.http.local_callers import follows_link
from leadledger.api.pages.rendering import hide_home, render_page
from leadledger.api.requests.mistakes import Mistake, Refusal, shorten
from leadledger.api.service.lead_list import FIELD_PREFIX

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
_NO_LEADS = "The leads can’t be reached now"
_NO_LEADS_WHY = "The service runs, but it can neither read nor keep anything about leads at the moment."
_WRONG_ADDRESS = "The address of this page holds something that it can’t show."


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
    is_page_of_leads = path.startswith(DESK) and refusal.status != 404
    is_wrong_address = scope["method"] in ("GET", "HEAD") and refusal.status == 422 and bool(refusal.mistakes)
    cause = ""
    if refusal.status == 503 and is_page_of_leads:
        title, detail, cause = _NO_LEADS, _NO_LEADS_WHY, hide_home(refusal.detail, scope)
    context = {
        "heading": title,
        "detail": hide_home(detail or (_WRONG_ADDRESS if is_wrong_address else refusal.detail), scope),
        "cause": cause,
        "mistakes": [_word_mistake(mistake) for mistake in refusal.mistakes if mistake.reason not in refusal.detail],
        "way_out": _find_way_out(scope["path"], has_filters=is_wrong_address and is_page_of_leads),
        # From the desk itself, which may be what fails, nothing leads to the desk.
        "leads_on": scope["path"] != DESK or is_wrong_address,
        "again": path if refusal.status == 503 and scope["method"] in ("GET", "HEAD") else "",
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


def _find_way_out(path: str, *, has_filters: bool) -> tuple[str, str]:
    """Where to go on from a page that can't be shown, and what leads there: the room of the page, or the desk."""
    if has_filters:
        return DESK, "Show the desk without filters"
    for room, name in (("/studio", "Go to the studio"), ("/releases", "Go to the releases")):
        if path.startswith(f"{room}/"):
            return room, name
    return DESK, "Go to the desk"


def _word_mistake(mistake: Mistake) -> str:
    """A mistake as a sentence, with what it is about: `Grade “Z” isn't one of its values. Use one of: A, B.`"""
    name = str(mistake.path[-1]).lstrip("?").removeprefix(FIELD_PREFIX).replace("_", " ")
    value = f" “{shorten(mistake.value)}”" if isinstance(mistake.value, str) else ""
    words = f"{name}{value} {mistake.reason}" if mistake.reason[:1].islower() and name.isprintable() else mistake.reason
    return words[:1].upper() + words[1:]
