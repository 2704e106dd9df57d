"""The shapes of what is asked of known leads, and said of them, and of the book at a glance."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from leadledger.api.log.feedback import FeedbackVerb, RejectReason
from leadledger.api.log.known_leads import EventsFrom
from leadledger.api.openapi.base_shape import Shape
from leadledger.api.openapi.result_shapes import ResultShape
from leadledger.scoring.engine.comparison import Side
from leadledger.scoring.outputs import EntryKind, Verdict

_NOTES = "What is to be known of it: another release than that of the last score, events that are not stored."


class ComparedEntryShape(Shape):
    """An entry in which two ledgers differ."""

    name: str
    kind: EntryKind
    a: float = Field(description="What it is worth to the first lead; 0 where its ledger hasn't got it.")
    b: float
    difference: float = Field(description="`b` less `a`.")
    a_reason: str = Field(description="In words; empty where the ledger hasn't got it.")
    b_reason: str


class MovedEntryShape(Shape):
    """An entry that is worth more or less than now."""

    name: str
    kind: EntryKind
    now: float = Field(description="0 where the ledger hasn't got it.")
    then: float
    difference: float = Field(description="`then` less `now`.")
    now_reason: str = Field(description="In words; empty where the ledger hasn't got it.")
    then_reason: str


class ComparedLeadShape(Shape):
    """One of two leads."""

    lead: str
    points: float
    low: float = Field(description="What answers to the card's questions could still make of the points, at the least.")
    high: float = Field(description="The same, at the most.")
    grade: str
    recommendation: Verdict
    to: str = Field(description="The stage that the recommendation is about.")


class TurningQuestionShape(Shape):
    """A question whose answer alone could turn the order round."""

    of: Side = Field(description="The lead that it is a question of.")
    field: str
    question: str
    low: float = Field(description="What answers could make of `difference`, at the least.")
    high: float = Field(description="The same, at the most.")


class LeadComparisonShape(Shape):
    """Two leads as of one day, by one release. The differences of the entries add up to `difference`."""

    card: str
    release: str
    as_of: date
    a: ComparedLeadShape
    b: ComparedLeadShape
    difference: float = Field(description="The points of `b` less those of `a`.")
    entries: list[ComparedEntryShape] = Field(description="Those that differ, the largest difference first.")
    can_turn: bool = Field(description="Whether answers to the questions of both leads could turn the order round.")
    questions: list[TurningQuestionShape]
    notes: list[str] = Field(description=_NOTES)


class ForecastChangeShape(Shape):
    """What a lead will be on a day. The differences of the entries add up to that of the points."""

    on: date
    recommendation: Verdict
    to: str = Field(description="The stage that the recommendation will be about.")
    grade: str
    points: float
    moved: list[MovedEntryShape] = Field(description="The largest difference first.")


class ForecastTotalShape(Shape):
    """A day from which on a lead will have other points."""

    on: date
    points: float


class LeadForecastShape(Shape):
    """What becomes of a lead if nothing happens."""

    lead: str
    card: str
    release: str
    as_of: date
    days: int = Field(ge=1, description="How many days were looked ahead.")
    recommendation: Verdict = Field(description="That of `as_of`, as `to`, `grade` and `points` are.")
    to: str
    grade: str
    points: float
    recommendation_changes: list[ForecastChangeShape] = Field(
        description="The first day on which the recommendation, or the stage that it is about, is another; empty: it"
        " stays for these days."
    )
    grade_changes: list[ForecastChangeShape] = Field(
        description="The first day on which the grade is another; empty: it stays."
    )
    course: list[ForecastTotalShape] = Field(
        description="The points of `as_of`, then those of each day on which they change."
    )
    notes: list[str] = Field(description=_NOTES)


class EventPropertyShape(Shape):
    """A property of events, and a value that one of them has, as a text."""

    field: str
    value: str


class EarnedOnDayShape(Shape):
    """What a rule has earned by the events of a day, within the limit of a day."""

    rule: str
    events: int = Field(ge=0, description="How many of them count.")
    then: float = Field(description="Points on the day itself.")
    now: float = Field(description="Points that are left as of the day of the answer.")


class EventDayShape(Shape):
    """The events of one kind on one day."""

    on: date
    kind: str
    events: int = Field(ge=1)
    machine: bool = Field(description="Machines sent them: they earn nothing, and `earned` is what they would have.")
    properties: list[EventPropertyShape] = Field(description="At most 3 values of each property.")
    earned: list[EarnedOnDayShape]


class LeadEventsShape(Shape):
    """What a lead did, the newest day first."""

    lead: str
    as_of: date
    source: EventsFrom = Field(
        description="`stored`: the days are known. `last_score`: events came beside the lead, and aren't stored."
        " `unknown`: nobody said which there are. `none`: the card counts none."
    )
    days: list[EventDayShape]
    notes: list[str] = Field(description=_NOTES)


class WhatIfShape(Shape):
    """A lead as it is, and as it would be with some answers. The differences of the entries add up to `difference`."""

    lead: str
    as_of: date
    difference: float = Field(description="The points `then` less those `now`.")
    moved: list[MovedEntryShape] = Field(description="The largest difference first.")
    now: ResultShape = Field(description="Its `id` is empty: it isn't recorded.")
    then: ResultShape = Field(description="Its `id` is empty: it isn't recorded.")
    notes: list[str] = Field(description=_NOTES)


class FeedbackRequestShape(Shape):
    """What sales thinks of a lead."""

    verb: FeedbackVerb = Field(description="Take it, send it back, or put it off to a later day.")
    reason: RejectReason = Field(description="Of `reject`, and only of it.")
    entry: str = Field(
        min_length=1, max_length=500, description="The ledger entry that is wrong, as `kind:name`; if there is one."
    )
    until: date = Field(description="Of `snooze`, and only of it: the day on which the lead comes back.")


class FeedbackShape(Shape):
    """Recorded feedback."""

    lead: str
    verb: FeedbackVerb
    reason: str = Field(description="Empty unless it was rejected.")
    entry: str = Field(description="Empty: none is wrong.")
    until: date | None = Field(description="Null unless it is put off.")
    on: date = Field(description="The day, in the card's time zone.")
    new: bool = Field(description="True if this request recorded it; false if the same was recorded on this day.")


class BookQuestionShape(Shape):
    """A question over many leads."""

    field: str
    question: str
    leads: int = Field(ge=1, description="How many leads have it open.")
    first: int = Field(ge=0, description="How many have it as their first question.")
    settles: float = Field(ge=0, description="The expected number of recommendations that its answers settle.")


class BookQuestionsShape(Shape):
    """The questions that settle most, over the leads that are to be asked."""

    card: str
    release: str
    at: datetime = Field(description="When it was worked out.")
    asked: int = Field(ge=0, description="How many leads of the book are to be asked.")
    looked_at: int = Field(ge=0, description="How many of them were looked at, the nearest to the threshold.")
    questions: list[BookQuestionShape]


class PointsBinShape(Shape):
    """Leads with points from `from` to below `to`; the first bin also has all below it, the last all above."""

    from_: int = Field(alias="from")
    to: int
    leads: int = Field(ge=0)


class GradeCountShape(Shape):
    """Leads with a grade."""

    grade: str
    leads: int = Field(ge=0)


class VerdictCountShape(Shape):
    """Leads with a recommendation."""

    recommendation: Verdict
    leads: int = Field(ge=0)
    today: int = Field(ge=0, description="How many of them have had it since today.")


class CapacityUseShape(Shape):
    """A stage that says how many leads can be taken care of."""

    stage: str
    leads: int = Field(description="In each period.")
    period: str
    since: date = Field(description="The first day of the present period.")
    promoted: int = Field(ge=0, description="How many leads have been promoted since that day, and still are.")


class GradeConversionShape(Shape):
    """What became of leads that had a grade at their first score."""

    grade: str
    leads: int = Field(ge=1)
    converted: int = Field(ge=0, description="How many of them reached the predicted stage within the horizon.")
    share: float = Field(ge=0, le=1)


class ReasonCountShape(Shape):
    """A reason for which sales rejected leads."""

    reason: str
    times: int = Field(ge=1)


class WrongEntryShape(Shape):
    """An entry of ledgers that sales called wrong."""

    kind: str
    name: str
    times: int = Field(ge=1)


class FeedbackSummaryShape(Shape):
    """What sales said of leads since a day."""

    since: date
    accept: int = Field(ge=0)
    reject: int = Field(ge=0)
    snooze: int = Field(ge=0)
    reasons: list[ReasonCountShape] = Field(description="The most frequent first.")
    wrong_entries: list[WrongEntryShape] = Field(description="Those that were called wrong most often, at most 20.")


class SummaryShape(Shape):
    """The book in figures."""

    card: str
    release: str
    as_of: date
    at: datetime = Field(description="When it was worked out.")
    leads: int = Field(ge=0)
    points: list[PointsBinShape]
    grades: list[GradeCountShape]
    recommendations: list[VerdictCountShape]
    stage: str = Field(description="The stage that scores predict; empty: none decides.")
    threshold: float | None = Field(description="Its threshold; null: points don't decide.")
    about_to_leave: int = Field(ge=0, description="Promoted leads with less than 3 points above the threshold.")
    about_to_enter: int = Field(ge=0, description="Leads to ask or nurture with at most 3 points below the threshold.")
    held: int = Field(ge=0, description="Leads that stay promoted although they are below the threshold.")
    capacity: list[CapacityUseShape]
    conversion: list[GradeConversionShape] = Field(
        description="By grade, for the newest leads whose horizon has passed; empty: the log doesn't tell yet."
    )
    conversion_since: date | None = Field(description="The day of the first of these leads; null: there are none.")
    conversion_until: date | None = Field(description="That of the last.")
    feedback: FeedbackSummaryShape


KNOWN_LEAD_BODIES = (
    *(LeadComparisonShape, LeadForecastShape, LeadEventsShape, WhatIfShape, FeedbackRequestShape, FeedbackShape),
    *(BookQuestionsShape, SummaryShape),
)
