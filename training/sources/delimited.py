"""Delimited text as a scan: plain text is read by DuckDB where it is; what it would read wrongly is refused or tidied.

The start of a file says how it is written. Lines that are too long are refused. Mixed line ends, and what stands before
the header, are tidied byte by byte; rows that are no leads (blank, totals, the header once more) cost a second way, row
by row, in `rewriting.py`.
"""

from __future__ import annotations

import codecs
import glob
import mmap
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_literal
from leadledger.training.sources import layout
from leadledger.training.sources.cells import Style
from leadledger.training.sources.reading import ReadingOptions
from leadledger.training.sources.rewriting import rewrite, search_rows, unwrap_lines
from leadledger.training.sources.scan import BLOCK_SIZE, LONGEST_LINE, Reject, Scan, SourceFile
from leadledger.training.sources.style import find_style

HEAD_SIZE = 1 << 20  # bytes at the start of a file that say how it is written
_NAMELESS = re.compile(r"|Unnamed: \d+")  # as pandas calls a column without a name
_WHOLE_NUMBER = "[0-9]+"


@dataclass(frozen=True)
class DelimitedFormat:
    """How a file is written: the names of its columns, its style, and where its rows start.

    `header` is the number of bytes before the first row; `plain` says whether the file starts with the header, on one
    line; `notes` are sentences on what was noticed.
    """

    names: tuple[str, ...]
    style: Style
    header: int = 0
    plain: bool = True
    notes: tuple[str, ...] = ()


def detect_format(label: str, start: str, whole: bool, reading: ReadingOptions) -> DelimitedFormat:
    """The format of a file that starts so. Raises DataError for a header that can't be used."""
    sample = find_style(label, start, whole)
    before = start[: sample.skipped].count("\n") or (1 if sample.skipped else 0)
    rows = [layout.PlacedRow(row.line + before, row.cells) for row in sample.rows]
    header = layout.find_header(label, rows, sample.width, reading, "line")
    above = sample.rows[: header.position + 1]
    characters = sample.skipped + sum(len(row.text) for row in above)
    plain = not sample.skipped and header.position == 0 and above[-1].lines == 1
    return DelimitedFormat(
        header.names, sample.style, len(start[:characters].encode("utf-8", "surrogateescape")), plain, header.notes
    )


def scan_file(
    connection: duckdb.DuckDBPyConnection, path: Path, label: str, work: Path, reading: ReadingOptions
) -> Scan:
    """A UTF-8 file of delimited text. Raises DataError. What has to be tidied first is written anew into `work`."""
    with path.open("rb") as file:
        head = file.read(HEAD_SIZE)
    marked = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    whole = len(head) < HEAD_SIZE
    start = _decode(head[marked:], whole)
    unwrapped = unwrap_lines(path, start, whole, work / "unwrapped.csv")
    if unwrapped is not None:
        scan = scan_file(connection, unwrapped, label, work, reading)
        note = "Each line of the file is one quoted value; the columns are those within the quotes."
        return replace(scan, notes=(note, *scan.notes))
    written = detect_format(label, start, whole, reading)
    written = replace(written, header=written.header + marked)
    _check_lines(path, label)
    rejects: tuple[Reject, ...] = ()
    search = search_rows(path, written.names, written.style, written.header, head)
    if search.has_odd_rows:
        path, rejects, notes = rewrite(label, path, written.names, written.style, written.header, work / "rows.csv")
        written = DelimitedFormat(written.names, Style(","), notes=(*written.notes, *notes))
    elif not written.plain or (search.has_returns and _has_mixed_line_ends(connection, path, written)):
        path = _tidy(path, written, work / "tidied.csv")
    return scan_format(connection, path, written, label, "csv", rejects)


def scan_format(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    written: DelimitedFormat,
    label: str,
    kind: str,
    rejects: Sequence[Reject] = (),
) -> Scan:
    """A file whose format is known; `kind` is csv, or what it was converted from. Raises DataError.

    A column without a name is left out where it holds nothing, or counts the rows; else the list is refused.
    """
    item = _from_item(path, written)
    left_out, notes = _find_nameless(connection, item, written.names, label)
    columns = {name: "VARCHAR" for position, name in enumerate(written.names) if position not in left_out}
    if left_out:
        item = f"(SELECT {', '.join(map(quoted, columns))} FROM {item})"
    size = path.stat().st_size
    source = SourceFile(path, tuple(_number_nameless(written.names)), written.style)
    return Scan(item, columns, kind, label, size, tuple(rejects), (*written.notes, *notes), source)


def _decode(head: bytes, whole: bool) -> str:
    """The text of the start of a file; bytes that are no UTF-8 keep their number."""
    text = head.decode("utf-8", "surrogateescape")
    return text if whole else text.rstrip("".join(map(chr, range(0xDC80, 0xDD00))))


def _from_item(path: Path, written: DelimitedFormat) -> str:
    """The FROM item that reads a file of this format as texts, in parallel, keeping apart what is no row."""
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in _number_nameless(written.names))
    file = text_literal(glob.escape(str(path)))
    style = written.style
    return (
        f"read_csv({file}, auto_detect = false, header = true, delim = {text_literal(style.delimiter)},"
        f" quote = {text_literal(style.quote)}, escape = {text_literal(style.escape)}, columns = {{{columns}}},"
        f" max_line_size = {LONGEST_LINE}, buffer_size = {2 * LONGEST_LINE}, store_rejects = true, rejects_limit = 0)"
    )


def _number_nameless(names: Sequence[str]) -> list[str]:
    """The names by which DuckDB knows the columns: those without a name get one that no file uses."""
    return [name or f"ll:column {position}" for position, name in enumerate(names, start=1)]


def _find_nameless(
    connection: duckdb.DuckDBPyConnection, item: str, names: Sequence[str], label: str
) -> tuple[set[int], list[str]]:
    """The positions of the columns without a name that are left out, and a note on each. Raises DataError."""
    left_out: set[int] = set()
    notes: list[str] = []
    known = _number_nameless(names)
    for position, name in enumerate(names):
        if not _NAMELESS.fullmatch(name):
            continue
        column = quoted(known[position])
        try:
            ((filled, whole, different),) = connection.execute(
                f"SELECT count({column}), count_if(regexp_full_match({column}, '{_WHOLE_NUMBER}')),"
                f" count(DISTINCT {column}) FROM {item}"
            ).fetchall()
        except duckdb.Error:  # which the scan itself will report
            filled = whole = different = -1
        called = f"Column {position + 1:,}, '{name}'," if name else f"Column {position + 1:,} has no name,"
        if filled == 0:
            notes.append(f"{called} {'holds' if name else 'and'} no value{'' if name else ' either'}; it is left out.")
        elif position == 0 and filled == whole == different:
            does = "only numbers the rows, as pandas writes an index"
            notes.append(f"{called} {does if name else f'and {does}'}; it is left out.")
        elif name:
            continue
        else:
            raise DataError(f"{label}: column {position + 1} has no name; give it one in the first line")
        left_out.add(position)
    return left_out, notes


def _check_lines(path: Path, label: str) -> None:
    """Refuse a file with a line that is longer than DuckDB's buffer, which it would leave out without a word.

    From one line end it looks for the last one within reach, so that it reads only a little of the file.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = 0
        while len(data) - at > LONGEST_LINE:
            end = data.rfind(b"\n", at, at + LONGEST_LINE)
            if end < 0:  # a return is looked for only now, which without one takes all that is within reach
                end = data.rfind(b"\r", at, at + LONGEST_LINE)
            if end < 0:
                raise DataError(
                    f"{label}: a line is longer than {LONGEST_LINE:,} bytes, at byte {at:,}; no row of a list"
                    " is that long; shorten or remove it"
                )
            at = end + 1


def _has_mixed_line_ends(connection: duckdb.DuckDBPyConnection, path: Path, written: DelimitedFormat) -> bool:
    """Whether a file ends its lines in several ways; DuckDB reads only one way in a file.

    Bytes are counted first: most files have all their line ends alike.
    """
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
    """The file from its header on, that on one line, and with all its line ends alike, those within quotes too."""
    with path.open("rb") as file, tidied.open("wb") as output:
        file.seek(written.header)
        output.write(written.style.delimiter.join(f"c{i}" for i in range(len(written.names))).encode() + b"\n")
        while block := file.read(BLOCK_SIZE):
            if block.endswith(b"\r"):
                block += file.read(1)
            output.write(block.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    return tidied
