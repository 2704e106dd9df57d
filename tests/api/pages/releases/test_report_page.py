"""The report of a release as a page: its styles are ours by their digest, and nothing runs."""

from __future__ import annotations

import base64
import hashlib
import re

from leadledger.api.pages.releases.report_page import move_styles, send_report

PAGE = """<html><head><style>p { color: red }</style></head><body>
<p style="--wide:1.0" class="a">x style="no" </p><svg><path d="M0" style="fill: #fff; stroke: none"/>
<g class="b" style="fill: #fff; stroke: none"></g></svg><style>b { color: blue }</style></body></html>"""


def test_styles_of_elements_move_into_the_stylesheet() -> None:
    """Equal ones are one rule; texts stay as they are."""
    page, digest = move_styles(PAGE)
    sheet = re.search("<style>(.*?)</style>", page, re.DOTALL)
    assert sheet is not None
    assert sheet[1] == (
        'p { color: red }\n[data-style="0"]:not(#_#_) { --wide:1.0 }'
        '\n[data-style="1"]:not(#_#_) { fill: #fff; stroke: none }'
    )
    assert digest == f"sha256-{base64.b64encode(hashlib.sha256(sheet[1].encode()).digest()).decode()}"
    assert '<p data-style="0" class="a">x style="no" </p>' in page
    assert page.count('data-style="1"') == 3
    assert "<style>b { color: blue }</style>" in page  # of which the policy says nothing: it isn't applied


def test_the_policy_lets_nothing_run() -> None:
    """No script, no form, no request, no other frame; the sandbox also keeps it from leading elsewhere by itself."""
    _, digest = move_styles(PAGE)
    response = send_report(PAGE.encode())
    assert response.headers["content-security-policy"] == (
        f"default-src 'none'; style-src '{digest}'; img-src data:; form-action 'none'; base-uri 'none';"
        " frame-ancestors 'none'; sandbox"
    )
    bare = send_report(b"<script>alert(1)</script>\xff")
    assert "style-src" not in bare.headers["content-security-policy"]
