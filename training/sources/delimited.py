"""Delimited text as a scan: the names of its columns, its delimiter and quotes are found out from its start.

What DuckDB would read wrongly without saying so is refused or tidied first: lines that are too long, mixed line ends, a
header of several lines.
"""

from __future__ import annotations

import csv
import glob
import mmap
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from leadledger.scoring.day_forms import DATE_PATTERN
from leadledger.scoring.errors import DataError, quote
from leadledger.scoring.number_forms import NUMBER_PATTERN
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_literal
from leadledger.training.sources.scan import BLOCK_SIZE, LONGEST_LINE, Scan

HEAD_SIZE = 1 << 20  # bytes at the start of a file that say how it is written
DELIMITERS = (",", ";", "\t", "|")
# A cell that is surely no name of a column.
_DATA = re.compile(rf"(?:{NUMBER_PATTERN}|{DATE_PATTERN}|[0-9][0-9.,: /-]*)?")


@dataclass(frozen=True)
class DelimitedFormat:
    """How a file is written: the names of its columns, the delimiter, the quote and what escapes it in a value.

    `header_lines` is the number of lines that the header takes, more than one where a name has a line break.
    """

    names: tuple[str, ...]
    delimiter: str
    quote: str = '"'
    escape: str = '"'
    header_lines: int = 1


def detect_format(label: str, start: str) -> DelimitedFormat:
    """The format of a file that starts so. Raises DataError for a header that can't be used."""
    quote = _detect_quote(start)
    escape = "\\" if _escapes_by_backslash(start, quote) else quote
    lines = start.splitlines(keepends=True)
    best: list[str] = []
    delimiter, header_lines = ",", 1
    for candidate in DELIMITERS:
        try:
            reader = csv.reader(lines, delimiter=candidate, quotechar=quote)
            names = next(reader, [])
        except csv.Error as error:
            raise DataError(f"{label}: the header can't be read as CSV: {error}") from None
        if len(names) > len(best):
            best, delimiter, header_lines = names, candidate, reader.line_num
    _check_names(label, best)
    return DelimitedFormat(tuple(best), delimiter, quote, escape, header_lines)


def scan_file(connection: duckdb.DuckDBPyConnection, path: Path, label: str, work: Path, kind: str) -> Scan:
    """A UTF-8 file of delimited text; `kind` is csv, or what it was converted from. Raises DataError.

    A file that has to be tidied first is written anew into the folder `work`.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_SIZE)
    # A file that we converted has no byte order mark; what looks like one is part of its first name.
    written = detect_format(label, head.decode("utf-8-sig" if kind == "csv" else "utf-8", "replace"))
    _check_lines(path, label)
    if written.header_lines > 1 or _has_mixed_line_ends(connection, path, written):
        path = _tidy(path, written, work / "tidied.csv")
    columns = dict.fromkeys(written.names, "VARCHAR")
    return Scan(_from_item(path, written), columns, kind, label, path.stat().st_size)


def _from_item(path: Path, written: DelimitedFormat) -> str:
    """The FROM item that reads a file of this format as texts, in parallel, keeping apart what is no row."""
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in written.names)
    file = text_literal(glob.escape(str(path)))
    return (
        f"read_csv({file}, auto_detect = false, header = true, delim = {text_literal(written.delimiter)},"
        f" quote = {text_literal(written.quote)}, escape = {text_literal(written.escape)}, columns = {{{columns}}},"
        f" max_line_size = {LONGEST_LINE}, buffer_size = {2 * LONGEST_LINE}, store_rejects = true, rejects_limit = 0)"
    )


def _check_lines(path: Path, label: str) -> None:
    """Refuse a file with a line that is longer than DuckDB's buffer, which it would leave out without a word.

    From one line end it looks for the last one within reach, so that it reads only a little of the file.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = 0
        while len(data) - at > LONGEST_LINE:
            end = max(data.rfind(b"\n", at, at + LONGEST_LINE), data.rfind(b"\r", at, at + LONGEST_LINE))
            if end < 0:
                raise DataError(
                    f"{label}: a line is longer than {LONGEST_LINE:,} bytes, at byte {at:,}; no row of a list"
                    " is that long; shorten or remove it"
                )
            at = end + 1


def _has_mixed_line_ends(connection: duckdb.DuckDBPyConnection, path: Path, written: DelimitedFormat) -> bool:
    r"""Whether a file ends its lines in several ways; DuckDB reads only one way in a file.

    Bytes are counted first: most files have no \r, or all their line ends alike.
    """
    with path.open("rb") as file:  # block by block: a map of the file would count as memory, all of it
        if not any(b"\r" in block for block in iter(lambda: file.read(BLOCK_SIZE), b"")):
            return False
    feeds = returns = pairs = 0
    last = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK_SIZE):
            feeds += block.count(b"\n")
            returns += block.count(b"\r")
            pairs += block.count(b"\r\n") + (last == b"\r" and block[:1] == b"\n")
            last = block[-1:]
    if returns == feeds == pairs or not feeds:
        return False
    try:  # line breaks within quotes may be of any kind, and only DuckDB knows what it takes for quotes
        connection.execute(f"SELECT count(*) FROM {_from_item(path, written)}").fetchall()
    except duckdb.Error:
        return True
    return False


def _tidy(path: Path, written: DelimitedFormat, tidied: Path) -> Path:
    """The file with a header on one line and all its line ends alike, those within quotes too."""
    with path.open("rb") as file, tidied.open("wb") as output:
        rest = b""
        if written.header_lines > 1:
            head = file.read(HEAD_SIZE)
            lines = head.splitlines(keepends=True)
            rest = b"".join(lines[written.header_lines :])
            output.write(written.delimiter.join(f"c{i}" for i in range(len(written.names))).encode() + b"\n")
        while block := rest or file.read(BLOCK_SIZE):
            rest = b""
            if block.endswith(b"\r"):
                block += file.read(1)
            output.write(block.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    return tidied


def _detect_quote(start: str) -> str:
    """The apostrophe where values stand between apostrophes and none between quotes; else the quote."""
    double = re.search(r'(?:^|[,;\t|])"', start, re.MULTILINE)
    single = re.search(r"(?:^|[,;\t|])'[^'\n]*'(?:$|[,;\t|\r])", start, re.MULTILINE)
    return "'" if single and not double else '"'


def _escapes_by_backslash(start: str, quote: str) -> bool:
    r"""Whether quotes in values are written \" and never doubled."""
    inside = re.search(rf"[^,;\t|\n\\](?:\\\\)*\\{quote}(?![,;\t|\r\n])|[,;\t|\n]{quote}\\{quote}", start)
    doubled = re.search(rf"[^,;\t|\n\\{quote}]{quote}{quote}[^,;\t|\r\n]", start)
    return inside is not None and doubled is None


def _check_names(label: str, names: Sequence[str]) -> None:
    if not any(name.strip() for name in names):
        raise DataError(f"{label}: the first line is empty; it must hold the names of the columns")
    if all(_DATA.fullmatch(name.strip()) for name in names):
        few = ", ".join(quote(name) for name in names[:3]) + (", …" if len(names) > 3 else "")
        raise DataError(
            f"{label}: the first line looks like a row, not like the names of the columns ({few});"
            " put a header line before it"
        )
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        if not name.strip():
            raise DataError(f"{label}: column {position} has no name; give it one in the first line")
        if name.lower() in seen:
            raise DataError(f"{label}: two columns have the name {quote(name)}; rename one of them")
        seen.add(name.lower())
