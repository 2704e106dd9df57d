"""A shadow: a release or draft that is scored along unseen. Naming it, looking at it, ending it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from leadledger.api.log.record import new_id
from leadledger.api.log.record import now as log_time
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.requests.shadow_body import ShadowNaming
from leadledger.api.service.history import read_log, refuse_without_log
from leadledger.api.service.service import DecisionLog
from leadledger.api.studio.draft_store import DraftStore
from leadledger.api.studio.shadow_files import (
    Shadow,
    ShadowCounts,
    ShadowKind,
    read_counts,
    read_shadow,
    remove_shadow,
    write_shadow,
)
from leadledger.api.studio.shadow_scores import count_waiting, list_unknown_fields, open_shadow, read_leads
from leadledger.api.studio.studio import Studio, run_in_thread
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import DraftError, DraftHomeError, ScoringError, did_you_mean

NO_LEADS: Mapping[str, Mapping[str, Any]] = {}
MOST_WAITING = 100_000  # that are counted
IS_SERVED = "release {name} is the one that is served now: nothing more is compared"
_SERVED = "release {name} is the one that is served: there is nothing to compare it with"


async def name_shadow(studio: Studio, naming: ShadowNaming, who: str) -> dict[str, Any]:
    """Score a release or a draft along unseen from now on, in place of the shadow before. Returns the shadow, as JSON.

    `who` is the name of the caller's key. Raises Refusal: no such release or draft, or no log (404), it can't score the
    leads that are served, or is served itself (409), the home fails (503).
    """
    if studio.service.decision_log is None:
        raise refuse_without_log()

    def write() -> None:
        loaded, home = studio.service.loaded, studio.service.settings.home
        names = studio.releases.names()
        if naming.kind == "release" and naming.name not in names:
            raise Refusal(404, f"There is no release of this name.{did_you_mean(naming.name, reversed(names))}")
        if naming.kind == "release" and naming.name == loaded.release:
            raise DraftError(_SERVED.format(name=naming.name))
        choose_shadow(home, naming.kind, naming.name, who, lambda shadow: open_shadow(shadow, loaded, home))

    await run_in_thread(write)
    return await show_shadow(studio)


def choose_shadow(
    home: Path, kind: ShadowKind, name: str, who: str = "", check: Callable[[Shadow], object] = lambda shadow: None
) -> None:
    """Name a release or a draft of a home as its shadow. `check` raises where it can't score.

    Raises UnknownDraft: there is none; DraftError, ReleaseError.
    """
    if kind == "release":
        Releases(home).open(name)
        shadow = Shadow(new_id(), kind, name, log_time(), who)
    else:
        draft = DraftStore(home).read(name)
        shadow = Shadow(new_id(), kind, name, log_time(), who, draft.revision, draft.text)
    check(shadow)
    write_shadow(home, shadow)


async def end_shadow(studio: Studio) -> dict[str, Any]:
    """Score nothing along any more, and drop what was counted. Returns what there was, as JSON. Raises Refusal."""
    shown = await show_shadow(studio)
    await run_in_thread(lambda: remove_shadow(studio.service.settings.home))
    return shown


async def show_shadow(studio: Studio) -> dict[str, Any]:
    """The shadow, and what it would have said differently so far, as JSON. Raises Refusal (404, 503)."""
    home, loaded = studio.service.settings.home, studio.service.loaded

    def read() -> tuple[Shadow, ShadowCounts, str, list[str]] | None:
        try:
            shadow = read_shadow(home)
            if shadow is None:
                return None
            counts = read_counts(home, shadow)
        except OSError as error:
            raise DraftHomeError(f"the shadow can't be read: {error.strerror or error}") from None
        try:
            scorecard = open_shadow(shadow, loaded, home)
        except ScoringError as error:
            return shadow, counts, str(error), []
        return shadow, counts, "", list_unknown_fields(scorecard, loaded.card)

    def look_up(log: DecisionLog) -> tuple[int, dict[str, dict[str, Any]]]:
        waiting = count_waiting(log.store, counts.at, counts.last, MOST_WAITING)
        return waiting, read_leads(log.store, [score.score for score in counts.newest])

    known = await run_in_thread(read)
    if known is None:
        return describe_shadow(None, None)
    shadow, counts, problem, unknown = known
    if not problem and (shadow.kind, shadow.name) == ("release", loaded.release):
        problem = IS_SERVED.format(name=shadow.name)
    waiting, leads = await read_log(studio.service, look_up)
    return describe_shadow(shadow, counts, problem, unknown, waiting, leads)


def describe_shadow(
    shadow: Shadow | None,
    counts: ShadowCounts | None,
    problem: str = "",
    unknown_fields: Sequence[str] = (),
    waiting: int = 0,
    leads: Mapping[str, Mapping[str, Any]] = NO_LEADS,
) -> dict[str, Any]:
    """A shadow as JSON, in points; None: there is none.

    `leads` has the lead, time and day of the scores that differ; those that it lacks are left out.
    """
    counts = counts or ShadowCounts("", "")
    compared = counts.compared or 1
    moves = sorted(counts.moves.items(), key=lambda move: (move[0][0] != "recommendation", -move[1], move[0]))
    return {
        "kind": "none" if shadow is None else shadow.kind,
        "name": "" if shadow is None else shadow.name,
        "revision": 0 if shadow is None else shadow.revision,
        "since": None if shadow is None else shadow.since,
        "by": "" if shadow is None else shadow.by,
        "problem": problem or counts.problem,
        "unknown_fields": list(unknown_fields),
        "compared": counts.compared,
        "waiting": waiting,
        "left_out": counts.left_out,
        "failed": counts.failed,
        "differ": counts.differ,
        "recommendations": counts.recommendations,
        "grades": counts.grades,
        "moved": counts.moved,
        "mean_difference": round(counts.sum / compared / 10, 2),
        "mean_distance": round(counts.distance / compared / 10, 2),
        "largest_distance": counts.largest / 10,
        "promoted": counts.promoted,
        "shadow_promoted": counts.shadow_promoted,
        "moves": [
            {"what": what, "before": before, "after": after, "scores": scores}
            for (what, before, after), scores in moves
        ],
        "leads": [
            {
                "score": score.score,
                "lead": leads[score.score]["lead"] or "",
                "at": leads[score.score]["at"],
                "as_of": leads[score.score]["as_of"],
                "points": score.tenths / 10,
                "recommendation": score.recommendation,
                "grade": score.grade,
                "shadow_points": score.shadow_tenths / 10,
                "shadow_recommendation": score.shadow_recommendation,
                "shadow_grade": score.shadow_grade,
                "difference": (score.shadow_tenths - score.tenths) / 10,
            }
            for score in counts.newest
            if score.score in leads
        ],
    }
