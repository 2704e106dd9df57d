"""Rows of the table `scores`, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from leadledger.api.log import tables
from leadledger.api.log.record import Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Rows per INSERT into SQLite. Its driver releases the interpreter's lock at each step and may get it back only when the
# event loop is idle. One statement with many rows is one step, where many statements would be as many. A few sizes
# suffice, so that each statement is prepared once.
ROWS_PER_INSERT = (64, 32, 16, 8, 4, 2, 1)


def write_scores(connection: Connection, records: Sequence[Record]) -> None:
    """Insert scores into the log."""
    rows = [tuple(record.row().values()) for record in records]
    if connection.dialect.name == "postgresql":  # its driver sends many rows at once by itself
        if rows:
            connection.exec_driver_sql(_insert_statement("%s", 1), rows)
        return
    start = 0
    for size in ROWS_PER_INSERT:
        while len(rows) - start >= size:
            values = tuple(chain.from_iterable(rows[start : start + size]))
            connection.exec_driver_sql(_insert_statement("?", size), values)
            start += size


@cache
def _insert_statement(placeholder: str, size: int) -> str:
    """The statement that inserts `size` rows into `scores`, with a placeholder for each value."""
    columns = tables.scores.columns.keys()
    row = f"({', '.join([placeholder] * len(columns))})"
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO scores ({names}) VALUES {', '.join([row] * size)}"
