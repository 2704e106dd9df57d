"""A history from the decision log: each lead as it was known when it was scored, and what became of it.

An ordinary history shows a lead as it is at the end, with what was written since; the log shows it as it was. So the
day from which the horizon counts is that of the score, whatever day the card names for other histories.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from leadledger.scoring.field import Field
from leadledger.scoring.outcome import Outcome
from leadledger.scoring.scorecard import Card

LOG_NAME = "the decision log"
# Two columns beside those of the fields. No field has such a name: there are no spaces in those.
SCORE_DAY = "day of the score"
OUTCOME_DAY = "day of the outcome"
# And two of a card that explores.
LOGGED_RECOMMENDATION = "recommendation of the score"
LOGGED_PROPENSITY = "propensity of the score"
# Why a score of the log is not learned from.
LEFT_OUT_REASONS = {
    "later": "are later ones of the same leads",
    "known": "came when the outcome was known",
    "nameless": "have no id of a lead",
    "forgotten": "are forgotten",
    "other_card": "are of another card",
    "backdated": "were asked for a day that was over",
    "before_events": "came before the first event was stored",
    "sent_events": "counted events that were sent beside the lead and not stored",
}


@dataclass(frozen=True)
class LoggedHistory:
    """The history of one card in the log.

    `path`: a Parquet file, one row a lead, with a typed column for each plain field, SCORE_DAY and OUTCOME_DAY (NULL:
    no outcome). `as_of`: the last day that the log knows. `source`: how many scores, leads and outcomes the log has, of
    which days. `left_out`: scores by the keys of LEFT_OUT_REASONS. `values_left_out`: values by their logged name.
    `backdated`: scores for earlier days are among them, so that their days say when it was taken, not the log's clock.
    `events`: a Parquet file with the stored events, as lists of events are; None: the card counts none.
    """

    path: Path
    as_of: date
    source: Mapping[str, Any]
    left_out: Mapping[str, int]
    values_left_out: Mapping[str, int]
    backdated: bool = False
    events: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        left_out = {"left_out": dict(self.left_out), "values_left_out": dict(self.values_left_out)}
        return {**self.source, **left_out}


def adapt_to_log(card: Card) -> Card:
    """The card that reads a history from the log: each field by its own name alone, and the outcome by the two days."""
    fields = {
        name: replace(field, sources=(), standard=(), in_bodies=(), labels=()) for name, field in card.fields.items()
    }
    fields[SCORE_DAY] = Field(SCORE_DAY, "date", learn=False)
    was = card.outcome
    outcome = was and Outcome(
        OUTCOME_DAY, "date", SCORE_DAY, within=was.within, minimum=was.minimum, landmarks=was.landmarks
    )
    return replace(card, fields=fields, outcome=outcome)
