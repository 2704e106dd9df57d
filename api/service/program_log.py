"""The program's own log: one JSON object a line on stderr, and nothing of any lead in it.

    {"time": "2026-01-31T09:00:00.000Z", "level": "info", "event": "request", "request_id": "…", "method": "POST",
     "route": "/v1/score", "status": 200, "ms": 0.41, "key": "3f9c01ab", "received": 120, "sent": 1830}

A route is told by its template, never by the path or the query that came. A failure is told by the types of its errors
and the places that they went through; the texts of errors may quote values, so they are left out. Of other libraries'
lines, only those of the server's own are told in words.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import select
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

LEVELS = ("debug", "info", "warning", "error")
NAME = "leadledger"
DELAY, PAUSE = 0.05, 0.2  # seconds
WHOLE = 4096  # bytes that a pipe takes at once or not at all (PIPE_BUF of Linux; POSIX grants 512)

_WORDED = frozenset({NAME, "uvicorn", "uvicorn.error"})  # whose messages never hold what a caller sent
_ROOT = f"{Path(__file__).absolute().parents[3]}{os.sep}"  # what traces leave out of the paths of our files


class Log:
    """Where lines go: those of at least `level`, to stderr.

    A line is written at once, until `gather` is called. `told` says of each level, by its place, whether it is logged.
    """

    def __init__(self, level: str = "info") -> None:
        self.level = LEVELS.index(level)
        self.told = [at >= self.level for at in range(len(LEVELS))]
        self._room: Callable[[float], object] | None = None
        self._descriptor = 2
        self._gathered: list[bytes] = []
        self._dropped = 0
        self._second = 0
        self._prefix = ""

    def gather(self) -> None:
        """Gather lines for `DELAY` seconds and write them together: a write costs as much as a score.

        Each write is of whole lines, and short enough that those of several workers don't mix in a pipe. Lines that
        nobody reads are dropped, and counted: a reader that hangs must not make the service hang. One that is only slow
        is waited for, `PAUSE` seconds at the most, and after that not again until there is room.
        """
        with suppress(AttributeError, OSError, ValueError):  # no poll on Windows; not a stream of the system
            self._descriptor = sys.stderr.fileno()
            poll = select.poll()
            poll.register(self._descriptor, select.POLLOUT)
            self._room = poll.poll

    def line(self, level: str, event: str, **said: Any) -> None:
        """Write one line, with whatever JSON it says."""
        if self.told[LEVELS.index(level)]:
            self._put(json.dumps({"time": self._time(), "level": level, "event": event, **said}))
            if level == "error":
                self.flush()

    def failure(self, error: BaseException, request_id: str) -> None:
        """Write what failed and where, without its words."""
        self.line("error", "failure", request_id=request_id, **places(error))

    def request(
        self,
        level: int,
        request_id: str,
        method: str,
        route: str,
        status: int,
        seconds: float,
        key: str,
        received: int,
        sent: int,
    ) -> None:
        """Write the line of a request. The texts have signs only that JSON needs not escape; empty ones are null."""
        self._put(
            f'{{"time": "{self._time()}", "level": "{LEVELS[level]}", "event": "request", "request_id": "{request_id}",'
            f' "method": {_quoted(method)}, "route": {_quoted(route)}, "status": {status}, "ms": {seconds * 1000:.2f},'
            f' "key": {_quoted(key)}, "received": {received}, "sent": {sent}}}'
        )

    def flush(self) -> None:
        """Write what was gathered. What can't be written is no reason to refuse a request."""
        lines, self._gathered = self._gathered, []
        while lines:
            if self._dropped:
                said = {"time": self._time(), "level": "warning", "event": "dropped", "lines": self._dropped}
                lines.insert(0, json.dumps(said).encode() + b"\n")
            count = size = 0
            while count < len(lines) and (not count or size + len(lines[count]) <= WHOLE):
                size += len(lines[count])
                count += 1
            if self._room is not None and not self._room(0 if self._dropped else PAUSE * 1000):
                self._dropped += len(lines) - bool(self._dropped)
                return
            with suppress(OSError):  # the other end of a pipe is gone
                os.write(self._descriptor, b"".join(lines[:count]))
            self._dropped = 0
            del lines[:count]

    def _put(self, text: str) -> None:
        if self._room is None:
            with suppress(OSError, ValueError):  # the stream is closed
                sys.stderr.write(text + "\n")
            return
        self._gathered.append(f"{text}\n".encode())
        if len(self._gathered) == 1:
            try:
                asyncio.get_running_loop().call_later(DELAY, self.flush)
            except RuntimeError:  # before the loop runs, and after
                self.flush()

    def _time(self) -> str:
        """Now, in UTC, to the millisecond."""
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second, self._prefix = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._prefix}.{int((now - second) * 1000):03d}Z"


def _quoted(text: str) -> str:
    return f'"{text}"' if text else "null"


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
    log.gather()

    def undo() -> None:
        log.flush()
        logging.captureWarnings(False)
        root.handlers[:] = before[1]
        root.setLevel(before[0])

    return undo
