"""The programs in which drafts are tried: a few at once, each of which ends with the worker that has started it."""

from __future__ import annotations

import json
from typing import Any

from leadledger.api.service.child_programs import ChildPrograms

MOST_TRIALS = 2  # at once, of a worker
TRIAL_MODULE = "leadledger.api.studio.trial_process"


class RunningTrials:
    """The trials that a worker has started."""

    def __init__(self) -> None:
        self._programs = ChildPrograms()

    @property
    def is_full(self) -> bool:
        """Whether no more may be started now."""
        return self._programs.count_running() >= MOST_TRIALS

    def start(self, task: dict[str, Any]) -> None:
        """Start a task."""
        self._programs.start(TRIAL_MODULE, json.dumps(task))

    def stop(self) -> None:
        """End all that are at work: the service stops."""
        self._programs.stop()
