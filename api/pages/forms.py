"""Forms that a page sends: read, and known to come from a page of this service."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import Request, Response

from leadledger.api.http.body_limit import read_body
from leadledger.api.http.visitor_cookie import make_form_token, read_visitor
from leadledger.api.pages.rendering import FORM_TOKEN
from leadledger.api.requests.form import Form
from leadledger.api.requests.mistakes import Refusal

LARGEST_FORM = 1_000_000  # bytes
MOST_INPUTS = 2_000

FORM_REFUSED = "This form didn't come from a page of this service, or the page is too old. Load the page again."


async def read_form(request: Request) -> Form:
    """The form of a POST. Raises Refusal: not from a page of ours (403), another type (415), too large (413)."""
    scope = request.scope
    headers: Mapping[bytes, bytes] = scope["named_headers"]
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/x-www-form-urlencoded":
        raise Refusal(415, "Send the form as `application/x-www-form-urlencoded`.")
    body = await read_body(scope, request.receive, headers.get(b"content-length"), LARGEST_FORM)
    try:
        inputs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_INPUTS, separator="&"
        )
    except ValueError:
        raise Refusal(422, f"The form can't be read: it isn't UTF-8, or has over {MOST_INPUTS:,} inputs.") from None
    form = Form([(name, text.replace("\r\n", "\n")) for name, text in inputs])
    check_ours(form, headers)
    return form


def check_ours(form: Form, headers: Mapping[bytes, bytes]) -> None:
    """Check that a form comes from a page of this service. Raises Refusal (403)."""
    visitor = read_visitor(headers)
    is_ours = hmac.compare_digest(form.get(FORM_TOKEN).encode(), make_form_token(visitor).encode())
    if not visitor or not is_ours or not _is_same_site(headers):
        raise Refusal(403, FORM_REFUSED)


def _is_same_site(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser says that a form came from a page of this service; one that says nothing isn't refused.

    Cookies don't tell ports apart, so what else serves on this machine knows the visitor's cookie, and so the token.
    """
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site == b"same-origin"
    origin = headers.get(b"origin")
    return origin is None or origin.partition(b"://")[2] == headers.get(b"host")


def see_other(path: str) -> Response:
    """The answer to a form that was taken: the browser goes on to another page."""
    return Response(status_code=303, headers={"Location": path})
