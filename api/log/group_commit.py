"""Group commit: many answers share one sync of the disk.

A thread takes all records that wait, writes them in one transaction, and notifies those who wait for them. While the
disk works, the service reads the next requests, whose records form the next group.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from leadledger.api.log import tables
from leadledger.api.log.book_rows import enter_in_book
from leadledger.api.log.database import (
    MOST_CONFLICTS,
    WRITES,
    describe_for_callers,
    is_conflict,
    is_database_down,
    watch_file,
)
from leadledger.api.log.event_rows import EventBatch, write_events
from leadledger.api.log.outbox import write_messages
from leadledger.api.log.record import KeptAnswer, Record
from leadledger.api.log.score_rows import insert_scores
from leadledger.api.log.statements import COMMIT, run
from leadledger.api.log.store import insert_once
from leadledger.scoring.errors import Unrecorded

_log = logging.getLogger("leadledger")
ROWS_PER_GROUP = 1000  # scores and events in one transaction; a larger batch is written whole
RETRY_PAUSE = 0.2  # seconds between attempts to write records that nobody waits for


@dataclass(slots=True, eq=False)
class PendingEntry:
    """What one request adds to the log.

    `done` receives the answer that counts: this one, or the first one under the same name; None: nobody waits. `events`
    gets the numbers of those that were stored.
    """

    records: Sequence[Record]
    answer: KeptAnswer | None
    done: asyncio.Future[KeptAnswer | None] | None
    counting_answer: KeptAnswer | None = None
    events: EventBatch | None = None
    since: float = field(default_factory=monotonic)

    @property
    def size(self) -> int:
        """How many scores and events it holds."""
        return len(self.records) + (len(self.events.events) if self.events else 0)


class LogWriter:
    """Writes records to a database, in groups, from a thread of its own.

    `waiting` counts the scores and events that are not recorded yet. `error` says why the database can't be written,
    while it can't; else it is empty. `on_messages` is called, in that thread, when messages of hooks are committed.
    """

    def __init__(self, engine: Engine, most_waiting: int = 10_000) -> None:
        self.engine = engine
        self.on_messages: Callable[[], None] | None = None
        self.most_waiting = most_waiting
        self.error = ""
        self.waiting = 0
        self._check_file = watch_file(engine)
        self._entries: deque[PendingEntry] = deque()
        self._writing: Sequence[PendingEntry] = ()
        self._changed = threading.Condition()
        self._stopped = False
        self._is_to_be_woken = False
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)

    def stop(self) -> None:
        """Write what waits, and end the thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def add(self, entry: PendingEntry, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Take an entry. Raises Unrecorded where too many scores wait.

        Where an event loop adds it, which is named, the thread is woken once the loop has run what is ready: until then
        the two would take the interpreter's lock from each other, and the group would hold a single request.
        """
        with self._changed:
            if self.waiting >= self.most_waiting:
                raise Unrecorded("too many scores and events wait to be recorded")
            if self._thread.ident is None:
                self._thread.start()
            self.waiting += entry.size
            self._entries.append(entry)
        if loop is None:
            self._wake()
        elif not self._is_to_be_woken:
            self._is_to_be_woken = True
            loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._is_to_be_woken = False
        with self._changed:
            self._changed.notify()

    def lag(self) -> float:
        """Seconds for which the oldest unrecorded score has waited; 0: none waits."""
        with self._changed:
            waiting = self._writing or self._entries
            return monotonic() - waiting[0].since if waiting else 0.0

    def _run(self) -> None:
        while group := self._next_group():
            self._writing = group
            failure = self._commit(group)
            if failure is not None and len(group) > 1 and not is_database_down(failure):
                # The database works; it is one of the entries that can't be written. It must not spoil the others.
                for entry in group:
                    self._settle([entry], self._commit([entry]))
            else:
                self._settle(group, failure)
            self._writing = ()
        self._disconnect()

    def _next_group(self) -> list[PendingEntry]:
        """Wait for entries and take the next group; it is empty once the writer has stopped."""
        with self._changed:
            while not self._entries and not self._stopped:
                self._changed.wait()
            group: list[PendingEntry] = []
            size = 0
            while self._entries and size < ROWS_PER_GROUP:
                group.append(self._entries.popleft())
                size += group[-1].size
            return group

    def _commit(self, group: list[PendingEntry]) -> Exception | None:
        """Write a group in one transaction. Returns the error if that fails.

        Where PostgreSQL ends it because two transactions wait for each other, it is written again.
        """
        for _ in range(MOST_CONFLICTS):
            failure = self._try_to_commit(group)
            if failure is None or not is_conflict(failure):
                break
        return failure

    def _try_to_commit(self, group: list[PendingEntry]) -> Exception | None:
        try:
            self._check_file()
            if self._connection is None:
                self._connection = self.engine.connect().execution_options(**WRITES)
            with self._connection.begin():
                messages = _write(self._connection, group)
            if messages and self.on_messages is not None:
                self.on_messages()
        except Exception as error:  # whatever it is, this thread must go on: the service waits for it
            self._disconnect()
            return error
        return None

    def _disconnect(self) -> None:
        """Drop the connection, whatever state it is in; the next group gets a new one."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.invalidate()
                self._connection.close()
            self._connection = None

    def _settle(self, group: list[PendingEntry], failure: Exception | None) -> None:
        """Notify those who wait for a group. After a failure, entries nobody waits for (`async`) are tried again."""
        retried: list[PendingEntry] = []
        if failure is None:
            self.error = ""
        else:
            is_down = is_database_down(failure)
            if is_down:
                self.error = describe_for_callers(failure)
                retried = [entry for entry in group if entry.done is None]
            else:
                rows = sum(entry.size for entry in group)
                _log.error("the database refuses a record, and %d rows are lost: %s", rows, type(failure).__name__)
        _notify(group, None if failure is None else Unrecorded(describe_for_callers(failure)))
        with self._changed:
            self.waiting -= sum(entry.size for entry in group if entry not in retried)
            if retried and not self._stopped:
                self._entries.extendleft(reversed(retried))
                self._changed.wait(RETRY_PAUSE)


def _notify(group: Sequence[PendingEntry], failure: Unrecorded | None) -> None:
    """Notify all who wait for a group, in one turn of their event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[PendingEntry]] = {}
    for entry in group:
        if entry.done is not None:
            by_loop.setdefault(entry.done.get_loop(), []).append(entry)
    for loop, entries in by_loop.items():
        with suppress(RuntimeError):  # the loop has ended, so nobody waits any more
            loop.call_soon_threadsafe(_finish, entries, failure)


def _finish(entries: Sequence[PendingEntry], failure: Unrecorded | None) -> None:
    for entry in entries:
        if entry.done is None or entry.done.done():  # the caller has gone
            continue
        if failure is None:
            entry.done.set_result(entry.counting_answer)
        else:
            entry.done.set_exception(failure)


def _write(connection: Connection, group: Sequence[PendingEntry]) -> int:
    """Write a group, commit, and set the answer that counts for each entry. Returns how many messages of hooks it has.

    Where another worker has answered a request of the same name first, its answer counts and this entry's records are
    not written.
    """
    records: list[Record] = []
    for entry in group:
        entry.counting_answer = answer = entry.answer
        if answer and not insert_once(connection, tables.answers, answer.row()):
            entry.counting_answer = find_answer(connection, answer.key, answer.name)
            continue
        records += entry.records
        if entry.events is not None:
            write_events(connection, entry.events)
    changes, statements = enter_in_book(connection, records, insert_scores(connection, records))
    messages = write_messages(connection, changes, records)
    run(connection, [*statements, COMMIT])
    return messages


def find_answer(connection: Connection, key: str, name: str) -> KeptAnswer | None:
    """The kept answer under an Idempotency-Key (`name`) of an API key (`key`), or None."""
    table = tables.answers
    row = connection.execute(select(table).where(table.c.key == key, table.c.name == name)).one_or_none()
    return None if row is None else KeptAnswer(**row._mapping)
