"""Rows of the table `scores`, and how they are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from leadledger.api.log.record import Record
from leadledger.api.log.statements import Statement, is_postgres, run

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Rows per INSERT. SQLite's driver releases the interpreter's lock at each step and may get it back only when the
# event loop is idle. One statement with many rows is one step, where many statements would be as many. The driver keeps
# a prepared statement for each number of rows.
MOST_ROWS_PER_INSERT = 64


def write_scores(connection: Connection, records: Sequence[Record]) -> None:
    """Insert scores into the log."""
    if records:
        run(connection, insert_scores(connection, records))


def insert_scores(connection: Connection, records: Sequence[Record]) -> list[Statement]:
    """The statements that insert scores into the log."""
    rows = [record.row().values() for record in records]
    to_postgres = is_postgres(connection)
    statements: list[Statement] = []
    start = 0
    for size in _split_in_powers(len(rows)) if to_postgres else _split(len(rows)):
        values = tuple(chain.from_iterable(rows[start : start + size]))
        statements.append(Statement(_insert_statement(size, to_postgres), values))
        start += size
    return statements


def _split(rows: int) -> Iterator[int]:
    """The sizes of the parts in which SQLite gets so many rows."""
    for start in range(0, rows, MOST_ROWS_PER_INSERT):
        yield min(MOST_ROWS_PER_INSERT, rows - start)


def _split_in_powers(rows: int) -> Iterator[int]:
    """The sizes of the parts in which PostgreSQL gets so many rows: powers of two, so that it prepares few statements.

    They leave together, so that their number costs little.
    """
    size = MOST_ROWS_PER_INSERT
    while rows:
        while size > rows:
            size //= 2
        yield size
        rows -= size


@cache
def _insert_statement(size: int, to_postgres: bool) -> str:
    """The statement that inserts `size` rows."""
    names = _list_columns()
    marks = [f"${number}" if to_postgres else "?" for number in range(1, size * len(names) + 1)]
    if not to_postgres:  # SQLite takes bytes for other than text
        marks[names.index("result") :: len(names)] = ["CAST(? AS TEXT)"] * size
    rows = [f"({', '.join(marks[start : start + len(names)])})" for start in range(0, len(marks), len(names))]
    columns = ", ".join([f'"{name}"' for name in names])
    return f"INSERT INTO scores ({columns}) VALUES {', '.join(rows)}"


@cache
def _list_columns() -> list[str]:
    """The columns of the table. A service without a log counts none, and so loads no SQLAlchemy."""
    from leadledger.api.log.tables import scores

    return scores.columns.keys()
