"""The service as a process of its own, for tests that ask it over sockets, stop it, or kill it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self, TextIO

from leadledger.api.server.serve import serve
from leadledger.api.service import keys
from leadledger.api.service.keys import SCOPES
from leadledger.api.service.settings import Settings

ROOT = Path(__file__).parents[1]
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
PATIENCE = 60  # seconds: no test waits so long, unless something hangs
START = """
import json
import sys
from pathlib import Path

from leadledger.api.server.serve import serve
from leadledger.api.service.settings import Settings

port, home, card, settings = json.loads(sys.argv[1])
sys.exit(serve(Settings(home=Path(home), card=Path(card), **settings), port=port))
"""


@dataclass
class Server:
    """A process that serves, its port, what it greeted with, and its log once it has ended."""

    process: subprocess.Popen[str] | ForkedProcess
    port: int
    greeting: str
    log: list[dict[str, Any]] = field(default_factory=list)
    reader: threading.Thread | None = None

    def read(self) -> None:
        """Begin to read its log, each line of which is JSON."""
        assert self.process.stderr is not None
        stream = self.process.stderr
        self.reader = threading.Thread(target=lambda: self.log.extend(json.loads(line) for line in stream))
        self.reader.start()

    def stop(self) -> None:
        """Ask it to stop; its log is whole after that."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        assert self.reader is not None
        self.reader.join(PATIENCE)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, Any]]:
        """One request on a connection of its own: status and body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Content-Type": "application/json", **named})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        """A connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)


@contextmanager
def launched(home: Path, card: Path = CARD, port: int = 0, **settings: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that is to serve; it is killed at the end, if it has not ended by itself."""
    command = [sys.executable, "-c", START, json.dumps([port, str(home), str(card), settings])]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, encoding="utf-8") as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(PATIENCE)


@contextmanager
def started(home: Path, *, reading: bool = True, **settings: Any) -> Iterator[Server]:
    """A forked server of the example's card, whose log is read; it is ended at the end, if it has not been stopped."""
    with ForkedProcess(Settings(**{"home": home, "card": CARD, **settings})) as process:
        first, second = process.stdout.readline(), process.stdout.readline()
        server = Server(process, port_of(first), second)
        if reading:
            server.read()
        try:
            yield server
        finally:
            process.kill()
            process.wait(PATIENCE)
            if server.reader:
                server.reader.join(PATIENCE)


@contextmanager
def commanded(home: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as users start it, and its address; what it logs is kept in `server.log` of the home."""
    command = [sys.executable, "-m", "leadledger", "serve", "--home", str(home.absolute()), "--port", "0", *options]
    with (
        (home / "server.log").open("w", encoding="utf-8") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8") as process,
    ):
        assert process.stdout is not None
        try:
            greeting = process.stdout.readline()
            assert greeting, (home / "server.log").read_text("utf-8")
            yield process, f"http://127.0.0.1:{port_of(greeting)}"
        finally:
            process.terminate()
            process.wait(PATIENCE)


@contextmanager
def with_key(home: Path, *options: str) -> Iterator[tuple[str, str]]:
    """The address of a service that is started so, and a key that may do all."""
    _, key = keys.add(home, "all", SCOPES, datetime(2026, 1, 1, tzinfo=UTC))
    with commanded(home, *options) as (_, address):
        yield address, key


@contextmanager
def forked(home: Path, **settings: Any) -> Iterator[int]:
    """The port of a forked server of the example's card, which is killed at the end."""
    with ForkedProcess(Settings(**{"home": home, "card": CARD, "log_level": "error", **settings})) as process:
        yield port_of(process.stdout.readline())


@contextmanager
def forked_until_stopped(home: Path, **settings: Any) -> Iterator[str]:
    """The address of a forked server of the current release, which is asked to stop at the end."""
    with ForkedProcess(Settings(**{"home": home, "log_level": "error", **settings})) as process:
        yield f"http://127.0.0.1:{port_of(process.stdout.readline())}"
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


class ForkedProcess:
    """A server that starts in a tenth of the time, with the part of Popen that tests use; killed at the end.

    It is forked from a process that has loaded the code and done nothing else: all that a start does to a home and to a
    database it does itself.
    """

    def __init__(self, settings: Settings) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        pipes = [context.Pipe(duplex=False) for _ in range(2)]
        sending = [end for _, end in pipes]
        self._process = context.Process(target=_serve, args=(*sending, settings))
        self._process.start()
        for end in sending:
            end.close()
        self.stdout, self.stderr = (_open_end(end) for end, _ in pipes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.wait(PATIENCE)
        self.stdout.close()
        self.stderr.close()

    @property
    def pid(self) -> int:
        """The number of the process."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, or the negative number of the signal that ended it; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self._process.is_alive():
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, if it still runs."""
        self._process.kill()

    def wait(self, seconds: float) -> None:
        """Wait until it has ended."""
        self._process.join(seconds)
        assert self._process.exitcode is not None, "it doesn't end"


def _serve(output: Connection, errors: Connection, settings: Settings) -> None:
    for end, number in ((output, 1), (errors, 2)):
        os.dup2(end.fileno(), number)
        end.close()
    sys.exit(serve(settings, port=0))


def _open_end(end: Connection) -> TextIO:
    """The end of a pipe that is read, as a file."""
    with end:
        return open(os.dup(end.fileno()), encoding="utf-8")


def port_of(greeting: str) -> int:
    """The port in the first line that a server prints."""
    assert greeting, "it does not start"
    return int(greeting.partition("127.0.0.1:")[2].partition(",")[0])
