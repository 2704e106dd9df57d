"""An answer leaves at once, and is what uvicorn itself would send."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from leadledger.api.server.protocol import LimitedProtocol, Sweeper
from leadledger.api.service.program_log import ProgramLog

GET = b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"
CLOSE = b"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
HEAD = b"HEAD /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
OLD = b"GET /x HTTP/1.0\r\nHost: localhost\r\n\r\n"
POST = (
    b"POST /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"
)


def answer(headers: Sequence[tuple[bytes, bytes]], *parts: bytes) -> Any:
    """An app that answers with these headers, and these parts of a body."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST":
            await receive()
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number, part in enumerate(parts, 1):
            await send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})

    return app


class Writes(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep what is written."""
        self.written.append(bytes(data))

    def close(self) -> None:
        """Close it."""
        self.is_closed = True

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.is_closed

    def get_write_buffer_size(self) -> int:
        """Nothing waits."""
        return 0

    def pause_reading(self) -> None:
        """Nothing is read."""

    def resume_reading(self) -> None:
        """Nothing is read."""


async def send(
    kind: type[HttpToolsProtocol], app: Any, request: bytes, patience: int = 5
) -> tuple[HttpToolsProtocol, Writes]:
    """A connection of one kind after a request, and what was written to it."""
    config = Config(app, http=kind, ws="none", log_config=None, server_header=False, timeout_keep_alive=patience)
    config.load()
    protocol, transport = kind(config=config, server_state=ServerState(), app_state={}), Writes()
    protocol.connection_made(transport)
    protocol.data_received(request)
    await asyncio.gather(*protocol.tasks)
    return protocol, transport


LENGTH = (b"content-length", b"4")
APPS = {
    "whole": answer([LENGTH, (b"x-a", b"1\xe9")], b"abcd"),
    "parts": answer([LENGTH], b"ab", b"cd"),
    "empty": answer([(b"content-length", b"0")], b""),
    "chunks": answer([], b"ab", b"cd"),
    "closes": answer([LENGTH, (b"connection", b"close")], b"abcd"),
}
BROKEN = {
    "too short": answer([LENGTH], b"abc"),
    "too long": answer([LENGTH], b"abcde"),
    "no body": answer([LENGTH]),
    "a line of its own": answer([LENGTH, (b"x-a", b"1\r\nx-b: 2")], b"abcd"),
}


@pytest.mark.parametrize("app", APPS.values(), ids=APPS)
@pytest.mark.parametrize("request_", [GET, CLOSE, HEAD, OLD, POST], ids=["get", "close", "head", "old", "post"])
def test_an_answer_is_that_of_uvicorn(app: Any, request_: bytes) -> None:
    """Whatever an app answers, the connection gets what uvicorn would send, and is closed as uvicorn would close it."""

    async def collect(kind: type[HttpToolsProtocol]) -> tuple[bytes, bool]:
        _, transport = await send(kind, app, request_)
        return b"".join(transport.written), transport.is_closed

    assert asyncio.run(collect(LimitedProtocol)) == asyncio.run(collect(HttpToolsProtocol))


@pytest.mark.parametrize("app", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_a_failure(app: Any) -> None:
    """An answer whose body isn't as long as its head says, or whose head could be split, never begins to leave."""
    _, transport = asyncio.run(send(LimitedProtocol, app, GET))
    assert transport.written[0].startswith(b"HTTP/1.1 500 ")
    assert transport.is_closed


def test_an_answer_is_one_write() -> None:
    """The head of an answer and its body are one call of the system."""

    async def count() -> int:
        _, transport = await send(LimitedProtocol, APPS["whole"], GET)
        return len(transport.written)

    assert asyncio.run(count()) == 1


@pytest.mark.parametrize("patience", [0, 60])
def test_an_idle_connection_is_closed(patience: int) -> None:
    """A connection on which no request begins for long enough is closed; bytes of the next one keep it open."""

    async def sweep(next_bytes: bytes) -> bool:
        protocol, transport = await send(LimitedProtocol, APPS["whole"], GET, patience)
        if next_bytes:
            protocol.data_received(next_bytes)
        Sweeper(60, ProgramLog("error")).sweep()
        is_closed = transport.is_closed
        protocol.connection_lost(None)
        return is_closed

    async def both() -> list[bool]:
        return [await sweep(b""), await sweep(GET[:10])]

    assert asyncio.run(both()) == [patience == 0, False]
