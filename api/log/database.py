"""Opens and migrates the database of the decision log: SQLite in the home, or PostgreSQL by URL.

SQLite runs with a write-ahead log and syncs it at each commit, so a commit survives a crash of the machine:
https://www.sqlite.org/pragma.html#pragma_synchronous
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from leadledger.api.log.statements import ENCODING, Statement, run
from leadledger.api.log.tables import HEAD
from leadledger.scoring.errors import DataError

LOG_FILE = "log.sqlite3"  # in the home
SQLITE_BUSY_TIMEOUT = 10_000  # milliseconds that one writer waits for another
POSTGRES_TIMEOUT = 10  # seconds to connect, and for each statement
MIGRATIONS_FOLDER = Path(__file__).parent / "migrations"
# The states of PostgreSQL, or their first signs: no connection, read-only, conflicts, no room, locked, ended, no disk.
_POSTGRES_DOWN = ("08", "25006", "40", "53", "55P03", "57", "58")
_POSTGRES_CONFLICTS = ("40001", "40P01")  # they can't be put in an order, or wait for each other
_SQLITE_DOWN = (
    "database is locked",
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
    "attempt to write a readonly database",
)
MOST_CONFLICTS = 5  # times that a transaction meets another one that waits for it, before it is a failure
WRITES = {"ll_writes": True}  # execution options of a connection that will write
BEGIN_READING, BEGIN_WRITING = Statement("BEGIN"), Statement("BEGIN IMMEDIATE")  # of SQLite
_SQLITE_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    f"busy_timeout = {SQLITE_BUSY_TIMEOUT}",
    "secure_delete = ON",
)


Written = TypeVar("Written")


class LogMoved(Exception):
    """The file of the log is not where it was when it was opened: what is written would be in no file."""


def watch_file(engine: Engine) -> Callable[[], None]:
    """A check that the file of a SQLite log is still the one that was opened. It raises LogMoved.

    SQLite goes on writing to a file that was moved or deleted, and nobody would find the scores again.
    """
    name = engine.url.database if engine.dialect.name == "sqlite" else None
    if not name or name == ":memory:":
        return lambda: None
    path = Path(name)
    opened = path.stat()

    def check() -> None:
        try:
            found = path.stat()
        except OSError:
            found = None
        if found is None or (found.st_ino, found.st_dev) != (opened.st_ino, opened.st_dev):
            raise LogMoved("its file was moved or deleted while the service ran; put it back, or restart the service")

    return check


def open_database(url: str | None, home: Path) -> Engine:
    """Open the database at a URL (None: a file in `home`), and create or migrate its tables. Raises DataError."""
    address = _read_address(url, home)
    if url is None:
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{home}: can't be created: {error.strerror}") from None
    with _wording_failures(address):
        engine = _connect_to(address)
        with engine.connect().execution_options(**WRITES) as connection, connection.begin():
            _migrate(connection, label_address(address))
    return engine


class UnchangedDatabase(NamedTuple):
    """A database as it is, neither created nor migrated, and the version of its tables; empty: it has none."""

    engine: Engine
    version: str


def open_unchanged(url: str | None, home: Path) -> UnchangedDatabase | None:
    """Open the database at a URL (None: a file in `home`) to look at it. None: that file isn't there. Raises DataError.

    A version that sorts behind `HEAD` was written by a later leadledger.
    """
    address = _read_address(url, home)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        return None
    with _wording_failures(address):
        engine = _connect_to(address)
        with engine.connect() as connection:
            return UnchangedDatabase(engine, _read_version(connection) or "")


def _connect_to(address: URL) -> Engine:
    return _sqlite(address) if address.get_backend_name() == "sqlite" else _postgres(address)


@contextmanager
def _wording_failures(address: URL) -> Iterator[None]:
    """Around the opening of a database. Raises DataError, which names it and says why it can't be opened."""
    label = label_address(address)
    try:
        yield
    except ModuleNotFoundError as error:
        raise DataError(f"the log at {label} needs {error.name}: pip install 'leadledger[postgres]'") from None
    except SQLAlchemyError as error:
        raise DataError(
            f"the log at {label} can't be opened: {_hide_secrets(describe_error(error), address)}"
        ) from None


def label_address(address: URL) -> str:
    """The address of a log for messages, without what may be secret: the password and the query."""
    return address.set(query={}).render_as_string(hide_password=True)


def _hide_secrets(text: str, address: URL) -> str:
    """A driver's message without the password, and without any value of the query, which may hold one."""
    secrets = [str(address.password or ""), *(str(value) for value in address.query.values())]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def is_database_down(error: Exception) -> bool:
    """Whether a failure is the database's, and every other record would meet it: no connection, a full or locked disk.

    Any other failure comes from what was to be written.
    https://www.postgresql.org/docs/current/errcodes-appendix.html
    """
    if isinstance(error, LogMoved | InterfaceError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", "")  # SQLite's errors have none; PostgreSQL's is None without a connection
    if state == "":
        return isinstance(error, OperationalError) and any(sign in str(error.orig) for sign in _SQLITE_DOWN)
    return state is None or state.startswith(_POSTGRES_DOWN)


def write_whole(engine: Engine, write: Callable[[Connection], Written]) -> Written:
    """Do something in a transaction that writes, and once more where PostgreSQL ends it for the sake of another one."""
    for attempt in range(1, MOST_CONFLICTS + 1):
        try:
            with engine.execution_options(**WRITES).begin() as connection:
                return write(connection)
        except DBAPIError as error:
            if attempt == MOST_CONFLICTS or not is_conflict(error):
                raise
    raise AssertionError("unreachable")


def is_conflict(error: Exception) -> bool:
    """Whether PostgreSQL has ended a transaction because of another one, and it works when it is tried again."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _POSTGRES_CONFLICTS


def describe_for_callers(error: Exception) -> str:
    """Why the log fails, for whoever calls the service: nothing of the database's address, or of any lead."""
    if not isinstance(error, SQLAlchemyError):
        return str(error) if isinstance(error, LogMoved) else type(error).__name__
    text = describe_error(error)
    if any(sign in text for sign in _SQLITE_DOWN):
        return text
    return "the database can't be reached" if is_database_down(error) else "the database refuses the record"


def describe_error(error: SQLAlchemyError) -> str:
    """The first line of the database's message; never the statement, which may hold a lead."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]


def _read_address(url: str | None, home: Path) -> URL:
    if url is None:
        return URL.create("sqlite", database=str(home / LOG_FILE))
    return find_address(url)


def find_address(url: str) -> URL:
    """The address that a text names, with the driver that is used. Raises DataError."""
    try:
        address = make_url(url)
        kind = address.get_backend_name()
    except (ArgumentError, ValueError):
        kind = ""
    if kind not in ("sqlite", "postgresql"):
        raise DataError(
            "the log's address is not a URL like postgresql://user@host/database or sqlite:////folder/log.sqlite3"
        )
    if "@" in (address.host or ""):
        raise DataError("the log's address holds an '@' in its password; write it as %40")
    return address.set(drivername="postgresql+psycopg") if kind == "postgresql" else address.set(drivername="sqlite")


def _sqlite(address: URL) -> Engine:
    if address.database and address.database != ":memory:":
        # The file holds leads, so only its owner may read it; SQLite gives the files beside it the same mode.
        with suppress(OSError):  # SQLite meets the same error and reports it
            os.close(os.open(address.database, os.O_CREAT | os.O_RDWR, 0o600))
    engine = create_engine(address)

    @event.listens_for(engine, "do_connect")
    def open_existing(dialect: Any, record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
        # Where the file was moved, a connection that is opened later would begin an empty log in its place.
        if address.database and address.database != ":memory:":
            arguments[0], options["uri"] = f"{Path(address.database).absolute().as_uri()}?mode=rw", True

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: Any) -> None:
        # Left to itself, the driver begins transactions, and too late:
        # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable
        connection.isolation_level = None
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once: turning a reader into a writer can fail, however long it waits.
        writes = connection.get_execution_options().get("ll_writes")
        run(connection, [BEGIN_WRITING if writes else BEGIN_READING])

    return engine


def _postgres(address: URL) -> Engine:
    options = f"-c statement_timeout={POSTGRES_TIMEOUT}s -c timezone=UTC"
    settings = {"connect_timeout": POSTGRES_TIMEOUT, "options": options, "application_name": "leadledger"}
    # Where the driver prepares statements, it ends those of `statements`, too, with each transaction that is undone.
    return create_engine(
        address, pool_pre_ping=True, connect_args={**settings, "prepare_threshold": None, "client_encoding": ENCODING}
    )


def _migrate(connection: Connection, label: str) -> None:
    """Create the tables or bring them up to date. Alembic is loaded only if there is something to do."""
    version = _read_version(connection)
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise DataError(
            f"the log at {label} was written by a later leadledger (its version is {version}, this program knows"
            f" {HEAD}); install that leadledger, or restore a backup from before the upgrade"
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    if connection.dialect.name == "postgresql":  # several workers may start at once; SQLite's lock is already held
        connection.execute(text("SELECT pg_advisory_xact_lock(5323)"))
    command.upgrade(config, "head")


def _read_version(connection: Connection) -> str | None:
    """The version of the tables; None: there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if version is None else str(version)
