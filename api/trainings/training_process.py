"""`python -m leadledger.api.trainings.training_process FOLDER HOME`: one training, in a process of its own.

It takes memory, time, and libraries that the service doesn't load. The database of the log stands on stdin, since a
command line can be read by others; stdin stays open, and the process ends when whoever has started it does.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from time import sleep
from typing import Any

from leadledger.api.trainings.training_folder import CARD, ONE_AT_A_TIME, STOP, TRAINING_LOCK, TrainingFolder
from leadledger.models.locked_file import try_lock_file
from leadledger.scoring.errors import DataError, DoubtfulHistory, LeakageError, MissingFields, ScoringError

HEARTBEAT = 2.0  # seconds
NICENESS = 5


class RunningTraining:
    """A training at work: its state, which is written as it goes on."""

    def __init__(self, folder: TrainingFolder) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self.state = folder.read_state()

    def show_step(self, step: str) -> None:
        """Say what it is at."""
        with self._lock:
            done = [*self.state["steps"], *([self.state["step"]] if self.state["steps"] or self.state["step"] else [])]
            self.state |= {"step": step, "steps": [name for name in done if name != step]}
            self._folder.write_state(self.state)

    def end(self, state: str, **members: Any) -> None:
        """Say what came of it."""
        with self._lock:
            self.state |= {"state": state, "step": "", **members}
            self._folder.write_state(self.state)

    def keep_alive(self) -> None:
        """Say from time to time that it is at work, and end if somebody asks for it."""
        while True:
            sleep(HEARTBEAT)
            with self._lock:
                if self.state["state"] != "running":
                    return
                if (self._folder.path / STOP).exists():
                    self._folder.write_state({**self.state, "state": "failed", "problem": "You have stopped it."})
                    os._exit(1)
                self._folder.write_state(self.state)


def run(folder: TrainingFolder, home: Path, log_url: str | None) -> None:
    """Train, and keep what comes of it as a draft: a release, or why there is none."""
    running = RunningTraining(folder)
    threading.Thread(target=running.keep_alive, daemon=True).start()
    try:
        with try_lock_file(home / TRAINING_LOCK) as is_free:
            if not is_free:
                raise DataError(ONE_AT_A_TIME)
            running.end("done", **_train(folder, home, log_url, running))
        folder.drop_history()
    except LeakageError as error:
        running.end("refused", problem=str(error), suspects=[suspect.to_dict() for suspect in error.suspects])
    except MissingFields as error:
        running.end("refused", problem=str(error), missing=list(error.fields))
    except DoubtfulHistory as error:
        running.end("refused", problem=str(error), doubts=list(error.doubts))
    except ScoringError as error:
        running.end("refused", problem=str(error))
    except Exception as error:  # whoever waits must hear of it; its text may hold values of leads
        running.end("failed", problem=f"The training failed: {type(error).__name__}.")
        raise


def _train(folder: TrainingFolder, home: Path, log_url: str | None, running: RunningTraining) -> dict[str, Any]:
    from leadledger.api.log.history import open_history
    from leadledger.models.releases.store import Releases
    from leadledger.scoring.card.reader import read_card
    from leadledger.training.runs.earlier_releases import open_earlier
    from leadledger.training.runs.train import train

    card, state, releases = folder.path / CARD, running.state, Releases(home)
    with ExitStack() as stack:
        data: Any = folder.history
        if state["from_log"]:
            from leadledger.api.log import database
            from leadledger.api.log.store import LogStore

            engine = database.open_database(log_url, home)
            stack.callback(engine.dispose)
            data = stack.enter_context(open_history(LogStore(engine), read_card(card)))
        else:  # messages name the file without its folder, which is nobody's business
            os.chdir(data.parent)
            data = Path(data.name)
        try:
            earlier = open_earlier(releases)
        except ScoringError:  # a damaged release: the new one is compared with none
            earlier = None
        training = train(
            card,
            data,
            current=earlier,
            today=date.today(),
            accept_left_out=state["accept_left_out"],
            without=state["without"],
            progress=running.show_step,
        )
    running.show_step("writing the release")
    name = training.publish(releases, datetime.now(UTC), draft=True)
    return {"release": name, "worse": training.worse, "rules_only": training.rules_only}


def main() -> None:
    """Train; end where whoever started it does."""
    os.nice(NICENESS)
    log_url = sys.stdin.readline().strip() or None
    folder, home = Path(sys.argv[1]), Path(sys.argv[2])

    def end_with_parent() -> None:
        sys.stdin.buffer.read()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
    run(TrainingFolder(folder.name, folder), home, log_url)


if __name__ == "__main__":
    main()
