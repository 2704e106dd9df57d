"""The scores of the log beside what a shadow would have said: of the same values, on the same day.

The log is read after the answers have left, so a shadow can't slow, change or fail an answer, and is in no book and no
message of a hook.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadledger.api.log.raw_events import make_raw_events
from leadledger.api.log.record import decode_counts, decode_input, has_sent_events
from leadledger.api.log.replay import Replayer
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.studio.drafts import check_once
from leadledger.api.studio.previews import carry_to_draft
from leadledger.api.studio.shadow_files import ComparedScore, Shadow, ShadowCounts
from leadledger.models.releases.store import Releases
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import DraftError, LeadError, ScoringError
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.scorecard import Scorecard

if TYPE_CHECKING:
    from leadledger.api.log.event_store import EventStore, StoredEvents
    from leadledger.api.log.store import LogStore

OTHER_CARD = "release {name} scores by the card '{card}', and the leads are scored by '{served}'"
ROWS_PER_PAGE = 200
ROWS_PER_STEP = 20  # between two pauses: a few milliseconds
LONGEST_PROBLEM = 300  # characters


class UnknownEvents(ScoringError):
    """A shadow counts other events than a score did, and those of the lead aren't stored."""


def open_shadow(shadow: Shadow, loaded: LoadedCard, home: Path) -> Scorecard:
    """The scorecard of a shadow beside the one that is served. Raises ScoringError where it can't score its leads."""
    if shadow.kind == "draft":
        return carry_to_draft(loaded, check_once(shadow.text)).scorecard
    scorecard = Releases(home).open(shadow.name)
    names = scorecard.card.name, loaded.card.card.name
    if names[0] != names[1]:
        raise DraftError(OTHER_CARD.format(name=shadow.name, card=names[0], served=names[1]))
    return scorecard


def list_unknown_fields(shadow: Scorecard, served: Scorecard) -> list[str]:
    """The fields that a shadow reads and that no score has a value for, since the served card has no such field."""
    known = {field.name: field.kind for field in served.card.plain_fields}
    return [field.name for field in shadow.card.plain_fields if known.get(field.name) != field.kind]


@dataclass
class ShadowComparison:
    """Compares the scores of a log, a page at a time, and counts. `pause` is called between two steps."""

    log: LogStore
    events: EventStore
    loaded: LoadedCard
    home: Path
    shadow: Scorecard
    counts: ShadowCounts

    def __post_init__(self) -> None:
        self._engine = get_engine(self.shadow)
        self._replayer = Replayer(self.log, self.home)
        self._counted_alike: dict[tuple[str, str], bool] = {}

    def compare_page(self, until: str, pause: Callable[[], None]) -> int:
        """Compare the next page of scores before the time `until`. Returns how many it had."""
        rows = read_page(self.log, self.counts.at, self.counts.last, until)
        stored: StoredEvents | None = None
        for number, row in enumerate(rows, start=1):
            is_own = bool(self.shadow.release) and row["release"] == self.shadow.release
            if not is_own and row["input"] is not None:  # None: forgotten
                if stored is None and self._engine.card.card.events:
                    stored = self.events.read([other["lead"] for other in rows if other["lead"]])
                self._compare(row, stored)
            self.counts.at, self.counts.last = row["at"], row["id"]
            if not number % ROWS_PER_STEP:
                pause()
        return len(rows)

    def _compare(self, row: dict[str, Any], stored: StoredEvents | None) -> None:
        try:
            values, ignored = decode_input(self._engine.card.card, row["input"], lenient=True)
            counts = self._count(row, values, stored)
            result = self._engine.build_result(values, date.fromisoformat(row["as_of"]), ignored, counts)
        except UnknownEvents:
            self.counts.left_out += 1
        except Exception as error:  # a shadow that fails harms nobody, and shows why; its text may hold values of leads
            self.counts.failed += 1
            text = str(error) if isinstance(error, ScoringError) and not isinstance(error, LeadError) else ""
            self.counts.problem = (text or type(error).__name__)[:LONGEST_PROBLEM]
        else:
            verdict = result.recommendation.verdict
            was = row["tenths"], row["recommendation"], row["grade"]
            score = ComparedScore(row["id"], *was, result.tenths, verdict, result.grade)
            self.counts.add(score)

    def _count(self, row: dict[str, Any], values: dict[str, Any], stored: StoredEvents | None) -> EventCounts | None:
        """What the events of a score come to by the shadow's card. Raises UnknownEvents, ScoringError."""
        engine = self._engine
        if not engine.card.card.events:
            return None
        if self._counts_alike(row):
            return decode_counts(engine.card.card, row["input"], values)
        if not row["lead"] or stored is None or has_sent_events(row["input"]):
            raise UnknownEvents
        day = date.fromisoformat(row["as_of"])
        if not stored.first or stored.first > row["at"] or engine.event_reader.read_time(stored.first).day > day:
            return None  # nobody knew which events there were, as for the score
        known = [event for event in stored.of(row["lead"]) if max(event.at, event.received) <= row["at"]]
        return engine.count_events(make_raw_events(engine.event_reader, known), day, values)

    def _counts_alike(self, row: dict[str, Any]) -> bool:
        """Whether the card of a score counts events as the shadow's does."""
        name = row["release"], row["card_digest"]
        if name not in self._counted_alike:
            is_served = name == (self.loaded.release, self.loaded.digest)
            cards = [
                self._engine.card.card,
                (self.loaded.engine if is_served else self._replayer.engine(row)).card.card,
            ]
            before, after = [(card.events, card.each_rules, card.event_fields) for card in cards]
            self._counted_alike[name] = before == after
        return self._counted_alike[name]


def read_page(log: LogStore, at: str, last: str, until: str) -> Sequence[dict[str, Any]]:
    """The scores after one of the log (its time and id), before a time, the oldest first. Raises SQLAlchemyError."""
    from sqlalchemy import select

    from leadledger.api.log import tables

    table = tables.scores.c
    columns = ("id", "at", "lead", "release", "card_digest", "as_of", "tenths", "grade", "recommendation", "input")
    query = (
        select(*[table[name] for name in columns])
        .where(table.at >= at, (table.at > at) | (table.id > last), table.at < until)
        .order_by(table.at, table.id)
        .limit(ROWS_PER_PAGE)
    )
    with log.engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def count_waiting(log: LogStore, at: str, last: str, most: int) -> int:
    """How many scores of the log are not compared yet, counted up to `most`. Raises SQLAlchemyError."""
    from sqlalchemy import func, select

    from leadledger.api.log import tables

    table = tables.scores.c
    waiting = select(table.id).where(table.at >= at, (table.at > at) | (table.id > last)).limit(most).subquery()
    with log.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(waiting)).scalar_one()


def read_leads(log: LogStore, scores: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The lead, time and day of scores by their ids; those that are forgotten or expired are left out."""
    from sqlalchemy import select

    from leadledger.api.log import tables

    table = tables.scores.c
    query = select(table.id, table.lead, table.at, table.as_of).where(table.id.in_(scores), table.input.is_not(None))
    with log.engine.connect() as connection:
        return {row.id: dict(row._mapping) for row in connection.execute(query)}
