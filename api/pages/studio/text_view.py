"""A card's text as a page shows it: numbered lines, with what is new and what is wrong at each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TextLine:
    """A line of a card: its number, its text, and the mistakes and hints that are about it."""

    number: int
    text: str
    mistakes: tuple[str, ...]
    hints: tuple[str, ...]


def list_lines(text: str, check: Mapping[str, Any]) -> tuple[TextLine, ...]:
    """The lines of a card's text, with what its check says of each; what is about no line stands at the first."""
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    mistakes, hints = (_by_line(check[part], len(lines)) for part in ("mistakes", "hints"))
    return tuple(
        TextLine(number, line.removesuffix("\r"), tuple(mistakes.get(number, ())), tuple(hints.get(number, ())))
        for number, line in enumerate(lines or [""], 1)
    )


def choose_lines(lines: Sequence[TextLine], around: int = 2) -> tuple[TextLine, ...]:
    """The lines with mistakes and hints, each with some around it."""
    wanted = {
        number
        for line in lines
        if line.mistakes or line.hints
        for number in range(line.number - around, line.number + around + 1)
    }
    return tuple(line for line in lines if line.number in wanted)


def _by_line(notes: Sequence[Mapping[str, Any]], count: int) -> dict[int, list[str]]:
    by_line: dict[int, list[str]] = {}
    for note in notes:
        by_line.setdefault(min(max(1, note["line"]), max(1, count)), []).append(note["text"])
    return by_line
