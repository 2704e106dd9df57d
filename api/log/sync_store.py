"""Reads and writes what syncs with CRMs know: how far an account was read, and what became of each of its records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, bindparam, delete, func, select, update

from leadledger.api.log import tables
from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.database import WRITES
from leadledger.api.log.score_marks import make_mark

IDS_PER_QUERY = 500
ROWS_PER_PAGE = 1000
LIVE, GONE, MERGED, LEFT = "live", "gone", "merged", "left"  # states of a record


class SyncState(NamedTuple):
    """How far an account was read: the columns of `sync_states`. `given` and `owned` are lists as JSON."""

    system: str
    account: str = ""
    watermark: str = ""
    asked: str = ""
    given: str = "[]"
    owned: str = "[]"
    whole_at: str = ""
    at: str = ""
    problem: str = ""

    @property
    def given_names(self) -> frozenset[str]:
        """The properties that records of the account had."""
        return frozenset(json.loads(self.given))

    @property
    def owned_names(self) -> frozenset[str]:
        """The properties that are ours to write."""
        return frozenset(json.loads(self.owned))


class SyncedRecord(NamedTuple):  # made for each record
    """A record of a CRM that was read: the columns of `synced_records`."""

    system: str
    id: str
    lead: str = ""
    lead_key: str = ""
    changed: str = ""
    digest: str = ""
    state: str = LIVE
    problem: str = ""
    written: str = "{}"
    mark: str = ""


class DueRecord(NamedTuple):  # made for each record
    """A live record whose lead has another score than the one that was written last."""

    record: SyncedRecord
    row: BookRow

    @property
    def mark(self) -> str:
        """What stands in the record once this score is written."""
        return make_mark(self.row)


_STATE_COLUMNS = [tables.sync_states.c[name] for name in SyncState._fields]
_RECORD_COLUMNS = [tables.synced_records.c[name] for name in SyncedRecord._fields]
_BOOK_COLUMNS = [tables.book.c[name] for name in BookRow._fields]
_records = tables.synced_records
_IDS: Any = bindparam("ids", expanding=True)
_BY_IDS = select(*_RECORD_COLUMNS).where(_records.c.system == bindparam("of_system"), _records.c.id.in_(_IDS))
_BY_LEADS = select(*_RECORD_COLUMNS).where(_records.c.lead_key.in_(_IDS))
_LIVE = select(*_RECORD_COLUMNS).where(
    _records.c.system == bindparam("of_system"), _records.c.state == LIVE, _records.c.id > bindparam("after")
)
_DUE = (
    select(*_RECORD_COLUMNS, *_BOOK_COLUMNS)
    .join(tables.book, tables.book.c.key == _records.c.lead_key)
    .where(
        _records.c.system == bindparam("of_system"),
        _records.c.state == LIVE,
        _records.c.mark != tables.book.c.score_id + tables.book.c.at,
        _records.c.id > bindparam("after"),
    )
    .order_by(_records.c.id)
    .limit(bindparam("most"))
)


class SyncStore:
    """What syncs know, in a log. Raises SQLAlchemyError where the database fails."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def read_state(self, system: str) -> SyncState:
        """How far an account was read; the state of one that never was, if it never was."""
        with self.engine.connect() as connection:
            query = select(*_STATE_COLUMNS).where(tables.sync_states.c.system == system)
            row = connection.execute(query).one_or_none()
        return SyncState(system) if row is None else SyncState._make(row)

    def read_records(self, system: str, ids: Sequence[str]) -> dict[str, SyncedRecord]:
        """What is known of some records, by their ids."""
        with self.engine.connect() as connection:
            return {record.id: record for record in _read(connection, _BY_IDS, ids, of_system=system)}

    def read_by_leads(self, lead_keys: Sequence[str]) -> list[SyncedRecord]:
        """The records of all systems that are of some leads."""
        with self.engine.connect() as connection:
            return list(_read(connection, _BY_LEADS, lead_keys))

    def read_due(self, system: str) -> Iterator[list[DueRecord]]:
        """The live records whose lead has another score than was written last, some at a time, by their ids.

        Records that are written meanwhile don't disturb the pages.
        """
        after, record_size = "", len(SyncedRecord._fields)
        while True:
            with self.engine.connect() as connection:
                rows = connection.execute(_DUE, {"of_system": system, "after": after, "most": ROWS_PER_PAGE}).all()
            if not rows:
                return
            yield [DueRecord(SyncedRecord._make(row[:record_size]), BookRow._make(row[record_size:])) for row in rows]
            after = rows[-1][1]

    def read_live(self, system: str) -> Iterator[list[SyncedRecord]]:
        """The live records of a system, some at a time, by their ids."""
        after = ""
        while True:
            with self.engine.connect() as connection:
                query = _LIVE.order_by(_records.c.id).limit(ROWS_PER_PAGE)
                rows = connection.execute(query, {"of_system": system, "after": after}).all()
            if not rows:
                return
            yield [SyncedRecord._make(row) for row in rows]
            after = rows[-1].id

    def forget_written(self, system: str) -> None:
        """Forget what was written to the records of a system, so that all of it is written again."""
        rows = update(_records).where(_records.c.system == system, _records.c.state == LIVE)
        with self.engine.execution_options(**WRITES).begin() as connection:
            connection.execute(rows.values(written="{}", mark=""))

    def count_states(self, system: str) -> dict[str, int]:
        """How many records are in each state."""
        query = select(_records.c.state, func.count()).where(_records.c.system == system).group_by(_records.c.state)
        with self.engine.connect() as connection:
            return {state: count for state, count in connection.execute(query)}

    def read_problems(self, system: str, most: int) -> list[tuple[str, str]]:
        """Ids and problems of records that were left alone, or couldn't be written to."""
        query = (
            select(_records.c.id, _records.c.problem)
            .where(_records.c.system == system, _records.c.problem != "")
            .order_by(_records.c.id)
            .limit(most)
        )
        with self.engine.connect() as connection:
            return [(record_id, problem) for record_id, problem in connection.execute(query)]


def _read(connection: Connection, query: Any, ids: Sequence[str], **values: str) -> Iterator[SyncedRecord]:
    for start in range(0, len(ids), IDS_PER_QUERY):
        rows = connection.execute(query, {"ids": ids[start : start + IDS_PER_QUERY], **values})
        yield from map(SyncedRecord._make, rows)


def write_state(connection: Connection, state: SyncState) -> None:
    """Insert or update how far an account was read."""
    columns = SyncState._fields
    write_over(connection, "sync_states", columns, ("system",), [state])


def write_records(connection: Connection, records: Iterable[SyncedRecord]) -> None:
    """Insert or update what is known of records, each once, in one order for all who write."""
    rows = sorted(records, key=lambda record: record.id)
    write_over(connection, "synced_records", SyncedRecord._fields, ("system", "id"), rows)


def remove_from_book(connection: Connection, lead_keys: Sequence[str]) -> int:
    """Take leads out of the book; their scores stay in the log. Returns how many were in it."""
    removed = 0
    for start in range(0, len(lead_keys), IDS_PER_QUERY):
        keys = tables.book.c.key.in_(lead_keys[start : start + IDS_PER_QUERY])
        removed += connection.execute(delete(tables.book).where(keys)).rowcount
    return removed


def write_over(
    connection: Connection, table: str, columns: Sequence[str], keys: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Write rows of a table, in place of those that have the same keys."""
    if not rows:
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in keys)
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changed}"
    )
    connection.exec_driver_sql(statement, [tuple(row) for row in rows])
