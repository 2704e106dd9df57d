"""The shapes of requests and answers, for /docs and /openapi.json.

Nothing is validated with these models: `api.requests` reads requests (faster, and with every mistake at once), and
results convert themselves to JSON. A test holds the answers to what is promised here. The lead isn't described here but
from the fields of the card: `lead_schema.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field

from leadledger.api.log.record import MoveCause
from leadledger.api.openapi.base_shape import Shape
from leadledger.api.openapi.scorecard_shapes import ScorecardShape
from leadledger.api.service.keys import Scope
from leadledger.scoring.axis import AxisOrNone
from leadledger.scoring.lead_ids import LONGEST_ID
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
    from_: str = Field(alias="from", description="The current stage of the lead.")
    to: str = Field(description="The stage that the recommendation is about.")
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


class MistakeShape(Shape):
    """One mistake in a request."""

    path: str = Field(description="The JSON path of the mistake.", examples=["$.leads[3].employees"])
    reason: str
    value: str = Field(
        description="The wrong value: a text as received, shortened to 40 characters, any other value as JSON; left "
        "out where it would not help."
    )


class ItemShape(Shape):
    """The result for one lead of a batch: scored (200), or refused (422) because of its mistakes."""

    status: Literal[200, 422]
    result: ResultShape = Field(description="The score; left out if the lead was refused.")
    errors: list[MistakeShape] = Field(description="Every mistake in the lead, at most 10; empty if it was scored.")


class BatchResultShape(Shape):
    """A result or a refusal for each lead, in the order of the leads."""

    scored: int
    refused: int
    results: list[ItemShape]


class ProblemShape(Shape):
    """A refusal in the format of RFC 9457. `errors` lists the mistakes in the body, at most 100."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    errors: list[MistakeShape]
    request_id: str = Field(description="Also in the header X-Request-Id and in the server's log.")
    retry_after: int = Field(
        ge=1, description="The seconds to wait before trying again, as in the header Retry-After; often left out."
    )


class KeyShape(Shape):
    """An API key, without its secret."""

    model_config = ConfigDict(title="Key")

    id: str
    name: str
    created: datetime


class MeShape(Shape):
    """The caller's key, and what it may do."""

    key: KeyShape | None = Field(
        description="Null where no keys exist: then every program on the machine may do everything."
    )
    scopes: list[Scope]


class LiveShape(Shape):
    """The process is running."""

    status: Literal["live"]


class ReadyShape(Shape):
    """The service can score."""

    status: Literal["ready"]
    card: str
    release: str


class OutcomeRequestShape(Shape):
    """What became of a lead."""

    lead: str = Field(
        description="The id of the lead; white space at its ends is ignored.",
        min_length=1,
        max_length=LONGEST_ID,
        pattern=r"\S",
    )
    became: str = Field(description="A stage of the card, or `lost`.")
    on: date = Field(description="The day.")


class OutcomeShape(Shape):
    """A recorded outcome."""

    lead: str
    became: str
    on: date
    new: bool = Field(description="True if this request recorded it; false if it was recorded before.")
    notes: list[str] = Field(description="What is odd about it: no such lead was scored, or the day can't be.")


class StoredEventsShape(Shape):
    """What became of the events of a request."""

    stored: int = Field(ge=0, description="New ones.")
    repeated: int = Field(ge=0, description="Those that were stored before.")
    refused: int = Field(ge=0, description="Those with mistakes, which are listed under `errors` and not stored.")
    joins: int = Field(ge=0, description="Those that join two ids of a lead.")
    unknown_kinds: list[UnknownKindShape] = Field(
        description="Kinds that the card doesn't declare. Their events are stored, and no score counts them."
    )
    notes: list[str] = Field(description="What is odd: ids that came with another content too.")
    errors: list[MistakeShape] = Field(description="Every mistake in the events, at most 100.")


class ValueShape(Shape):
    """The cleaned value of a field, as text."""

    field: str
    value: str


class ScoreShape(Shape):
    """A logged score, in short."""

    id: str
    at: datetime = Field(description="When the service answered.")
    lead: str = Field(description="The id of the lead; empty: it has none.")
    key: str = Field(description="The id of the caller's API key; empty: none.")
    card: str
    release: str
    as_of: date
    score: int = Field(ge=0, le=100)
    points: float
    grade: str
    recommendation: Verdict


class LoggedScoreShape(ScoreShape):
    """A logged score: the answer and its inputs."""

    input: list[ValueShape] = Field(description="The known values, cleaned.")
    result: ResultShape


class ReplayedShape(Shape):
    """A score, computed again from the logged values with the release of that day."""

    id: str
    release: str
    identical: bool = Field(description="Whether the whole answer is the same, byte for byte.")
    points: float = Field(description="As logged.")
    replayed: float = Field(description="As computed now.")
    result: ResultShape


class MovedShape(Shape):
    """An entry of the ledger that has moved since the previous score of the lead."""

    kind: EntryKind
    name: str
    cause: MoveCause = Field(
        description="What changed: the lead's values, the day, the release, or for what rules earn for each event, the "
        "events; `arrived_late`: events that had happened by the previous score arrived after it; `unknown` if a "
        "release is gone."
    )
    before: float
    after: float
    moved: float


class ChangedShape(Shape):
    """A field whose value has changed since the previous score of the lead. Values are texts; null: unknown."""

    field: str
    before: str | None
    after: str | None


class LeadScoreShape(ScoreShape):
    """A score of a lead, and what has moved since the previous one. The moves add up to the difference in points."""

    moved: list[MovedShape]
    changed: list[ChangedShape]
    arrived_late: int = Field(
        ge=0, description="How many stored events had happened by the previous score, and arrived after it."
    )


class LeadOutcomeShape(Shape):
    """What became of the lead."""

    became: str
    on: date
    at: datetime = Field(description="When it was recorded.")


class LeadScoresShape(Shape):
    """The scores of a lead, newest first."""

    lead: str
    scores: list[LeadScoreShape]
    more: bool = Field(
        description="Whether there are older scores; get them with `before`, the id of the last one here."
    )
    outcomes: list[LeadOutcomeShape]


class ReleaseShape(Shape):
    """A release of the home."""

    name: str
    current: bool = Field(description="Whether it is the current release.")
    served: bool = Field(description="Whether this service serves it now.")
    created: datetime | None = Field(description="Null if it can't be read.")
    card: str
    note: str
    metrics: dict[str, float] = Field(description="The measures of its training.")
    problem: str = Field(description="Why only its name can be listed; else empty.")


class ReleasesShape(Shape):
    """The releases, oldest first, and which one is served."""

    serves: str = Field(description="The release that is served now; empty: a card without a release.")
    follows: bool = Field(description="Whether the service always serves the current release.")
    problem: str = Field(
        description="Why the service refuses the current release and keeps serving another; else empty."
    )
    releases: list[ReleaseShape]


class UsedShape(Shape):
    """The release that has become the current one."""

    release: str
    was: str = Field(description="The release that was served before.")


# Every body that a route names; the shapes that they contain follow from them.
BODIES = (
    ResultShape,
    BatchResultShape,
    OutcomeRequestShape,
    OutcomeShape,
    StoredEventsShape,
    LoggedScoreShape,
    ReplayedShape,
    LeadScoresShape,
    ProblemShape,
    MeShape,
    LiveShape,
    ReadyShape,
    ReleasesShape,
    UsedShape,
    ScorecardShape,
)
