"""The shape of a result: the score of one lead, its ledger, and all that explains it."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from leadledger.api.openapi.base_shape import Shape
from leadledger.scoring.axis import AxisOrNone
from leadledger.scoring.outputs import EntryKind, Verdict
from leadledger.scoring.result import State


class EntryShape(Shape):
    """One entry of a ledger: what earned or lost the points."""

    name: str = Field(
        description="The rule, group, table, pair or combination; `start` for the first; for a `cap`, its rule and "
        "limit."
    )
    kind: EntryKind
    points: float = Field(description="With one decimal.")
    reason: str = Field(description="In words.")
    why: str = Field(description="Where the number comes from, according to the card; may be empty.")
    axis: AxisOrNone = Field(
        default_factory=str,  # type: ignore[arg-type]  # mypy takes an empty text for any
        description="The axis that it belongs to; empty for the start; absent where the card has no axes.",
    )


class EarnedByEventsShape(Shape):
    """What a rule for each event has earned, and what its limits took."""

    rule: str
    points: float | None = Field(description="Null while it isn't known which events there are.")
    events: int = Field(ge=0, description="The events that have points left.")
    without_limits: float = Field(description="What they earn without limits.")
    once_per: float = Field(description="What `once_per` of the kind takes.")
    per_day: float = Field(description="What the limits of a day take after that.")
    machine_events: int = Field(ge=0, description="The events of machines, which earn nothing.")
    machine_points: float = Field(description="What these would have earned.")
    at_least: bool = Field(description="Whether events from before they were tracked may be missing.")


class UnknownKindShape(Shape):
    """A kind of events that the card doesn't declare."""

    kind: str
    events: int = Field(ge=1)


class LowerBoundShape(Shape):
    """A field that is unknown because tracking began too late."""

    field: str
    value: float = Field(description="What was counted since then.")


class EventCountsShape(Shape):
    """What became of the events of a lead."""

    known: bool = Field(description="Whether it is known which events there are.")
    counted: int = Field(ge=0, description="The events that count, those of machines among them.")
    machine: int = Field(ge=0, description="Those of machines.")
    repeated: int = Field(ge=0, description="Left out: sent again.")
    future: int = Field(ge=0, description="Left out: happened after the day.")
    late: int = Field(ge=0, description="Left out: received after the day.")
    unreadable: int = Field(
        default_factory=int,
        ge=1,
        description="Left out: stored events that this card can't read, since it has other kinds of properties than the"
        " card that took them; absent where there are none.",
    )
    unknown_kinds: list[UnknownKindShape]
    at_least: list[LowerBoundShape]
    rules: list[EarnedByEventsShape]


class QuestionShape(Shape):
    """A question whose answer could settle the recommendation."""

    field: str = Field(description="The field of the lead that the answer fills.")
    question: str
    settles: float = Field(ge=0, le=1, description="How likely its answer is to settle the recommendation.")


class StepShape(Shape):
    """A step that a lead still has before it, up to a sale."""

    step: str = Field(description="The stage that it leads to.")
    points: float = Field(description="The total of this step, with one decimal; its entries add up to it.")
    probability: float | None = Field(
        ge=0, le=1, description="The predicted probability of making it; null while its base rate is not known."
    )


class StepEntryShape(EntryShape):
    """One entry of the ledger of a step."""

    step: str = Field(description="The stage that the step leads to.")


class ResultShape(Shape):
    """The score of one lead on one day. The points of the ledger add up to `points`, to the last tenth."""

    id: str = Field(description="The id of this score in the decision log; empty while the log is off.")
    card: str
    release: str = Field(description="The release with the learned points; empty: rules only.")
    as_of: date
    score: int = Field(ge=0, le=100, description="The points, rounded and limited to 0…100.")
    points: float = Field(description="The total, with one decimal. 50.0 is the average lead; +10 doubles the odds.")
    low: float = Field(description="The lowest points that the lead could have once the card's questions are answered.")
    high: float = Field(description="The highest points that it could have then.")
    plus_minus: float | None = Field(
        ge=0,
        description="The standard error of the learned points; null where it is unknown.",
    )
    probability: float | None = Field(
        ge=0,
        le=1,
        description="The predicted probability of becoming an opportunity; null while no base rate is known. It never "
        "decides anything.",
    )
    grade: str
    percentile: int = Field(
        default_factory=int,
        ge=0,
        le=99,
        description="The place among the leads that judged the release, the newest where they have days: how many of "
        "100 have fewer points; absent where the release doesn't know.",
    )
    axis_grades: str = Field(
        default_factory=str,
        description="The grades of fit, a letter, and of engagement, a number, such as `B2`; `?` for one of which too "
        "much is unknown; absent where the card has no axes.",
    )
    fit: float = Field(
        default_factory=float,
        description="The points on the axis fit: what the lead is. With the start and `engagement` they add up to "
        "`points`; absent where the card has no axes.",
    )
    fit_unknown: float = Field(
        default_factory=float,
        ge=0,
        le=1,
        description="How much of what fit can earn is unknown; absent where the card has no axes.",
    )
    engagement: float = Field(
        default_factory=float,
        description="The points on the axis engagement: what the lead does; absent where the card has no axes.",
    )
    engagement_unknown: float = Field(
        default_factory=float,
        ge=0,
        le=1,
        description="How much of what engagement can earn is unknown; absent where the card has no axes.",
    )
    recommendation: Verdict
    propensity: float = Field(
        default_factory=float,
        ge=0,
        le=1,
        description="The probability with which the lead was to be promoted, known before it was drawn: 1 by its own "
        "points and criteria, the share of `explore:` where points alone hold it back, else 0. A promotion with less "
        "than 1 was drawn at random. Absent where no stage of the card explores.",
    )
    from_: str = Field(alias="from", description="The current stage of the lead.")
    to: str = Field(description="The stage that the recommendation is about.")
    recommended_since: date = Field(
        default_factory=lambda: date.min,
        description="The day from which recommendation and stage have been the same; absent where no stage of the card "
        "says `hold` or `cool_down`.",
    )
    below_since: date | None = Field(
        default_factory=type(None),
        description="The first look at which a promoted lead had been under the band of `hold`; null: it isn't; absent "
        "where no stage of the card says `hold` or `cool_down`.",
    )
    line: float | None = Field(description="The threshold of that stage, in points; null: only criteria decide.")
    criteria: dict[str, State]
    reasons: list[str] = Field(description="Sentences, the most important first.")
    questions: list[QuestionShape] = Field(
        description="What to ask, the most useful first; empty unless the recommendation is `ask`."
    )
    ledger: list[EntryShape]
    ignored: list[str] = Field(description="Names in the lead that no field of the card uses.")
    unseen: list[str] = Field(
        default_factory=list,
        description="Fields whose text no lead of the history had, so that they earn the points of rare values; absent "
        "where the release doesn't know the texts of its history.",
    )
    sale_probability: float | None = Field(
        default_factory=type(None),
        ge=0,
        le=1,
        description="The predicted probability of a sale, the product of those of the steps ahead; null where one is "
        "not known, or no step is left; absent of a release without steps. It never decides anything.",
    )
    expected_value: float | None = Field(
        default_factory=type(None),
        description="The probability of a sale times the lead's amount, in hundredths; null where either is not known; "
        "absent of a release without steps.",
    )
    steps: list[StepShape] = Field(
        default_factory=list,
        description="The steps that the lead still has before it, the next first; absent of a release without steps.",
    )
    step_ledger: list[StepEntryShape] = Field(
        default_factory=list,
        description="The entries of these steps; absent of a release without steps.",
    )
    events: EventCountsShape = Field(
        default_factory=EventCountsShape.model_construct,
        description="What became of the events of the lead; absent where the card has none.",
    )


class ValueShape(Shape):
    """The cleaned value of a field, as text."""

    field: str
    value: str
