"""Rude callers of a server in a process of its own: what they send, and what they do to everybody else."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.serving import PATIENCE, Server

HEALTH_BOUND = 5.0  # seconds; usually some milliseconds, but tests share the machine
BODY = json.dumps({"lead": {"need": "urgent"}, "as_of": "2026-01-01"}).encode()


def memory_of(server: Server) -> int:
    """The bytes of memory that a server has, or had at most (`peak_of`)."""
    return _status(server, "VmRSS")


def peak_of(server: Server) -> int:
    """The most bytes of memory that a server has had since `forget_peak`."""
    return _status(server, "VmHWM")


def forget_peak(server: Server) -> None:
    """Begin to measure the most memory anew."""
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")


def _status(server: Server, name: str) -> int:
    for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)


def connect(server: Server, receive_buffer: int = 0) -> socket.socket:
    """A connection that reads little at once, if asked."""
    caller = socket.socket()
    if receive_buffer:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    caller.settimeout(PATIENCE)
    caller.connect(("127.0.0.1", server.port))
    return caller


def send_while_possible(caller: socket.socket, data: bytes) -> bool:
    """Send some bytes; returns whether the server still takes them."""
    try:
        caller.sendall(data)
    except OSError:
        return False
    return True


@contextmanager
def held(server: Server, count: int, data: bytes, receive_buffer: int = 2048) -> Iterator[list[socket.socket]]:
    """Connections that have sent some bytes each, and read nothing."""
    with ExitStack() as stack:
        callers = [stack.enter_context(connect(server, receive_buffer)) for _ in range(count)]
        for caller in callers:
            caller.settimeout(0.2)  # the server may stop reading
            send_while_possible(caller, data)
            caller.settimeout(PATIENCE)
        yield callers


class Watch:
    """What others see meanwhile: health checks, and scores with a key of their own; and how long each takes."""

    def __init__(self, server: Server, **headers: str) -> None:
        self.statuses: set[int] = set()
        self.slowest = 0.0
        self.count = 0
        self._server = server
        self._headers = headers
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE)
        assert self.statuses == {200}
        assert self.slowest < HEALTH_BOUND

    def _ask(self) -> None:
        while not self._stop.is_set() or not self.count:
            for method, path, body in (("GET", "/health/live", b""), ("POST", "/v1/score", BODY)):
                start = time.monotonic()
                self.statuses.add(self._server.ask(method, path, body, **self._headers)[0])
                self.slowest = max(self.slowest, time.monotonic() - start)
            self.count += 1
            time.sleep(0.05)


def wait_until_closed(callers: list[socket.socket], seconds: float) -> int:
    """How many of some connections, which nobody reads, the server has ended within some seconds."""
    deadline = time.monotonic() + seconds
    open_ones = list(callers)
    while open_ones and time.monotonic() < deadline:
        open_ones = [caller for caller in open_ones if not _is_reset(caller)]
        time.sleep(0.1)
    return len(callers) - len(open_ones)


def _is_reset(caller: socket.socket) -> bool:
    """Whether a connection was reset; its answers are not read."""
    return caller.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0 or _state_of(caller) != 1


def _state_of(caller: socket.socket) -> int:
    return caller.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]  # 1: established
