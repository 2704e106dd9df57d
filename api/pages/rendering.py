"""From a template and what it shows to a response.

Texts are escaped, unseen signs in them are named, and a name that nobody has set is an error. Besides what a page gives
it, each template knows

    csrf_field()   the hidden input that every form with method="post" holds
    can(scope)     whether the visitor's key has a scope
    visitor        the name of the key; empty where no keys are needed
    release        the name of the release that is served; empty: a card alone
    asset(name)    the address of a stylesheet or script
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response

from leadledger.api.http.visitor_cookie import make_form_token, make_visitor, read_visitor, write_cookie

if TYPE_CHECKING:
    from jinja2 import Environment, Template

FORM_TOKEN = "csrf"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # by `no-referrer`, browsers would send forms with the Origin `null`
}


def render_page(request: Request, template: str, context: Mapping[str, Any], status: int = 200) -> Response:
    """Write a page. A visitor without a cookie gets one, by which its forms are known again."""
    from markupsafe import Markup

    scope = request.scope
    visitor = read_visitor(scope["named_headers"])
    headers = dict(HEADERS)
    if not visitor:
        visitor = make_visitor()
        headers["Set-Cookie"] = write_cookie(visitor, scope)
    key = scope.get("key")
    scopes = () if key is None else key.scopes
    field = Markup('<input type="hidden" name="{}" value="{}">').format(FORM_TOKEN, make_form_token(visitor))
    text = load_template(template).render(
        {
            "csrf_field": lambda: field,
            "can": scopes.__contains__,
            "visitor": "" if key is None else key.name,
            "is_known": bool(scopes),
            "release": scope["app"].state.service.loaded.release or "",
            **context,
        }
    )
    return Response(text, status, headers, "text/html")


def hide_home(text: str, scope: Mapping[str, Any]) -> str:
    """A message for people in a browser, who know nothing of folders of the machine that serves them."""
    home = re.escape(str(scope["app"].state.service.settings.home))
    text = re.sub(rf"{home}/([\w./-]*\w)", r"'\1' in the home of the service", text)
    text = re.sub(home, "the home of the service", text)
    return text[:1].upper() + text[1:]


def load_template(name: str) -> Template:
    """A template, loaded once."""
    return _load_environment().get_template(name)


@cache
def _load_environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from leadledger.api.pages.assets import find_url
    from leadledger.api.pages.signs import finalize, write_exactly

    environment = Environment(
        loader=PackageLoader("leadledger.api.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["asset"] = find_url
    environment.filters["exact"] = write_exactly
    return environment
