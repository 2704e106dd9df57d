"""The program's log: its form, what libraries may say in it, and what becomes of lines that nobody takes."""

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
    """A log that has taken over what libraries say."""
    found = ProgramLog("info")
    undo = take_over(found)
    yield found
    undo()


def told(log: ProgramLog, capfd: pytest.CaptureFixture[str]) -> list[dict]:
    """The lines that came out."""
    log.flush()
    return [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def test_lines_of_the_server_are_told_in_words(log: ProgramLog, capfd: pytest.CaptureFixture[str]) -> None:
    """What the server says is told in words, and an error with it by type and place."""
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    try:
        raise ValueError(MARK)
    except ValueError as error:
        logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=error)
    first, second = told(log, capfd)
    assert (first["level"], first["message"]) == ("warning", "Invalid HTTP request received.")
    assert (second["level"], second["message"]) == ("error", "Exception in ASGI application")
    assert second["error"] == ["ValueError"]
    assert second["at"][0].startswith("tests/api/service/test_program_log.py:")


def test_lines_of_others_are_told_by_their_place(log: ProgramLog, capfd: pytest.CaptureFixture[str]) -> None:
    """What other libraries warn of is told by where it comes from: their words may hold a caller's."""
    logging.getLogger("asyncio").error("Task exception was never retrieved: %s", MARK, exc_info=KeyError(MARK))
    logging.getLogger("asyncio").info("chatter %s", MARK)
    broken = logging.LogRecord("uvicorn", logging.ERROR, "there.py", 7, "%s %s", (MARK,), None)
    LibraryHandler(log).emit(broken)
    logging.getLogger("py.warnings").warning("there.py:7: old: %s", MARK)  # what Python makes of a warning
    found = told(log, capfd)
    assert [(one["logger"], one["level"]) for one in found] == [
        ("asyncio", "error"),
        ("uvicorn", "error"),
        ("py.warnings", "warning"),
    ]
    assert found[0]["error"] == ["KeyError"]
    assert [one.get("place", "").partition(":")[0] for one in found] == ["test_program_log", "", "test_program_log"]
    assert not any("message" in one for one in found)
    assert MARK not in json.dumps(found)


def test_errors_are_told_by_type_and_place() -> None:
    """All errors that led to one are named, and none of their words."""
    try:
        try:
            raise KeyError(MARK)
        except KeyError as error:
            raise RuntimeError(MARK) from error
    except RuntimeError as error:
        found = locate(error)
    assert found["error"] == ["RuntimeError", "KeyError"]
    assert MARK not in json.dumps(found)


def test_time_is_utc(capfd: pytest.CaptureFixture[str]) -> None:
    """Each line has its time, in UTC, to the millisecond."""
    log = ProgramLog("debug")
    for _ in range(3):
        log.write("debug", "x")
    for one in told(log, capfd):
        assert abs(datetime.fromisoformat(one["time"]) - datetime.now(UTC)) < timedelta(minutes=5)
        assert len(one["time"]) == len("2026-01-31T09:00:00.000Z")


@pytest.mark.parametrize("level", LEVELS)
def test_levels(level: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Lines below the level are not told."""
    log = ProgramLog(level)
    for one in LEVELS:
        log.write(one, "x")
    assert [one["level"] for one in told(log, capfd)] == list(LEVELS[LEVELS.index(level) :])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no poll")
def test_lines_that_nobody_takes(monkeypatch: pytest.MonkeyPatch) -> None:
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
    found = [json.loads(line) for line in received.splitlines()]
    assert [one["event"] for one in found[-2:]] == ["dropped", "last"]
    assert len(found) - 2 + found[-2]["lines"] == 3000
