"""kill -9 of the service under load: every answer that a client received is in the log and replays identically."""

from __future__ import annotations

import json
import random
import threading
import time
from contextlib import nullcontext
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from leadledger.api.log import database
from leadledger.api.log.record import encode_answer
from leadledger.api.log.replay import Replayer
from leadledger.api.log.store import LogStore
from tests.postgres import server
from tests.serving import PATIENCE, forked, started

ROUNDS = 20  # on each database
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
        engine.dispose()
        with started(tmp_path, log_url=url or None) as service:  # an entirely new process
            for ident, content in (received[0], received[-1]):
                status, replayed = service.ask("GET", f"/v1/scores/{ident}/replay")
                assert (status, replayed["identical"], replayed["result"]) == (200, True, json.loads(content))
