"""Text that holds rows which are no leads, written anew row by row: blank rows, totals, the header once more.

A plain file is only searched for them, by bytes: wholly for blank rows and headers, at both ends for totals.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path

from leadledger.scoring.errors import DataError
from leadledger.training.sources import layout
from leadledger.training.sources.cells import BAD_QUOTE, Style, TextRow, read_rows, split_lines
from leadledger.training.sources.rejects import LONGEST_QUOTED, REASONS
from leadledger.training.sources.scan import BLOCK_SIZE, Reject
from leadledger.training.sources.style import DELIMITERS

_TAIL_SIZE = 1 << 16  # bytes at the end of a file that are searched for totals
_HEAD_SEARCHED = 1 << 18  # bytes at its start
_FIRST_OF_MARK = codecs.BOM_UTF8[:1]
_END_MARK = b"\x1a"  # Ctrl-Z, by which DOS ends a file
_NO_UTF_8 = re.compile("[\ud800-\udfff]")
_LONGEST_VALUE = 10_000  # characters of a row that its reject shows
_LONE_BACKSLASH = re.compile(rb'(?<!\\)(?:\\\\)*\\[^\\"]')


@dataclass(frozen=True)
class RowSearch:
    """What a file may hold: rows that are no leads; else, carriage returns."""

    has_odd_rows: bool
    has_returns: bool = False


def search_rows(path: Path, names: Sequence[str], style: Style, header: int, head: bytes) -> RowSearch:
    """Search a file. `header` bytes come before its rows, `head` is its start."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(header, size - _TAIL_SIZE))
        tail = file.read()
    if tail.rstrip(b"\r\n").endswith(_END_MARK):
        return RowSearch(True)
    parts = (head[header : header + _HEAD_SEARCHED], tail)
    if any(_has_odd_line(part.decode("utf-8", "replace"), style) for part in parts):
        return RowSearch(True)
    if re.search(re.escape(style.delimiter.encode()) + rb"  +" + style.quote.encode(), head):  # DuckDB skips one blank
        return RowSearch(True)
    needles = _list_needles(names, style, head[:header])
    overlap = max(map(len, needles)) - 1
    with path.open("rb") as file:
        file.seek(max(0, header - 1))
        last, has_returns = b"", b"\r" in head
        while block := file.read(BLOCK_SIZE):
            # Where two blocks meet, the ends of both; to join them whole would cost as much as the search.
            if _has_needle(last + block[:overlap], needles, style) or _has_needle(block, needles, style):
                return RowSearch(True)
            last = block[-overlap:]
            has_returns = has_returns or b"\r" in block
    return RowSearch(_has_needle(last + b"\n", needles, style), has_returns)


def _has_needle(text: bytes, needles: Sequence[bytes], style: Style) -> bool:
    """Whether a part of a file has one of the needles, a byte order mark after a line, or a lone backslash."""
    if b"\n" not in text:  # the lines may end in returns alone
        text = text.replace(b"\r", b"\n")
    if any(needle in text for needle in needles):
        return True
    if _FIRST_OF_MARK in text and b"\n" + codecs.BOM_UTF8 in text:  # its first byte is rare, and soon looked for
        return True
    return style.escape == "\\" and _LONE_BACKSLASH.search(text) is not None


def rewrite(
    label: str, path: Path, names: Sequence[str], style: Style, header: int, rewritten: Path
) -> tuple[Path, tuple[Reject, ...], list[str]]:
    """Write the rows of a file that may be leads as plain CSV; the others as rejects, and notes. Raises DataError.

    Rows without any value are no rows, and are not counted.
    """
    rejects: list[Reject] = []
    blank = 0
    with (
        path.open("rb") as source,
        rewritten.open("w", encoding="utf-8", newline="") as output,
    ):
        source.seek(header)
        file = TextIOWrapper(source, encoding="utf-8", errors="surrogateescape", newline="")
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow([f"c{i}" for i in range(len(names))])
        number = 0
        for row in read_rows(file, style):
            if _is_no_row(row, names):
                blank += row.cells is not None and len(row.cells) > 1
                continue
            number += 1
            reason = _reject(label, row, names, number, style.quote)
            if reason:
                text = row.text.strip("\r\n")[:_LONGEST_VALUE].encode("utf-8", "surrogateescape")
                rejects.append(Reject(number, "", text.decode("utf-8", "replace"), reason))
            else:
                writer.writerow(row.cells or ())
    return rewritten, tuple(rejects), describe_blank(blank)


def describe_blank(rows: int) -> list[str]:
    """The note on rows without any value; none where there is no such row."""
    if not rows:
        return []
    return [f"{rows:,} row{'' if rows == 1 else 's'} without any value {'is' if rows == 1 else 'are'} no rows."]


def unwrap_lines(path: Path, start: str, whole: bool, unwrapped: Path) -> Path | None:
    """The file without the quotes around its lines, where each line is one quoted value that holds cells; else None."""
    plain = Style(",")
    rows = list(islice(read_rows(split_lines(start), plain), layout.MOST_TITLE_ROWS))
    rows = [row for row in (rows if whole or len(rows) < 2 else rows[:-1]) if not row.is_blank]
    if len(rows) < 2 or not all(_is_wrapped(row) for row in rows[1:]):
        return None
    lines = [row.cells[0] if row.cells and _is_wrapped(row) else row.text for row in rows]
    divided = [[next(iter(read_rows([line], Style(sign)))).cells or [] for line in lines] for sign in DELIMITERS]
    # Where the header stands without quotes around it, the rows within theirs must fit it.
    fits = min if _is_wrapped(rows[0]) else _agree
    if not any(len(cells[0]) > 1 and fits(map(len, cells)) > 1 for cells in divided):
        return None
    with (
        path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file,
        unwrapped.open("w", encoding="utf-8", errors="surrogateescape", newline="") as output,
    ):
        for row in read_rows(file, plain):
            output.write(f"{row.cells[0]}\n" if row.cells and _is_wrapped(row) else row.text)
    return unwrapped


def _agree(sizes: Iterable[int]) -> int:
    """The size that all have; 0 where they differ."""
    different = set(sizes)
    return different.pop() if len(different) == 1 else 0


def _is_wrapped(row: TextRow) -> bool:
    return row.cells is not None and len(row.cells) == 1 and row.quoted == (True,)


def _is_no_row(row: TextRow, names: Sequence[str]) -> bool:
    """Whether a row is blank, or the mark of the end."""
    if row.is_blank:
        return row.cells is not None and (len(row.cells) == len(names) or not row.text.strip("\r\n"))
    return row.cells is not None and len(row.cells) == 1 and not row.cells[0].strip("\x1a \r\n")


def _reject(label: str, row: TextRow, names: Sequence[str], number: int, quote: str) -> str:
    """Why a row is no lead; empty where it may be one. Raises DataError for a quote that is never closed."""
    if _NO_UTF_8.search(row.text) if not row.text.isascii() else False:
        return REASONS["INVALID ENCODING"]
    if row.cells is None:
        if len(row.text) > LONGEST_QUOTED and row.lines > 1:
            raise DataError(
                f"{label}: row {number:,} has a quote ({quote}) that is never closed, so the rows after it can't be"
                " told apart; close or remove it"
            )
        return BAD_QUOTE
    if layout.repeats_header(row.cells, names):
        return layout.HEADER_AGAIN_REASON
    if len(row.cells) < len(names):
        return REASONS["MISSING COLUMNS"]
    if len(row.cells) > len(names):
        return REASONS["TOO MANY COLUMNS"]
    return layout.TOTALS_REASON if layout.is_totals(row.cells) else ""


def _list_needles(names: Sequence[str], style: Style, above: bytes) -> list[bytes]:
    """What stands in a file only where a row is blank, or is the header."""
    delimiter = style.delimiter.encode()
    if len(names) == 1:
        return [b"\n\n", b"\n\r\n", b"\n\r\r", b'\n""']
    header = above.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n").replace(b"\r", b"\n").rsplit(b"\n", 1)[-1]
    empty = (style.quote * 2).encode()
    blank = delimiter * (len(names) - 1)
    enclosed = delimiter.join([empty] * len(names))
    needles = [b"\n" + blank + end for end in (b"\n", b"\r")] if len(names) < 4 else [b"\n" + blank]
    return [*needles, b"\n" + enclosed, b"\n" + header]


def _has_odd_line(text: str, style: Style) -> bool:
    """Whether a line has blanks and delimiters alone, or is one of totals, as far as one line can tell."""
    strip = f"{style.delimiter}{style.quote} \t"
    for line in split_lines(text):
        if style.delimiter in line and not line.strip(f"{style.delimiter} \r\n"):
            return True
        if layout.may_be_total(line.lstrip(strip).split(style.delimiter, 1)[0].strip(f"{style.quote} \r\n")):
            for row in islice(read_rows(StringIO(line, newline=""), style), 1):
                if row.cells is not None and layout.is_totals(row.cells):
                    return True
    return False
