"""Lists of leads, or a history, kept as a table of DuckDB: every column as it is, every row with its number, none lost.

`opening.py` opens the files; here their rows are kept. A CSV file is read as texts, so that the card alone decides
what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from leadledger.scoring.errors import DataError
from leadledger.scoring.number_forms import AMBIGUOUS_PATTERN
from leadledger.scoring.printers.sql.cleaning import fold_number
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB, DUCKDB_SETTINGS
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.expression import Expression
from leadledger.scoring.printers.sql.number_evidence import prove_decimals
from leadledger.scoring.printers.sql.text_counts import TextNotes, find_text_counts
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.training.sources.opening import open_list
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.rejects import find_broken_rows, refuse_empty
from leadledger.training.sources.scan import ROW, Reject

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LeadTable:
    """A table in DuckDB: its quoted name, its columns with their SQL types, how many rows it has, what was left out.

    The table has one more column, `ll:row`, the number of the row in the file. `notes` are sentences, for people, on
    what was noticed while it was read. `has_typed`: among its texts may be numbers that the source keeps as numbers.
    """

    table: str
    columns: Mapping[str, str]
    rows: int
    rejects: tuple[Reject, ...] = ()
    notes: tuple[str, ...] = ()
    has_typed: bool = False


def connect() -> duckdb.DuckDBPyConnection:
    """An embedded DuckDB whose days are in UTC, and which fetches nothing from anywhere."""
    connection = duckdb.connect()
    for setting in DUCKDB_SETTINGS:
        connection.execute(f"SET {setting}")
    return connection


def read_list(
    connection: duckdb.DuckDBPyConnection,
    data: Path | str | pd.DataFrame,
    reading: ReadingOptions = AS_FOUND,
    table: str = "leads",
) -> LeadTable:
    """Read a list of any kind, or a pandas DataFrame, into a table. Raises DataError."""
    if not isinstance(data, Path | str):
        connection.register("ll_frame", data)
        try:
            leads = _keep(connection, "ll_frame", table)
        finally:
            connection.unregister("ll_frame")
        if not leads.rows:
            raise DataError("the data frame has no rows")
        return replace(leads, has_typed=True)
    with open_list(connection, data, reading) as scan:
        try:
            leads = _keep(connection, scan.sql, table)
        except duckdb.Error as error:
            raise DataError(scan.describe_failure(error)) from None
        rejects = find_broken_rows(connection, scan)
    if rejects:
        _renumber(connection, table, sorted({reject.row for reject in rejects}))
    refuse_empty(scan, leads.rows, rejects)
    return LeadTable(leads.table, leads.columns, leads.rows, rejects, scan.notes, scan.has_typed)


def _keep(connection: duckdb.DuckDBPyConnection, scan: str, table: str) -> LeadTable:
    """Keep a scan as a table whose rows are numbered."""
    connection.execute(
        f"CREATE OR REPLACE TABLE {quoted(table)} AS SELECT row_number() OVER () AS {quoted(ROW)}, * FROM {scan}"
    )
    described = connection.execute(f"DESCRIBE {quoted(table)}").fetchall()
    columns = {str(row[0]): str(row[1]) for row in described if row[0] != ROW}
    ((count,),) = connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchall()
    return LeadTable(quoted(table), columns, count)


def _renumber(connection: duckdb.DuckDBPyConnection, table: str, rows: list[int]) -> None:
    """Count the rows that were left out: the n-th row read is row n plus the rejects before it."""
    connection.execute("CREATE OR REPLACE TEMP TABLE ll_shift (after BIGINT)")
    connection.executemany("INSERT INTO ll_shift VALUES (?)", [[row - i] for i, row in enumerate(rows, start=1)])
    connection.execute(
        f"UPDATE {quoted(table)} SET {quoted(ROW)} = {quoted(ROW)}"
        f" + (SELECT count(*) FROM ll_shift WHERE after < {quoted(table)}.{quoted(ROW)})"
    )
    connection.execute("DROP TABLE ll_shift")


def count_texts(connection: duckdb.DuckDBPyConnection, card: Scorecard, leads: LeadTable) -> TextNotes:
    """What is to be said of the texts of a table: the words for nothing, and what is new to a release."""
    counts = find_text_counts(card, leads.columns)
    if not counts.aggregates:
        return TextNotes()
    (row,) = connection.execute(f"SELECT {', '.join(counts.aggregates)} FROM {leads.table}").fetchall()
    return counts.describe(row, leads.table, lambda query: connection.execute(query).fetchall())


def settle_numbers(connection: duckdb.DuckDBPyConnection, card: Card, leads: LeadTable) -> LeadTable:
    """The table, in which texts that can be two numbers are the one that the list shows; its notes say which.

    Where the list shows nothing, they stay as they are.
    """

    def run_query(query: str) -> tuple[Any, ...]:
        (row,) = connection.execute(query).fetchall()
        return tuple(row)

    proven = prove_decimals(card, leads.columns, leads.table, run_query, has_typed=leads.has_typed)
    for decimal in proven:
        thousands = "." if decimal.decimal == "," else ","
        for column in decimal.columns:
            text = fold_number(card.fields[decimal.field], Expression(quoted(column)), DUCKDB).sql
            # With a fourth decimal, so that what has become a dot before three is no sign between thousands.
            small = f"replace({text}, '{decimal.decimal}', '.') || '0'"
            settled = (
                f"CASE WHEN contains({text}, '{thousands}') THEN replace({text}, '{thousands}', '') ELSE {small} END"
            )
            connection.execute(
                f"UPDATE {leads.table} SET {quoted(column)} = {settled} WHERE {DUCKDB.matches(text, AMBIGUOUS_PATTERN)}"
            )
    return replace(leads, notes=(*leads.notes, *(decimal.sentence for decimal in proven)))
