"""The files of a shadow in the home: which release or draft it is, and what it would have said differently.

    home/shadow.json           which one, since when, named by whom
    home/shadow-counts.json    how far the log is compared, and what came of it: one file, so that it is always true
    home/shadow.lock           held by the one worker that compares

Leads are not in them, only the ids of their scores: who is forgotten in the log is forgotten here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from leadledger.models.durable_files import replace_file
from leadledger.scoring.errors import DraftHomeError

SHADOW_FILE = "shadow.json"
COUNTS_FILE = "shadow-counts.json"
LOCK_FILE = "shadow.lock"
MOST_SCORES_KEPT = 200  # of those that differ, the newest

ShadowKind: TypeAlias = Literal["release", "draft"]


@dataclass(frozen=True)
class Shadow:
    """What is scored along: a release, or a `revision` of a draft with its `text`.

    `id` tells it from one of the same name before it. `since` is a time as in the log: scores from then on count.
    """

    id: str
    kind: ShadowKind
    name: str
    since: str
    by: str
    revision: int = 0
    text: str = ""


class ComparedScore(NamedTuple):
    """A score by its id in the log, and what the shadow would have said; totals are in tenths."""

    score: str
    tenths: int
    recommendation: str
    grade: str
    shadow_tenths: int
    shadow_recommendation: str
    shadow_grade: str


@dataclass
class ShadowCounts:
    """What a shadow would have said of the scores up to (`at`, `last`), a time and an id of the log.

    `compared` scores, of which `differ` in `recommendations` or `grades`, and `moved` in points. Tenths: `sum` of the
    shadow's less the served ones, `distance` without their signs, `largest` of these. `moves` count what goes
    from what to what. `left_out`: their events can't be counted by the shadow's card; `failed`: it gave
    no score, the last time for `problem`. `newest` are those that differ, the newest first.
    """

    shadow: str
    at: str
    last: str = ""
    compared: int = 0
    differ: int = 0
    recommendations: int = 0
    grades: int = 0
    moved: int = 0
    sum: int = 0
    distance: int = 0
    largest: int = 0
    promoted: int = 0
    shadow_promoted: int = 0
    left_out: int = 0
    failed: int = 0
    problem: str = ""
    moves: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    newest: list[ComparedScore] = field(default_factory=list)

    def add(self, score: ComparedScore) -> None:
        """Count a score that was compared."""
        difference = score.shadow_tenths - score.tenths
        self.compared += 1
        self.moved += difference != 0
        self.sum += difference
        self.distance += abs(difference)
        self.largest = max(self.largest, abs(difference))
        self.promoted += score.recommendation == "promote"
        self.shadow_promoted += score.shadow_recommendation == "promote"
        pairs = (
            ("recommendation", score.recommendation, score.shadow_recommendation),
            ("grade", score.grade, score.shadow_grade),
        )
        changed = [(what, before, after) for what, before, after in pairs if before != after]
        self.moves.update(changed)
        self.recommendations += any(what == "recommendation" for what, _, _ in changed)
        self.grades += any(what == "grade" for what, _, _ in changed)
        if changed:
            self.differ += 1
            self.newest = [score, *self.newest[: MOST_SCORES_KEPT - 1]]


def read_shadow(home: Path) -> Shadow | None:
    """The shadow; None: there is none, or its file is none of ours. Raises OSError."""
    content = _read_object(home / SHADOW_FILE)
    try:
        return None if content is None else Shadow(**content)
    except TypeError:
        return None


def write_shadow(home: Path, shadow: Shadow) -> None:
    """Name a shadow, in place of another. Raises DraftHomeError."""
    try:
        replace_file(home / SHADOW_FILE, json.dumps(asdict(shadow)).encode())
    except OSError as error:
        raise DraftHomeError(f"the shadow can't be kept: {error.strerror or error}") from None


def remove_shadow(home: Path) -> None:
    """End the shadow, and drop what was counted. Raises DraftHomeError."""
    try:
        for name in (SHADOW_FILE, COUNTS_FILE):
            (home / name).unlink(missing_ok=True)
    except OSError as error:
        raise DraftHomeError(f"the shadow can't be ended: {error.strerror or error}") from None


def read_counts(home: Path, shadow: Shadow) -> ShadowCounts:
    """What is counted of a shadow so far. Raises OSError."""
    content = _read_object(home / COUNTS_FILE)
    if content is None or content.get("shadow") != shadow.id:
        return ShadowCounts(shadow.id, shadow.since)
    try:
        newest = [ComparedScore._make(score) for score in content["newest"]]
        moves = Counter({(what, before, after): scores for what, before, after, scores in content["moves"]})
        return ShadowCounts(**content | {"moves": moves, "newest": newest})
    except (KeyError, TypeError, ValueError):  # of another version, or damaged: the log has it all, so begin anew
        return ShadowCounts(shadow.id, shadow.since)


def write_counts(home: Path, counts: ShadowCounts) -> None:
    """Keep what is counted, and how far. Raises OSError."""
    moves = [[*move, scores] for move, scores in counts.moves.items()]
    replace_file(home / COUNTS_FILE, json.dumps({**vars(counts), "moves": moves}).encode())


def _read_object(path: Path) -> dict[str, Any] | None:
    try:
        content: Mapping[str, Any] | None = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return dict(content) if isinstance(content, dict) else None
