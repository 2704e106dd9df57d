"""The mail of a day as HTML, and as the plain text that goes beside it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from leadledger.api.digest.contents import Digest
from leadledger.api.pages.signs import finalize, show_signs
from leadledger.scoring.errors import DataError, quote

_WHITE_SPACE = re.compile(r"[ \t-\r]+")  # but for spaces that don't break


def write_html(digest: Digest, url: str = "") -> str:
    """The body of a mail. `url` is the address of the service, to which leads are linked; empty: there are no links."""
    return _render("digest.html.j2", digest, url, is_html=True)


def write_text(digest: Digest, url: str = "") -> str:
    """The same as plain text, for the part of a mail that programs without HTML show."""
    lines = _render("digest.txt.j2", digest, url, is_html=False).splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def check_url(url: str) -> str:
    """The address of a service, without the slash at its end. Raises DataError where it is none."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if (
        not is_address
        or parts.query
        or parts.fragment
        or not url.isprintable()
        or any(sign in url for sign in " <>\"'")
    ):
        raise DataError(f"--url {quote(url)} is no address of a service; write it like https://leads.example.com")
    return url.rstrip("/")


def _write_line(value: Any) -> Any:
    """What the plain text has for a value: a text on one line, with its unseen signs named."""
    return show_signs(_WHITE_SPACE.sub(" ", value).strip()) if isinstance(value, str) else value


def _render(template: str, digest: Digest, url: str, *, is_html: bool) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("leadledger.api.digest"),
        autoescape=is_html,
        undefined=StrictUndefined,
        finalize=finalize if is_html else _write_line,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    context: dict[str, Any] = {"digest": digest, "url": url}
    return environment.get_template(template).render(context)
