"""The server against slow, rude and too many callers: a separate process, called over sockets."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from leadledger.api.server.protocol import LARGEST_HEAD
from leadledger.api.server.serve import serve
from leadledger.api.service import keys
from leadledger.api.service.settings import Settings
from tests.serving import CARD, PATIENCE, Server, started

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
BODY = json.dumps({"lead": {"need": "urgent"}, "as_of": "2026-01-01"}).encode()
BATCH = json.dumps({"leads": [{"need": "urgent"}] * 1000, "as_of": "2026-01-01"}).encode()
HEAD = "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def answer_of(caller: socket.socket) -> tuple[int, dict[str, Any], dict[str, str]]:
    """The answer on a connection that the server closes after it; status 0 if there is none."""
    received = b""
    try:
        while chunk := caller.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    if not received:
        return 0, {}, {}
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return int(status.split()[1]), json.loads(body), dict(line.lower().split(": ", 1) for line in lines)


@pytest.mark.slow
def test_slow_callers(tmp_path: Path) -> None:
    """A request must arrive in time, head and body, however steadily it drips; others are served meanwhile."""
    with started(tmp_path, max_arrival=1) as server:
        silent, in_head, in_body, dripping = (server.connect() for _ in range(4))
        begun = time.monotonic()
        in_head.sendall(b"POST /v1/score HTTP/1.1\r\nHost: loc")
        in_body.sendall(f"{HEAD}Content-Length: 100\r\nX-Request-Id: slow-body\r\n\r\n".encode() + b'{"lead"')
        dripping.sendall(HEAD.encode())
        status = 0
        for at in range(PATIENCE * 5):
            try:
                dripping.sendall(f"X-{at}: 1\r\n".encode())
            except OSError:  # the server has ended it
                break
            status, _ = server.ask("POST", "/v1/score", BODY)
            assert status == 200
            time.sleep(0.2)
        assert 0.9 < time.monotonic() - begun < PATIENCE / 2
        assert answer_of(silent)[0] == 0  # it sent no request
        for caller in (in_head, in_body):
            status, body, headers = answer_of(caller)
            assert (status, body["status"], body["detail"]) == (408, 408, "The request did not arrive in time.")
            assert headers["connection"] == "close"
            assert headers["content-type"] == "application/problem+json"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-request-id"] == body["request_id"]
        assert body["request_id"] == "slow-body"
        assert server.ask("GET", "/health/live")[0] == 200
        for caller in (silent, in_head, in_body, dripping):
            caller.close()
        server.stop()
    assert [line["status"] for line in server.log if line.get("request_id") == "slow-body"] == [408]
    assert sum(line["connections"] for line in server.log if line["event"] == "late") == 4


@pytest.mark.slow
def test_a_kept_connection_is_no_slow_caller(tmp_path: Path) -> None:
    """A connection may be idle between requests for longer than a request may take to arrive."""
    with started(tmp_path, max_arrival=1) as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        for _ in range(2):
            connection.request("POST", "/v1/score", BODY, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            time.sleep(2.5)
        connection.close()


@pytest.mark.slow
def test_empty_lines_keep_no_connection(tmp_path: Path) -> None:
    """Bytes that begin no request don't keep a connection from being ended."""
    with started(tmp_path, max_arrival=1) as server, server.connect() as caller:
        caller.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = caller.recv(65_536)
        assert received.startswith(b"HTTP/1.1 200 OK")
        caller.sendall(b"\r\n")
        assert answer_of(caller)[0] == 408


@pytest.mark.slow
def test_requests_that_are_not_http(tmp_path: Path) -> None:
    """Bytes that aren't HTTP, and an endless head, are refused as problems, and end the connection."""
    with started(tmp_path) as server:
        for sent, status in (
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400),
            (b"GET /v1/me HTTP/9.9\r\n\r\n", 400),
            (HEAD.encode() + b"X-Long: " + b"a" * LARGEST_HEAD, 431),
        ):
            with server.connect() as caller:
                caller.sendall(sent)
                answered, body, headers = answer_of(caller)
                assert (answered, body["status"]) == (status, status)
                assert headers["content-security-policy"].startswith("default-src 'none'")
                assert headers["x-request-id"] == body["request_id"]
        many = HEAD + "".join(f"X-{at}: {'a' * 100}\r\n" for at in range(100))
        with server.connect() as caller:
            caller.sendall(f"{many}Connection: close\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
            assert answer_of(caller)[0] == 200
        server.stop()
    assert "a" * 20 not in json.dumps(server.log)


@pytest.mark.slow
def test_pipelined_requests(tmp_path: Path) -> None:
    """Requests that arrive before the first one is answered are answered in order."""
    with started(tmp_path) as server, server.connect() as caller:
        request = f"{HEAD}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY
        caller.sendall(request * 20 + request.replace(b"Host:", b"Connection: close\r\nHost:"))
        received = b""
        while chunk := caller.recv(65_536):
            received += chunk
        assert received.count(b"HTTP/1.1 200 OK") == 21


@pytest.mark.slow
def test_greetings(tmp_path: Path) -> None:
    """The second line of the greeting says who has access."""
    with started(tmp_path) as server:
        assert server.greeting.startswith("No keys exist: every program on this machine has full access, and no other")
    key, _ = keys.add(tmp_path, "crm", ("score",), NOW)
    with started(tmp_path) as server:
        assert server.greeting == "1 key has access, each within its scopes.\n"
    keys.revoke(tmp_path, key.id, NOW)
    with started(tmp_path) as server:
        assert server.greeting == "0 keys have access, each within its scopes.\n"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "", "example.invalid"])
def test_no_other_machine_without_keys(tmp_path: Path, host: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without keys, an address that others can reach is refused at start, with what to do."""
    assert serve(Settings(home=tmp_path, card=CARD), host, 0) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert f"leadledger keys add NAME --scope score --home {tmp_path}" in output.err


def test_damaged_keys_end_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a damaged key file the service doesn't start, at any address."""
    (tmp_path / keys.KEY_FILE).write_text("{")
    assert serve(Settings(home=tmp_path, card=CARD), "127.0.0.1", 0) == 1
    assert "keys.json is damaged: it is not JSON" in capsys.readouterr().err


@pytest.mark.slow
def test_keys_of_a_running_server(tmp_path: Path) -> None:
    """A server accepts a new key at once and soon refuses a revoked one, without a restart."""
    with started(tmp_path) as server:
        assert server.ask("POST", "/v1/score", BODY)[0] == 200
        key, text = keys.add(tmp_path, "crm", ("score",), NOW)
        deadline = time.monotonic() + PATIENCE
        while server.ask("POST", "/v1/score", BODY)[0] == 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.ask("POST", "/v1/score", BODY)[0] == 401
        assert server.ask("POST", "/v1/score", BODY, X_API_Key=text)[0] == 200
        keys.revoke(tmp_path, key.id, NOW)
        while server.ask("POST", "/v1/score", BODY, X_API_Key=text)[0] == 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.ask("POST", "/v1/score", BODY, X_API_Key=text)[0] == 401
        server.stop()
    assert [line["working"] for line in server.log if line["event"] == "keys"] == [1, 0]
    assert text[12:] not in json.dumps(server.log)


class Callers:
    """Callers that send requests without rest, each on its own connection, until they are stopped."""

    def __init__(self, server: Server, count: int, body: bytes, path: str = "/v1/score", **headers: str) -> None:
        self.seen: Counter[int] = Counter()
        self.took: list[float] = []  # seconds, of the requests that were accepted
        self.broken = 0  # answers that began and did not end
        self._stop = threading.Event()
        self._asking = (server, body, path, headers)
        self._threads = [threading.Thread(target=self._ask) for _ in range(count)]

    def __enter__(self) -> Callers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _ask(self) -> None:
        server, body, path, headers = self._asking
        connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        while not self._stop.is_set():
            start = time.monotonic()
            try:
                connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
                answer = connection.getresponse()
            except (OSError, HTTPException):
                connection.close()  # the server has stopped, before it answered anything
                self.seen[0] += 1
                time.sleep(0.02)
                continue
            try:
                text = answer.read()
                json.loads(text)
            except (OSError, HTTPException, ValueError):
                self.broken += 1
                connection.close()
                continue
            self.seen[answer.status] += 1
            if answer.status == 200:
                self.took.append(time.monotonic() - start)
        connection.close()


@pytest.mark.slow
def test_overload(tmp_path: Path) -> None:
    """With far too much work, accepted requests are answered soon, the rest refused; health checks always work.

    The bounds are wide, since the callers share the processor: what counts is that nobody hangs, and that the time of
    an answer doesn't grow with the number of callers.
    """
    with started(tmp_path, max_waiting=3) as server, Callers(server, 30, BATCH, "/v1/score/batch") as callers:
        health = []
        for _ in range(10):
            start = time.monotonic()
            assert server.ask("GET", "/health/ready")[0] == 200
            health.append(time.monotonic() - start)
            time.sleep(0.3)
    assert set(callers.seen) == {200, 503}
    assert callers.broken == 0
    assert callers.seen[503] > callers.seen[200] > 0
    assert max(callers.took) < 10
    assert max(health) < 10


@pytest.mark.slow
def test_a_log_that_nobody_reads(tmp_path: Path) -> None:
    """If the reader of the log hangs, requests are still answered, and the log says how many lines are missing."""
    with started(tmp_path, reading=False) as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        for _ in range(1000):  # more lines than a pipe holds
            connection.request("GET", "/v1/me", headers={"X-Request-Id": "x" * 64})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
        server.read()
        deadline = time.monotonic() + PATIENCE
        more = 0
        while not any(line["event"] == "dropped" for line in server.log) and time.monotonic() < deadline:
            server.ask("GET", "/v1/me")
            more += 1
        connection.close()
        server.stop()
    logged = sum(line["event"] == "request" for line in server.log)
    (dropped,) = (line["lines"] for line in server.log if line["event"] == "dropped")
    assert dropped > 0
    assert logged + dropped == 1000 + more  # if the count of dropped lines came at once, no more requests followed


@pytest.mark.slow
def test_one_key_does_not_starve_another(tmp_path: Path) -> None:
    """A key far beyond its rate gets 429, while another one is served."""
    _, greedy = keys.add(tmp_path, "greedy", ("score",), NOW)
    _, modest = keys.add(tmp_path, "modest", ("score",), NOW)
    with (
        started(tmp_path, max_rate=20) as server,
        Callers(server, 8, BODY, Authorization=f"Bearer {greedy}") as callers,
    ):
        start = time.monotonic()
        for _ in range(20):
            assert server.ask("POST", "/v1/score", BODY, X_API_Key=modest)[0] == 200
            time.sleep(0.1)
        lasted = time.monotonic() - start
    assert set(callers.seen) == {200, 429}
    assert callers.seen[200] <= 20 * (lasted + 2 + 5)  # the rate, the burst, and time for the callers to stop


@pytest.mark.slow
def test_a_stop_finishes_what_was_accepted(tmp_path: Path) -> None:
    """A server that is stopped under load ends soon, and cuts off no answer that has begun."""
    with started(tmp_path) as server, Callers(server, 12, BATCH, "/v1/score/batch") as callers:
        deadline = time.monotonic() + PATIENCE
        while callers.seen[200] < 12 and time.monotonic() < deadline:
            time.sleep(0.05)
        start = time.monotonic()
        server.stop()
        assert time.monotonic() - start < PATIENCE / 2
        logged = sum(line["status"] == 200 for line in server.log if line["event"] == "request")
    assert server.process.returncode in (0, -signal.SIGTERM)
    assert callers.broken == 0
    assert callers.seen[200] == logged >= 12


@pytest.mark.slow
def test_a_stop_answers_who_has_just_connected(tmp_path: Path) -> None:
    """A caller that was accepted before a stop, and whose request comes a moment after it, is answered."""
    with started(tmp_path) as server, ExitStack() as stack:
        callers = [stack.enter_context(server.connect()) for _ in range(4)]
        assert server.ask("GET", "/health/ready")[0] == 200  # so they are accepted, too
        server.process.send_signal(signal.SIGTERM)
        while is_listening(server):
            time.sleep(0.01)
        for caller in callers:
            caller.sendall(f"{HEAD}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
        assert [answer_of(caller)[0] for caller in callers] == [200] * 4
        server.process.wait(PATIENCE)
    assert server.process.returncode in (0, -signal.SIGTERM)


def is_listening(server: Server) -> bool:
    """Whether a service still takes connections."""
    try:
        server.connect().close()
    except ConnectionError:
        return False
    return True
