"""The program's own log: one JSON object a line on stderr, and nothing of any lead in it.

    {"time": "2026-01-31T09:00:00.000Z", "level": "info", "event": "request", "request_id": "…", "method": "POST",
     "route": "/v1/score", "status": 200, "ms": 0.41, "key": "3f9c01ab", "received": 120, "sent": 1830}

A route is told by its template, never by the path or the query that came. A failure is told by the types of its errors
and the places that they went through; the texts of errors may quote values, so they are left out. Of other libraries'
lines, only those of the server's own are told in words.
"""

from __future__ import annotations

import json
import logging
import os
import select
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

LEVELS = ("debug", "info", "warning", "error")
NAME = "leadledger"
PAUSE = 0.2  # seconds

_WORDED = frozenset({NAME, "uvicorn", "uvicorn.error"})  # whose messages never hold what a caller sent
_encode = json.JSONEncoder().encode
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def clock() -> str:
    """Now, in UTC, to the millisecond."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Log:
    """Where lines go: those of at least `level` to stderr, each in one write, so that workers' lines don't mix."""

    def __init__(self, level: str = "info") -> None:
        self.level = LEVELS.index(level)
        self.told = [at >= self.level for at in range(len(LEVELS))]
        self._room: Callable[[float], object] | None = None
        self._descriptor = 2
        self._dropped = 0

    def never_wait(self) -> None:
        """Drop lines where nobody reads them, and count them: a reader that hangs must not make the service hang.

        A reader that is only slow is waited for, `PAUSE` at the most; after that not again until there is room.
        """
        with suppress(AttributeError, OSError, ValueError):  # no poll on Windows; not a stream of the system
            self._descriptor = sys.stderr.fileno()
            poll = select.poll()
            poll.register(self._descriptor, select.POLLOUT)
            self._room = poll.poll

    def line(self, level: str, event: str, **said: Any) -> None:
        """Write one line."""
        if self.told[LEVELS.index(level)]:
            self.write({"time": clock(), "level": level, "event": event, **said})

    def write(self, said: dict[str, Any]) -> None:
        """Write a whole line. One that can't be written is no reason to refuse a request."""
        with suppress(OSError, ValueError):  # the other end of a pipe is gone, or the stream is closed
            if self._room is None:
                sys.stderr.write(_encode(said) + "\n")
            elif not self._room(0 if self._dropped else PAUSE * 1000):
                self._dropped += 1
            else:
                if self._dropped:
                    lost, self._dropped = self._dropped, 0
                    self.line("warning", "dropped", lines=lost)
                os.write(self._descriptor, f"{_encode(said)}\n".encode())

    def failure(self, error: BaseException, request_id: str) -> None:
        """Write what failed and where, without its words."""
        self.line("error", "failure", request_id=request_id, **places(error))


def places(error: BaseException) -> dict[str, Any]:
    """The types of an error and of those that led to it, the last first, and the lines that the last went through."""
    kinds: list[str] = []
    one: BaseException | None = error
    while one is not None and len(kinds) < 10:
        kinds.append(type(one).__name__)
        one = one.__cause__ or one.__context__
    frames = traceback.extract_tb(error.__traceback__)[-20:]
    return {
        "error": kinds,
        "at": [f"{frame.filename.removeprefix(_ROOT)}:{frame.lineno} {frame.name}" for frame in frames],
    }


class Lines(logging.Handler):
    """Takes what libraries log, and tells it in our form."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one record: in words if they can't hold a caller's, else by the place that it came from."""
        try:
            level = next(name for name in reversed(LEVELS) if record.levelno >= getattr(logging, name.upper()))
            said: dict[str, Any] = {"logger": record.name}
            if record.name in _WORDED:
                said["message"] = record.getMessage().strip()
            else:
                said["place"] = f"{record.module}:{record.lineno}"
            if record.exc_info and record.exc_info[1] is not None:
                said |= places(record.exc_info[1])
            self._log.line(level, "log", **said)
        except Exception:  # a record that can't be told must not end what it tells of
            self._log.line("error", "log", logger=record.name)


def take_over(log: Log) -> Callable[[], None]:
    """Send whatever Python and its libraries log through `log`; returns what undoes it."""
    root, handler = logging.getLogger(), Lines(log)
    before = root.level, root.handlers[:]
    root.handlers[:] = [handler]
    # A library's chatter is not ours; its warnings are.
    root.setLevel(max(logging.WARNING, getattr(logging, LEVELS[log.level].upper())))
    logging.captureWarnings(True)
    log.never_wait()

    def undo() -> None:
        logging.captureWarnings(False)
        root.handlers[:] = before[1]
        root.setLevel(before[0])

    return undo
