"""The shapes of known leads: what the book has of one, and pages of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from leadledger.api.openapi.base_shape import Shape
from leadledger.api.openapi.known_lead_shapes import ForecastChangeShape
from leadledger.api.openapi.result_shapes import QuestionShape, ResultShape, ValueShape
from leadledger.scoring.outputs import EntryKind, Verdict
from leadledger.scoring.result import State


class LeadRowShape(Shape):
    """A known lead, as of its newest day."""

    lead: str = Field(description="Its id, as it came last.")
    score_id: str = Field(description="The id of its last score.")
    at: datetime = Field(description="When that was answered.")
    as_of: date
    card: str
    release: str
    score: int = Field(ge=0, le=100)
    points: float
    probability: float | None = Field(description="0 to 1; null while no base rate is known.")
    percentile: int | None = Field(description="How many of 100 judged leads have fewer points; null: not known.")
    grade: str
    axis_grades: str = Field(description="The grades of both axes, such as B2; empty where the card has none.")
    recommendation: Verdict
    from_: str = Field(alias="from", description="The stage at which it stands.")
    to: str = Field(description="The stage that the recommendation is about; empty: none is left.")
    since: date = Field(description="The day from which the recommendation has been the same.")
    distance: float | None = Field(description="Points above the threshold, negative below; null: points don't decide.")
    change: float = Field(description="How many points it has won since `change_since`.")
    change_since: date | None = Field(
        description="A day a week ago or more; null: the lead is known for less, and `change` is 0."
    )
    owner: str = Field(description="The field `owner` of the card; empty: not known.")
    rejected_on: date | None = Field(description="The day on which sales last rejected it; null: never.")
    snoozed_until: date | None = Field(description="The day to which sales has put it off; null: to none.")
    answered_on: date | None = Field(description="The last day on which sales said anything of it; null: none.")


class EntryMoveShape(Shape):
    """An entry of a ledger that moved since `change_since`."""

    name: str
    kind: EntryKind
    before: float
    after: float
    difference: float
    before_reason: str
    after_reason: str


class LeadDetailsShape(Shape):
    """What explains a known lead: by its last score, and by what becomes of it if nothing happens."""

    title: str = Field(description="What it is called: its company, or its name; empty: not known.")
    place: int = Field(ge=1, description="Among all known leads; those with as many points share one.")
    since_at: str = Field(
        description="When its recommendation was first given, if that was today; empty: on another day, or the log"
        " doesn't have it."
    )
    criteria: dict[str, State] = Field(description="As in its result.")
    reasons: list[str]
    questions: list[QuestionShape]
    moved: list[EntryMoveShape] = Field(
        description="What `change` adds up from, the largest first; empty: nothing moved, or the log can't tell."
    )
    changes: list[ForecastChangeShape] = Field(
        description="The next change of its recommendation, for leads to promote or to nurture; empty: it stays."
    )


class ListedLeadShape(LeadRowShape):
    """A known lead in a list."""

    details: list[LeadDetailsShape] = Field(description="One with `details=true`; else none.")


class LeadsShape(Shape):
    """A page of known leads."""

    leads: list[ListedLeadShape]
    next: str = Field(description="Send it as `after` for the next page; empty: this is the last one.")


class LeadFeedbackShape(Shape):
    """What sales said of a lead."""

    verb: Literal["accept", "reject", "snooze"]
    reason: str
    entry: str = Field(description="The ledger entry that is wrong, as `kind:name`; empty: none.")
    until: date | None = Field(description="To which day it is put off; null: to none.")
    on: date
    at: datetime
    key: str = Field(description="The id of the caller's API key; empty: none.")


class KnownLeadShape(LeadRowShape):
    """A known lead with all that explains its score."""

    feedback: list[LeadFeedbackShape] = Field(description="The newest first, at most 100.")
    input: list[ValueShape] = Field(description="The known values, cleaned.")
    result: ResultShape
