"""A draft as its pages show it."""

from __future__ import annotations

from leadledger.api.pages.studio.draft_view import list_parts

TEXT = """\
name: small
fields:
  job: {kind: text}
stages:
  - {name: lead}
  - {name: opportunity, points: 60}
  - name: customer
    requires: [need]
"""


def test_parts_are_summarized_without_their_names() -> None:
    """Each entry in one line, whichever way the card writes it."""
    parts = list_parts({"text": TEXT, "changes": []})
    shown = {part.title: part.preview for entries in parts.values() for part in entries}
    assert shown == {
        "name": "small",
        "job": "{kind: text}",
        "lead": "",
        "opportunity": "points: 60",
        "customer": "requires: [need]",
    }
