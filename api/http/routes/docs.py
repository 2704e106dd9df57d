"""GET /docs, a page for people, and GET /openapi.json, what it shows; the same contract for older programs.

The description names the card's fields and values, so it needs a key, any. The page has nothing of the card and is
open; where the description is refused, it asks for the key, keeps it in the page alone, and sends it with requests too.
The page's scripts come from where FastAPI has them, and its policy lets in nothing else.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from functools import cache

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import ANY_KEY, OPEN, needs
from leadledger.api.http.messages import write_json

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>leadledger</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{style}">
</head>
<body>
<form id="ask" style="font: 16px sans-serif; margin: 4em auto; max-width: 40em" hidden>
<p>This service is used with keys. Any of them shows what it offers; the key is kept in this page only.</p>
<p><label>API key <input id="key" type="password" autocomplete="off" size="44"></label> <button>Show</button></p>
<p id="said"></p>
</form>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript. /openapi.json describes the service too.</noscript>
<script src="{code}"></script>
<script>{script}</script>
</body>
</html>
"""
_SCRIPT = """
const form = document.getElementById("ask"), said = document.getElementById("said");
async function show(key) {
  const answer = await fetch("openapi.json", key ? {headers: {"X-API-Key": key}} : {});
  const body = await answer.json();
  if (!answer.ok) {
    form.hidden = false;
    said.textContent = key || answer.status !== 401 ? body.detail : "";
    return;
  }
  form.hidden = true;
  const ui = SwaggerUIBundle({
    spec: body, dom_id: "#swagger-ui", deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
    onComplete() { if (key) ui.preauthorizeApiKey("header", key); },
  });
}
form.addEventListener("submit", event => {
  event.preventDefault();
  show(document.getElementById("key").value.trim());
});
show("");
"""


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
        text, policy = page()
        return Response(text, media_type="text/html", headers={"Content-Security-Policy": policy})


@cache
def page() -> tuple[str, str]:
    """The page, and the policy that it needs: its own script by its hash, and the host of the others."""
    from fastapi.openapi.docs import get_swagger_ui_html  # loaded when it is asked for

    html = bytes(get_swagger_ui_html(openapi_url="", title="").body).decode()
    code, style = (
        re.findall(rf'{name}="(https://[^"]+\.{ending})"', html)[0] for name, ending in (("src", "js"), ("href", "css"))
    )
    digest = b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src {_folder(code)} 'sha256-{digest}'; "
        f"style-src {_folder(style)} 'unsafe-inline'; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return _PAGE.format(code=code, style=style, script=_SCRIPT), policy


def _folder(address: str) -> str:
    return address.rpartition("/")[0] + "/"
