"""Rows of the table `scores`, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from pydantic_core import to_json

from leadledger.api.log import tables
from leadledger.api.log.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Rows per INSERT into SQLite. Its driver releases the interpreter's lock at each step and may get it back only when the
# event loop is idle. One statement with many rows is one step, where many statements would be as many. The driver keeps
# a prepared statement for each number of rows.
MOST_ROWS_PER_INSERT = 64
_COLUMNS = ", ".join(f'"{name}"' for name in tables.scores.columns.keys())  # noqa: SIM118  # it is no dictionary
_ROW = f"({', '.join(['?'] * len(tables.scores.columns))})"
_INSERT_JSON = f"INSERT INTO scores ({_COLUMNS}) SELECT {_COLUMNS} FROM json_populate_recordset(NULL::scores, %s::json)"


def write_scores(connection: Connection, records: Sequence[Record]) -> None:
    """Insert scores into the log."""
    if not records:
        return
    rows = [record.row() for record in records]
    if connection.dialect.name == "postgresql":  # one text, as its driver takes longer for many values
        connection.exec_driver_sql(_INSERT_JSON, (to_json(rows).decode(),))
        return
    for start in range(0, len(rows), MOST_ROWS_PER_INSERT):
        part = rows[start : start + MOST_ROWS_PER_INSERT]
        values = tuple(chain.from_iterable(row.values() for row in part))
        connection.exec_driver_sql(_insert_statement(len(part)), values)


@cache
def _insert_statement(size: int) -> str:
    """The statement that inserts `size` rows into SQLite."""
    return f"INSERT INTO scores ({_COLUMNS}) VALUES {', '.join([_ROW] * size)}"
