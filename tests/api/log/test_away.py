"""PostgreSQL stops and starts again under load: the service refuses meanwhile, and loses no answered score."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from contextlib import suppress
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path

import pytest

from leadledger.api.log import database
from leadledger.api.log.record import encode_answer
from leadledger.api.log.replay import Replayer
from leadledger.api.log.store import LogStore
from tests.postgres import installed
from tests.serving import Server, started

CALLERS = 6
LOADED = 0.5  # seconds under load before it stops
AWAY = 1.0  # seconds; a caller may be answered a moment after it is gone, or refused a moment after it is back
HOW = ("immediate", "fast") * 3
OUTCOME = json.dumps({"lead": "1-1", "became": "opportunity", "on": "2026-10-01"})
SOON = 5.0  # seconds after which it is back for the service, without a restart; it takes a small part of one
LONGEST = 10.0  # seconds that an answer may take, whatever happens; far more than it does


class Callers:
    """Callers that score one lead after another, and keep the answers."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.received: list[tuple[str, bytes]] = []  # id and answer of each score
        self.seen: Counter[int] = Counter()
        self.wrong: list[str] = []  # refusals that are not a 503 with `retry_after`
        self.longest = 0.0  # seconds
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CALLERS)]

    def __enter__(self) -> Callers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait(self, status: int, seconds: float = LONGEST) -> float:
        """Wait for another answer with a status. Returns the seconds that it took; fails if none arrives."""
        start, before = time.monotonic(), self.seen[status]
        while self.seen[status] <= before:
            assert time.monotonic() < start + seconds, f"no answer {status}: {self.seen}"
            time.sleep(0.01)
        return time.monotonic() - start

    def _ask(self, caller: int) -> None:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        at = 0
        while not self._stop.is_set():
            at += 1
            body = json.dumps({"lead": {"lead_id": f"{caller}-{at}", "need": "clear", "budget": at}})
            headers = {"Content-Type": "application/json"}
            if at % 5 == 0:
                headers["Idempotency-Key"] = f"{caller}-{at}"
            start = time.monotonic()
            connection.request("POST", "/v1/score", body, headers)
            answer = connection.getresponse()
            content = answer.read()
            self.longest = max(self.longest, time.monotonic() - start)
            self.seen[answer.status] += 1
            if answer.status == 200:
                self.received.append((json.loads(content)["id"], content))
            elif problem := wrong(answer.status, answer.headers, content):
                self.wrong.append(problem)
        connection.close()


def wrong(status: int, headers: Message, content: bytes) -> str:
    """Describe a refusal that is not a 503 with `retry_after`; empty if it is one."""
    problem = json.loads(content)
    good = (
        status == problem["status"] == 503
        and headers["Content-Type"] == "application/problem+json"
        and headers["Retry-After"] == str(problem["retry_after"])
    )
    return "" if good else f"{status} {content.decode()}"


def refused(server: Server, method: str, path: str, body: str = "") -> None:
    """Check that the service refuses a request that needs the log."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=LONGEST)
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert wrong(answer.status, answer.headers, answer.read()) == "", path
    connection.close()


@pytest.mark.slow
def test_postgresql_away_under_load(tmp_path: Path) -> None:
    """After a crash or an orderly stop the service answers 503, soon 200 again, and loses no answer."""
    with installed(durable=True) as postgres:
        postgres.start()
        try:
            with started(tmp_path, log_url=postgres.url) as server, Callers(server) as callers:
                for how in HOW:
                    callers.wait(200)
                    time.sleep(LOADED)
                    known = callers.received[-1][0]
                    postgres.stop(how)
                    callers.wait(503)
                    answered = callers.seen[200]
                    refused(server, "GET", f"/v1/scores/{known}")
                    refused(server, "GET", f"/v1/scores/{known}/replay")
                    refused(server, "GET", "/v1/leads/1-1/scores")
                    refused(server, "POST", "/v1/outcomes", OUTCOME)
                    assert server.ask("GET", "/health/live")[0] == 200
                    time.sleep(AWAY)
                    assert server.ask("GET", "/health/live")[0] == 200
                    assert callers.seen[200] <= answered + CALLERS  # those that were recorded just before the stop
                    postgres.start()
                    assert callers.wait(200) < SOON
                    assert server.ask("GET", f"/v1/scores/{known}")[0] == 200
            assert callers.wrong == []
            assert set(callers.seen) == {200, 503}
            assert callers.longest < LONGEST
            engine = database.open_database(postgres.url, tmp_path)
            log = LogStore(engine)
            replay = Replayer(log, tmp_path)
            for ident, content in callers.received:
                row = log.read_score(ident)
                assert row is not None, f"{ident} was answered but is not in the log"
                assert row["result"] == content.decode()
                assert encode_answer(row["id"], replay.replay(row)) == content
            engine.dispose()
        finally:
            with suppress(RuntimeError):  # it failed while it was away
                postgres.stop()
