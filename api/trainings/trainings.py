"""Trainings started from a page: one at a time, by whichever worker is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from leadledger.api.service.child_programs import ChildPrograms
from leadledger.api.trainings.training_folder import ONE_AT_A_TIME, TrainingFolder, TrainingFolders
from leadledger.scoring.card_edits.apply import apply_edit
from leadledger.scoring.card_edits.edits import SetValue
from leadledger.scoring.errors import DataError

PROGRAM = "leadledger.api.trainings.training_process"


class Trainings:
    """The trainings of a service. `log_url` is the database of its log; None: a file in the home."""

    def __init__(self, home: Path, log_url: str | None) -> None:
        self.folders = TrainingFolders(home)
        self._home, self._log_url = home, log_url
        self._programs = ChildPrograms()

    def start(self, card_text: str, history: Path | None) -> TrainingFolder:
        """Begin a training with a list, which is taken away, or with the log. Raises DataError."""
        self._refuse_second()
        folder = self.folders.make(history)
        self._run(folder, card_text, from_log=history is None, without=(), accept_left_out=False)
        return folder

    def start_again(
        self, folder: TrainingFolder, leave_out: Sequence[str], without: Sequence[str], accept_left_out: bool
    ) -> None:
        """Begin a training again, mended: its card learns nothing from the fields `leave_out`, it goes on without the
        columns of the fields `without`, and without the rows that are left out. Raises DataError, ScorecardError.
        """
        self._refuse_second()
        state = folder.read_state()
        if not state.get("from_log") and folder.history is None:
            raise DataError("its list isn't kept any more; send it again")
        text = folder.card_text
        for field in leave_out:
            text = apply_edit(text, SetValue(("fields", field, "learn"), False))
        self._run(
            folder,
            text,
            from_log=bool(state.get("from_log")),
            without=tuple(dict.fromkeys((*state.get("without", ()), *without))),
            accept_left_out=accept_left_out or bool(state.get("accept_left_out")),
        )

    def _refuse_second(self) -> None:
        if self.folders.find_running() is not None:
            raise DataError(ONE_AT_A_TIME)

    def _run(
        self, folder: TrainingFolder, text: str, *, from_log: bool, without: Sequence[str], accept_left_out: bool
    ) -> None:
        folder.begin(text, {"from_log": from_log, "without": list(without), "accept_left_out": accept_left_out})
        self._programs.start(PROGRAM, self._log_url or "", (str(folder.path.absolute()), str(self._home.absolute())))

    def stop(self) -> None:
        """End all that is at work here: the service stops."""
        self._programs.stop()
