"""The whole book worked out again as of a day, some leads at a time, each time in a transaction of its own.

Leads that stand at that day and release already are left out, so that a run that was ended goes on where it was, and a
second run writes nothing. Whoever else scores a lead meanwhile wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from leadledger.api.log.book_updates import plan_update, write_updates
from leadledger.api.log.database import write_whole
from leadledger.api.log.record import now
from leadledger.api.log.stale_rows import ROWS_PER_PAGE, BookState, count_rows, read_stale
from leadledger.api.log.store import LogStore
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.rescored_leads import DecisionCause, LeadRescorer, RescoredLead

CAUSES: Sequence[DecisionCause] = ("release", "time", "data")


@dataclass
class BookRescore:
    """What became of the leads of the book, or, with `is_dry`, would become of them.

    `leads` are those of the card, of which `current` stood at the day and release already, `later` at a later day.
    `rescored` are the others but those `overtaken`, which somebody scored meanwhile, and those `not_recounted`, whose
    events came with them and are not stored. `moved` have other points than before. `decisions` changed, by `causes`;
    `recommendations`, `stages` and `grades` say from what to what. `logged` scores entered the log, and `messages` the
    outbox: both 0 of a dry run.
    """

    as_of: date
    card: str
    release: str
    is_dry: bool
    leads: int = 0
    later: int = 0
    of_other_cards: int = 0
    stale: int = 0
    rescored: int = 0
    moved: int = 0
    not_recounted: int = 0
    overtaken: int = 0
    decisions: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    recommendations: Counter[tuple[str, str]] = field(default_factory=Counter)
    stages: Counter[tuple[str, str]] = field(default_factory=Counter)
    grades: Counter[tuple[str, str]] = field(default_factory=Counter)
    logged: int = 0
    messages: int = 0

    @property
    def current(self) -> int:
        """The leads that stood at the day and release already."""
        return self.leads - self.later - self.stale

    def add(self, lead: RescoredLead) -> None:
        """Count a lead."""
        row, score, cause = lead
        self.rescored += 1
        self.moved += row.tenths != score.result.tenths
        if cause is None:
            return
        self.decisions += 1
        self.causes[cause] += 1
        counters = (self.recommendations, self.stages, self.grades)
        for counter, before, after in zip(counters, row.decision, score.decision, strict=True):
            if before != after:
                counter[before, after] += 1

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "as_of": self.as_of.isoformat(),
            "card": self.card,
            "release": self.release,
            "dry_run": self.is_dry,
            "leads": self.leads,
            "current": self.current,
            "later": self.later,
            "of_other_cards": self.of_other_cards,
            "rescored": self.rescored,
            "moved": self.moved,
            "not_recounted": self.not_recounted,
            "overtaken": self.overtaken,
            "decisions": self.decisions,
            "causes": {cause: self.causes[cause] for cause in CAUSES},
            "recommendations": list_changes(self.recommendations),
            "stages": list_changes(self.stages),
            "grades": list_changes(self.grades),
            "logged": self.logged,
            "messages": self.messages,
        }


def list_changes(changes: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    """From what to what, and of how many leads; the most frequent first."""
    ordered = sorted(changes.items(), key=lambda item: (-item[1], item[0]))
    return [{"before": before, "after": after, "leads": leads} for (before, after), leads in ordered]


def rescore_book(
    log: LogStore,
    loaded: LoadedCard,
    home: Path,
    day: date,
    *,
    is_dry: bool = False,
    rows: int = ROWS_PER_PAGE,
    progress: Callable[[float, int], None] | None = None,
) -> BookRescore:
    """Work the book out as of a day; a dry run writes nothing. Raises SQLAlchemyError where the database fails.

    `rows` of the book are worked out and written at a time.
    `progress` is called now and then with the share (0..1) of the stale leads that is done, and their number.
    """
    state = BookState(loaded.card.card.name, loaded.release, loaded.digest, day.isoformat())
    counts = count_rows(log.engine, state)
    rescore = BookRescore(day, state.card, state.release, is_dry, counts.all, counts.later, counts.of_other_cards)
    rescore.stale = counts.stale
    rescorer = LeadRescorer(log, loaded, home, day)
    done = 0
    for page in read_stale(log.engine, state, rows):
        leads = [lead for lead in rescorer.rescore(page) if lead is not None]
        rescore.not_recounted += len(page) - len(leads)
        written = leads if is_dry else _write(log, leads, rescore)
        for lead in written:
            rescore.add(lead)
        done += len(page)
        if progress is not None:
            progress(min(1.0, done / counts.stale) if counts.stale else 1.0, done)
    return rescore


def _write(log: LogStore, leads: Sequence[RescoredLead], rescore: BookRescore) -> list[RescoredLead]:
    """Write the scores of some leads, and count what was written. Returns the leads that nobody was faster with."""
    at = now()
    by_key = {lead.row.key: lead for lead in leads}
    planned = (plan_update(lead.row, lead.score, at) for lead in leads)
    updates = [update for update in planned if update is not None]
    written, messages = write_whole(log.engine, lambda connection: write_updates(connection, updates))
    rescore.logged += sum(update.record is not None for update in written)
    rescore.messages += messages
    rescore.overtaken += len(leads) - len(written)
    return [by_key[update.before.key] for update in written]
