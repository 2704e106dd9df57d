"""kill -9 of the service under load: every answer that a client received is in the log and replays identically, the
book has the last score of each lead, and every event that was acknowledged is stored.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from contextlib import nullcontext
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from leadledger.api.log import database, tables
from leadledger.api.log.event_store import EventStore
from leadledger.api.log.record import encode_answer
from leadledger.api.log.replay import Replayer
from leadledger.api.log.store import LogStore
from tests.postgres import server
from tests.serving import PATIENCE, forked, started

ROUNDS = 20  # on each database
ROUNDS_OF_EVENTS, EVENTS = 5, 50
CALLERS = 6


def ask(port: int, caller: int, received: list[tuple[str, bytes]], refused: list[int]) -> None:
    """Score one lead after another until the service is gone; keep each complete answer."""
    drawn = random.Random(caller)
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for i in range(100_000):
        lead = {"lead_id": f"{caller}-{i}", "need": drawn.choice(["none", "clear", "urgent"]), "budget": i}
        try:
            connection.request("POST", "/v1/score", json.dumps({"lead": lead}), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            break
        if answer.status == 200:
            received.append((json.loads(content)["id"], content))
        else:
            refused.append(answer.status)
    connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_answered_is_in_the_log(tmp_path: Path, kind: str) -> None:
    """However often the service is killed, it starts again and its log lacks no answer."""
    drawn = random.Random(5)
    with server() if kind == "postgresql" else nullcontext("") as url:
        received: list[tuple[str, bytes]] = []
        for _ in range(ROUNDS):
            before, refused = len(received), list[int]()
            with forked(tmp_path, log_url=url or None) as port:
                callers = [
                    threading.Thread(target=ask, args=(port, number, received, refused)) for number in range(CALLERS)
                ]
                for caller in callers:
                    caller.start()
                while len(received) == before and callers[0].is_alive():  # kill it while it works
                    time.sleep(0.001)
                time.sleep(drawn.uniform(0, 0.2))
            for caller in callers:
                caller.join()
            assert refused == []
        engine = database.open_database(url or None, tmp_path)
        log = LogStore(engine)
        replay = Replayer(log, tmp_path)
        for ident, content in received:
            row = log.read_score(ident)
            assert row is not None, f"{ident} was answered but is not in the log"
            assert row["result"] == content.decode()
            assert encode_answer(row["id"], replay.replay(row)) == content
        check_book(log)
        engine.dispose()
        with started(tmp_path, log_url=url or None) as service:  # an entirely new process
            for ident, content in (received[0], received[-1]):
                status, replayed = service.ask("GET", f"/v1/scores/{ident}/replay")
                assert (status, replayed["identical"], replayed["result"]) == (200, True, json.loads(content))


def check_book(log: LogStore) -> None:
    """The book has of each lead the last score of the log, by day and time."""
    scores, last = tables.scores.c, dict[str, tuple[Any, ...]]()
    with log.engine.connect() as connection:
        for row in connection.execute(select(scores.lead, scores.as_of, scores.at, scores.id, scores.tenths)):
            last[row[0]] = max(last.get(row[0], ("",)), row[1:])
        book = tables.book.c
        known = {
            row[0]: tuple(row[1:])
            for row in connection.execute(select(book.key, book.as_of, book.at, book.score_id, book.tenths))
        }
    assert known == last


def send(port: int, caller: int, acknowledged: list[str], refused: list[int]) -> None:
    """Send batches of events until the service is gone; keep the ids of those that it acknowledged."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for _ in range(100_000):
        ids = [f"{caller}-{uuid.uuid4()}" for _ in range(EVENTS)]
        events = [{"kind": "visit", "lead": f"L{caller}", "id": event, "time": "2026-01-01"} for event in ids]
        try:
            connection.request("POST", "/v1/events", json.dumps(events), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = json.loads(answer.read())
        except (OSError, HTTPException):
            break
        if answer.status == 200 and content["stored"] == EVENTS:
            acknowledged += ids
        else:
            refused.append(answer.status)
    connection.close()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "mode"), [("sqlite", "sync"), ("sqlite", "async"), ("postgresql", "sync")])
def test_acknowledged_events_are_stored(tmp_path: Path, kind: str, mode: str) -> None:
    """However often the service is killed, and whatever `--log` says, no event is lost that it acknowledged."""
    drawn = random.Random(6)
    with server() if kind == "postgresql" else nullcontext("") as url:
        acknowledged: list[str] = []
        for _ in range(ROUNDS_OF_EVENTS):
            before, refused = len(acknowledged), list[int]()
            with forked(tmp_path, log_url=url or None, log=mode) as port:
                callers = [
                    threading.Thread(target=send, args=(port, number, acknowledged, refused))
                    for number in range(CALLERS)
                ]
                for caller in callers:
                    caller.start()
                while len(acknowledged) == before and callers[0].is_alive():  # kill it while it works
                    time.sleep(0.001)
                time.sleep(drawn.uniform(0, 0.2))
            for caller in callers:
                caller.join()
            assert refused == []
        engine = database.open_database(url or None, tmp_path)
        stored = EventStore(engine).read([f"L{number}" for number in range(CALLERS)])
        engine.dispose()
    rows = [row for of_lead in stored.by_lead.values() for row in of_lead]
    assert len(acknowledged) >= ROUNDS_OF_EVENTS * EVENTS
    assert len(rows) % EVENTS == 0  # a batch is stored whole, or not at all
    assert set(acknowledged) <= {row.id for row in rows}
