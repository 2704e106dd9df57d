"""A page of the list of known leads with what explains each: its result, what moved it since a week, what will change.

All of it is worked out of the log by the verbs that answer for one lead; nothing is recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from leadledger.api.log.known_leads import KnownLead, recall_lead
from leadledger.api.service.known_leads import recall_leads
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.service import DecisionLog
from leadledger.scoring.engine.forecast import ForecastChange, forecast_values
from leadledger.scoring.engine.ledger_difference import EntryDifference, find_differences
from leadledger.scoring.errors import ScoringError
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.result import Entry, Result
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.scoring.tree import Typed

if TYPE_CHECKING:
    from leadledger.api.log.book_rows import BookRow
    from leadledger.api.log.event_store import StoredEvents

DAYS_AHEAD = 366  # within which a lead that is left may come back by itself
TURNING = ("nurture", "promote")  # recommendations of which people ask how long they stand


@dataclass(frozen=True)
class DetailedLead:
    """A known lead with what explains its row.

    `card` and `result` are those of its last score; None where the release is gone. `values` are typed, by field.
    `moved` is what its points have moved by since `row.earlier_on`, the largest difference first; empty where nothing
    moved, or nobody can tell. `turn` is the first change of its recommendation if nothing happens; None: it stays, or
    nobody asks. `place` is its place among all known leads, 1 for the best; leads with as many points share one.
    `since_at` is when its recommendation was first given, if that was today; empty: on another day, or nobody can tell.
    """

    row: BookRow
    title: str
    card: Scorecard | None
    result: Result | None
    values: Mapping[str, Typed]
    moved: tuple[EntryDifference, ...]
    turn: ForecastChange | None
    place: int = 0
    since_at: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON; what isn't known is an empty list or an empty text, so that no member is of two types."""
        advice = None if self.result is None else self.result.recommendation
        return {
            "title": self.title,
            "place": self.place,
            "since_at": self.since_at,
            "criteria": {} if advice is None else dict(advice.criteria),
            "reasons": [] if advice is None else list(advice.reasons),
            "questions": [] if advice is None else [question.to_dict() for question in advice.questions],
            "moved": [difference.to_dict("before", "after") for difference in self.moved],
            "changes": [] if self.turn is None else [self.turn.to_dict()],
        }


def detail_leads(
    log: DecisionLog, loaded: LoadedCard, home: Any, rows: Sequence[BookRow], day: date
) -> list[DetailedLead]:
    """Some leads of the book with what explains them, on a day."""
    turning = [row for row in rows if row.recommendation in TURNING and row.card == loaded.card.card.name]
    recalled = {lead.row.key: lead for lead in recall_leads(log.store, loaded, home, turning, day)}
    stored = _read_events(log, loaded, rows)
    times = _find_times(log, rows, day)
    return [
        replace(_detail(log, loaded, row, stored, recalled.get(row.key), day), since_at=times.get(row.key, ""))
        for row in rows
    ]


def _find_times(log: DecisionLog, rows: Sequence[BookRow], day: date) -> dict[str, str]:
    """Of leads whose recommendation has stood since a day, when it was first given, by their keys."""
    wanted = {row.key: row.recommendation for row in rows if row.since == row.as_of == day.isoformat()}
    if not wanted:
        return {}
    times: dict[str, str] = {}
    for lead, at, verdict in log.store.read_advice_of(day.isoformat(), [row.lead for row in rows if row.key in wanted]):
        key = find_id_key(lead)
        if wanted.get(key) == verdict:
            times[key] = at
        else:
            wanted.pop(key, None)  # before that, something else was recommended
    return times


def find_lead_title(card: Card, row: BookRow) -> str:
    """What a lead is called, as it came; empty where the card has no field for it, or it isn't known."""
    title = json.loads(row.input)["values"].get(card.title_field) if card.title_field else None
    return title if isinstance(title, str) else ""


def _read_events(log: DecisionLog, loaded: LoadedCard, rows: Sequence[BookRow]) -> StoredEvents | None:
    moved = [row.lead for row in rows if row.change]
    return log.events.read(moved) if loaded.card.card.events and moved else None


def _detail(
    log: DecisionLog,
    loaded: LoadedCard,
    row: BookRow,
    stored: StoredEvents | None,
    known: KnownLead | None,
    day: date,
) -> DetailedLead:
    try:
        engine = log.replayer.engine(row._asdict())
        result = log.replayer.replay(row._asdict())
    except ScoringError:
        values = recall_lead(loaded.engine, row).values
        return DetailedLead(row, find_lead_title(loaded.card.card, row), None, None, values, (), None)
    earlier = _find_earlier_ledger(log, row, stored) if row.change else None
    return DetailedLead(
        row,
        find_lead_title(engine.card.card, row),
        engine.card,
        result,
        recall_lead(engine, row).values,
        () if earlier is None else find_differences(earlier, result.ledger),
        None if known is None else _find_turn(known, day),
    )


def _find_turn(known: KnownLead, day: date) -> ForecastChange | None:
    """The first change of a recommendation; None where it is another today than in the book."""
    answer = forecast_values(known.engine.card, known.values, day, DAYS_AHEAD, known.events, known.counts)
    is_same = answer.now.recommendation.verdict == known.row.recommendation
    return answer.recommendation if is_same else None


def _find_earlier_ledger(log: DecisionLog, row: BookRow, stored: StoredEvents | None) -> Sequence[Entry] | None:
    """The ledger of a lead on the day since which its change is counted; None: it can't be worked out again.

    The log has it where that day's score entered it. Else it is that of the last score before, as of that day: what a
    rescore worked out. It counts only if it adds up to the total that the book has kept.
    """
    score = log.store.read_score_by(row.lead, row.earlier_on or "")
    if score is None or score["input"] is None or score["card"] != row.card:
        return None
    try:
        for ledger in _list_ledgers(log, row, score, stored):
            if sum(entry.tenths for entry in ledger) == row.earlier_tenths:
                return ledger
    except ScoringError:
        return None
    return None


def _list_ledgers(
    log: DecisionLog, row: BookRow, score: Mapping[str, Any], stored: StoredEvents | None
) -> Iterable[Sequence[Entry]]:
    """The ledgers that a lead may have had on the day since which its change is counted."""
    from leadledger.api.service.rescored_leads import find_known_events

    day = date.fromisoformat(row.earlier_on or row.as_of)
    if score["as_of"] == row.earlier_on:
        yield log.replayer.replay(score).ledger
    engine = log.replayer.engine(score)
    before = row._replace(input=score["input"], as_of=score["as_of"])
    known = recall_lead(engine, before)
    yield known.score(day).ledger
    if stored is not None:
        events = find_known_events(engine, stored, before, day, "")
        if events is not None:
            yield known.count_again(events).score(day).ledger
