"""A backup that is taken while leads are scored and releases switched restores to a home that replays every score."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from leadledger.models.releases.store import Releases
from tests.command_line import run
from tests.serving import PATIENCE, ROOT, with_key

pytestmark = pytest.mark.slow
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"


class Load(threading.Thread):
    """Scores batches of leads, one after another, and keeps the ids of all scores that were answered."""

    def __init__(self, address: str, key: str, number: int) -> None:
        super().__init__()
        self.address, self.key, self.number = address, key, number
        self.ids: list[str] = []
        self.error: Exception | None = None
        self.stopping = threading.Event()

    def run(self) -> None:
        """Score until it is to stop."""
        try:
            while not self.stopping.is_set():
                leads = [{"lead_id": f"{self.number}-{len(self.ids) + i}", "need": "urgent"} for i in range(10)]
                scored = post(self.address, self.key, "/v1/score/batch", {"leads": leads})
                self.ids += [item["result"]["id"] for item in scored["results"]]
        except Exception as error:
            self.error = error


def post(address: str, key: str, path: str, body: Any) -> Any:
    """The JSON of an answer."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two releases."""
    home: Path = tmp_path_factory.mktemp("home")
    for _ in range(2):
        assert run("release", CARD, "--home", home).exit_code == 0
    return home


def test_a_backup_under_load(home: Path, tmp_path: Path) -> None:
    """It has each score that was answered before it began; it restores, and all of its scores come out the same."""
    names = Releases(home).names()
    backup, restored = tmp_path / "backup", tmp_path / "restored"
    with with_key(home) as (address, key):
        loads = [Load(address, key, number) for number in range(3)]
        for load in loads:
            load.start()
        try:
            while min(len(load.ids) for load in loads) < 100 and all(load.is_alive() for load in loads):
                time.sleep(0.02)
            Releases(home).use(names[0])
            before = [score for load in loads for score in list(load.ids)]
            done = run("backup", backup, "--home", home, "--json")
            Releases(home).use(names[1])
            post(address, key, "/v1/score", {"lead": {"need": "urgent"}})
        finally:
            for load in loads:
                load.stopping.set()
            for load in loads:
                load.join(PATIENCE)
        after = [score for load in loads for score in load.ids]
    assert [load.error for load in loads] == [None] * 3
    assert done.exit_code == 0, done.output
    assert len(before) <= json.loads(done.stdout)["scores"] <= len(after)
    assert run("restore", backup, "--home", restored).exit_code == 0
    replayed = run("log", "replay", "--home", restored, "--json")
    assert replayed.exit_code == 0, replayed.output
    assert json.loads(replayed.stdout)["identical"] == json.loads(done.stdout)["scores"]
    listed = tmp_path / "scores.jsonl"
    assert run("log", "export", "--home", restored, "-o", listed).exit_code == 0
    kept = {json.loads(line)["id"] for line in listed.read_text("utf-8").splitlines()}
    assert set(before) <= kept
    with with_key(restored) as (address, key):  # and it serves
        assert post(address, key, "/v1/score", {"lead": {"need": "urgent"}})["release"] == names[0]


def test_a_killed_backup_is_none(home: Path, tmp_path: Path) -> None:
    """Whenever it is killed, its folder isn't there, or it is whole; and the next one succeeds."""
    killed = 0
    for number in range(4):
        backup = tmp_path / f"backup-{number}"
        command = [sys.executable, "-m", "leadledger", "backup", str(backup), "--home", str(home)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and not any(tmp_path.glob(f".leadledger-backup-*{'/home/*' * (number % 3)}")):
                time.sleep(0.001)
            time.sleep(0.002 * number)
            process.send_signal(signal.SIGKILL)
            killed += process.wait(PATIENCE) == -signal.SIGKILL
        if backup.exists():
            assert run("restore", backup, "--check").exit_code == 0
    assert killed
    assert run("backup", tmp_path / "next", "--home", home).exit_code == 0
    assert run("restore", tmp_path / "next", "--check").exit_code == 0
