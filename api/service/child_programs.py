"""Programs of ours that a worker starts for long work. Each ends when the worker does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress


class ChildPrograms:
    """The programs that a worker has started for one kind of work."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, module: str, task: str, arguments: Sequence[str] = ()) -> None:
        """Start a module with a task, a line of its input. The input stays open: the program ends when it is closed."""
        self.count_running()
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        process.stdin.write(f"{task}\n".encode())
        process.stdin.flush()
        self._processes.append(process)

    def count_running(self) -> int:
        """How many are at work still; those that have ended are let go."""
        running = []
        for process in self._processes:
            if process.poll() is None:
                running.append(process)
            else:
                _close(process)
        self._processes = running
        return len(running)

    def stop(self) -> None:
        """End all that are at work: the service stops."""
        for process in self._processes:
            process.kill()
            process.wait()
            _close(process)
        self._processes = []


def _close(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it ended before it had read all
        process.stdin.close()
