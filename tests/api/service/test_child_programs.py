"""Programs that a worker starts: they are counted while they run, and end with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from leadledger.api.service.child_programs import ChildPrograms

READS_ON = "tokenize"  # a module that reads its input to the end


def test_they_are_counted_and_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs is counted; what has ended is let go; what still runs is ended with the service."""
    processes: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(*args, **kwargs):
        processes.append(popen(*args, **kwargs))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    programs = ChildPrograms()
    for _ in range(2):
        programs.start(READS_ON, "1")
    assert programs.count_running() == 2
    first, second = processes
    assert first.args == [sys.executable, "-m", READS_ON]
    first.kill()
    first.wait()
    assert programs.count_running() == 1
    assert first.stdin is not None
    assert first.stdin.closed
    programs.stop()
    assert second.returncode is not None
    assert second.stdin is not None
    assert second.stdin.closed
    assert programs.count_running() == 0
