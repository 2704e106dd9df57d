"""The database of the decision log: SQLite in the home, or PostgreSQL by URL; opened, and brought up to date.

SQLite runs with a write-ahead log that is synced at each commit, so that a commit outlives a crash of the machine:
https://www.sqlite.org/pragma.html#pragma_synchronous
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from leadledger.api.log.tables import HEAD
from leadledger.scoring.errors import DataError

LOG_FILE = "log.sqlite3"  # in the home
BUSY = 10_000  # milliseconds that one writer waits for another
PATIENCE = 10  # seconds that PostgreSQL has for a connection, and for a statement
MIGRATIONS = Path(__file__).parent / "migrations"
WRITES = {"ll_writes": True}  # execution options of a connection that will write
_SQLITE = ("journal_mode = WAL", "synchronous = FULL", f"busy_timeout = {BUSY}", "secure_delete = ON")


def open_database(url: str | None, home: Path) -> Engine:
    """The database at a URL (None: a file in `home`), with all tables, made or migrated. Raises DataError."""
    address = _address(url, home)
    label = address.render_as_string(hide_password=True)
    try:
        engine = _sqlite(address) if address.get_backend_name() == "sqlite" else _postgres(address)
        with engine.connect().execution_options(**WRITES) as connection, connection.begin():
            _migrate(connection, label)
    except ModuleNotFoundError as error:
        raise DataError(f"the log at {label} needs {error.name}: pip install 'leadledger[postgres]'") from None
    except SQLAlchemyError as error:
        raise DataError(f"the log at {label} can't be opened: {describe_error(error)}") from None
    return engine


def describe_error(error: SQLAlchemyError) -> str:
    """The database's own words, the first line of them; never the statement, which may hold a lead."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]


def _address(url: str | None, home: Path) -> URL:
    if url is None:
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{home}: can't be made: {error.strerror}") from None
        return URL.create("sqlite", database=str(home / LOG_FILE))
    try:
        address = make_url(url)
        kind = address.get_backend_name()
    except (ArgumentError, ValueError):
        kind = ""
    if kind not in ("sqlite", "postgresql"):
        raise DataError(
            "the log's address is no URL like postgresql://user@host/database or sqlite:////folder/log.sqlite3"
        )
    return address.set(drivername="postgresql+psycopg") if kind == "postgresql" else address.set(drivername="sqlite")


def _sqlite(address: URL) -> Engine:
    if address.database and address.database != ":memory:":
        # Leads stand in it: the owner alone reads it, and what SQLite puts beside it is made in the same mode.
        with suppress(OSError):  # which SQLite will meet, and word
            os.close(os.open(address.database, os.O_CREAT | os.O_RDWR, 0o600))
    engine = create_engine(address)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        # The driver would begin transactions by itself, and too late:
        # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable
        connection.isolation_level = None
        for pragma in _SQLITE:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # Who will write says so at once: to turn a reader into a writer can fail, whatever it waits.
        writes = connection.get_execution_options().get("ll_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(address: URL) -> Engine:
    options = f"-c statement_timeout={PATIENCE}s -c timezone=UTC"
    return create_engine(
        address,
        pool_pre_ping=True,
        connect_args={"connect_timeout": PATIENCE, "options": options, "application_name": "leadledger"},
    )


def _migrate(connection: Connection, label: str) -> None:
    """Make the tables, or bring them up to date. Alembic is loaded only where there is something to do."""
    if inspect(connection).has_table("alembic_version"):
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if version == HEAD:
            return
        if version is not None and version > HEAD:
            raise DataError(
                f"the log at {label} was made by a later leadledger (version {version}, this one knows {HEAD});"
                " install that one"
            )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    if connection.dialect.name == "postgresql":  # several workers may come at once; SQLite's lock is taken already
        connection.execute(text("SELECT pg_advisory_xact_lock(5323)"))
    command.upgrade(config, "head")
