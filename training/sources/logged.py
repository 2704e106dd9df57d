"""A history that the decision log gives: each lead as it was known when it was scored, and what became of it.

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
from leadledger.scoring.scorecard import Card

NAME = "the decision log"
# Two columns beside those of the fields. No field has such a name: there are no spaces in those.
DAY = "day of the score"
BECAME = "day of the outcome"
# Why a score of the log is not learned from.
LEFT_OUT = {
    "later": "are later ones of the same leads",
    "known": "came when the outcome was known",
    "nameless": "have no id of a lead",
    "forgotten": "are forgotten",
    "other_card": "are of another card",
    "backdated": "were asked for a day that was over",
}


@dataclass(frozen=True)
class Logged:
    """What the log gives for one card.

    `path`: a Parquet file, one row a lead, with a typed column for each plain field, DAY and BECAME (NULL: it did not).
    `as_of`: the day up to which the log tells. `source`: how many scores, leads and outcomes the log has, of which
    days. `left_out`: scores by the keys of LEFT_OUT. `values_left_out`: by the name under which they were logged.
    """

    path: Path
    as_of: date
    source: Mapping[str, Any]
    left_out: Mapping[str, int]
    values_left_out: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        told = {"left_out": dict(self.left_out), "values_left_out": dict(self.values_left_out)}
        return {**self.source, **told}


def as_logged(card: Card) -> Card:
    """The card as it reads what the log gives: each field by its own name alone, and the outcome by the two days."""
    fields = {name: replace(one, sources=(), standard=(), in_bodies=()) for name, one in card.fields.items()}
    fields[DAY] = Field(DAY, "date", learn=False)
    outcome = card.outcome and replace(card.outcome, column=BECAME, since=DAY)
    return replace(card, fields=fields, outcome=outcome)
