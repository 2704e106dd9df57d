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
from leadledger.api.requests.body import LONGEST_LEAD_ID
from leadledger.api.service.keys import Scope
from leadledger.scoring.outputs import EntryKind, Verdict
from leadledger.scoring.result import State


class EntryShape(Shape):
    """One entry of a ledger: what earned or lost the points."""

    name: str = Field(description="The rule, group, table, pair or combination; `start` for the first.")
    kind: EntryKind
    points: float = Field(description="With one decimal.")
    reason: str = Field(description="In words.")
    why: str = Field(description="Where the number comes from, as the card says; may be empty.")


class QuestionShape(Shape):
    """A question whose answer could settle the recommendation."""

    field: str = Field(description="The field of the lead that the answer fills.")
    question: str
    settles: float = Field(ge=0, le=1, description="How likely its answer is to settle the recommendation.")


class ResultShape(Shape):
    """The score of one lead on one day. The points of the ledger add up to `points`, to the last tenth."""

    id: str = Field(description="The id of this score in the decision log; empty where nothing is recorded.")
    card: str
    release: str = Field(description="The release that the learned points come from; empty: rules alone.")
    as_of: date
    score: int = Field(ge=0, le=100, description="The points, rounded and cut to 0…100.")
    points: float = Field(description="The total, with one decimal. 50.0 is the average lead; +10 doubles the odds.")
    low: float = Field(description="The least that answers to the card's questions could make of the points.")
    high: float = Field(description="The most that they could.")
    plus_minus: float | None = Field(
        ge=0,
        description="The standard error of the points that comes from what was learned; null where it is not known.",
    )
    probability: float | None = Field(
        ge=0, le=1, description="Of becoming an opportunity; null while no base rate is known. It never decides."
    )
    grade: str
    recommendation: Verdict
    from_: str = Field(alias="from", description="The stage at which the lead stands.")
    to: str = Field(description="The stage that the recommendation is about.")
    line: float | None = Field(description="The points from which that stage is open; null: criteria alone decide.")
    criteria: dict[str, State]
    reasons: list[str] = Field(description="Sentences, the most telling first.")
    questions: list[QuestionShape] = Field(description="What to ask, the most telling first; only where it says `ask`.")
    ledger: list[EntryShape]
    ignored: list[str] = Field(description="Names in the lead that no field of the card uses.")


class MistakeShape(Shape):
    """One mistake in a request."""

    path: str = Field(description="The JSON path of what is wrong.", examples=["$.leads[3].employees"])
    reason: str
    value: str = Field(
        description="The value that is wrong: a text as it came, cut to 40 characters, else as JSON writes it; "
        "left out where it tells nothing."
    )


class ItemShape(Shape):
    """What became of one lead of a batch: scored (200), or refused (422) for its mistakes."""

    status: Literal[200, 422]
    result: ResultShape = Field(description="The score; left out where the lead was refused.")
    errors: list[MistakeShape] = Field(description="Every mistake in the lead, at most 10; empty where it was scored.")


class BatchResultShape(Shape):
    """A result or a refusal for each lead, in the order of the leads."""

    scored: int
    refused: int
    results: list[ItemShape]


class ProblemShape(Shape):
    """A refusal, as RFC 9457 has it. `errors` lists every mistake of the body (at most 100); else it is empty."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    errors: list[MistakeShape]
    request_id: str = Field(description="Also in the header X-Request-Id, and in the server's log.")
    retry_after: int = Field(
        ge=1, description="The seconds after which to ask again, as in the header Retry-After; else left out."
    )


class KeyShape(Shape):
    """An API key, without its secret."""

    model_config = ConfigDict(title="Key")

    id: str
    name: str
    created: datetime


class MeShape(Shape):
    """Who asks, and what it may do."""

    key: KeyShape | None = Field(description="Null where no keys are made: then everybody on the machine may do all.")
    scopes: list[Scope]


class LiveShape(Shape):
    """The process runs."""

    status: Literal["live"]


class ReadyShape(Shape):
    """The service can score."""

    status: Literal["ready"]
    card: str
    release: str


class OutcomeRequestShape(Shape):
    """What became of a lead."""

    lead: str = Field(
        description="The id of the lead; white space at its ends doesn't count.",
        min_length=1,
        max_length=LONGEST_LEAD_ID,
        pattern=r"\S",
    )
    became: str = Field(description="A stage of the card, or `lost`.")
    on: date = Field(description="The day.")


class OutcomeShape(Shape):
    """An outcome as it is noted."""

    lead: str
    became: str
    on: date
    new: bool = Field(description="Whether it is noted now; else it was already.")


class ValueShape(Shape):
    """The cleaned value of a field, as a text."""

    field: str
    value: str


class ScoreShape(Shape):
    """A score of the log, in short."""

    id: str
    at: datetime = Field(description="When it was answered.")
    lead: str = Field(description="The id of the lead; empty: it has none.")
    key: str = Field(description="The id of the API key that asked; empty: none.")
    card: str
    release: str
    as_of: date
    score: int = Field(ge=0, le=100)
    points: float
    grade: str
    recommendation: Verdict


class LoggedScoreShape(ScoreShape):
    """A score of the log: the answer, and what it came from."""

    input: list[ValueShape] = Field(description="The cleaned values that were known.")
    result: ResultShape


class ReplayedShape(Shape):
    """A score, worked out again from the logged values, by the release of that day."""

    id: str
    release: str
    identical: bool = Field(description="Whether the whole answer is the same, byte for byte.")
    points: float = Field(description="As logged.")
    replayed: float = Field(description="As worked out now.")
    result: ResultShape


class MovedShape(Shape):
    """An entry of the ledger that moved since the lead's score before."""

    kind: EntryKind
    name: str
    cause: MoveCause = Field(
        description="The lead's values, the day of scoring, the release; `unknown` where a release is gone."
    )
    before: float
    after: float
    moved: float


class ChangedShape(Shape):
    """A field whose value changed since the lead's score before, as texts; null: not known."""

    field: str
    before: str | None
    after: str | None


class LeadScoreShape(ScoreShape):
    """A score of a lead, and what moved since the one before. The moves add up to the difference of the points."""

    moved: list[MovedShape]
    changed: list[ChangedShape]


class LeadOutcomeShape(Shape):
    """What became of the lead."""

    became: str
    on: date
    at: datetime = Field(description="When it was noted.")


class LeadScoresShape(Shape):
    """The scores of a lead, newest first."""

    lead: str
    scores: list[LeadScoreShape]
    more: bool = Field(description="Whether there are older ones: ask again with `before`, the id of the last.")
    outcomes: list[LeadOutcomeShape]


class ReleaseShape(Shape):
    """A release of the home."""

    name: str
    current: bool = Field(description="Whether it is the current one.")
    served: bool = Field(description="Whether this service serves it.")
    created: datetime | None = Field(description="Null where it can't be read.")
    card: str
    note: str
    metrics: dict[str, float] = Field(description="How good it is, by the measures of its training.")
    problem: str = Field(description="Why it can't be listed with more than its name; else empty.")


class ReleasesShape(Shape):
    """What could be served, oldest first, and what is."""

    serves: str = Field(description="The release that answers now; empty: a card alone.")
    follows: bool = Field(description="Whether the service serves whatever release is the current one.")
    problem: str = Field(description="Why the current release is refused, and another served on; else empty.")
    releases: list[ReleaseShape]


class UsedShape(Shape):
    """A release that is the current one now."""

    release: str
    was: str = Field(description="The release that was served until now.")


# Every body that a route names; the shapes that they contain follow from them.
BODIES = (
    ResultShape,
    BatchResultShape,
    OutcomeRequestShape,
    OutcomeShape,
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
