"""The rows of a list under numbers that keep their order, and how many of them a query has read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.training.sources.scan import ROW, Scan

_MOST_ROWS_OF_FILE = 1 << 40


def number_rows(scan: Scan) -> str:
    """The scan with the number of each row that was read; half as fast, since only one thread can count."""
    return f"(SELECT row_number() OVER () AS {quoted(ROW)}, * FROM {scan.sql})"


def place_rows(scan: Scan) -> str:
    """The scan with a number for each row that grows along the list.

    Those of Parquet are in its files, where all threads see them:
    https://duckdb.org/docs/stable/data/parquet/overview. Not for a query with LIMIT: DuckDB would read the file once
    more for the rows that are left (late materialization), and planning that takes all memory where a SELECT is deep.
    """
    if scan.kind != "parquet" or {"file_index", "file_row_number"} & {column.lower() for column in scan.columns}:
        return number_rows(scan)
    return f"(SELECT file_index * {_MOST_ROWS_OF_FILE} + file_row_number AS {quoted(ROW)}, * FROM {scan.sql})"


def count_scanned(operators: Sequence[Mapping[str, Any]]) -> int:
    """How many rows the scan of the list has read: the most at a leaf of a profile."""
    most = 0
    for operator in operators:
        children = operator.get("children")
        most = max(most, count_scanned(children) if children else int(operator.get("rows_scanned", 0)))
    return most
