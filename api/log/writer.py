"""Group commit: many answers, one sync of the disk.

A thread of its own takes all records that wait, writes them in one transaction, and tells those who wait for them.
While the disk works, the service reads the next requests, whose records are the next group.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from time import monotonic

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from leadledger.api.log import tables
from leadledger.api.log.database import WRITES, describe_error
from leadledger.api.log.record import KeptAnswer, Record
from leadledger.api.log.store import insert_once
from leadledger.scoring.errors import Unrecorded

GROUP = 1000  # scores in one transaction, but for a batch that has more
# Rows that one statement writes into SQLite. Its driver lets go of the interpreter's lock in each step, and may get it
# back only when the event loop has nothing to do: many rows of one statement each take as many steps, here one does for
# all. Few sizes, so that each statement is prepared once.
SIZES = (64, 32, 16, 8, 4, 2, 1)
RETRY = 0.2  # seconds between two tries to write what nobody waits for


@dataclass(slots=True, eq=False)
class PendingEntry:
    """What one request adds to the log; `done` is told the answer that counts: its own, or the first to that name."""

    records: Sequence[Record]
    answer: KeptAnswer | None
    done: asyncio.Future[KeptAnswer | None] | None
    counts: KeptAnswer | None = None
    since: float = field(default_factory=monotonic)


class LogWriter:
    """Writes records to a database, in groups, from a thread of its own. `error` is why it can't, while it can't."""

    def __init__(self, engine: Engine, most: int = 10_000) -> None:
        self.engine = engine
        self.most = most
        self.error = ""
        self.waiting = 0  # scores
        self._entries: deque[PendingEntry] = deque()
        self._writing: Sequence[PendingEntry] = ()
        self._more = threading.Condition()
        self._stopped = False
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)

    def stop(self) -> None:
        """Write what waits, and end."""
        with self._more:
            self._stopped = True
            self._more.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def add(self, entry: PendingEntry) -> None:
        """Take an entry. Raises Unrecorded where too many wait."""
        with self._more:
            if self.waiting >= self.most:
                raise Unrecorded("too many scores wait to be recorded")
            if self._thread.ident is None:
                self._thread.start()
            self.waiting += len(entry.records)
            self._entries.append(entry)
            self._more.notify()

    def _run(self) -> None:
        while group := self._next():
            self._writing = group
            failure = self._commit(group)
            if failure is not None and len(group) > 1 and not isinstance(failure, OperationalError | InterfaceError):
                # It is not the database that failed, but what one of them holds: that one must not spoil the others.
                for one in group:
                    self._settle([one], self._commit([one]))
            else:
                self._settle(group, failure)
            self._writing = ()
        self._hang_up()

    def lag(self) -> float:
        """The seconds that the oldest score has waited to be recorded; 0: none waits."""
        with self._more:
            waiting = self._writing or self._entries
            return monotonic() - waiting[0].since if waiting else 0.0

    def _commit(self, group: list[PendingEntry]) -> Exception | None:
        """Write a group in one transaction; why that failed."""
        try:
            if self._connection is None:
                self._connection = self.engine.connect().execution_options(**WRITES)
            with self._connection.begin():
                _write(self._connection, group)
        except Exception as error:  # whatever it is, this thread goes on: the service waits for it
            self._hang_up()
            return error
        return None

    def _hang_up(self) -> None:
        """Let the connection go: whatever state it is in, the next group gets a new one."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.invalidate()
                self._connection.close()
            self._connection = None

    def _settle(self, group: list[PendingEntry], failure: Exception | None) -> None:
        """Tell those who wait for a group; what nobody waits for (`async`) is kept for the next try, if it failed."""
        again: list[PendingEntry] = []
        if failure is None:
            self.error = ""
        else:
            broken = isinstance(failure, OperationalError | InterfaceError)
            self.error = describe_error(failure) if isinstance(failure, SQLAlchemyError) else type(failure).__name__
            again = [one for one in group if one.done is None and broken]
        _tell(group, None if failure is None else Unrecorded(self.error))
        with self._more:
            self.waiting -= sum(len(one.records) for one in group if one not in again)
            if again and not self._stopped:
                self._entries.extendleft(reversed(again))
                self._more.wait(RETRY)

    def _next(self) -> list[PendingEntry]:
        """The entries of the next group; none: it is the end."""
        with self._more:
            while not self._entries and not self._stopped:
                self._more.wait()
            group: list[PendingEntry] = []
            size = 0
            while self._entries and size < GROUP:
                group.append(self._entries.popleft())
                size += len(group[-1].records)
            return group


def _tell(group: Sequence[PendingEntry], failure: Unrecorded | None) -> None:
    """Tell those who wait, all in one turn of their event loop."""
    waiting: dict[asyncio.AbstractEventLoop, list[PendingEntry]] = {}
    for one in group:
        if one.done is not None:
            waiting.setdefault(one.done.get_loop(), []).append(one)
    for loop, some in waiting.items():
        with suppress(RuntimeError):  # the loop has ended, and with it all who waited
            loop.call_soon_threadsafe(_done, some, failure)


def _done(some: Sequence[PendingEntry], failure: Unrecorded | None) -> None:
    for one in some:
        if one.done is None or one.done.done():  # whoever waited has gone
            continue
        if failure is None:
            one.done.set_result(one.counts)
        else:
            one.done.set_exception(failure)


def _write(connection: Connection, group: Sequence[PendingEntry]) -> None:
    """Write a group, and note the answer that counts for each entry.

    Where another has answered a request of that name, in another worker, what is written is not this answer's.
    """
    records: list[Record] = []
    for one in group:
        one.counts = answer = one.answer
        if answer and not insert_once(connection, tables.answers, answer.row()):
            one.counts = find_answer(connection, answer.key, answer.name)
            continue
        records += one.records
    rows = [tuple(record.row().values()) for record in records]
    if connection.dialect.name == "postgresql":  # whose driver sends many rows at once by itself
        if rows:
            connection.exec_driver_sql(_insert("%s", 1), rows)
        return
    at = 0
    for size in SIZES:
        while len(rows) - at >= size:
            connection.exec_driver_sql(_insert("?", size), tuple(chain.from_iterable(rows[at : at + size])))
            at += size


@cache
def _insert(sign: str, size: int) -> str:
    """The statement that writes so many rows of `scores`, with a sign for each value that is to come."""
    columns = tables.scores.columns.keys()
    row = f"({', '.join([sign] * len(columns))})"
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO scores ({names}) VALUES {', '.join([row] * size)}"


def find_answer(connection: Connection, key: str, name: str) -> KeptAnswer | None:
    """The answer to a request with an Idempotency-Key, if there is one."""
    table = tables.answers
    row = connection.execute(select(table).where(table.c.key == key, table.c.name == name)).one_or_none()
    return None if row is None else KeptAnswer(**row._mapping)
