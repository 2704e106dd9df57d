"""Signs in texts that a reader doesn't see, or that change how what stands beside them looks."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

# Controls but for tabs and line feeds, half characters, and what turns the direction of writing or isolates it:
# https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters. Names in right-to-left scripts need none.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def show_signs(text: str) -> str:
    """A text in which each unseen sign is named: `[U+202E]`."""
    return _UNSEEN.sub(lambda match: f"[U+{ord(match[0]):04X}]", text)


def finalize(value: Any) -> Any:
    """What a template writes for a value: texts with their unseen signs named. Markup stays as it is."""
    return show_signs(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def write_exactly(value: object) -> Markup:
    """A value, escaped and otherwise unchanged: what a form sends back must be what it was given."""
    return escape(value)
