"""Rows of the table `book`, and the changes of decisions that hooks tell of."""

from __future__ import annotations

from typing import NamedTuple


class BookRow(NamedTuple):  # made for each score
    """What the book knows of a lead: the columns of `book`, in their order.

    Points are in tenths; `distance` is above the threshold, negative below it, and None where points don't decide.
    `change` is since the day `earlier_on`, a week ago or more (None: the lead is new). Days are texts.
    """

    key: str
    lead: str
    score_id: str
    at: str
    as_of: str
    card: str
    card_digest: str
    release: str
    tenths: int
    score: int
    probability: float | None
    percentile: int | None
    grade: str
    axis_grades: str
    recommendation: str
    stage: str
    to_stage: str
    since: str
    below_since: str | None
    distance: int | None
    change: int
    earlier_tenths: int | None
    earlier_on: str | None
    owner: str
    rejected_on: str | None
    snoozed_until: str | None
    input: str


class DecisionChange(NamedTuple):
    """A lead whose recommendation, stage ahead or grade has changed; `before` is None for a lead that is new."""

    before: BookRow | None
    after: BookRow
