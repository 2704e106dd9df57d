"""Rows of the table `scores`, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from pydantic_core import to_json

from leadledger.api.log.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Rows per INSERT into SQLite. Its driver releases the interpreter's lock at each step and may get it back only when the
# event loop is idle. One statement with many rows is one step, where many statements would be as many. The driver keeps
# a prepared statement for each number of rows.
MOST_ROWS_PER_INSERT = 64


def write_scores(connection: Connection, records: Sequence[Record]) -> None:
    """Insert scores into the log."""
    if not records:
        return
    rows = [record.row() for record in records]
    if connection.dialect.name == "postgresql":  # one text, as its driver takes longer for many values
        columns = _list_columns()
        statement = (
            f"INSERT INTO scores ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::scores, %s::json)"
        )
        connection.exec_driver_sql(statement, (to_json(rows).decode(),))
        return
    for start in range(0, len(rows), MOST_ROWS_PER_INSERT):
        part = rows[start : start + MOST_ROWS_PER_INSERT]
        values = tuple(chain.from_iterable(row.values() for row in part))
        connection.exec_driver_sql(_insert_statement(len(part)), values)


@cache
def _insert_statement(size: int) -> str:
    """The statement that inserts `size` rows into SQLite."""
    columns = _list_columns()
    row = f"({', '.join('?' * (columns.count(',') + 1))})"
    return f"INSERT INTO scores ({columns}) VALUES {', '.join([row] * size)}"


@cache
def _list_columns() -> str:
    """The columns of the table. A service without a log counts none, and so loads no SQLAlchemy."""
    from leadledger.api.log.tables import scores

    return ", ".join([f'"{column.name}"' for column in scores.columns])
