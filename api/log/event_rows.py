"""Rows of the tables `events` and `joins`, and how they are written: each once, in whatever order they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from sqlalchemy import Connection

Row = TypeVar("Row")
JoinVerb: TypeAlias = Literal["identify", "alias"]
# Rows per statement for SQLite, as for scores in `score_rows`.
ROWS_PER_STATEMENT = (128, 32, 8, 4, 2, 1)


class EventRow(NamedTuple):  # made for each event
    """An event as the log keeps it: the columns of `events`, but for its number."""

    lead: str
    kind: str
    time: str
    received: str
    id: str
    source: str
    system: str
    properties: str
    digest: str
    at: str
    key: str


class JoinRow(NamedTuple):
    """Two ids of one lead: the columns of `joins`, but for its number."""

    verb: JoinVerb
    lead: str
    other: str
    received: str
    at: str
    key: str


@dataclass(slots=True, eq=False)
class EventBatch:
    """The events of one request, and what became of them once they are written.

    `stored` were not known before; `differing` counts the ids that came with different contents, now or before.
    """

    events: Sequence[EventRow]
    joins: Sequence[JoinRow] = ()
    stored: int = 0
    differing: int = 0


def write_events(connection: Connection, batch: EventBatch) -> None:
    """Write what of a batch is not known yet, and set what became of it."""
    # In one order everywhere, so that two workers who write the same events never wait for each other.
    rows = sorted(batch.events, key=_identify)
    batch.stored = batch.differing = 0
    if connection.dialect.name == "postgresql":  # its driver sends many rows at once by itself
        if rows:
            batch.stored = connection.exec_driver_sql(_insert_statement("%s", 1), rows).rowcount
    else:
        for part in _split(rows):
            values = tuple(chain.from_iterable(part))
            batch.stored += connection.exec_driver_sql(_insert_statement("?", len(part)), values).rowcount
    ids = list(dict.fromkeys((row.source, row.id) for row in rows if row.id))
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    for pairs in _split(ids):
        values = tuple(chain.from_iterable(pairs))
        batch.differing += connection.exec_driver_sql(_count_statement(mark, len(pairs)), values).scalar_one()
    for join in batch.joins:
        connection.exec_driver_sql(_join_statement(mark), tuple(join))


def _identify(row: EventRow) -> tuple[str, str, str]:
    return row.source, row.id, row.digest


def _split(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """Rows in parts of a few sizes, so that each statement is prepared once."""
    parts, start = [], 0
    for size in ROWS_PER_STATEMENT:
        while len(rows) - start >= size:
            parts.append(rows[start : start + size])
            start += size
    return parts


@cache
def _insert_statement(mark: str, size: int) -> str:
    """The statement that inserts `size` events that are not known yet, with a mark for each value."""
    row = f"({', '.join([mark] * len(EventRow._fields))})"
    names = ", ".join(f'"{name}"' for name in EventRow._fields)
    return f"INSERT INTO events ({names}) VALUES {', '.join([row] * size)} ON CONFLICT (source, id, digest) DO NOTHING"


@cache
def _count_statement(mark: str, size: int) -> str:
    """The statement that counts those of `size` ids under which several events are kept."""
    # A second row of the same index entry is looked for; grouping would read the whole index.
    pairs = ", ".join([f"({mark}, {mark})"] * size)
    return (
        f"SELECT count(*) FROM (VALUES {pairs}) AS sent WHERE EXISTS"
        " (SELECT 1 FROM events WHERE source = sent.column1 AND id = sent.column2 LIMIT 1 OFFSET 1)"
    )


@cache
def _join_statement(mark: str) -> str:
    """The statement that writes a join; of one that comes again, the earliest time of receipt stays."""
    values = ", ".join([mark] * len(JoinRow._fields))
    return (
        f"INSERT INTO joins ({', '.join(JoinRow._fields)}) VALUES ({values}) ON CONFLICT (lead, other, verb) DO UPDATE"
        " SET received = CASE WHEN excluded.received < joins.received THEN excluded.received ELSE joins.received END"
    )
