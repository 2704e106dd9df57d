"""Files of leads, read through DuckDB: CSV or Parquet, every column as it is, no row lost.

A CSV file is read as texts, so that the card alone decides what they mean. Rows that are no rows (too few or too many
columns, a quote that never ends, bytes that are no UTF-8) are kept apart with their number and reason.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from scoring.engine import engine
from scoring.errors import DataError, LeadError, shown
from scoring.printers.cleaning import used
from scoring.printers.dialect import name as quoted
from scoring.printers.dialect import text
from scoring.scorecard import Scorecard

if TYPE_CHECKING:
    import pandas as pd

ROW = "ll:row"  # the number of a row in its file, from 1; the name is one that no file would use
PEEK = 1 << 20  # bytes that are looked at before DuckDB reads the file
_REASONS = {
    "MISSING COLUMNS": "has fewer columns than the header",
    "TOO MANY COLUMNS": "has more columns than the header",
    "UNQUOTED VALUE": "has a quote that is not closed, or text behind a closing quote",
    "LINE SIZE OVER MAXIMUM": "is longer than 2,000,000 bytes",
    "INVALID ENCODING": "is not UTF-8 text",
}


@dataclass(frozen=True)
class Reject:
    """A value, or a whole row (`column` empty), that was left out: its row from 1, the raw value and the reason."""

    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Source:
    """A table in DuckDB: its quoted name, its columns with their SQL types, how many rows it has, what was left out.

    The table has one more column, `ll:row`, the number of the row in the file.
    """

    table: str
    columns: Mapping[str, str]
    rows: int
    rejects: tuple[Reject, ...] = ()


def connect() -> duckdb.DuckDBPyConnection:
    """An embedded DuckDB whose days are in UTC, and which fetches nothing from anywhere."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET enable_progress_bar = false")
    return connection


def read(connection: duckdb.DuckDBPyConnection, data: Path | str | pd.DataFrame, table: str = "leads") -> Source:
    """Read a CSV or Parquet file, or a pandas DataFrame, into a table. Raises DataError."""
    if not isinstance(data, Path | str):
        connection.register("ll_frame", data)
        try:
            source = _keep(connection, "ll_frame", table)
        finally:
            connection.unregister("ll_frame")
        if not source.rows:
            raise DataError("the data frame has no rows")
        return source
    path = Path(data)
    head = _peek(path)
    if head[:4] == b"PAR1" or path.suffix.lower() == ".parquet":
        return _parquet(connection, path, table)
    return _csv(connection, path, head, table)


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
        try:
            engine(card).clean(dict(zip(present, values, strict=True)))
        except LeadError as error:
            for problem in error.problems:
                value = "" if problem.value is None else str(problem.value)
                yield Reject(row, problem.path.removeprefix("$."), value, problem.reason)
        else:  # the two must agree; if they ever don't, the row is still not lost
            yield Reject(row, "", "", "has a value that can't be read")


def _peek(path: Path) -> bytes:
    """The start of a file; refuses what is no file, is empty, or is none of the kinds that can be read."""
    try:
        with path.open("rb") as file:
            head = file.read(PEEK)
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder; name a CSV or Parquet file") from None
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: can't be opened: {getattr(error, 'strerror', None) or error}") from None
    if not head:
        raise DataError(f"{path}: the file is empty; it needs a header line with the names of the columns")
    if head[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise DataError(f"{path}: is a spreadsheet or an archive; save the sheet as CSV (UTF-8) and name that file")
    if head[:2] == b"\x1f\x8b":
        raise DataError(f"{path}: is compressed; unpack it first")
    return head


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path, table: str) -> Source:
    try:
        source = _keep(connection, f"read_parquet({text(_literal_path(path))})", table)
    except duckdb.Error as error:
        raise DataError(f"{path}: can't be read as Parquet: {_first_line(error)}") from None
    if not source.rows:
        raise DataError(f"{path}: has no rows")
    return source


def _csv(connection: duckdb.DuckDBPyConnection, path: Path, head: bytes, table: str) -> Source:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{path}: is UTF-16 text; save it as CSV (UTF-8)")
    if b"\0" in head:
        raise DataError(f"{path}: is neither CSV nor Parquet, it holds binary data")
    try:
        start = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError as error:
        line = head[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path}: line {line} is not UTF-8 text (byte {head[error.start]:#04x}); save the file as CSV (UTF-8)"
        ) from None
    names, delimiter = _header(path, start)
    columns = ", ".join(f"{text(name)}: 'VARCHAR'" for name in names)
    scan = (
        f"read_csv({text(_literal_path(path))}, auto_detect = false, header = true, delim = {text(delimiter)},"
        f" quote = '\"', escape = '\"', columns = {{{columns}}}, store_rejects = true, rejects_limit = 0)"
    )
    try:
        source = _keep(connection, scan, table)
        rejects = _structural(connection)
    except duckdb.Error as error:
        raise DataError(f"{path}: can't be read as CSV: {_first_line(error)}") from None
    if rejects:
        _renumber(connection, table, sorted({one.row for one in rejects}))
    if source.rows + len(rejects) == 0:
        raise DataError(f"{path}: has a header and no rows")
    if source.rows == 0:
        raise DataError(f"{path}: no row can be read; the first one, row {rejects[0].row}, {rejects[0].reason}")
    return Source(source.table, source.columns, source.rows, rejects)


def _header(path: Path, start: str) -> tuple[list[str], str]:
    """The names of the columns, and the delimiter: the one that splits the header into the most names."""
    best: list[str] = []
    delimiter = ","
    for candidate in (",", ";", "\t", "|"):
        try:
            names = next(csv.reader(start.splitlines(keepends=True), delimiter=candidate), [])
        except csv.Error as error:
            raise DataError(f"{path}: the header can't be read as CSV: {error}") from None
        if len(names) > len(best):
            best, delimiter = names, candidate
    if not any(name.strip() for name in best):
        raise DataError(f"{path}: the first line is empty; it must hold the names of the columns")
    seen: set[str] = set()
    for position, name in enumerate(best, start=1):
        if not name.strip():
            raise DataError(f"{path}: column {position} has no name; give it one in the first line")
        if name.lower() in seen:
            raise DataError(f"{path}: two columns have the name {shown(name)}; rename one of them")
        seen.add(name.lower())
    return best, delimiter


def _keep(connection: duckdb.DuckDBPyConnection, scan: str, table: str) -> Source:
    """Keep a scan as a table whose rows are numbered."""
    connection.execute(
        f"CREATE OR REPLACE TABLE {quoted(table)} AS SELECT row_number() OVER () AS {quoted(ROW)}, * FROM {scan}"
    )
    described = connection.execute(f"DESCRIBE {quoted(table)}").fetchall()
    columns = {str(row[0]): str(row[1]) for row in described if row[0] != ROW}
    ((count,),) = connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchall()
    return Source(quoted(table), columns, count)


def _structural(connection: duckdb.DuckDBPyConnection) -> tuple[Reject, ...]:
    """The rows that DuckDB could not read; it numbers them from 1 with the header, line breaks in quotes aside."""
    found = connection.execute(
        "SELECT line - 1, any_value(csv_line), list(DISTINCT error_type ORDER BY error_type)"
        " FROM reject_errors WHERE scan_id = (SELECT max(scan_id) FROM reject_errors) GROUP BY line ORDER BY line"
    ).fetchall()
    connection.execute("DELETE FROM reject_errors")
    return tuple(
        Reject(int(row), "", (line or "").rstrip("\r\n"), "; ".join(_REASONS.get(one, one.lower()) for one in kinds))
        for row, line, kinds in found
    )


def _renumber(connection: duckdb.DuckDBPyConnection, table: str, rows: list[int]) -> None:
    """Count the rows that were left out: the n-th row read is row n plus the rejects before it."""
    connection.execute("CREATE OR REPLACE TEMP TABLE ll_shift (after BIGINT)")
    connection.executemany("INSERT INTO ll_shift VALUES (?)", [[row - i] for i, row in enumerate(rows, start=1)])
    connection.execute(
        f"UPDATE {quoted(table)} SET {quoted(ROW)} = {quoted(ROW)}"
        f" + (SELECT count(*) FROM ll_shift WHERE after < {quoted(table)}.{quoted(ROW)})"
    )
    connection.execute("DROP TABLE ll_shift")


def _literal_path(path: Path) -> str:
    """The path with the signs escaped that DuckDB would take for a pattern."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0]
