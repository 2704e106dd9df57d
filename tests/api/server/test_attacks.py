"""What a rude caller may not do to everybody else: fill memory, hold places, stop the event loop, get in.

Each attack is made on a server in a process of its own, while another caller scores leads and looks at its health.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadledger.api.server.protocol import LARGEST_HEAD, MOST_ARRIVING, MOST_HEADERS, MOST_UNREAD
from leadledger.api.service import keys
from leadledger.api.service.keys import SCOPES
from tests.api.server.attackers import (
    BODY,
    Watch,
    connect,
    forget_peak,
    held,
    memory_of,
    peak_of,
    send_while_possible,
    wait_until_closed,
)
from tests.api.server.test_protocol import answer_of
from tests.serving import PATIENCE, Server, started

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
GROWTH = 1.3  # times the memory before, at most
CHUNKED = b"Host: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"

pytestmark = pytest.mark.slow


def warmed(server: Server, **headers: str) -> int:
    """The memory of a server that has answered each path once."""
    for _ in range(20):
        assert server.ask("POST", "/v1/score", BODY, **headers)[0] == 200
    assert server.ask("GET", "/openapi.json", b"", **headers)[0] == 200
    forget_peak(server)
    return memory_of(server)


@pytest.mark.parametrize(
    "filler",
    [
        b"".join(b"a%d:%s\r\n" % (number, b"v" * 1000) for number in range(100)),
        b"a: b\r\n" * 20_000,
        b"v" * 100_000,  # one field that never ends
    ],
)
@pytest.mark.parametrize("path", [b"GET /health/live", b"POST /v1/score"])
def test_trailers_fill_no_memory(tmp_path: Path, path: bytes, filler: bytes) -> None:
    """Trailer fields without end are dropped, and the connection ends beyond the size of a head."""
    with started(tmp_path) as server, connect(server) as caller:
        before = warmed(server)
        with Watch(server):
            caller.sendall(path + b" HTTP/1.1\r\n" + CHUNKED + b"\r\n0\r\nx:")
            sent = 0
            while sent < 200 * len(filler) and send_while_possible(caller, filler):
                sent += len(filler)
        assert sent < 100 * LARGEST_HEAD
        assert peak_of(server) < GROWTH * before


def test_chunk_extensions_fill_no_memory(tmp_path: Path) -> None:
    """What stands between the parts of a body is limited as a head is."""
    with started(tmp_path) as server, connect(server) as caller:
        caller.sendall(b"POST /v1/score HTTP/1.1\r\n" + CHUNKED + b"\r\n1;" + b"e" * 2 * LARGEST_HEAD)
        status, body, _ = answer_of(caller)
        assert (status, body["detail"]) == (431, "The framing of the body of the request is larger than 65,536 bytes.")
        server.stop()
    assert [line["status"] for line in server.log if line["event"] == "request"] == [431]


def test_a_trailer_is_no_header(tmp_path: Path) -> None:
    """A field after the body changes nothing that the head said, also where both arrive at once."""
    _, right = keys.add(tmp_path, "crm", SCOPES, NOW)
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")
    with started(tmp_path) as server:
        for given in (b"X-API-Key: %s\r\n" % wrong.encode(), b""):
            with connect(server) as caller:
                caller.sendall(
                    b"POST /v1/score HTTP/1.1\r\nConnection: close\r\n%s%s\r\n%x\r\n%s\r\n0\r\nX-API-Key: %s\r\n\r\n"
                    % (CHUNKED, given, len(BODY), BODY, right.encode())
                )
                assert answer_of(caller)[0] == 401
        with connect(server) as caller:  # a trailer does no harm
            caller.sendall(
                b"POST /v1/score HTTP/1.1\r\nConnection: close\r\n%sX-API-Key: %s\r\n\r\n"
                b"%x\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n" % (CHUNKED, right.encode(), len(BODY), BODY)
            )
            assert answer_of(caller)[0] == 200


def test_many_headers(tmp_path: Path) -> None:
    """A head of too many fields is refused, however small they are; the answer to the request before it comes first."""
    with started(tmp_path) as server, connect(server) as caller:
        caller.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2)
        caller.sendall(b"GET /health/live HTTP/1.1\r\n" + b"a:b\r\n" * (MOST_HEADERS + 1) + b"\r\n")
        received = b""
        while piece := caller.recv(65_536):
            received += piece
        assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"431"]
        assert b"The head of the request has more than 256 fields." in received


def test_answers_that_nobody_reads_hold_no_places(tmp_path: Path) -> None:
    """Callers that never read take no place from others."""
    _, key = keys.add(tmp_path, "slow", ("read",), NOW)
    _, other = keys.add(tmp_path, "other", ("score",), NOW)
    request = f"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n\r\n".encode()
    with started(tmp_path, max_waiting=20) as server:
        warmed(server, X_API_Key=other)
        with held(server, 25, request * 60), Watch(server, X_API_Key=other):
            time.sleep(2)


def test_pipelined_requests_fill_no_memory(tmp_path: Path) -> None:
    """Thousands of requests on one connection wait in the kernel, not in memory, until the answers are read."""
    with started(tmp_path, max_arrival=2) as server:
        before = warmed(server)
        request = b"GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with held(server, 20, request * 3000) as callers:
            with Watch(server):
                time.sleep(1)
            assert wait_until_closed(callers, PATIENCE / 2) == len(callers)
        assert peak_of(server) < GROWTH * before
        server.stop()
    assert sum(line["connections"] for line in server.log if line["event"] == "unread") == len(callers)


def test_all_pipelined_requests_are_answered(tmp_path: Path) -> None:
    """A caller that reads gets the answers of all requests that it sent at once, in their order."""
    with started(tmp_path) as server, connect(server) as caller:
        count = 500
        body = b"".join(
            b"POST /v1/score HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: r%d\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (number, len(BODY), BODY)
            for number in range(count)
        )
        caller.sendall(body + b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        received = b""
        while piece := caller.recv(65_536):
            received += piece
        lines = received.split(b"\r\n")
        assert received.count(b"HTTP/1.1 200 OK") == count + 1
        ids = [line.rpartition(b" ")[2] for line in lines if line.lower().startswith(b"x-request-id: r")]
        assert ids == [b"r%d" % number for number in range(count)]


def test_bodies_that_never_end_are_limited_in_all(tmp_path: Path) -> None:
    """Bodies of which nearly all has arrived hold limited memory, and don't keep others from sending theirs."""
    head = (
        b"POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 2000000\r\n\r\n"
    )
    with started(tmp_path, max_arrival=60) as server:
        before = warmed(server)
        with held(server, 60, head + b" " * 1_900_000) as callers, Watch(server):
            kept = sum(server.ask("POST", "/v1/score", BODY)[0] == 200 for _ in range(5))
            assert kept == 5
            assert wait_until_closed(callers, 2) > 0
        assert peak_of(server) < GROWTH * before + 3 * MOST_ARRIVING
        server.stop()
    assert {line["status"] for line in server.log if line["event"] == "request"} <= {200, 400, 503}


def test_repeated_answers_that_nobody_reads(tmp_path: Path) -> None:
    """Large answers under an Idempotency-Key that nobody reads hold limited memory."""
    batch = json.dumps({"leads": [{"need": "urgent"}] * 1000, "as_of": "2026-01-01"}).encode()
    head = (
        b"POST /v1/score/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\n"
    )
    request = head + b"Content-Length: %d\r\n\r\n" % len(batch) + batch
    with started(tmp_path, max_arrival=2) as server:
        assert server.ask("POST", "/v1/score/batch", batch, Idempotency_Key="k")[0] == 200
        before = warmed(server)
        with held(server, 20, request * 8) as callers:
            with Watch(server):
                time.sleep(1)
            assert wait_until_closed(callers, PATIENCE / 2) == len(callers)
        assert peak_of(server) < GROWTH * before + 3 * MOST_UNREAD


@pytest.mark.parametrize(
    "record",
    [
        b'{"attributes":{"type":"Lead"},"' + b"K" * 1_900_000 + b'":{'
        + b",".join(b'"%x":1' % number for number in range(1990)) + b"}}",
        b'{"attributes":{"type":"Lead"},' + b",".join(b'"o%d":{}' % number for number in range(95_000)) + b"}",
        b'{"attributes":{"type":"Lead"},"' + b"K" * 19_000 + b'":{'
        + b",".join(b'"o%d":{"a":{"b":{}}}' % number for number in range(80_000)) + b"}}",
        b'{"attributes":{"type":"Lead"},' + b'"a":{' * 20 + b'"b":1' + b"}" * 20 + b"}",
        b'{"lead":{"' + b"K" * 1_900_000 + b'":{"a":1}}}',
    ],
    ids=["a long name", "objects", "objects in a long name", "deep", "plain"],
)  # fmt: skip
def test_nested_records(tmp_path: Path, record: bytes) -> None:
    """A record of a CRM with long names, many objects or deep nesting is refused at once, in little memory."""
    with started(tmp_path) as server:
        before = warmed(server)
        server.ask("POST", "/v1/score", b'{"lead":{"' + b"K" * 1_900_000 + b'":1}}')
        with Watch(server):
            start = time.monotonic()
            status, body = server.ask("POST", "/v1/score", record)
            took = time.monotonic() - start
        assert status in (400, 422)
        assert len(json.dumps(body)) < 20_000
        assert took < 5  # usually 0.1 s; on a busy machine more
        assert peak_of(server) < GROWTH * before + 20 * len(record)  # which 240,000 objects take as Python has them
