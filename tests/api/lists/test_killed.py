"""A run that is killed leaves nothing that looks whole, and the next one is as if it had never been."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from leadledger.api.cli.commands import cli
from tests.golden_files import ROOT

CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
ROWS = 30_000
KILLS = 20


def options(leads: Path, out: Path) -> list[str]:
    """The command that scores a list by the example card, and writes its ledgers too."""
    places = [str(leads), "-o", str(out), "--ledger", str(out.with_name("ledger.csv"))]
    return ["score", *places, "--card", str(CARD), "--as-of", "2026-07-01"]


def run_command(leads: Path, out: Path) -> None:
    """Run it as users do."""
    command = [sys.executable, "-m", "leadledger.api.cli.commands", *options(leads, out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def fork(leads: Path, out: Path) -> ForkServerProcess:
    """Begin to run it in a process that has loaded the code, so that every moment is one of its work."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=_score, args=(leads, out))
    process.start()
    return process


def _score(leads: Path, out: Path) -> None:
    with open(os.devnull, "w", encoding="utf-8") as sys.stdout:
        cli(options(leads, out))


@pytest.fixture(scope="module")
def leads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list that takes a second or two, a row in a thousand of which can't be read."""
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
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    folder.mkdir()
    run_command(leads, whole / "scored.csv")
    expected = {path.name: path.read_bytes() for path in whole.iterdir()}
    assert sorted(expected) == ["ledger.csv", "scored.csv", "scored.rejects.csv"]
    fork(leads, folder / "scored.csv").join()  # starts what forks
    started = time.monotonic()
    fork(leads, folder / "scored.csv").join()
    seconds = time.monotonic() - started
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == expected
    moments = random.Random(7)
    stopped = 0
    for _ in range(KILLS):
        process = fork(leads, folder / "scored.csv")
        time.sleep(moments.uniform(0, seconds))
        process.kill()
        process.join()
        stopped += process.exitcode == -signal.SIGKILL
        for name, content in expected.items():
            assert not (folder / name).exists() or (folder / name).read_bytes() == content
            (folder / name).unlink(missing_ok=True)
    assert stopped >= KILLS // 2  # some runs may end a little faster than the first one did
    run_command(leads, folder / "scored.csv")
    # The halves of the killed runs are gone too.
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == expected
