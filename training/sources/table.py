"""Lists of leads, or a history, kept as a table of DuckDB: every column as it is, every row with its number, none lost.

`sources.scan` opens the files; here their rows are kept. A CSV file is read as texts, so that the card alone decides
what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.literals import name as quoted
from leadledger.scoring.printers.sql import select as sql
from leadledger.training.sources.rejects import ROW, Reject, bad_values, refuse_empty, structural
from leadledger.training.sources.scan import first_line, opened

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ROW", "Reject", "Source", "bad_values", "connect", "read"]


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
    for setting in sql.DUCKDB_SETTINGS:
        connection.execute(f"SET {setting}")
    return connection


def read(connection: duckdb.DuckDBPyConnection, data: Path | str | pd.DataFrame, table: str = "leads") -> Source:
    """Read a list of any kind, or a pandas DataFrame, into a table. Raises DataError."""
    if not isinstance(data, Path | str):
        connection.register("ll_frame", data)
        try:
            source = _keep(connection, "ll_frame", table)
        finally:
            connection.unregister("ll_frame")
        if not source.rows:
            raise DataError("the data frame has no rows")
        return source
    with opened(connection, data) as scan:
        try:
            source = _keep(connection, scan.sql, table)
        except duckdb.Error as error:
            kind = "Parquet" if scan.kind == "parquet" else "CSV"
            raise DataError(f"{scan.label}: can't be read as {kind}: {first_line(error)}") from None
        rejects = structural(connection, scan)
    if rejects:
        _renumber(connection, table, sorted({one.row for one in rejects}))
    refuse_empty(scan, source.rows, rejects)
    return Source(source.table, source.columns, source.rows, rejects)


def _keep(connection: duckdb.DuckDBPyConnection, scan: str, table: str) -> Source:
    """Keep a scan as a table whose rows are numbered."""
    connection.execute(
        f"CREATE OR REPLACE TABLE {quoted(table)} AS SELECT row_number() OVER () AS {quoted(ROW)}, * FROM {scan}"
    )
    described = connection.execute(f"DESCRIBE {quoted(table)}").fetchall()
    columns = {str(row[0]): str(row[1]) for row in described if row[0] != ROW}
    ((count,),) = connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchall()
    return Source(quoted(table), columns, count)


def _renumber(connection: duckdb.DuckDBPyConnection, table: str, rows: list[int]) -> None:
    """Count the rows that were left out: the n-th row read is row n plus the rejects before it."""
    connection.execute("CREATE OR REPLACE TEMP TABLE ll_shift (after BIGINT)")
    connection.executemany("INSERT INTO ll_shift VALUES (?)", [[row - i] for i, row in enumerate(rows, start=1)])
    connection.execute(
        f"UPDATE {quoted(table)} SET {quoted(ROW)} = {quoted(ROW)}"
        f" + (SELECT count(*) FROM ll_shift WHERE after < {quoted(table)}.{quoted(ROW)})"
    )
    connection.execute("DROP TABLE ll_shift")
