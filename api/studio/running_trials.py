"""The processes in which drafts are tried: a few at once, each of which ends with the worker that has started it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

MOST_TRIALS = 2  # at once, of a worker
TRIAL_MODULE = "leadledger.api.studio.trial_process"


@dataclass
class RunningTrials:
    """The processes of trials that a worker has started; each ends when the worker does."""

    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether no more may be started now."""
        self.processes = [process for process in self.processes if process.poll() is None]
        return len(self.processes) >= MOST_TRIALS

    def start(self, task: dict[str, Any]) -> None:
        """Start a process for a task. Its input stays open: it ends when that is closed."""
        process = subprocess.Popen(
            [sys.executable, "-m", TRIAL_MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(task).encode() + b"\n")
        process.stdin.flush()
        self.processes.append(process)
