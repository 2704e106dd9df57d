"""The folder of a training: read by any worker, private, and forgotten."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadledger.api.trainings.training_folder import (
    ENDED,
    SECONDS_KEPT,
    SECONDS_OF_SILENCE,
    STATE,
    TRAININGS,
    TrainingFolder,
    TrainingFolders,
)

TASK = {"from_log": False, "without": [], "accept_left_out": False}


def silence(folder: TrainingFolder, seconds: float) -> None:
    """As if nothing had been heard for some seconds."""
    state = folder.read_state()
    state["updated"] = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()
    (folder.path / STATE).write_text(json.dumps(state))


def test_a_training_is_at_work_while_it_says_so(tmp_path: Path) -> None:
    """After a minute of silence its process is gone, and another may start."""
    folders = TrainingFolders(tmp_path)
    assert folders.find_running() is None
    folder = folders.make(None)
    folder.begin("name: a\n", TASK)
    assert folders.find_running() == folder
    silence(folder, SECONDS_OF_SILENCE + 1)
    assert folders.find_running() is None
    assert folder.read_state()["problem"] == ENDED
    assert folder.card_text == "name: a\n"


def test_a_list_is_taken_into_it_and_dropped(tmp_path: Path) -> None:
    """It is moved, for the service's user only, and goes without the training."""
    path = tmp_path / "leads.csv"
    path.write_bytes(b"a\n")
    folder = TrainingFolders(tmp_path).make(path)
    assert not path.exists()
    history = folder.history
    assert history is not None
    assert history.read_bytes() == b"a\n"
    assert (tmp_path / TRAININGS).stat().st_mode & 0o777 == 0o700
    folder.drop_history()
    assert folder.history is None
    assert folder.path.is_dir()


def test_it_is_forgotten_an_hour_after_its_last_word(tmp_path: Path) -> None:
    """The next training clears it away."""
    folders = TrainingFolders(tmp_path)
    folder = folders.make(None)
    folder.begin("name: a\n", TASK)
    past = time.time() - SECONDS_KEPT - 1
    os.utime(folder.path / STATE, (past, past))
    os.utime(folder.path, (past, past))
    folders.make(None)
    assert folders.find(folder.token) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"state": "running", "updated": "never"}', "\x00"])
def test_a_damaged_state_is_no_training_at_work(tmp_path: Path, content: str) -> None:
    """It reads as one that was ended."""
    folders = TrainingFolders(tmp_path)
    folder = folders.make(None)
    (folder.path / STATE).write_text(content)
    assert folder.read_state() == {"state": "failed", "problem": ENDED}
    assert folders.find_running() is None


@pytest.mark.parametrize("token", ["", "..", "0" * 32, "../uploads", "A" * 32])
def test_other_names_find_nothing(tmp_path: Path, token: str) -> None:
    """No token leads out of the folder."""
    folders = TrainingFolders(tmp_path)
    folders.make(None)
    assert folders.find(token) is None
