"""Delimited text: the names of its columns, its delimiter and quotes, found out from the start of the file."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from leadledger.scoring.errors import DataError, shown
from leadledger.scoring.field import DATE, NUMBER
from leadledger.scoring.printers.literals import name as quoted
from leadledger.scoring.printers.literals import text
from leadledger.training.sources.rejects import LONGEST

DELIMITERS = (",", ";", "\t", "|")
_DATA = re.compile(rf"(?:{NUMBER}|{DATE}|[0-9][0-9.,: /-]*)?")  # a cell that is surely no name of a column


@dataclass(frozen=True)
class Dialect:
    """How a file is written: the names of its columns, the delimiter, the quote and what escapes it in a value.

    `lines` is the number of lines that the header takes, more than one where a name has a line break.
    """

    names: tuple[str, ...]
    delimiter: str
    quote: str = '"'
    escape: str = '"'
    lines: int = 1


def dialect(label: str, start: str) -> Dialect:
    """The dialect of a file that starts so. Raises DataError for a header that can't be used."""
    quote = _quote(start)
    escape = "\\" if _backslash(start, quote) else quote
    lines = start.splitlines(keepends=True)
    best: list[str] = []
    delimiter, height = ",", 1
    for candidate in DELIMITERS:
        try:
            reader = csv.reader(lines, delimiter=candidate, quotechar=quote)
            names = next(reader, [])
        except csv.Error as error:
            raise DataError(f"{label}: the header can't be read as CSV: {error}") from None
        if len(names) > len(best):
            best, delimiter, height = names, candidate, reader.line_num
    _check(label, best)
    return Dialect(tuple(best), delimiter, quote, escape, height)


def scan(path: str, found: Dialect) -> str:
    """The FROM item that reads a file of this dialect as texts, in parallel, keeping apart what is no row."""
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in found.names)
    return (
        f"read_csv({text(path)}, auto_detect = false, header = true, delim = {text(found.delimiter)},"
        f" quote = {text(found.quote)}, escape = {text(found.escape)}, columns = {{{columns}}},"
        f" max_line_size = {LONGEST}, buffer_size = {2 * LONGEST}, store_rejects = true, rejects_limit = 0)"
    )


def literal_path(path: Path) -> str:
    """The path with the signs escaped that DuckDB would take for a pattern."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


def _quote(start: str) -> str:
    """The apostrophe where values stand between apostrophes and none between quotes; else the quote."""
    double = re.search(r'(?:^|[,;\t|])"', start, re.MULTILINE)
    single = re.search(r"(?:^|[,;\t|])'[^'\n]*'(?:$|[,;\t|\r])", start, re.MULTILINE)
    return "'" if single and not double else '"'


def _backslash(start: str, quote: str) -> bool:
    r"""Whether quotes in values are written \" and never doubled."""
    inside = re.search(rf"[^,;\t|\n\\](?:\\\\)*\\{quote}(?![,;\t|\r\n])|[,;\t|\n]{quote}\\{quote}", start)
    doubled = re.search(rf"[^,;\t|\n\\{quote}]{quote}{quote}[^,;\t|\r\n]", start)
    return inside is not None and doubled is None


def _check(label: str, names: Sequence[str]) -> None:
    if not any(name.strip() for name in names):
        raise DataError(f"{label}: the first line is empty; it must hold the names of the columns")
    if all(_DATA.fullmatch(name.strip()) for name in names):
        few = ", ".join(shown(name) for name in names[:3]) + (", …" if len(names) > 3 else "")
        raise DataError(
            f"{label}: the first line looks like a row, not like the names of the columns ({few});"
            " put a header line before it"
        )
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        if not name.strip():
            raise DataError(f"{label}: column {position} has no name; give it one in the first line")
        if name.lower() in seen:
            raise DataError(f"{label}: two columns have the name {shown(name)}; rename one of them")
        seen.add(name.lower())
