"""The base of servers that answer as a CRM's public API documents say, with faults that a test switches on.

A real HTTP server on this machine. A subclass keeps the records and answers `CrmRequest`s; here are the clock, the
limits, the faults, and what was asked.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit


@dataclass
class CrmRequest:
    """A request that a server got. `body` is its JSON, or None; `form` what a form holds."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content) if self.content else None

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {name: values[-1] for name, values in parse_qs(self.content.decode()).items()}

    def param(self, name: str, default: str = "") -> str:
        """A parameter of the query."""
        return self.query.get(name, [default])[-1]


@dataclass
class CrmReply:
    """An answer; a `body` of bytes goes out as it is."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


# What a test makes of a request instead of the server's own answer; None: the server answers itself.
Fault = Callable[["CrmHandler", CrmRequest], "CrmReply | None"]


class CrmHandler(BaseHTTPRequestHandler):
    """Hands requests to the server, or to the next fault."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body leave apart, and each would wait for the other
    server: CrmServer

    def handle_request(self) -> None:
        """Answer a request of any method."""
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = CrmRequest(self.command, parts.path, parse_qs(parts.query, True), headers, content)
        with suppress(BrokenPipeError, ConnectionResetError):
            reply = self.server.reply_to(self, request)
            if reply is not None:
                self.send(reply)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_request

    def send(self, reply: CrmReply) -> None:
        """Send an answer, with the time of the server's clock."""
        is_raw = isinstance(reply.body, bytes)
        content = reply.body if is_raw else b"" if reply.body is None else json.dumps(reply.body).encode()
        self.send_response_only(reply.status)
        headers = {"Date": format_datetime(self.server.date(), usegmt=True), "Content-Type": "application/json"}
        for name, value in {**headers, **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class CrmServer(ThreadingHTTPServer):
    """The server. A test adds `faults`, which the next requests meet, one each, or sets `always`, which all meet.

    `limits` by name are calls within seconds, as the vendor counts them; `limit_of` says which count for a request.
    `skew` is how far the clock of its answers is ahead of that of its stamps. `requests` are all that came.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CrmHandler)
        self.lock = threading.RLock()
        self.requests: list[CrmRequest] = []
        self.answered: deque[tuple[CrmRequest, CrmReply]] = deque(maxlen=1000)  # the newest, by the system itself
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None
        self.limits: dict[str, tuple[int, float]] = {}
        self.refused = 0  # requests over a limit
        self.skew = timedelta()
        self.later = timedelta()  # by which its clock is ahead of ours
        self.ending = threading.Event()
        self._sent: dict[str, deque[float]] = {}

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def clock(self) -> datetime:
        """The time of its stamps."""
        return datetime.now(UTC) + self.later

    def date(self) -> datetime:
        """The time of its answers."""
        return self.clock() + self.skew

    def reply_to(self, handler: CrmHandler, request: CrmRequest) -> CrmReply | None:
        """The answer to a request; None: a fault has sent what it wanted."""
        with self.lock:
            self.requests.append(request)
            fault = self.faults.popleft() if self.faults else self.always
        if fault is not None:
            reply = fault(handler, request)
            if reply is not None or handler.close_connection:
                return reply
        with self.lock:
            if self._is_over_limit(request):
                self.refused += 1
                return self.refuse_over_limit()
            reply = self.answer(request)
            self.answered.append((request, reply))
            return reply

    def answer(self, request: CrmRequest) -> CrmReply:
        """The answer of the system."""
        raise NotImplementedError

    def limits_of(self, request: CrmRequest) -> tuple[str, ...]:
        """Which limits a request counts for."""
        return ("",)

    def refuse_over_limit(self) -> CrmReply:
        """The answer to a request over a limit."""
        return CrmReply(429, {"message": "You have reached your limit."}, {"Retry-After": "1"})

    def _is_over_limit(self, request: CrmRequest) -> bool:
        present = monotonic()
        for name in self.limits_of(request):
            if name in self.limits:
                calls, seconds = self.limits[name]
                sent = self._sent.setdefault(name, deque())
                while sent and sent[0] <= present - seconds:
                    sent.popleft()
                if len(sent) >= calls:
                    return True
                sent.append(present)
        return False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no news."""


Server = TypeVar("Server", bound=CrmServer)


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """A server that runs."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()


# -- faults ------------------------------------------------------------------------------------------------------------


def answer_with(status: int, body: Any = None, **headers: str) -> Fault:
    """An answer instead of the system's."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, request: CrmReply(status, body, named)


def cut_off(handler: CrmHandler, request: CrmRequest) -> CrmReply | None:
    """The system's own answer, but half of it."""
    with handler.server.lock:
        reply = handler.server.answer(request)
    content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    handler.send_response_only(200)
    handler.send_header("Content-Type", reply.headers.get("Content-Type", "application/json"))
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])
    handler.close_connection = True
    return None


def break_off(handler: CrmHandler, request: CrmRequest) -> CrmReply | None:
    """The system does what is asked, and the connection breaks before it answers."""
    with handler.server.lock:
        handler.server.answer(request)
    handler.close_connection = True
    return None


def delay(seconds: float) -> Fault:
    """The system's answer, late."""

    def wait(handler: CrmHandler, request: CrmRequest) -> CrmReply | None:
        handler.server.ending.wait(seconds)
        return None

    return wait


def hang(handler: CrmHandler, request: CrmRequest) -> CrmReply | None:
    """No answer at all."""
    handler.server.ending.wait(60)
    handler.close_connection = True
    return None
