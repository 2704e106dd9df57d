"""Whether a release should be trained again, by what became of newer leads, and why.

New leads are counted from the newest release of the card that training made, whether or not somebody has made it the
current one: what a draft has learned already is no reason to train once more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from leadledger.api.log.recent_outcomes import list_matured, measure_matured
from leadledger.api.log.store import LogStore
from leadledger.models.releases.manifest import METRICS, PROVENANCE
from leadledger.models.releases.store import Releases
from leadledger.models.upkeep import NEWEST_LEADS, Upkeep, find_last_learned, has_learned_promoted
from leadledger.scoring.engine.score import get_engine

FEWEST_NEW_LEADS = 100  # fewer move little
NEW_SHARE = 0.1  # of the leads learned from: as many new ones are enough
FEWEST_FOR_AGE = 20  # an old release is trained again for as many new leads
OLDEST = 90  # days


@dataclass(frozen=True)
class TrainedRelease:
    """The newest release of a card that training made (`is_trained`), or the current one where none did.

    `last_learned`: the day of the newest lead that it has learned from; None: not known. `leads`: how many it has
    learned from. `source`: the name of the list that it has learned from, or of the log; empty: from none.
    """

    name: str
    is_current: bool
    is_trained: bool
    last_learned: date | None
    leads: int
    source: str
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class TrainingNeed:
    """What speaks for another training. `new_leads`: leads of the log with a known outcome that `release` has not
    learned from; `enough`: as many are a reason. `age` and `oldest`: days since the newest lead that it has learned
    from, and how many are a reason; None: not known. `upkeep`: what it needs by the new leads; None: they can't tell.
    """

    release: str
    is_current: bool
    new_leads: int
    enough: int
    age: int | None
    oldest: int
    upkeep: Upkeep | None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why a training is due, each a sentence; none: it isn't."""
        reasons = []
        if self.upkeep is not None and self.upkeep.advice:
            moved = "The scores no longer fit" if self.upkeep.advice == "train" else "The rate has moved"
            reasons.append(
                f"{moved}: of the {self.upkeep.leads:,} newest leads, {self.upkeep.won:,} became opportunities, and"
                f" {self.upkeep.expected:,.0f} were predicted to."
            )
        if self.new_leads >= self.enough:
            reasons.append(f"{self._describe_new_leads()}; {self.enough:,} are enough.")
        if self.age is not None and self.age > self.oldest and self.new_leads >= FEWEST_FOR_AGE:
            reasons.append(
                f"The newest lead that {self.release} has learned from is {self.age:,} days old; more than"
                f" {self.oldest:,} are too many, with {FEWEST_FOR_AGE} new leads or more."
            )
        return tuple(reasons)

    @property
    def is_due(self) -> bool:
        """Whether anything speaks for it."""
        return bool(self.reasons)

    @property
    def sentence(self) -> str:
        """What was found, for people."""
        if self.is_due:
            return "A training is due. " + " ".join(self.reasons)
        found = f"No training is due. {self._describe_new_leads()}; {self.enough:,} would be enough."
        if self.upkeep is not None:
            return f"{found} Chance explains the difference between these leads and what it predicts of them."
        return f"{found} They are too few to tell whether its scores still fit."

    def _describe_new_leads(self) -> str:
        many = f"{self.new_leads:,}" + (" or more" if self.new_leads == NEWEST_LEADS else "")
        return f"Leads with a known outcome that {self.release} has not learned from: {many}"

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        upkeep = None if self.upkeep is None else self.upkeep.to_dict()
        return {**asdict(self), "upkeep": upkeep, "due": self.is_due, "reasons": [*self.reasons]}


def find_trained_release(releases: Releases) -> TrainedRelease:
    """The release that new leads are counted from. Raises ReleaseError where none is current, or that is refused."""
    current = releases.open()
    for info in reversed(releases.list()):
        if not info.problem and info.card == current.card.name:
            trained = _read(releases, info.name, is_current=info.name == current.release)
            if trained.is_trained:
                return trained
    return _read(releases, current.release, is_current=True)


def _read(releases: Releases, name: str, *, is_current: bool) -> TrainedRelease:
    provenance, metrics = (_read_json(releases, name, file) for file in (PROVENANCE, METRICS))
    counts = metrics.get("counts")
    leads = counts.get("used", 0) if isinstance(counts, Mapping) else 0
    is_trained = bool(provenance.get("data")) and leads > 0
    last = find_last_learned(name, provenance) if is_trained else None
    return TrainedRelease(name, is_current, is_trained, last, leads, str(provenance.get("data") or ""), provenance)


def _read_json(releases: Releases, name: str, file: str) -> Mapping[str, Any]:
    try:
        content = json.loads(releases.read(name, file))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def judge_need(
    releases: Releases, trained: TrainedRelease, log: LogStore, today: date, enough: int | None, oldest: int = OLDEST
) -> TrainingNeed:
    """What the log says. `enough`: so many new leads are a reason; None: a tenth of those learned from, or 100."""
    scorecard = releases.open(trained.name)
    if enough is None:
        enough = max(FEWEST_NEW_LEADS, round(NEW_SHARE * trained.leads))
    limit = max(NEWEST_LEADS, enough)
    promoted = has_learned_promoted(trained.provenance)
    leads = list_matured(log, scorecard.card, trained.last_learned or date.min, promoted=promoted, limit=limit)
    return TrainingNeed(
        trained.name,
        trained.is_current,
        len(leads),
        enough,
        None if trained.last_learned is None else (today - trained.last_learned).days,
        oldest,
        measure_matured(leads[:NEWEST_LEADS], get_engine(scorecard)) if trained.is_trained else None,
    )
