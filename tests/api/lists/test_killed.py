"""A run that is killed leaves nothing that looks whole, and the next one is as if it had never been."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.golden_files import ROOT

CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
ROWS = 60_000
KILLS = 20


def command(leads: Path, out: Path) -> list[str]:
    """The command line that scores a list by the example card, and writes its ledgers too."""
    options = ["--card", str(CARD), "--as-of", "2026-07-01", "--ledger", str(out.with_name("ledger.csv"))]
    return [sys.executable, "-m", "leadledger.api.cli.commands", "score", str(leads), "-o", str(out), *options]


@pytest.fixture(scope="module")
def leads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list that takes some seconds, a row in a thousand of which can't be read."""
    path = tmp_path_factory.mktemp("lists") / "leads.csv"
    with path.open("w") as file:
        file.write("lead_id,need,budget,employees,last_activity,job_title\n")
        for i in range(ROWS):
            budget = "lots" if i % 1000 == 7 else str(i)
            need = ("none", "vague", "clear", "urgent")[i % 4]
            file.write(f"L{i},{need},{budget},{i % 700},2026-06-{i % 28 + 1:02},Head of {i}\n")
    return path


@pytest.mark.slow
def test_kill_9_at_twenty_moments(leads: Path, tmp_path: Path) -> None:
    """Killed at any moment, a run leaves no output or a whole one; the next gives the bytes of an undisturbed one."""
    whole = tmp_path / "whole"
    whole.mkdir()
    started = time.monotonic()
    subprocess.run(command(leads, whole / "scored.csv"), cwd=ROOT, check=True, capture_output=True)
    seconds = time.monotonic() - started
    expected = {path.name: path.read_bytes() for path in whole.iterdir()}
    assert sorted(expected) == ["ledger.csv", "scored.csv", "scored.rejects.csv"]
    folder = tmp_path / "killed"
    folder.mkdir()
    moments = random.Random(7)
    stopped = 0
    for _ in range(KILLS):
        process = subprocess.Popen(command(leads, folder / "scored.csv"), cwd=ROOT, stdout=subprocess.DEVNULL)
        time.sleep(moments.uniform(0, seconds))
        process.send_signal(signal.SIGKILL)
        stopped += process.wait() == -signal.SIGKILL
        for name, content in expected.items():
            assert not (folder / name).exists() or (folder / name).read_bytes() == content
            (folder / name).unlink(missing_ok=True)
    assert stopped >= KILLS // 2  # some runs may end a little faster than the first one did
    subprocess.run(command(leads, folder / "scored.csv"), cwd=ROOT, check=True, capture_output=True)
    # The halves of the killed runs are gone too.
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == expected
