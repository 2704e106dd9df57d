"""What was left out of a list: values and rows that can't be read, each with its row, its raw text and the reason.

DuckDB keeps the lines that it can't read as rows in `reject_errors`; what was left out while another kind of file was
turned into CSV is in the scan. `structural` puts the two together and says which row each one is.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from leadledger.scoring.engine.score import engine
from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.literals import name as quoted
from leadledger.scoring.printers.sql.cleaning import used
from leadledger.scoring.scorecard import Scorecard

if TYPE_CHECKING:
    from leadledger.training.sources.scan import Scan

ROW = "ll:row"  # the number of a row in its file, from 1; the name is one that no file would use
LONGEST = 16_000_000  # bytes of the longest line that is read; two of them fit into a buffer of DuckDB's usual size
SWALLOWED = 1 << 20  # bytes of lines that an open quote may run over before the list is refused
_REASONS = {
    "MISSING COLUMNS": "has fewer columns than the header",
    "TOO MANY COLUMNS": "has more columns than the header",
    "UNQUOTED VALUE": "has a quote that is not closed, or text behind a closing quote",
    "LINE SIZE OVER MAXIMUM": f"is longer than {LONGEST:,} bytes",
    "INVALID ENCODING": "is not UTF-8 text",
}
_OPEN = ("UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM")


@dataclass(frozen=True)
class Reject:
    """A value, or a whole row (`column` empty), that was left out: its row from 1, the raw value and the reason."""

    row: int
    column: str
    value: str
    reason: str


def bad_values(
    connection: duckdb.DuckDBPyConnection, card: Scorecard, table: str, columns: Mapping[str, str]
) -> Iterator[Reject]:
    """Every value that can't be read in a table that the printed SQL has marked (`ll:bad`), with its reason.

    SQL finds the bad rows; Python cleans those few once more, for the reasons.
    """
    present = [column for names in used(card.card, columns).values() for column in names]
    selected = ", ".join(map(quoted, [ROW, *present]))
    found = connection.execute(f'SELECT {selected} FROM {table} WHERE "ll:bad" ORDER BY {quoted(ROW)}').fetchall()
    for row, *values in found:
        yield from refused(card, row, dict(zip(present, values, strict=True)))


def refused(card: Scorecard, row: int, lead: Mapping[str, Any]) -> Iterator[Reject]:
    """A reject for each value that can't be read in a raw lead that SQL has refused."""
    for one in engine(card).refused(lead):
        yield Reject(row, one.column, "" if one.value is None else str(one.value), one.reason)


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Forget the lines that DuckDB left out of the scans before."""
    for table in ("reject_errors", "reject_scans"):
        with suppress(duckdb.CatalogException):
            connection.execute(f"DELETE FROM {table}")


def structural(connection: duckdb.DuckDBPyConnection, scan: Scan) -> tuple[Reject, ...]:
    """The rows of an opened list that are no rows, in their order, after its scan has run to its end.

    Raises DataError where a quote runs over so much of the file that nobody can say what its rows are.
    """
    scans = _table(
        connection,
        "SELECT scan_id, file_path, delimiter, quote, escape, columns FROM reject_scans ORDER BY scan_id DESC LIMIT 1",
    )
    if not scans:
        return scan.refused
    ((number, path, delimiter, quote, escape, columns),) = scans
    found = _table(
        connection,
        "SELECT line, min(line_byte_position), min(byte_position), any_value(csv_line),"
        f" list(DISTINCT error_type ORDER BY error_type) FROM reject_errors WHERE scan_id = {int(number)}"
        " GROUP BY line ORDER BY line",
    )
    forget(connection)
    one_column = columns.count("'VARCHAR'") == 1  # then an empty line is a row
    blanks = (
        [0] * len(found) if one_column else _blanks(Path(path), [row[1] for row in found], delimiter, quote, escape)
    )
    rejects = []
    for (line, _, position, text, kinds), blank in zip(found, blanks, strict=True):
        row = int(line) - 1 - blank
        if any(kind in _OPEN for kind in kinds):
            _check_quote(scan.label, Path(path), row, int(position), quote, escape)
        reason = "; ".join(_REASONS.get(one, one.lower()) for one in kinds)
        rejects.append(Reject(row, "", (text or "").strip("\r\n"), reason))
    return tuple(sorted([*scan.refused, *rejects], key=lambda one: one.row))


def refuse_empty(scan: Scan, rows: int, rejects: Sequence[Reject]) -> None:
    """Raises DataError where no row of a list could be read."""
    if rows:
        return
    if rejects:
        first = rejects[0]
        raise DataError(f"{scan.label}: no row can be read; the first one, row {first.row}, {first.reason}")
    raise DataError(f"{scan.label}: {'has no rows' if scan.kind == 'parquet' else 'has a header and no rows'}")


def _table(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query; none where its table isn't there, since DuckDB makes it with the first reject."""
    try:
        return connection.execute(query).fetchall()
    except duckdb.CatalogException:
        return []


def _quoted(quote: bytes, escape: bytes) -> bytes:
    """The pattern of a quoted value, from its opening quote to its closing one."""
    q, e = re.escape(quote), re.escape(escape)
    if quote == escape:
        return q + rb"[^" + q + rb"]*+(?:" + q + q + rb"[^" + q + rb"]*+)*+" + q
    return q + rb"[^" + q + e + rb"]*+(?:" + e + rb"(?s:.)[^" + q + e + rb"]*+)*+" + q


def _blanks(path: Path, starts: list[int], delimiter: str, quote: str, escape: str) -> list[int]:
    """How many empty lines are before each line that starts at one of these bytes (ascending).

    DuckDB counts them as lines and doesn't read them as rows. Those inside of quotes are part of a value.
    """
    ends = rb"\n\r?(?=\n)|\r(?=\r)"
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        last = starts[-1]
        while last < len(data) and data[last] in b"\r\n":
            last += 1
        if all(data.find(one, 0, last) < 0 for one in (b"\n\n", b"\n\r\n", b"\r\r")):  # the usual case, and quick
            return [0] * len(starts)
        opening = rb"(?<![^\r\n" + re.escape(delimiter.encode()) + rb"])"
        value = _quoted(quote.encode(), escape.encode())
        pattern = re.compile(opening + value + rb"|(" + ends + rb")")
        found, counts = 0, []
        places = (match.start(1) for match in pattern.finditer(data, 0, last) if match.group(1) is not None)
        place = next(places, None)
        for start in starts:
            while start < len(data) and data[start] in b"\r\n":
                start += 1
            while place is not None and place < start:
                found += 1
                place = next(places, None)
            counts.append(found)
        return counts


def _check_quote(label: str, path: Path, row: int, position: int, quote: str, escape: str) -> None:
    """Refuse a list in which a quote is open over many lines: DuckDB reads a file in parts, and would guess."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(quote.encode(), max(0, position - 1), position + 2)  # DuckDB counts from 0 or from 1
        if start < 0:
            return
        match = re.compile(_quoted(quote.encode(), escape.encode())).match(data, start)
        end = match.end() if match else len(data)
        ended = "is never closed" if match is None else f"is only closed {end - start:,} bytes later"
        line = data.find(b"\n", start)
        if end - start > SWALLOWED and 0 <= line < end - 1:
            raise DataError(
                f"{label}: row {row:,} has a quote ({quote}) that {ended}, so that the rows behind it can't be told"
                " apart; close it, or take it out"
            )
