"""The cookie of people in a browser: the text of their session, or, before they sign in, a random one.

Forms carry a digest of it, so another site can neither read nor guess what a form here must hold. `SameSite=Strict`:
a browser doesn't send it where another site leads here.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping

from starlette.types import Scope

COOKIE = b"leadledger_session"

_TEXT = re.compile(rb"[A-Za-z0-9_-]{43}")


def read_visitor(headers: Mapping[bytes, bytes]) -> str:
    """The text in the cookie; empty: there is none, or it has another form than ours."""
    for part in headers.get(b"cookie", b"").split(b";"):
        name, _, text = part.strip().partition(b"=")
        if name == COOKIE and _TEXT.fullmatch(text):
            return text.decode()
    return ""


def make_visitor() -> str:
    """A new text, which stands for nobody."""
    return secrets.token_urlsafe(32)


def write_cookie(text: str, scope: Scope) -> str:
    """The header that keeps a text until the browser is closed; only by TLS where the visitor came by TLS.

    `X-Forwarded-Proto` counts here even if it comes from a proxy that isn't trusted: a caller who forges it only makes
    its own cookie stricter.
    """
    is_secure = scope["scheme"] == "https" or scope["named_headers"].get(b"x-forwarded-proto") == b"https"
    return f"{COOKIE.decode()}={text}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if is_secure else ''}"


def make_form_token(visitor: str) -> str:
    """What the forms of a visitor hold."""
    return hashlib.sha256(f"form {visitor}".encode()).hexdigest()[:32]
