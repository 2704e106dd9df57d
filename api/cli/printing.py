"""How commands print what they report: as text for the width of the terminal, or as JSON."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import click


def report(as_json: bool, data: Mapping[str, Any], text: str, *, err: bool = False) -> None:
    """Print a result, as JSON or as text. `err`: on stderr, where standard output has other content."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str) if as_json else text, err=err)


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
