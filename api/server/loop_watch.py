"""Looks for life in the event loop of a worker: a process may live, and answer its supervisor, while its loop stands.

uvicorn's supervisor asks a thread of each worker whether it is well, and that thread also answers while the event loop
is in a loop that doesn't end. So a thread of ours counts the seconds in which the event loop has not moved, and then
ends the process; the supervisor replaces it at once. If not even a thread moves, uvicorn's question stays unanswered.

Seconds are counted by the thread itself: a process that was halted as a whole (SIGSTOP, a suspended machine) is well.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
import traceback

from leadledger.api.service.program_log import ProgramLog

LOOP_TIMEOUT = 20  # seconds for which the event loop may stand
CHECK_INTERVAL = 1.0  # seconds


class LoopWatch:
    """Ends this process where the event loop has stood for `LOOP_TIMEOUT` seconds; the log says where it stands."""

    def __init__(self, log: ProgramLog) -> None:
        self._log = log
        self._turns = 0
        self._main_thread = threading.get_ident()

    def start(self) -> None:
        """Begin to watch the running event loop. Call this in its thread."""
        self._move(asyncio.get_running_loop())
        threading.Thread(target=self._watch, name="loop-watch", daemon=True).start()

    def _move(self, loop: asyncio.AbstractEventLoop) -> None:
        self._turns += 1
        loop.call_later(CHECK_INTERVAL, self._move, loop)

    def _watch(self) -> None:
        seen = stood = 0
        while stood < LOOP_TIMEOUT:
            time.sleep(CHECK_INTERVAL)
            seen, stood = (seen, stood + 1) if self._turns == seen else (self._turns, 0)
        frame = sys._current_frames().get(self._main_thread)
        places = traceback.extract_stack(frame)[-5:] if frame is not None else ()
        self._log.write(
            "error",
            "hung",
            message=f"nothing has moved for {LOOP_TIMEOUT} s; this worker ends, and another takes its place",
            at=[f"{place.filename}:{place.lineno} {place.name}" for place in places],
        )
        os.kill(os.getpid(), signal.SIGKILL)
