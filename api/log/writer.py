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
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import SQLAlchemyError

from api.log import tables
from api.log.database import WRITES, why
from api.log.record import Answer, Record
from api.log.store import insert_once

GROUP = 1000  # scores in one transaction, but for a batch that has more


class Unrecorded(Exception):
    """Records could not be written; the text says why."""


@dataclass(slots=True)
class Entry:
    """What one request adds to the log; `done` is told the answer that counts: its own, or the first to that name."""

    records: Sequence[Record]
    answer: Answer | None
    done: asyncio.Future[Answer | None] | None


class Writer:
    """Writes records to a database, in groups, from a thread of its own. `error` is why it can't, while it can't."""

    def __init__(self, engine: Engine, most: int = 10_000) -> None:
        self.engine = engine
        self.most = most
        self.error = ""
        self.waiting = 0  # scores
        self._entries: deque[Entry] = deque()
        self._more = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)

    def stop(self) -> None:
        """Write what waits, and end."""
        with self._more:
            self._stopped = True
            self._more.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def add(self, entry: Entry) -> None:
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
        connection: Connection | None = None
        while group := self._next():
            try:
                if connection is None:
                    connection = self.engine.connect().execution_options(**WRITES)
                with connection.begin():
                    answers = _write(connection, group)
                self.error = ""
                failure = None
            except SQLAlchemyError as error:
                self.error = why(error)
                failure = Unrecorded(self.error)
                answers = []
                if connection is not None:
                    # Whatever state it is in, the next group gets a new one.
                    connection.invalidate()
                    connection.close()
                    connection = None
            with self._more:
                self.waiting -= sum(len(one.records) for one in group)
            _tell(group, answers, failure)
        if connection is not None:
            connection.close()

    def _next(self) -> list[Entry]:
        """The entries of the next group; none: it is the end."""
        with self._more:
            while not self._entries and not self._stopped:
                self._more.wait()
            group: list[Entry] = []
            size = 0
            while self._entries and size < GROUP:
                group.append(self._entries.popleft())
                size += len(group[-1].records)
            return group


def _tell(group: Sequence[Entry], answers: Sequence[Answer | None], failure: Exception | None) -> None:
    """Tell those who wait, all in one turn of their event loop."""
    waiting: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Answer | None], Answer | None]]] = {}
    for i, one in enumerate(group):
        if one.done is not None:
            told = None if failure is not None else answers[i]
            waiting.setdefault(one.done.get_loop(), []).append((one.done, told))
    for loop, some in waiting.items():
        with suppress(RuntimeError):  # the loop has ended, and with it all who waited
            loop.call_soon_threadsafe(_settle, some, failure)


def _settle(some: Sequence[tuple[asyncio.Future[Answer | None], Answer | None]], failure: Exception | None) -> None:
    for done, answer in some:
        if done.done():  # whoever waited has gone
            continue
        if failure is None:
            done.set_result(answer)
        else:
            done.set_exception(failure)


def _write(connection: Connection, group: Sequence[Entry]) -> list[Answer | None]:
    """Write a group; the answer that counts for each entry.

    Where another has answered a request of that name, in another worker, what is written is not this answer's.
    """
    answers: list[Answer | None] = []
    rows = []
    for one in group:
        answer = one.answer
        if answer and not insert_once(connection, tables.answers, answer.row()):
            answers.append(find_answer(connection, answer.key, answer.name))
            continue
        answers.append(answer)
        rows += [record.row() for record in one.records]
    if rows:
        connection.execute(insert(tables.scores), rows)
    return answers


def find_answer(connection: Connection, key: str, name: str) -> Answer | None:
    """The answer to a request with an Idempotency-Key, if there is one."""
    table = tables.answers
    row = connection.execute(select(table).where(table.c.key == key, table.c.name == name)).one_or_none()
    return None if row is None else Answer(**row._mapping)
