"""Two services on one PostgreSQL and one home, behind nginx: they agree, and one of them may be killed."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from leadledger.api.hooks.delivery_queue import DeliveryQueue
from leadledger.api.log import database, tables
from leadledger.api.service import keys
from leadledger.api.service.keys import SCOPES, Keyring
from leadledger.models.releases.store import Releases
from leadledger.scoring.scorecard import Learned
from tests.api.hooks.deliveries import Clock, deliver
from tests.api.hooks.receiver import Receiver, receiving
from tests.postgres import server
from tests.proxies import Proxy, nginx
from tests.serving import CARD, PATIENCE, forked

pytestmark = pytest.mark.slow
RELEASES = 20
CALLERS = 3
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Pair:
    """Two services, the proxy before them, and a key that may do all. `kill` ends the first one as kill -9 does."""

    home: Path
    url: str
    proxy: Proxy
    ports: tuple[int, int]
    key: str
    first: ExitStack
    receiver: Receiver

    def kill(self) -> None:
        """Kill the first service."""
        self.first.close()

    def call(self, port: int, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """Ask one of the services itself: the status and the JSON."""
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            return send(connection, method, path, body, key or self.key)
        finally:
            connection.close()

    def call_both(self, method: str, path: str, key: str = "") -> list[tuple[int, Any]]:
        """Ask both."""
        return [self.call(port, method, path, key=key) for port in self.ports]


def send(connection: HTTPConnection | HTTPSConnection, method: str, path: str, body: Any, key: str) -> tuple[int, Any]:
    """One request on a connection: the status and the JSON."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, json.loads(content) if content else None


class Caller(threading.Thread):
    """Scores leads by the proxy, each once: what was acknowledged, by the lead, and the times of what failed."""

    def __init__(self, pair: Pair, number: int) -> None:
        super().__init__()
        self.pair, self.number = pair, number
        self.acknowledged: dict[str, dict[str, Any]] = {}
        self.failed: list[tuple[float, float, Any]] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        """Score until it is to stop."""
        connection = self.pair.proxy.connect()
        number = 0
        while not self.stopping.is_set():
            number += 1
            lead = {"lead_id": f"{self.number}-{number}", **({"competitor": True} if number % 10 == 0 else {})}
            start = time.monotonic()
            try:
                status, content = send(connection, "POST", "/v1/score", {"lead": lead}, self.pair.key)
            except (OSError, HTTPException) as error:
                status, content = 0, repr(error)
                connection.close()
            if status == 200:
                self.acknowledged[f"{self.number}-{number}"] = content
            else:
                self.failed.append((start, time.monotonic(), (status, content)))
        connection.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two services with twenty releases."""
    home = tmp_path_factory.mktemp("home")
    for number in range(RELEASES):
        learned = Learned(base_rate=0.1 + number / 100)
        Releases(home).publish(CARD.read_text("utf-8"), learned, metrics={}, provenance={}, created=NOW)
    _, key = keys.add(home, "all", SCOPES, NOW)
    with server() as url, receiving() as receiver, ExitStack() as first, ExitStack() as second:
        settings: dict[str, Any] = {"card": None, "log_url": url, "hooks_to_loopback": True}
        ports = first.enter_context(forked(home, **settings)), second.enter_context(forked(home, **settings))
        with nginx(tmp_path_factory.mktemp("nginx"), ports) as proxy:
            yield Pair(home, url, proxy, ports, key, first, receiver)


def test_they_agree(pair: Pair) -> None:
    """What one of them takes, the other answers with: keys, scores, the book, hooks, drafts, the release."""
    first, second = pair.ports
    new, text = keys.add(pair.home, "new", ("score", "read"), NOW)
    assert [status for status, _ in pair.call_both("GET", "/v1/me", key=text)] == [200, 200]  # at once
    status, score = pair.call(first, "POST", "/v1/score", {"lead": {"lead_id": "A", "need": "urgent"}}, text)
    assert status == 200
    assert pair.call(second, "GET", f"/v1/scores/{score['id']}/replay")[1]["identical"]
    lists = pair.call_both("GET", "/v1/leads")
    assert lists[0] == lists[1]
    assert [lead["lead"] for lead in lists[0][1]["leads"]] == ["A"]
    status, draft = pair.call(first, "POST", "/v1/drafts", {"name": "new-prices"})
    assert status in (200, 201), draft
    assert pair.call(second, "GET", "/v1/drafts/new-prices")[0] == 200
    status, hook = pair.call(second, "POST", "/v1/hooks", {"url": pair.receiver.url(), "kinds": ["lead.disqualified"]})
    assert status in (200, 201), hook
    hooks = pair.call_both("GET", "/v1/hooks")
    assert hooks[0] == hooks[1]
    names = Releases(pair.home).names()
    pair.call(first, "POST", f"/v1/releases/{names[0]}/use")
    wait_until_served(pair, pair.ports, names[0])
    keys.revoke(pair.home, new.id, NOW)
    time.sleep(Keyring.LOOK_INTERVAL)
    assert [status for status, _ in pair.call_both("GET", "/v1/me", key=text)] == [401, 401]


def wait_until_served(pair: Pair, ports: Iterable[int], release: str) -> None:
    """Wait until some services have seen which release is the current one."""
    deadline = time.monotonic() + PATIENCE
    while {pair.call(port, "GET", "/health/ready")[1]["release"] for port in ports} != {release}:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_under_load(pair: Pair) -> None:
    """While releases are switched, a key is revoked and a service is killed, only what that one was at fails.

    Nothing that was acknowledged is lost, and each decision arrives under one id.
    """
    names = Releases(pair.home).names()
    revoked, text = keys.add(pair.home, "revoked", ("score",), NOW)
    callers = [Caller(pair, number) for number in range(CALLERS)]
    for caller in callers:
        caller.start()
    passed: list[int] = []
    for number, name in enumerate(names):
        Releases(pair.home).use(name)
        wait_until_served(pair, pair.ports[number > RELEASES // 2 :], name)
        counts = [len(caller.acknowledged) for caller in callers]
        while any(len(caller.acknowledged) == count for caller, count in zip(callers, counts, strict=True)):
            assert all(caller.is_alive() for caller in callers)
            time.sleep(0.005)
        if number == RELEASES // 4:
            keys.revoke(pair.home, revoked.id, NOW)
            time.sleep(Keyring.LOOK_INTERVAL)
            for port in pair.ports * 10:
                passed.append(pair.call(port, "POST", "/v1/score", {"lead": {}}, text)[0])
        if number == RELEASES // 2:
            start = time.monotonic()
            pair.kill()
            killed = time.monotonic()
    for caller in callers:
        caller.stopping.set()
    for caller in callers:
        caller.join(PATIENCE)
    assert set(passed) == {401}
    failed = [failure for caller in callers for failure in caller.failed]
    assert all(began <= killed and ended >= start for began, ended, _ in failed), failed
    assert all(len(caller.failed) <= 1 for caller in callers), failed
    acknowledged = {lead: score for caller in callers for lead, score in caller.acknowledged.items()}
    assert {score["release"] for score in acknowledged.values()} == set(names)

    engine = database.open_database(pair.url, pair.home)
    with engine.connect() as connection:
        logged = {row.lead: row.id for row in connection.execute(select(tables.scores.c.lead, tables.scores.c.id))}
        book = {
            row.lead: row.score_id for row in connection.execute(select(tables.book.c.lead, tables.book.c.score_id))
        }
    scores = {lead: score["id"] for lead, score in acknowledged.items()}
    assert scores.items() <= logged.items()
    assert scores.items() <= book.items()
    deadline = time.monotonic() + PATIENCE
    decisions = {score for lead, score in logged.items() if lead and lead.endswith("0")}
    queue = DeliveryQueue(engine)
    while len(list_messages(pair.receiver)) < len(decisions) - 50 and time.monotonic() < deadline:
        time.sleep(0.05)
    # What the killed service was delivering is on lease for a minute, and then delivered by the other one.
    clock = Clock()
    while queue.count_waiting():
        clock.move(minutes=10)
        deliver(engine, clock)
    engine.dispose()
    messages = list_messages(pair.receiver)
    assert messages.keys() == decisions
    assert {len(ids) for ids in messages.values()} == {1}


def list_messages(receiver: Receiver) -> dict[str, set[str]]:
    """The ids of the messages that were received, by the score that they tell of."""
    ids: dict[str, set[str]] = defaultdict(set)
    with receiver.lock:
        for message in receiver.received:
            ids[json.loads(message.content)["data"]["score_id"]].add(message.id)
    return ids
