"""Several workers and their supervisor: one whose event loop stands is replaced, and lost keys let nobody in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadledger.api.service import keys
from tests.api.server.attackers import BODY
from tests.serving import CARD, PATIENCE, ROOT, Server, port_of

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)

# The workers import this file as well, so that each has a path at which its event loop stands.
SCRIPT = """
import sys
from pathlib import Path

from leadledger.api.http import guard
from leadledger.api.server import loop_watch
from leadledger.api.server.serve import serve
from leadledger.api.service.settings import Settings

loop_watch.LOOP_TIMEOUT = 2
look_up = guard.find_key


def stand(keys, text):
    while text == "stand":
        pass
    return look_up(keys, text)


guard.find_key = stand
if __name__ == "__main__":
    sys.exit(serve(Settings(home=Path(sys.argv[1]), card=Path(sys.argv[2]), log="off"), port=0, workers=2))
"""

pytestmark = pytest.mark.slow


@contextmanager
def supervised(home: Path) -> Iterator[Server]:
    """Two workers, whose event loop stands once they are sent the key `stand`."""
    script = home / "supervised.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(home), str(CARD)]
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        server = Server(process, port_of(process.stdout.readline()), process.stdout.readline())
        server.read()
        try:
            yield server
        finally:
            if process.poll() is None:
                server.stop()


def workers_of(server: Server) -> set[int]:
    """The processes that serve."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                command = (entry / "cmdline").read_text()
            except OSError:
                continue
            if parent == server.process.pid and "spawn_main" in command:
                found.add(int(entry.name))
    return found


def wait_for_answers(server: Server, status: int, **headers: str) -> None:
    """Wait until twenty answers in a row have a status: of all workers, then."""
    deadline = time.monotonic() + PATIENCE
    in_a_row = 0
    while in_a_row < 20:
        assert time.monotonic() < deadline
        try:
            in_a_row = in_a_row + 1 if server.ask("POST", "/v1/score", BODY, **headers)[0] == status else 0
        except OSError:
            in_a_row = 0


def test_a_worker_whose_event_loop_stands_is_replaced(tmp_path: Path) -> None:
    """A worker in a loop that doesn't end is replaced, the log says where it stood, and all are served again."""
    _, key = keys.add(tmp_path, "crm", ("score",), NOW)
    with supervised(tmp_path) as server:
        wait_for_answers(server, 200, X_API_Key=key)
        deadline = time.monotonic() + PATIENCE
        while len(before := workers_of(server)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        with server.connect() as caller:
            caller.sendall(
                b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer stand\r\nConnection: close\r\n\r\n"
            )
            start = time.monotonic()
            with suppress(ConnectionResetError):
                assert caller.recv(1) == b""
            assert time.monotonic() - start < PATIENCE / 2
        wait_for_answers(server, 200, X_API_Key=key)
        while len(after := workers_of(server)) < 2 or after == before:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        wait_for_answers(server, 200, X_API_Key=key)
        server.stop()
    assert len(before & after) == 1
    (line,) = (line for line in server.log if line["event"] == "hung")
    assert line["message"] == "nothing has moved for 2 s; this worker ends, and another takes its place"
    assert any(place.endswith(" stand") for place in line["at"])
    assert "stand" not in json.dumps([line for line in server.log if line["event"] != "hung"])


def test_lost_keys_open_nothing(tmp_path: Path) -> None:
    """Without the file of the keys, a worker that takes the place of another, or starts on SIGHUP, lets nobody in.

    Whether their lock file is there or not: the first one still finds it, the second doesn't.
    """
    _, key = keys.add(tmp_path, "crm", ("score",), NOW)
    with supervised(tmp_path) as server:
        wait_for_answers(server, 200, X_API_Key=key)
        content = (tmp_path / keys.KEY_FILE).read_text()
        (tmp_path / keys.KEY_FILE).unlink()
        wait_for_answers(server, 503)
        for worker in workers_of(server):
            os.kill(worker, signal.SIGKILL)
        wait_for_answers(server, 503)
        (tmp_path / ".keys.json.lock").unlink()
        before = workers_of(server)
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE
        while workers_of(server) & before and time.monotonic() < deadline:
            time.sleep(0.2)
        assert not workers_of(server) & before
        wait_for_answers(server, 503, X_API_Key=key)
        (tmp_path / keys.KEY_FILE).write_text(content)
        wait_for_answers(server, 200, X_API_Key=key)
        wait_for_answers(server, 401)


def test_lost_keys_end_a_start(tmp_path: Path) -> None:
    """A start of which only the lock file of the keys is left ends, with what to do."""
    keys.add(tmp_path, "crm", ("score",), NOW)
    (tmp_path / keys.KEY_FILE).unlink()
    command = [sys.executable, "-m", "leadledger", "serve", "--card", str(CARD), "--home", str(tmp_path), "--port", "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"{tmp_path / keys.KEY_FILE} is gone, and there were keys. No key works until")
