"""kill -9 of the service while it scores and delivers: each committed decision is told, in the order of its lead."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import defaultdict
from contextlib import nullcontext
from http.client import HTTPConnection, HTTPException
from itertools import count, groupby
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from leadledger.api.hooks.delivery_queue import DeliveryQueue
from leadledger.api.log import database, tables
from tests.api.hooks.deliveries import Clock, add_hook, deliver
from tests.api.hooks.receiver import Handler, close, receiving
from tests.effort import examples
from tests.postgres import server
from tests.serving import PATIENCE, forked

ROUNDS = examples(10)  # on each database
CALLERS = 4
LEADS = 3  # of each caller, in each round
# Values by which a lead is disqualified, and by which it is asked: each score changes the decision.
ADVICE = ({"competitor": True}, {"need": "urgent", "budget": 50_000})


def ask(port: int, name: str) -> None:
    """Score some leads again and again, each time with another decision, until the service is gone."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for number in count():
        lead = {"lead_id": f"{name}-{number % LEADS}", **ADVICE[number // LEADS % 2]}
        body = json.dumps({"lead": lead, "as_of": "2026-01-01"})
        try:
            connection.request("POST", "/v1/score", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            break
        assert answer.status == 200, content
    connection.close()


def list_decisions(engine: Engine) -> dict[str, list[str]]:
    """The scores that changed the decision, by lead and in their order, out of all that were committed."""
    scores = tables.scores.c
    query = select(scores.lead, scores.recommendation, scores.id).order_by(scores.lead, scores.at, scores.id)
    decisions = {}
    with engine.connect() as connection:
        for lead, rows in groupby(connection.execute(query), key=lambda row: str(row.lead)):
            changes = [next(same) for _, same in groupby(rows, key=lambda row: row.recommendation)]
            decisions[lead] = [row.id for row in changes]
    return decisions


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_each_decision_is_told(tmp_path: Path, kind: str) -> None:
    """However often the service is killed, each decision in its log is told at least once, none too early."""
    drawn = random.Random(7)
    taken: list[tuple[str, bytes]] = []

    def behave(request: Handler) -> None:
        if drawn.random() < 0.1:
            (close if drawn.random() < 0.5 else lambda request: request.answer(500))(request)
        else:
            with request.server.lock:
                taken.append((request.message.id, request.message.content))
            request.answer(200)

    with server() if kind == "postgresql" else nullcontext("") as url, receiving() as receiver:
        engine = database.open_database(url or None, tmp_path)
        _, receiver.secret = add_hook(engine, receiver.url())
        receiver.behave = behave
        for round_number in range(ROUNDS):
            before = len(receiver.received)
            with forked(tmp_path, log_url=url or None, hooks_to_loopback=True) as port:
                callers = [
                    threading.Thread(target=ask, args=(port, f"{round_number}-{caller}")) for caller in range(CALLERS)
                ]
                for caller in callers:
                    caller.start()
                while len(receiver.received) == before and callers[0].is_alive():  # kill it while it delivers
                    time.sleep(0.001)
                time.sleep(drawn.uniform(0, 0.3))
            for caller in callers:
                caller.join()
        delivered_by_services = len(taken)
        clock, queue = Clock(), DeliveryQueue(engine)
        while queue.count_waiting():
            clock.move(minutes=10)
            deliver(engine, clock)
        decisions = list_decisions(engine)
        engine.dispose()
    ids: dict[str, str] = {}
    deliveries: dict[str, list[str]] = defaultdict(list)
    for message_id, content in taken:
        data = json.loads(content)["data"]
        assert ids.setdefault(data["score_id"], message_id) == message_id
        if deliveries[data["lead"]][-1:] != [data["score_id"]]:  # at least once, but never after the next one
            deliveries[data["lead"]].append(data["score_id"])
    assert deliveries == decisions
    assert len(set(ids.values())) == len(ids) == sum(map(len, decisions.values()))
    assert delivered_by_services > ROUNDS
