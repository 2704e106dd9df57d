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
from leadledger.api.openapi.known_lead_shapes import KNOWN_LEAD_BODIES
from leadledger.api.openapi.lead_shapes import KnownLeadShape, LeadsShape
from leadledger.api.openapi.result_shapes import ResultShape, UnknownKindShape, ValueShape
from leadledger.api.openapi.scorecard_shapes import ScorecardShape
from leadledger.api.openapi.today_shapes import TodayShape
from leadledger.api.openapi.view_shapes import VIEW_BODIES
from leadledger.api.service.keys import Scope
from leadledger.scoring.lead_ids import LONGEST_ID
from leadledger.scoring.outputs import EntryKind, Verdict


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
    notes: list[str] = Field(description="What is odd: ids that came with different contents.")
    errors: list[MistakeShape] = Field(description="Every mistake in the events, at most 100.")


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
    probability: float | None = Field(description="0..1; null where no base rate was known.")
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
    LeadsShape,
    KnownLeadShape,
    *KNOWN_LEAD_BODIES,
    TodayShape,
    *VIEW_BODIES,
    ProblemShape,
    MeShape,
    LiveShape,
    ReadyShape,
    ReleasesShape,
    UsedShape,
    ScorecardShape,
)
