"""How commands print what they report: as text for the width of the terminal, or as JSON."""

from __future__ import annotations

import codecs
import json
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import click

# Controls of a terminal, and marks that turn the direction of writing: in a lead's texts they come from outside.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# What reports draw with, for a console that hasn't got the sign.
_PLAIN_SIGNS = {
    "→": "->",
    "←": "<-",
    "·": "|",
    "…": "...",
    "–": "-",
    "−": "-",
    "±": "+/-",
    "×": "x",
    "≤": "<=",
    "≥": ">=",
    "█": "#",
    "▏": "|",
    "’": "'",
    "“": '"',
    "”": '"',
}


def report(as_json: bool, data: Mapping[str, Any], text: str, *, err: bool = False) -> None:
    """Print a result, as JSON or as text. `err`: on stderr, where standard output has other content."""
    if as_json:
        # JSON must keep every text as it is; a console that can't show a sign gets its escape.
        text = json.dumps(data, indent=2, ensure_ascii=not _is_unicode(sys.stderr if err else sys.stdout), default=str)
        click.echo(text, err=err)
    else:
        click.echo(show_controls(text), err=err)


def show_controls(text: str) -> str:
    """A text with the controls of a terminal as escapes that can be read, but for tabs and line feeds."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def prepare_consoles() -> None:
    """Let consoles that are not UTF-8 show what they can: other signs of ours in plain ones, those of leads escaped."""
    codecs.register_error("leadledger.plain", _spell_plainly)
    for stream in (sys.stdout, sys.stderr):
        if not _is_unicode(stream) and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="leadledger.plain")


def _is_unicode(stream: Any) -> bool:
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "").startswith("utf")


def _spell_plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    signs = error.object[error.start : error.end]
    plain = "".join(_PLAIN_SIGNS.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in signs)
    return plain, error.end


def width() -> int:
    """The columns to write for: the terminal's, at most 100; 80 in a pipe."""
    return min(100, shutil.get_terminal_size((80, 24)).columns)


def wrap(lines: Iterable[str]) -> str:
    """Lines as text for the terminal; what doesn't fit goes on below, indented."""
    return "\n".join(part for line in lines for part in textwrap.wrap(line, width(), subsequent_indent="  ") or [""])


def file_name(path: object) -> str:
    """A file as reports name it: `-` is standard output."""
    return "standard output" if str(path) == "-" else str(path)


def count(number: int, noun: str) -> str:
    """A number of things: `1 rule`, `2,000 rules`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
