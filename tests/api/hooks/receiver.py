"""A receiver of hooks: an HTTP server on this machine that answers in whatever way a test wants."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import standardwebhooks

Behaviour = Callable[["Handler"], None]


@dataclass
class Delivered:
    """A request that a receiver got: its path, its headers by their names in lower case, its body as JSON."""

    path: str
    headers: dict[str, str]
    body: Any
    content: bytes

    @property
    def id(self) -> str:
        """The id of the message."""
        return self.headers["webhook-id"]


class Handler(BaseHTTPRequestHandler):
    """Keeps what it gets, and behaves as the receiver says of its path."""

    protocol_version = "HTTP/1.1"
    server: Receiver
    message: Delivered  # that it got last

    def do_POST(self) -> None:
        """Take a message."""
        content = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = standardwebhooks.Webhook(self.server.secret).verify(content, headers) if self.server.secret else None
        self.message = Delivered(self.path, headers, body, content)
        with self.server.lock:
            self.server.received.append(self.message)
        self.server.behave(self)

    def do_GET(self) -> None:
        """Somebody followed a redirect."""
        with self.server.lock:
            self.server.received.append(Delivered(self.path, {}, None, b""))
        self.answer(200)

    def answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        """Answer with a status, a body and headers."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Receiver(ThreadingHTTPServer):
    """The server. `behave` answers a request; `secret` verifies each message, where it is not empty."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), Handler)
        self.lock = threading.Lock()
        self.received: list[Delivered] = []
        self.secret = ""
        self.ending = threading.Event()
        self.behave: Behaviour = lambda request: request.answer(200)

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.server_address[1])

    def url(self, path: str = "/in") -> str:
        """A URL of it."""
        return f"http://127.0.0.1:{self.port}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that has gone is no news."""


@contextmanager
def receiving(host: str = "127.0.0.1", port: int = 0, certificate: str = "") -> Iterator[Receiver]:
    """A receiver that runs; with the file of a `certificate` and its key it talks TLS."""
    server = Receiver(host, port)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()


def answer_with(status: int, **headers: str) -> Behaviour:
    """A receiver that always answers so."""
    return lambda request: request.answer(status, b"whatever", **headers)


def hang(request: Handler) -> None:
    """A receiver that never answers."""
    request.server.ending.wait(60)
    request.close_connection = True


def close(request: Handler) -> None:
    """A receiver that closes the connection without an answer."""
    request.close_connection = True
    with suppress(OSError):
        request.connection.shutdown(socket.SHUT_RDWR)


def send_garbage(request: Handler) -> None:
    """A receiver that doesn't talk HTTP."""
    request.wfile.write(b"\x00\xffgarbage secret-of-the-receiver\r\n\r\n")
    close(request)


def send_endless_body(request: Handler) -> None:
    """A receiver whose answer never ends."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
    with suppress(OSError):
        while not request.server.ending.is_set():
            request.wfile.write(b"x" * 65536)
    request.close_connection = True


def send_endless_head(request: Handler) -> None:
    """A receiver whose head never ends."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    with suppress(OSError):
        while not request.server.ending.is_set():
            request.wfile.write(b"X-Filler: " + b"x" * 1000 + b"\r\n")
    request.close_connection = True
