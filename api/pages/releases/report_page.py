"""The report of a release, as a page that may run nothing, load nothing and send nothing.

Reports are files of their own: they carry their styles in the page, many of them as `style` attributes of drawings. A
policy that allows those would allow any. So the attributes become rules of the page's one stylesheet, and the policy
names the digest of that: what isn't ours is not applied. https://www.w3.org/TR/CSP3/#external-hash
"""

from __future__ import annotations

import base64
import hashlib
import re

from fastapi import Response

_POLICY = (
    "default-src 'none'; {styles}img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
)
# Texts and attributes of a report are escaped, so a quote in a tag ends an attribute.
_STYLE_ATTRIBUTE = re.compile(r'(<[A-Za-z][^<>]*?) style="([^"<>{}]*)"')
_STYLESHEET = re.compile(r"(<style>)(.*?)(</style>)", re.DOTALL)


def send_report(content: bytes) -> Response:
    """The response for a report."""
    page, digest = move_styles(content.decode("utf-8", "replace").replace("\r\n", "\n"))
    styles = f"style-src '{digest}'; " if digest else ""
    headers = {
        "Content-Security-Policy": _POLICY.format(styles=styles),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
    }
    return Response(page, headers=headers, media_type="text/html")


def move_styles(page: str) -> tuple[str, str]:
    """A page whose `style` attributes are rules of its first stylesheet, and the digest of that; empty: it has none."""
    numbers: dict[str, int] = {}

    def replace_attribute(match: re.Match[str]) -> str:
        return f'{match[1]} data-style="{numbers.setdefault(match[2], len(numbers))}"'

    sheet = _STYLESHEET.search(page)
    if sheet is None:
        return page, ""
    before, after = page[: sheet.start()], page[sheet.end() :]
    count = 1
    while count:  # each round takes one attribute of each element
        after, count = _STYLE_ATTRIBUTE.subn(replace_attribute, after)
    # An attribute beats all rules of the sheet; so does a selector with ids, which the sheet has none of.
    rules = "".join(f'\n[data-style="{number}"]:not(#_#_) {{ {style} }}' for style, number in numbers.items())
    styles = sheet[2] + rules
    digest = base64.b64encode(hashlib.sha256(styles.encode()).digest()).decode()
    return f"{before}<style>{styles}</style>{after}", f"sha256-{digest}"
