"""The program's log: its form, what libraries may write in it, and what becomes of lines that nobody reads."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from leadledger.api.service.program_log import LibraryHandler, ProgramLog, locate, take_over
from leadledger.api.service.settings import LEVELS

MARK = "ann@example.org"


@pytest.fixture
def log(capfd: pytest.CaptureFixture[str]) -> Iterator[ProgramLog]:
    """A log that has taken over what libraries log."""
    log = ProgramLog("info")
    undo = take_over(log)
    yield log
    undo()


def read_lines(log: ProgramLog, capfd: pytest.CaptureFixture[str]) -> list[dict]:
    """The lines that were written."""
    log.flush()
    return [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def test_lines_of_the_server_keep_their_words(log: ProgramLog, capfd: pytest.CaptureFixture[str]) -> None:
    """What the server logs keeps its words, and an error in it is logged by type and place."""
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    try:
        raise ValueError(MARK)
    except ValueError as error:
        logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=error)
    first, second = read_lines(log, capfd)
    assert (first["level"], first["message"]) == ("warning", "Invalid HTTP request received.")
    assert (second["level"], second["message"]) == ("error", "Exception in ASGI application")
    assert second["error"] == ["ValueError"]
    assert second["at"][0].startswith("tests/api/service/test_program_log.py:")


def test_lines_of_others_are_logged_by_place(log: ProgramLog, capfd: pytest.CaptureFixture[str]) -> None:
    """What other libraries warn of is logged by where it comes from: their words may hold a caller's."""
    logging.getLogger("asyncio").error("Task exception was never retrieved: %s", MARK, exc_info=KeyError(MARK))
    logging.getLogger("asyncio").info("chatter %s", MARK)
    broken = logging.LogRecord("uvicorn", logging.ERROR, "there.py", 7, "%s %s", (MARK,), None)
    LibraryHandler(log).emit(broken)
    logging.getLogger("py.warnings").warning("there.py:7: old: %s", MARK)  # what Python makes of a warning
    lines = read_lines(log, capfd)
    assert [(line["logger"], line["level"]) for line in lines] == [
        ("asyncio", "error"),
        ("uvicorn", "error"),
        ("py.warnings", "warning"),
    ]
    assert lines[0]["error"] == ["KeyError"]
    assert [line.get("place", "").partition(":")[0] for line in lines] == ["test_program_log", "", "test_program_log"]
    assert not any("message" in line for line in lines)
    assert MARK not in json.dumps(lines)


def test_errors_are_logged_by_type_and_place() -> None:
    """All errors that led to one are named, and none of their words."""
    try:
        try:
            raise KeyError(MARK)
        except KeyError as error:
            raise RuntimeError(MARK) from error
    except RuntimeError as error:
        located = locate(error)
    assert located["error"] == ["RuntimeError", "KeyError"]
    assert MARK not in json.dumps(located)


def test_time_is_utc(capfd: pytest.CaptureFixture[str]) -> None:
    """Each line has its time, in UTC, to the millisecond."""
    log = ProgramLog("debug")
    for _ in range(3):
        log.write("debug", "x")
    for line in read_lines(log, capfd):
        assert abs(datetime.fromisoformat(line["time"]) - datetime.now(UTC)) < timedelta(minutes=5)
        assert len(line["time"]) == len("2026-01-31T09:00:00.000Z")


@pytest.mark.parametrize("level", LEVELS)
def test_levels(level: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Lines below the level are not logged."""
    log = ProgramLog(level)
    for written in LEVELS:
        log.write(written, "x")
    assert [line["level"] for line in read_lines(log, capfd)] == list(LEVELS[LEVELS.index(level) :])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no poll")
def test_lines_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that a full pipe doesn't take are counted; whole lines come out, then the count of those that didn't."""
    reading, writing = os.pipe()
    with open(writing, "w") as stream, open(reading, "rb") as reader:
        monkeypatch.setattr("sys.stderr", stream)
        log = ProgramLog()
        log.gather()
        for _ in range(3000):
            log.write("info", "x", text="y" * 50)
        received = os.read(reader.fileno(), 1_000_000)
        log.write("info", "last")
        received += os.read(reader.fileno(), 1_000_000)
    lines = [json.loads(line) for line in received.splitlines()]
    assert [line["event"] for line in lines[-2:]] == ["dropped", "last"]
    assert len(lines) - 2 + lines[-2]["lines"] == 3000
