"""A lock that one sync of an account holds. It is free at once where that sync is killed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from sqlalchemy import Engine, text

from leadledger.models.locked_file import try_lock_file

_LOCK_CLASS = 5324  # of PostgreSQL's advisory locks; the number beside it says whose


@contextmanager
def try_sync_lock(engine: Engine, system: str) -> Iterator[bool]:
    """Whether this sync holds the lock of an account; no: another one is at work. Raises OSError, SQLAlchemyError.

    Of SQLite it is a file beside the database, which stays; of PostgreSQL a lock of a session, so that syncs on several
    machines keep out of each other's way, too. On Windows, and of a database in memory, nothing is locked: two syncs at
    once do each other's work again, and no harm.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            query = text("SELECT pg_try_advisory_lock(:kind, :number)")
            number = crc32(system.encode()) - 2**31
            yield bool(connection.execute(query, {"kind": _LOCK_CLASS, "number": number}).scalar())
            connection.invalidate()  # ends the session, and with it the lock
        return
    database = engine.url.database
    if not database or database == ":memory:":
        yield True
        return
    name = re.sub("[^a-z0-9]+", "-", system.lower())
    with try_lock_file(Path(f"{database}.sync-{name}.lock")) as is_held:
        yield is_held
