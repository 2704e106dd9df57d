"""kill -9 of the service under load: every answer that a client received is in the log, and replays identical."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from api.log import database
from api.log.replay import Replay
from api.log.store import Log
from tests.postgres import server

ROOT = Path(__file__).parents[2]
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
ROUNDS = 25  # on each database
CALLERS = 6
START = """
import sys
from pathlib import Path

from api.serve import serve
from api.settings import Settings

sys.exit(serve(Settings(card=Path(sys.argv[1]), home=Path(sys.argv[2]), log_url=sys.argv[3] or None), port=0))
"""


@contextmanager
def serving(home: Path, url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A service on its own port, and where it is; killed at the end."""
    command = [sys.executable, "-c", START, str(CARD), str(home), url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+?:[0-9]+", process.stdout.readline())
        assert found, "it does not start"
        try:
            yield process, found[0]
        finally:
            process.kill()


def ask(address: str, caller: int, found: list[tuple[str, bytes]], refused: list[int]) -> None:
    """Score one lead after another until the service is gone; keep each answer that came whole."""
    drawn = random.Random(caller)
    with httpx2.Client(base_url=address, timeout=20) as client:
        for i in range(100_000):
            lead = {"lead_id": f"{caller}-{i}", "need": drawn.choice(["none", "clear", "urgent"]), "budget": i}
            try:
                answer = client.post("/v1/score", json={"lead": lead})
            except httpx2.HTTPError:
                return
            if answer.status_code == 200:
                found.append((json.loads(answer.content)["id"], answer.content))
            else:
                refused.append(answer.status_code)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_answered_is_in_the_log(tmp_path: Path, kind: str) -> None:
    """However often it is killed, the service starts again by itself, and no answer is missing from its log."""
    drawn = random.Random(5)
    with server() if kind == "postgresql" else _nothing() as url:
        received: list[tuple[str, bytes]] = []
        for _ in range(ROUNDS):
            refused: list[int] = []
            with serving(tmp_path, url) as (process, address):
                callers = [
                    threading.Thread(target=ask, args=(address, caller, received, refused)) for caller in range(CALLERS)
                ]
                for one in callers:
                    one.start()
                time.sleep(drawn.uniform(0.02, 0.4))
                os.kill(process.pid, signal.SIGKILL)
                for one in callers:
                    one.join()
            assert refused == []
        assert len(received) > ROUNDS
        engine = database.opened(url or None, tmp_path)
        log = Log(engine)
        replay = Replay(log, tmp_path)
        for ident, content in received:
            row = log.score(ident)
            assert row is not None, f"{ident} was answered, and is not in the log"
            assert row["result"] == content.decode()
            assert replay.again(row) == content
        engine.dispose()


@contextmanager
def _nothing() -> Iterator[str]:
    yield ""
