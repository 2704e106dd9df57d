"""The parts of the stylesheet don't get in each other's way."""

from __future__ import annotations

import re
from collections import defaultdict

from leadledger.api.pages.assets import FOLDER

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{[^{}]*\}")
_SUBJECT = re.compile(r"\.([a-z][a-z0-9-]*)[^ >+~]*$")


def test_a_class_is_styled_by_one_part_of_the_stylesheet() -> None:
    """What a page calls by a name of its own looks the same, whatever other pages are written."""
    styled: dict[str, set[str]] = defaultdict(set)
    for path in sorted({*FOLDER.glob("*.css")} - {FOLDER / "base.css"}):  # they may refine what all pages share
        for rule in _RULE.finditer(_COMMENT.sub("", path.read_text("utf-8"))):
            for selector in rule[1].split(","):
                if " " not in selector.strip() and (match := _SUBJECT.search(selector.strip())):
                    styled[match[1].partition(".")[0]].add(path.name)
    shared = {name: sorted(parts) for name, parts in styled.items() if len(parts) > 1}
    assert shared == {}
