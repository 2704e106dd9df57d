"""Empty logs that tests begin with, in a tenth of the time that migrations take.

The first log of a run in SQLite is migrated, and each further one gets its tables by the statements alone. A database
of PostgreSQL is lent by one test to the next: its tables are emptied, and one whose tables have been changed is used no
more. Programs that tests start migrate as they do anywhere, and so does a log of an earlier version.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

from leadledger.api.log import database
from leadledger.api.log.tables import HEAD
from tests import postgres

OURS = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
END_OTHERS = """
SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
# Of tables, indexes and sequences.
SHAPE = """
SELECT relname, relkind, attname, atttypid, attnotnull, (SELECT version_num FROM alembic_version)
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND attnum > 0 ORDER BY relname, attnum
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
USED_SEQUENCES = "SELECT setval(format('public.%I', sequencename)::regclass, start_value, false) FROM pg_sequences"
_unused: list[str] = []  # URLs
_shapes: list[list[Any]] = []


@contextmanager
def copied_tables() -> Iterator[None]:
    """Within it, the first empty log of SQLite is migrated, and its tables are copied into each further one."""
    migrate = database._migrate
    statements: list[str] = []

    def copy_or_migrate(connection: Connection, label: str) -> None:
        is_empty = connection.dialect.name == "sqlite" and connection.exec_driver_sql(OURS).first() is None
        if is_empty and statements:
            for statement in statements:
                connection.exec_driver_sql(statement)
            return
        migrate(connection, label)
        if is_empty:
            statements.extend(connection.exec_driver_sql(OURS).scalars())
            statements.append(f"INSERT INTO alembic_version VALUES ('{HEAD}')")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_migrate", copy_or_migrate)
        yield


@contextmanager
def lent_database() -> Iterator[str]:
    """The URL of a database of PostgreSQL with the empty tables of a log."""
    url = _unused.pop() if _unused else _create()
    yield url
    with postgres.database(url) as connection:
        connection.execute(END_OTHERS)
        if connection.execute(SHAPE).fetchall() == _shapes[0]:
            _empty(connection)
            _unused.append(url)


def _create() -> str:
    url, _ = postgres.create_database()
    database.open_database(url, Path()).dispose()
    if not _shapes:
        with postgres.database(url) as connection:
            _shapes.append(connection.execute(SHAPE).fetchall())
    return url


def _empty(connection: psycopg.Connection[Any]) -> None:
    """Empty the tables that hold something, which takes less time than to look for foreign keys among all of them."""
    names = [name for (name,) in connection.execute(TABLES).fetchall()]
    held = " UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in names)
    if full := [name for (name,) in connection.execute(held.encode()).fetchall()]:
        connection.execute(f"TRUNCATE {', '.join(full)} CASCADE".encode())
    connection.execute(USED_SEQUENCES)
