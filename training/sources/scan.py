"""What every reader of lists works with: a list that DuckDB can stream, and what was left out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.training.sources.cells import Style

ROW = "ll:row"  # the number of a row in its file, from 1; the name is one that no file would use
# Bytes of the longest line that is read; two of them fit into a buffer of DuckDB's usual size.
LONGEST_LINE = 16_000_000
BLOCK_SIZE = 1 << 22  # bytes of a file that are converted at a time
_ROWS_MEASURED = 2_000  # rows at the start of a list whose size is averaged


@dataclass(frozen=True)
class Reject:
    """A value, or a whole row (`column` empty), that was left out: its row from 1, the raw value and the reason."""

    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class SourceFile:
    """The one file that a scan reads: delimited text, in UTF-8 and with one line as its header, or Parquet.

    `names` are all of its columns in their order, as DuckDB knows them; `style` is None for Parquet.
    """

    path: Path
    names: tuple[str, ...]
    style: Style | None = None


@dataclass(frozen=True)
class Scan:
    """A list, opened.

    `sql` is a FROM item that DuckDB streams in the order of the file, with bounded memory, as often as needed; the rows
    have no numbers. `columns` are names and SQL types: all VARCHAR but in Parquet. `kind` is csv, parquet, json or
    excel, `label` what messages call the list, `size` the bytes of what is read. `rejects` are rows that were left out
    while it was converted to CSV. `notes` are sentences, for people, on what was noticed while it was opened. `source`
    is the file, where it is one.
    """

    sql: str
    columns: Mapping[str, str]
    kind: str
    label: str
    size: int
    rejects: tuple[Reject, ...] = ()
    notes: tuple[str, ...] = ()
    source: SourceFile | None = None

    @property
    def has_typed(self) -> bool:
        """Whether among its texts are numbers that the file itself keeps as numbers."""
        return self.kind in ("json", "excel")

    def describe_failure(self, error: Exception) -> str:
        """The sentence for an error of DuckDB while the list was read."""
        return f"{self.label}: can't be read as {'Parquet' if self.kind == 'parquet' else 'CSV'}: {first_line(error)}"


def estimate_rows(connection: duckdb.DuckDBPyConnection, scan: Scan) -> int:
    """About how many rows a list has: exact for Parquet; else its size over the mean size of its first rows."""
    if scan.kind == "parquet":
        ((count,),) = connection.execute(f"SELECT count(*) FROM {scan.sql}").fetchall()
        return int(count)
    values = ", ".join(f"coalesce({quoted(column)}, '')" for column in scan.columns)
    size_of_row = f"strlen(concat_ws(',', {values})) + 1"
    ((size,),) = connection.execute(
        f"SELECT avg({size_of_row}) FROM (FROM {scan.sql} LIMIT {_ROWS_MEASURED})"
    ).fetchall()
    return int(scan.size / size) if size else 0


def forget_rejects(connection: duckdb.DuckDBPyConnection) -> None:
    """Forget the lines that DuckDB left out of earlier scans."""
    for table in ("reject_errors", "reject_scans"):
        with suppress(duckdb.CatalogException):  # DuckDB makes the tables with the first reject
            connection.execute(f"DELETE FROM {table}")


def first_line(error: Exception) -> str:
    """The first line of an error of DuckDB; the others repeat the statement."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def list_fetchable(columns: Mapping[str, str], names: Iterable[str]) -> str:
    """Some columns of a SELECT as Python can take them: an instant as its text in UTC, since DuckDB would import pytz
    for it. `columns` are those of the source, with their types.
    """
    return ", ".join(
        f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}"
        if type_family(columns.get(name, "")) == "instant"
        else quoted(name)
        for name in names
    )
