"""The source that the Python printer writes: variables with names of their own, constants, and lines of a function."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Sequence

from leadledger.scoring.errors import PrinterError, quote

WIDTH = 120  # columns of the printed source, where it can be wrapped
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class SourceWriter:
    """The names given so far, the constants, and the lines of the function."""

    def __init__(self) -> None:
        taken = {"lead", "as_of", "total", "low", "high", "tally", "bisect_right", "fold", *dir(builtins)}
        self.taken = taken | set(keyword.kwlist) | set(keyword.softkwlist)
        self.names: dict[tuple[str, object], str] = {}
        self.constants: list[str] = []
        self.lines: list[str] = []

    def name(self, kind: str, key: object, wish: str) -> str:
        """The variable for `key` of a kind, the same at each call; close to `wish`, and never taken twice."""
        if not _IDENTIFIER.fullmatch(wish):  # a card that was put together in Python, past the reader
            raise PrinterError(f"{quote(wish)} is no name; names have a to z, 0 to 9 and _ only")
        if (kind, key) not in self.names:
            name, n = wish, 2
            while name in self.taken:
                name, n = f"{wish}_{n}", n + 1
            self.taken.add(name)
            self.names[kind, key] = name
        return self.names[kind, key]

    def field(self, name: str) -> str:
        """The variable of a field."""
        return self.name("field", name, name)

    def line(self, text: str = "") -> None:
        """Add a line to the function."""
        self.lines.append(f"    {text}" if text else "")

    def write_items(self, opening: str, items: Sequence[str], closing: str) -> None:
        """A bracket with its items, on as many lines as it takes."""
        for text in wrap_items(opening, items, closing, WIDTH - 4):
            self.line(text)

    def constant(self, name: str, items: Iterable[object]) -> None:
        """Add a constant tuple."""
        texts = [repr(item) for item in items]
        self.constants += wrap_items(f"{name} = (", texts, ",)" if len(texts) == 1 else ")", WIDTH)


def wrap_items(opening: str, items: Sequence[str], closing: str, width: int) -> list[str]:
    """A bracket with its items: on one line where it fits, else filled up to a width."""
    one_line = f"{opening}{', '.join(items)}{closing}"
    if len(one_line) <= width:
        return [one_line]
    indent = " " * (len(opening) - len(opening.lstrip()) + 4)
    lines, current = [opening], indent
    for item in items:
        if len(current) + len(item) + 2 > width and current.strip():
            lines.append(current.rstrip())
            current = indent
        current += f"{item}, "
    return [*lines, current.rstrip(), f"{' ' * (len(indent) - 4)}{closing.lstrip(',')}"]
