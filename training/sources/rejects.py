"""What was left out of a list: values and rows that can't be read, each with its row, its raw text and the reason.

DuckDB keeps the lines that it can't read as rows in `reject_errors`; the scan has what was left out while another kind
of file was converted to CSV. `find_broken_rows` puts the two together and says which row each one is.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from leadledger.scoring.column_fit import find_columns
from leadledger.scoring.column_paths import list_columns
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.sources.scan import LONGEST_LINE, ROW, Reject, Scan, forget_rejects, list_fetchable

LONGEST_QUOTED = 1 << 20  # bytes of lines that an open quote may run over before the list is refused
REASONS = {
    "MISSING COLUMNS": "has fewer columns than the header",
    "TOO MANY COLUMNS": "has more columns than the header",
    "UNQUOTED VALUE": "has a quote that is not closed, or text behind a closing quote",
    "LINE SIZE OVER MAXIMUM": f"is longer than {LONGEST_LINE:,} bytes",
    "INVALID ENCODING": "is not UTF-8 text",
}
_OPEN_QUOTE = ("UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM")


def find_bad_values(
    connection: duckdb.DuckDBPyConnection, card: Scorecard, table: str, columns: Mapping[str, str]
) -> Iterator[Reject]:
    """Every value that can't be read in a table that the printed SQL has marked (`ll:bad`), with its reason.

    SQL finds the bad rows; Python cleans those few once more, for the reasons.
    """
    present = [*list_columns(find_columns(card.card, columns))]
    selected = list_fetchable(columns, [ROW, *present])
    rows = connection.execute(f'SELECT {selected} FROM {table} WHERE "ll:bad" ORDER BY {quoted(ROW)}').fetchall()
    for row, *values in rows:
        yield from reject_values(card, row, dict(zip(present, values, strict=True)))


def reject_values(card: Scorecard, row: int, lead: Mapping[str, Any]) -> Iterator[Reject]:
    """A reject for each value that can't be read in a raw lead that SQL has refused."""
    for refused in get_engine(card).list_bad_values(lead):
        yield Reject(row, refused.column, "" if refused.value is None else str(refused.value), refused.reason)


def find_broken_rows(connection: duckdb.DuckDBPyConnection, scan: Scan) -> tuple[Reject, ...]:
    """The rows of an opened list that can't be read as rows, in their order, after its scan has run to its end.

    Raises DataError where a quote runs over so much of the file that its rows can't be told apart.
    """
    scans = _read_table(
        connection,
        "SELECT scan_id, file_path, delimiter, quote, escape, columns FROM reject_scans ORDER BY scan_id DESC LIMIT 1",
    )
    if not scans:
        return scan.rejects
    ((number, path, delimiter, quote, escape, columns),) = scans
    errors = _read_table(
        connection,
        "SELECT line, min(line_byte_position), min(byte_position), any_value(csv_line),"
        f" list(DISTINCT error_type ORDER BY error_type) FROM reject_errors WHERE scan_id = {int(number)}"
        " GROUP BY line ORDER BY line",
    )
    forget_rejects(connection)
    one_column = columns.count("'VARCHAR'") == 1  # then an empty line is a row
    blanks = (
        [0] * len(errors)
        if one_column
        else _count_blank_lines(Path(path), [int(error[1]) - 1 for error in errors], delimiter, quote, escape)
    )
    rejects = []
    for (line, _, position, text, kinds), blank in zip(errors, blanks, strict=True):
        row = int(line) - 1 - blank
        if any(kind in _OPEN_QUOTE for kind in kinds):
            _check_quote(scan.label, Path(path), row, int(position), quote, escape)
        reason = "; ".join(REASONS.get(kind, kind.lower()) for kind in kinds)
        rejects.append(Reject(row, "", (text or "").strip("\r\n"), reason))
    return tuple(sorted([*scan.rejects, *rejects], key=lambda reject: reject.row))


def refuse_empty(scan: Scan, rows: int, rejects: Sequence[Reject]) -> None:
    """Raises DataError where no row of a list could be read."""
    if rows:
        return
    if rejects:
        first = rejects[0]
        raise DataError(f"{scan.label}: no row can be read; the first one, row {first.row}, {first.reason}")
    noticed = "".join(f". {note}" for note in scan.notes).removesuffix(".")
    raise DataError(f"{scan.label}: {'has no rows' if scan.kind == 'parquet' else 'has a header and no rows'}{noticed}")


def _read_table(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query; none where its table isn't there, since DuckDB makes it with the first reject."""
    try:
        return connection.execute(query).fetchall()
    except duckdb.CatalogException:
        return []


def _quoted_value(quote: bytes, escape: bytes) -> bytes:
    """The pattern of a quoted value, from its opening quote to its closing one."""
    q, e = re.escape(quote), re.escape(escape)
    if quote == escape:
        return q + rb"[^" + q + rb"]*+(?:" + q + q + rb"[^" + q + rb"]*+)*+" + q
    return q + rb"[^" + q + e + rb"]*+(?:" + e + rb"(?s:.)[^" + q + e + rb"]*+)*+" + q


def _count_blank_lines(path: Path, starts: list[int], delimiter: str, quote: str, escape: str) -> list[int]:
    """How many empty lines are before each line that starts at one of these bytes (ascending).

    DuckDB counts them as lines and doesn't read them as rows. Those inside of quotes are part of a value.
    """
    ends = rb"\n\r?(?=\n)|\r(?=\r)"
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        last = starts[-1]
        while last < len(data) and data[last] in b"\r\n":
            last += 1
        if all(data.find(blank, 0, last) < 0 for blank in (b"\n\n", b"\n\r\n", b"\r\r")):  # the usual case, and quick
            return [0] * len(starts)
        opening = rb"(?<![^\r\n" + re.escape(delimiter.encode()) + rb"])"
        value = _quoted_value(quote.encode(), escape.encode())
        pattern = re.compile(opening + value + rb"|(" + ends + rb")")
        count, counts = 0, []
        places = (match.start(1) for match in pattern.finditer(data, 0, last) if match.group(1) is not None)
        place = next(places, None)
        for start in starts:
            while start < len(data) and data[start] in b"\r\n":
                start += 1
            while place is not None and place < start:
                count += 1
                place = next(places, None)
            counts.append(count)
        return counts


def _check_quote(label: str, path: Path, row: int, position: int, quote: str, escape: str) -> None:
    """Refuse a list in which a quote is open over many lines: DuckDB reads a file in parts, and would guess."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(quote.encode(), max(0, position - 1), position + 2)  # DuckDB counts from 0 or from 1
        if start < 0:
            return
        match = re.compile(_quoted_value(quote.encode(), escape.encode())).match(data, start)
        end = match.end() if match else len(data)
        ended = "is never closed" if match is None else f"is only closed {end - start:,} bytes later"
        line = data.find(b"\n", start)
        if end - start > LONGEST_QUOTED and 0 <= line < end - 1:
            raise DataError(
                f"{label}: row {row:,} has a quote ({quote}) that {ended}, so the rows after it can't be told apart;"
                " close or remove it"
            )
