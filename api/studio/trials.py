"""Trials of a draft in the background: on all known leads, or on past ones whose outcome is known.

A trial runs in a process of its own: it may take minutes, and needs pandas for past leads, which the service never
loads. How far it is, and what came of it, stands in a file beside the draft, so that every worker can tell.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from leadledger.api.requests.draft_bodies import TrialKind
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.history import refuse_without_log
from leadledger.api.studio.studio import Studio, now, run_in_thread
from leadledger.models.durable_files import replace_file
from leadledger.scoring.errors import DraftHomeError

SILENT = timedelta(seconds=120)  # after which a trial that says nothing has ended
NOT_BEGUN = {
    **{"state": "none", "step": "", "share": 0.0, "problem": "", "started": None, "updated": None, "by": ""},
    **{"effect": None, "backtest": None},
}


async def start_trial(studio: Studio, name: str, on: TrialKind, who: str) -> dict[str, Any]:
    """Begin to try a draft on all known `leads`, or on its `history`; one that is at work goes on. Returns its state.

    Raises Refusal: no such draft, or no log (404), too many trials (409), the home fails (503).
    """
    settings = studio.service.settings
    if studio.service.decision_log is None and (on == "leads" or settings.history is None):
        raise refuse_without_log()

    def start() -> dict[str, Any]:
        state = _read(studio, name, on)
        if state["state"] == "running":
            return state
        if studio.trials.is_full:
            raise Refusal(409, "As many trials are at work as the service takes; try again when one is done.")
        draft = studio.drafts.read(name)
        path = _find_path(studio.drafts.folder(name), on)
        begun = {
            **NOT_BEGUN,
            **{"on": on, "revision": draft.revision, "release": studio.service.loaded.release},
            **{"state": "running", "step": "starting", "started": now(), "updated": now(), "by": who},
        }
        write_state(path, begun)
        studio.trials.start(
            {
                **{"path": str(path), "state": begun, "text": draft.text, "on": on},
                **{"home": str(settings.home), "log_url": settings.log_url},
                "release": studio.service.loaded.release or None,
                "card": None if settings.card is None else str(settings.card),
                "history": None if settings.history is None else str(settings.history),
            }
        )
        return _describe(begun, draft.revision)

    return await run_in_thread(start)


async def read_trials(studio: Studio, name: str) -> dict[str, Any]:
    """The trials of a draft: how far they are, and their results, as JSON. Raises Refusal (404, 503)."""
    return await run_in_thread(lambda: {"trials": [_read(studio, name, on) for on in ("leads", "history")]})


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Keep how far a trial is. Raises DraftHomeError."""
    try:
        replace_file(path, json.dumps(state).encode())
    except OSError as error:
        raise DraftHomeError(f"the trial can't be kept: {error.strerror or error}") from None


def _find_path(folder: Path, on: TrialKind) -> Path:
    return folder / f"trial-{on}.json"


def _read(studio: Studio, name: str, on: TrialKind) -> dict[str, Any]:
    folder = studio.drafts.folder(name)
    revision = studio.drafts.read_last(name)[1].revision
    try:
        state = json.loads(_find_path(folder, on).read_bytes())
    except (OSError, ValueError):
        state = {**NOT_BEGUN, "on": on, "revision": revision, "release": studio.service.loaded.release}
    if state["state"] == "running" and datetime.fromisoformat(state["updated"]) < datetime.now(UTC) - SILENT:
        state |= {"state": "failed", "problem": "The trial was ended before it was done; start it again."}
    return _describe(state, revision)


def _describe(state: dict[str, Any], revision: int) -> dict[str, Any]:
    return {**state, "is_newest": state["revision"] == revision}
