"""The program's own log: one JSON object a line on stderr, and nothing of any lead in it.

    {"time": "2026-01-31T09:00:00.000Z", "level": "info", "event": "request", "request_id": "…", "method": "POST",
     "route": "/v1/score", "status": 200, "ms": 0.41, "key": "3f9c01ab", "client": "192.0.2.7",
     "received": 120, "sent": 1830}

A route is logged as its template, never as the path or the query of a request. A failure is logged as the types of its
errors and the lines that they went through; the texts of errors may quote values, so they are left out. Of what other
libraries log, only the server's own messages are kept in words.
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
from typing import Any, Protocol

from leadledger.api.service.keys import Key
from leadledger.api.service.settings import LEVELS

LOGGER_NAME = "leadledger"
GATHER_SECONDS = 0.05
PATIENCE_SECONDS = 0.2
PIPE_BYTES = 4096  # that a pipe takes at once or not at all (PIPE_BUF of Linux; POSIX grants 512)

_WORDED = frozenset({LOGGER_NAME, "uvicorn", "uvicorn.error"})  # whose messages never hold what a caller sent
_ROOT = f"{Path(__file__).absolute().parents[3]}{os.sep}"  # what traces leave out of the paths of our files


class FinishedRequest(Protocol):
    """What the log has of a request, once it is answered; empty texts are null."""

    request_id: str
    status: int
    key: Key
    client: str  # the address of the caller
    received: int  # bytes of the body
    sent: int  # and of the answer's


class ProgramLog:
    """Writes lines of at least `level` to stderr.

    A line is written at once, until `gather` is called. `is_logged` has of each level, by its place, whether it is
    logged.
    """

    def __init__(self, level: str = "info") -> None:
        self.level = LEVELS.index(level)
        self.is_logged = [place >= self.level for place in range(len(LEVELS))]
        self._room: Callable[[float], object] | None = None
        self._descriptor = 2
        self._gathered: list[bytes] = []
        self._dropped = 0
        self._second = 0
        self._prefix = ""

    def gather(self) -> None:
        """Gather lines for `GATHER_SECONDS` and write them together: a write costs as much as a score.

        Each write is of whole lines, and short enough that those of several workers don't mix in a pipe. Lines that
        nobody reads are dropped, and counted: a reader that hangs must not make the service hang. One that is only slow
        is waited for, `PATIENCE_SECONDS` at the most, and after that not again until there is room.
        """
        with suppress(AttributeError, OSError, ValueError):  # no poll on Windows; not a stream of the system
            self._descriptor = sys.stderr.fileno()
            poll = select.poll()
            poll.register(self._descriptor, select.POLLOUT)
            self._room = poll.poll

    def write(self, level: str, event: str, **members: Any) -> None:
        """Write one line, with some more members of its JSON."""
        if self.is_logged[LEVELS.index(level)]:
            self._put(json.dumps({"time": self._time(), "level": level, "event": event, **members}))
            if level == "error":
                self.flush()

    def write_failure(self, error: BaseException, request_id: str) -> None:
        """Write what failed and where, without its words."""
        self.write("error", "failure", request_id=request_id, **locate(error))

    def write_request(self, level: int, request: FinishedRequest, method: str, route: str, seconds: float) -> None:
        """Write the line of a request. Its texts have only characters that JSON needs not escape."""
        self._put(
            f'{{"time": "{self._time()}", "level": "{LEVELS[level]}", "event": "request",'
            f' "request_id": "{request.request_id}", "method": {_quote(method)}, "route": {_quote(route)},'
            f' "status": {request.status}, "ms": {seconds * 1000:.2f}, "key": {_quote(request.key.id)},'
            f' "client": {_quote(request.client)}, "received": {request.received}, "sent": {request.sent}}}'
        )

    def flush(self) -> None:
        """Write what was gathered. What can't be written is no reason to refuse a request."""
        lines, self._gathered = self._gathered, []
        while lines:
            if self._dropped:
                notice = {"time": self._time(), "level": "warning", "event": "dropped", "lines": self._dropped}
                lines.insert(0, json.dumps(notice).encode() + b"\n")
            count = size = 0
            while count < len(lines) and (not count or size + len(lines[count]) <= PIPE_BYTES):
                size += len(lines[count])
                count += 1
            if self._room is not None and not self._room(0 if self._dropped else PATIENCE_SECONDS * 1000):
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
                asyncio.get_running_loop().call_later(GATHER_SECONDS, self.flush)
            except RuntimeError:  # before the loop runs, and after
                self.flush()

    def _time(self) -> str:
        """Now, in UTC, to the millisecond."""
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second, self._prefix = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._prefix}.{int((now - second) * 1000):03d}Z"


def _quote(text: str) -> str:
    return f'"{text}"' if text else "null"


def locate(error: BaseException) -> dict[str, Any]:
    """The types of an error and of those that led to it, the last first, and the lines that the last went through."""
    kinds: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < 10:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(error.__traceback__)[-20:]
    return {
        "error": kinds,
        "at": [f"{frame.filename.removeprefix(_ROOT)}:{frame.lineno} {frame.name}" for frame in frames],
    }


class LibraryHandler(logging.Handler):
    """Writes what libraries log, in our form."""

    def __init__(self, log: ProgramLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record: in words if they can't hold a caller's, else as the place that it came from."""
        try:
            level = next(name for name in reversed(LEVELS) if record.levelno >= getattr(logging, name.upper()))
            members: dict[str, Any] = {"logger": record.name}
            if record.name in _WORDED:
                members["message"] = record.getMessage().strip()
            else:
                members["place"] = f"{record.module}:{record.lineno}"
            if record.exc_info and record.exc_info[1] is not None:
                members |= locate(record.exc_info[1])
            self._log.write(level, "log", **members)
        except Exception:  # a record that can't be written must not end what it is about
            self._log.write("error", "log", logger=record.name)


def take_over(log: ProgramLog) -> Callable[[], None]:
    """Send all that Python and its libraries log through `log`; returns a function that undoes it."""
    root, handler = logging.getLogger(), LibraryHandler(log)
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
