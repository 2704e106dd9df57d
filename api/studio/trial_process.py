"""The process of a trial: `python -m leadledger.api.studio.trial_process`, with its task as a line of JSON on stdin."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from leadledger.api.service.loaded import LoadedCard, load
from leadledger.api.service.scoring import today
from leadledger.api.service.settings import Settings
from leadledger.api.studio.check import check_text
from leadledger.api.studio.previews import carry_to_draft
from leadledger.api.studio.studio import now
from leadledger.api.studio.trials import write_state
from leadledger.models.releases.edited_rules import CarriedLearning
from leadledger.scoring.errors import DataError, ScoringError

PROGRESS_INTERVAL = 0.5  # seconds between two writings of how far it is
HEARTBEAT = 20.0  # seconds
NICENESS = 10


class TrialState:
    """How far a trial is, as its file has it."""

    def __init__(self, path: Path, state: dict[str, Any]) -> None:
        self._path, self._state, self._written = path, state, 0.0
        self._lock = threading.Lock()

    def keep_alive(self) -> None:
        """Say from time to time that it is at work, however long a step takes."""
        while True:
            sleep(HEARTBEAT)
            self._write()

    def show(self, step: str, share: float = 0.0) -> None:
        """Say what it is at, and the share (0..1) that is done, twice a second at most."""
        self._state |= {"step": step, "share": round(share, 4)}
        if monotonic() > self._written + PROGRESS_INTERVAL:
            self._write()

    def end(self, **members: Any) -> None:
        """Say what came of it."""
        self._state |= {"step": "", "share": 1.0, **members}
        self._write()

    def _write(self) -> None:
        with self._lock:
            self._state["updated"] = now()
            self._written = monotonic()
            write_state(self._path, self._state)


def run_trial(task: dict[str, Any]) -> None:
    """Do a task of `RunningTrials.start`."""
    state = TrialState(Path(task["path"]), task["state"])
    threading.Thread(target=state.keep_alive, daemon=True).start()
    try:
        card = None if task["card"] is None else Path(task["card"])
        settings = Settings(home=Path(task["home"]), card=card, release=task["release"] if card is None else None)
        loaded = load(settings)
        carried = carry_to_draft(loaded, check_text(task["text"], standard_names=loaded.card.card.standard_names))
        day = today(loaded.card.card.time_zone)
        if task["on"] == "leads":
            state.end(state="done", effect=try_on_book(task, loaded, carried, day, state.show))
        else:
            state.end(state="done", backtest=try_on_history(task, loaded, carried, day, state.show))
    except ScoringError as error:
        state.end(state="failed", problem=str(error))
    except Exception as error:  # whatever it is, who waits must hear of it; its text may hold values of leads
        state.end(state="failed", problem=f"The trial failed: {type(error).__name__}.")
        raise


def try_on_book(
    task: dict[str, Any], loaded: LoadedCard, carried: CarriedLearning, day: date, show: Callable[[str, float], None]
) -> dict[str, Any]:
    """What the draft would do to all known leads. Raises ScoringError."""
    from leadledger.api.log import database
    from leadledger.api.log.store import LogStore
    from leadledger.api.studio.effect import DraftEffect
    from leadledger.api.studio.lead_sample import count_known, count_per_week, weigh_book

    engine = database.open_database(task["log_url"], Path(task["home"]))
    effect = DraftEffect(carried.before, carried.scorecard, day)
    known = count_known(engine, loaded.card.card.name)
    for leads in weigh_book(LogStore(engine), loaded, Path(task["home"]), day):
        for weighed in leads:
            effect.add(weighed)
        show("scoring all known leads", min(1.0, effect.leads / max(known, 1)))
    described = effect.to_dict(count_per_week(engine, loaded, day))
    engine.dispose()
    return {**described, "known": known, "notes": [*carried.notes, *described["notes"]]}


def try_on_history(
    task: dict[str, Any], loaded: LoadedCard, carried: CarriedLearning, day: date, show: Callable[[str, float], None]
) -> dict[str, Any]:
    """What the draft would have done to past leads. Raises ScoringError, also where pandas is missing."""
    try:
        from leadledger.api.studio.past_leads import try_on_past_leads
    except ModuleNotFoundError as error:
        raise DataError(f"a trial on past leads needs {error.name}: pip install 'leadledger[train]'") from None
    history = None if task["history"] is None else Path(task["history"])
    return try_on_past_leads(history, task["log_url"], Path(task["home"]), loaded, carried, day, show)


def main() -> None:
    """Read the task, and do it; end where whoever started it does."""
    if sys.platform != "win32":
        os.nice(NICENESS)
    task = json.loads(sys.stdin.buffer.readline())

    def end_with_parent() -> None:
        sys.stdin.buffer.read()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
    run_trial(task)


if __name__ == "__main__":
    main()
