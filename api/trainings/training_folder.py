"""The folder of a training: its card, its history, and how far it is, as any worker of the service can read it.

    home/trainings/<32 hexadecimal digits>/card.yaml, state.json, history/leads.csv, stop

The process of a training says from time to time that it is at work; one that has not for a while was ended. A folder is
forgotten an hour after its last word; the history goes as soon as it isn't needed.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leadledger.models.durable_files import replace_file
from leadledger.scoring.errors import DataError

TRAININGS = "trainings"
CARD, STATE, HISTORY, STOP = "card.yaml", "state.json", "history", "stop"
TRAINING_LOCK = ".training.lock"  # in the home: whoever trains holds it
SECONDS_KEPT = 3600
SECONDS_OF_SILENCE = 60  # after which a process isn't at work any more
ONE_AT_A_TIME = "another training is at work; wait until it is done, or stop it"
ENDED = "It was ended before it was done: the service stopped, or somebody stopped it. Start it again."

_TOKEN = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class TrainingFolder:
    """The folder of one training, and its token."""

    token: str
    path: Path

    @property
    def card_text(self) -> str:
        """The text of its card. Raises OSError."""
        return (self.path / CARD).read_text("utf-8")

    @property
    def history(self) -> Path | None:
        """The list to learn from; None: the log, or it is gone."""
        try:
            return next((path for path in (self.path / HISTORY).iterdir() if path.is_file()), None)
        except OSError:
            return None

    def read_state(self) -> dict[str, Any]:
        """How far it is; what has not been heard of for a while was ended."""
        try:
            state: dict[str, Any] = json.loads((self.path / STATE).read_bytes())
            silent_for = (datetime.now(UTC) - datetime.fromisoformat(state["updated"])).total_seconds()
        except (OSError, ValueError, KeyError, TypeError):
            return {"state": "failed", "problem": ENDED}
        if state["state"] == "running" and silent_for > SECONDS_OF_SILENCE:
            return {**state, "state": "failed", "problem": ENDED}
        return state

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Say how far it is. Raises OSError."""
        written = {**state, "updated": datetime.now(UTC).isoformat()}
        replace_file(self.path / STATE, json.dumps(written).encode(), mode=0o600)

    def begin(self, card_text: str, task: Mapping[str, Any]) -> None:
        """Write the card and a state from which the process starts. Raises DataError."""
        try:
            (self.path / STOP).unlink(missing_ok=True)
            replace_file(self.path / CARD, card_text.encode("utf-8", "replace"), mode=0o600)
            self.write_state({"state": "running", "step": "starting", "steps": [], **task})
        except OSError as error:
            raise DataError(f"the training can't be kept: {error.strerror or error}") from None

    def ask_to_stop(self) -> None:
        """Ask the process to end, whichever worker has started it. Raises OSError."""
        (self.path / STOP).touch()

    def drop_history(self) -> None:
        """Remove the list."""
        shutil.rmtree(self.path / HISTORY, ignore_errors=True)


class TrainingFolders:
    """The trainings of one home."""

    def __init__(self, home: Path) -> None:
        self._root = home / TRAININGS

    def make(self, history: Path | None) -> TrainingFolder:
        """A new folder, into which a list is moved. Raises DataError."""
        self._sweep()
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = TrainingFolder(token := secrets.token_hex(16), self._root / token)
            folder.path.mkdir(mode=0o700)
            if history is not None:
                (folder.path / HISTORY).mkdir(mode=0o700)
                history.rename(folder.path / HISTORY / history.name)
        except OSError as error:
            raise DataError(f"the training can't be kept: {error.strerror or error}") from None
        return folder

    def find(self, token: str) -> TrainingFolder | None:
        """A training; None: it was there for too long, or never."""
        folder = TrainingFolder(token, self._root / token)
        return folder if _TOKEN.fullmatch(token) and folder.path.is_dir() else None

    def find_running(self) -> TrainingFolder | None:
        """The training at work; None: there is none."""
        return next((folder for folder in self._list() if folder.read_state()["state"] == "running"), None)

    def _list(self) -> list[TrainingFolder]:
        try:
            return [TrainingFolder(path.name, path) for path in self._root.iterdir() if _TOKEN.fullmatch(path.name)]
        except OSError:
            return []

    def _sweep(self) -> None:
        """Remove what has not been heard of for an hour."""
        for folder in self._list():
            try:
                age = datetime.now(UTC).timestamp() - max(folder.path.stat().st_mtime, _find_change(folder.path))
            except OSError:
                continue
            if age > SECONDS_KEPT:
                shutil.rmtree(folder.path, ignore_errors=True)


def _find_change(folder: Path) -> float:
    try:
        return (folder / STATE).stat().st_mtime
    except OSError:
        return 0.0
