r"""Delimited text, from lines to cells: the one definition of a line, a cell and a quote.

A line ends in \n, \r\n or \r and in nothing else: vertical tabs, form feeds, U+0085, U+2028 and the like are characters
of names and values, as DuckDB and Python's csv read them. A value is quoted where a quote is the first character of its
cell (blanks before it don't count); a quote anywhere else is a character of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO

BAD_QUOTE = "has a quote that is not closed, or text behind a closing quote"


@dataclass(frozen=True)
class Style:
    """What stands between cells, around them, and before a quote that belongs to a value."""

    delimiter: str
    quote: str = '"'
    escape: str = '"'


@dataclass(frozen=True)
class TextRow:
    """A row of a text: its first line, from 1, how many lines it takes, its text as written, line end and all.

    `cells` is None where a quote is not closed or has text behind it; `quoted` says which cells stand in quotes.
    """

    line: int
    lines: int
    text: str
    cells: list[str] | None
    quoted: tuple[bool, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Whether no cell has anything but blanks."""
        return self.cells is not None and is_blank(self.cells)


def is_blank(cells: Iterable[str]) -> bool:
    """Whether no cell has anything but blanks; such a row is none, as in Excel."""
    return not any(cell.strip() for cell in cells)


def split_lines(text: str) -> Iterator[str]:
    """The lines of a text, each with its end."""
    return iter(StringIO(text, newline=""))


def read_rows(lines: Iterable[str], style: Style) -> Iterator[TextRow]:
    """The rows of lines that have their ends."""
    source = iter(lines)
    reader = _CellReader(style)
    number = 1
    for line in source:
        if style.quote in line:
            row = reader.read(line, source, number)
        else:
            cells = line.rstrip("\r\n").split(style.delimiter)
            row = TextRow(number, 1, line, cells, (False,) * len(cells))
        yield row
        number += row.lines


class _CellReader:
    """Reads rows with quotes, cell by cell; a quoted value may run over several lines."""

    def __init__(self, style: Style) -> None:
        q, e, d = (re.escape(sign) for sign in (style.quote, style.escape, style.delimiter))
        self.style = style
        self.opening = re.compile(rf" *{q}")
        self.plain = re.compile(rf"[^{d}\r\n]*")
        self.closed = re.compile(rf" *(?={d}|[\r\n]|\Z)")
        if style.quote == style.escape:
            self.body = re.compile(rf"(?:[^{q}]|{q}{q})*+")
            self.escaped = re.compile(rf"{q}{q}")
        else:
            self.body = re.compile(rf"(?:[^{q}{e}]|{e}(?s:.))*+")
            self.escaped = re.compile(rf"{e}([{q}{e}])")

    def read(self, line: str, source: Iterator[str], number: int) -> TextRow:
        """The row that starts with this line; the lines after it come from `source`."""
        written = [line]
        cells: list[str] = []
        quoted: list[bool] = []
        at = 0
        while True:
            opening = self.opening.match(line, at)
            if opening is None:
                plain = self.plain.match(line, at)
                assert plain is not None  # it matches nothing at all, too
                cells.append(plain.group())
                at = plain.end()
            else:
                value, line, at = self._read_quoted(line, opening.end(), source, written)
                closed = self.closed.match(line, at) if value is not None else None
                if value is None or closed is None:
                    return TextRow(number, len(written), "".join(written), None)
                cells.append(value)
                at = closed.end()
            quoted.append(opening is not None)
            if not line.startswith(self.style.delimiter, at):
                return TextRow(number, len(written), "".join(written), cells, tuple(quoted))
            at += 1

    def _read_quoted(
        self, line: str, at: int, source: Iterator[str], written: list[str]
    ) -> tuple[str | None, str, int]:
        """The value from behind its opening quote, the line it ends in and the place behind its closing quote.

        None for a quote that is never closed.
        """
        parts: list[str] = []
        while True:
            body = self.body.match(line, at)
            assert body is not None
            parts.append(body.group())
            if body.end() < len(line):
                break
            following = next(source, None)
            if following is None:
                return None, line, len(line)
            written.append(following)
            line, at = following, 0
        value = "".join(parts)
        if self.style.quote == self.style.escape:
            value = self.escaped.sub(lambda match: match.group()[0], value)
        else:
            value = self.escaped.sub(lambda match: match.group(1), value)
        return value, line, body.end() + 1
