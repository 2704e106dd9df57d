"""The newest leads of the log whose outcome is known, beside what a release predicts of them.

A lead counts by its first score, as in training from the log, if that was asked for on its day and its horizon had
passed when the last outcome was recorded: of a later lead, nobody may have reported yet what became of it. Leads that
the release may have learned from don't count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from leadledger.api.log.record import decode_input
from leadledger.api.log.store import LogStore
from leadledger.models.upkeep import NEWEST_LEADS, Upkeep, measure_upkeep
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.scorecard import Card

# A score asked for today is recorded a moment later, perhaps after midnight, and the caller's time zone may still be at
# the day before. A score asked for an earlier day shows the lead as it is now, not as it was on that day.
LARGEST_DELAY = timedelta(days=1)


def list_outcome_stages(card: Card) -> tuple[str, ...]:
    """The stages that count as the outcome: the one that scores predict, and those after it; empty: none decides."""
    if card.predicted_stage is None:
        return ()
    return tuple(stage.name for stage in card.stages[card.stages.index(card.predicted_stage) :])


@dataclass(frozen=True)
class MaturedLead:
    """A lead whose outcome is known: its values when it was first scored, that day, and whether it was won."""

    values: Mapping[str, Any]
    as_of: date
    won: bool


def list_matured(
    log: LogStore, card: Card, last_learned: date, *, promoted: bool = False, limit: int = NEWEST_LEADS
) -> list[MaturedLead]:
    """The leads of the log after the day `last_learned` whose outcome is known, the newest first, `limit` at most.

    `promoted`: only those that were promoted. None where the card has no outcome, or the log none.
    """
    stages = list_outcome_stages(card)
    newest = log.find_last_outcome()
    if card.outcome is None or not card.outcome.within or not stages or newest is None:
        return []
    horizon = timedelta(card.outcome.within)
    known_until = date.fromisoformat(newest[:10]) - horizon
    scores = log.read_first_scores(card.name, last_learned.isoformat(), known_until.isoformat(), limit)
    reached = log.read_first_outcomes([score.lead for score in scores], stages)
    leads = []
    for score in scores:
        if promoted and score.recommendation != "promote":
            continue
        values, _ = decode_input(card, score.input, lenient=True)
        day = reached.get(find_id_key(score.lead))
        as_of = date.fromisoformat(score.as_of)
        knew = values.get("stage") in stages or (day is not None and day <= score.as_of)
        if not knew and abs(date.fromisoformat(score.at[:10]) - as_of) <= LARGEST_DELAY:
            leads.append(MaturedLead(values, as_of, day is not None and date.fromisoformat(day) <= as_of + horizon))
    return leads


def measure_log(log: LogStore, engine: Engine, last_learned: date, *, promoted: bool = False) -> Upkeep | None:
    """What the release of an engine needs, by the log; None where the log can't tell.

    `last_learned` is the day of the newest lead that it has learned from. Every lead is scored anew from its logged
    values: most were scored by an earlier release. `promoted`: only leads count that were promoted, since the release
    has learned from these alone.
    """
    return measure_matured(list_matured(log, engine.card.card, last_learned, promoted=promoted), engine)


def measure_matured(leads: Sequence[MaturedLead], engine: Engine) -> Upkeep | None:
    """Set what a release predicts of some leads beside what became of them; None where they can't tell."""
    probabilities = [engine.build_result(lead.values, lead.as_of).probability for lead in leads]
    known = [probability for probability in probabilities if probability is not None]
    if len(known) < len(leads):
        return None
    return measure_upkeep(known, [lead.won for lead in leads])
