"""A walk at random through all that a rude caller may send leaves the service as it was."""

from __future__ import annotations

import json
import random
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.api.server.attackers import BODY, connect, memory_of
from tests.serving import PATIENCE, Server, started

PATHS = (
    "/health/live",
    "/docs",
    "/openapi.json",
    "/v1/score",
    "/v1/score/batch",
    "/v1/me",
    "/v1/scores/x",
    "/v1/hooks",
    "/v1/hooks/x/rotate",
    "/mcp",
    "/nope",
    "*",
)
CALL = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "score_lead", "arguments": {"lead": {"need": "urgent"}}},
    }
).encode()
METHODS = ("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "get", "P\0ST")
FIELDS = (
    "Host: localhost",
    "Host: evil.example",
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    "MCP-Protocol-Version: 2026-07-28",
    "Mcp-Session-Id: x",
    "Content-Length: 3",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Connection: close",
    "Connection: Upgrade\r\nUpgrade: websocket",
    "Connection: Upgrade\r\nUpgrade: h2c",
    "Expect: 100-continue",
    "X-API-Key: ll_00000000_" + "A" * 43,
    "Authorization: Bearer",
    "X-Request-Id: " + "x" * 100,
    "Idempotency-Key: k",
    "Origin: null",
    "Via: 1.1 proxy",
    "X-\xff: \xff",
    ": nothing",
    "X: " + "y" * 3000,
    "X-Many: 1\r\n" * 100 + "X-Last: 1",
)
BODIES = (
    b"",
    BODY,
    CALL,
    b"{",
    b"[" * 5000,
    b'{"lead":{"' + b"K" * 5000 + b'":{"a":{"b":1}}}}',
    b'{"attributes":{},"' + b"K" * 5000 + b'":{"a":{"b":1}}}',
    b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
    b"%x\r\n%s\r\n0\r\nX-API-Key: t\r\n\r\n" % (len(BODY), BODY),
    b"1;x=" + b"e" * 5000,
    b"zz\r\n",
    b"\xff" * 100,
)


def make_request(chance: random.Random) -> bytes:
    """A request of which some parts may be wrong, and which may end too early or too late."""
    head = f"{chance.choice(METHODS)} {chance.choice(PATHS)}{chance.choice(('', '?a=' + 'b' * 50))} HTTP/1.1\r\n"
    fields = chance.choices(FIELDS, k=chance.randint(0, 5))
    request = (head + "".join(f"{field}\r\n" for field in fields) + "\r\n").encode("latin-1") + chance.choice(BODIES)
    if chance.random() < 0.2:
        request = request[: chance.randint(0, len(request))]
    return request * (chance.randint(2, 30) if chance.random() < 0.1 else 1)


def walk(server: Server, chance: random.Random, requests: int) -> None:
    """Send some requests on connections of which some are read, some closed, some reset and some left open."""
    callers: list[socket.socket] = []
    try:
        for _ in range(requests):
            if not callers or (len(callers) < 40 and chance.random() < 0.5):
                callers.append(connect(server, chance.choice((0, 2048))))
            caller = chance.choice(callers)
            caller.settimeout(0.02)
            is_over = False
            with suppress(TimeoutError):
                try:
                    caller.sendall(make_request(chance))
                    is_over = chance.random() < 0.5 and not caller.recv(chance.choice((1, 65_536)))
                except (BrokenPipeError, ConnectionResetError):
                    is_over = True
            if is_over or chance.random() < 0.2:
                callers.remove(caller)
                caller.close()
    finally:
        for caller in callers:
            caller.close()


def check_walk(home: Path, requests: int) -> None:
    """After a walk the service answers as before, has about the memory that it had, and all its places."""
    with started(home, max_arrival=1, max_waiting=3, log="off") as server:
        walk(server, random.Random(0), 200)  # whatever is loaded late is loaded
        while server.ask("POST", "/mcp", CALL, Accept="application/json")[0] == 503:
            time.sleep(0.1)
        before, answers = memory_of(server), [server.ask("POST", "/v1/score", BODY) for _ in range(3)]
        walk(server, random.Random(1), requests)
        deadline = time.monotonic() + PATIENCE
        while server.ask("POST", "/v1/score", BODY)[0] == 503:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert [server.ask("POST", "/v1/score", BODY) for _ in range(3)] == answers
        assert memory_of(server) < 1.3 * before
        large = b'{"leads":[%s]}' % b",".join([b'{"need":"urgent"}'] * 1000)
        assert server.ask("POST", "/v1/score/batch", large)[0] == 200  # it needs a place that is left
        server.stop()
    assert [line for line in server.log if line["level"] == "error"] == []


@pytest.mark.slow
def test_a_short_walk(tmp_path: Path) -> None:
    """A few hundred requests leave the service as it was."""
    check_walk(tmp_path, 500)


@pytest.mark.slow
def test_a_long_walk(tmp_path: Path) -> None:
    """Ten thousand requests leave the service as it was."""
    check_walk(tmp_path, 10_000)
