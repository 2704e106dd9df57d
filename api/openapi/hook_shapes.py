"""The shapes of subscriptions, of deliveries, and of the messages that hooks send."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from leadledger.api.hooks.addresses import LONGEST_HOOK_URL
from leadledger.api.log.message_kinds import MessageKind
from leadledger.api.openapi.base_shape import Shape
from leadledger.api.openapi.result_shapes import QuestionShape
from leadledger.models.upkeep import Advice
from leadledger.scoring.outputs import EntryKind, Verdict


class HookRequestShape(Shape):
    """A subscription: where messages are sent, and which."""

    url: str = Field(
        description="An https:// URL that leads to public addresses, on port 443 or one from 1024, without a user.",
        min_length=1,
        max_length=LONGEST_HOOK_URL,
    )
    kinds: list[MessageKind] = Field(description="The kinds of messages; all of them if left out.", min_length=1)


class HookShape(Shape):
    """A subscription, without its secrets."""

    id: str
    url: str
    kinds: list[MessageKind]
    # Generated clients name it after its title, and `HookState` is a schema of messages.
    state: Literal["active", "disabled"] = Field(title="Subscription State")
    problem: str = Field(description="Why it was disabled; else empty.")
    created: datetime
    key: str = Field(description="The id of the API key that made it; empty: none.")
    old_secret_until: datetime | None = Field(
        description="Until when an older secret signs along with the newest; null: none does."
    )


class SubscribedShape(HookShape):
    """A subscription with its newest secret, which is not shown again."""

    secret: str = Field(description="What the messages are signed with, as Standard Webhooks writes it: `whsec_…`.")


class HooksShape(Shape):
    """All subscriptions, the oldest first."""

    hooks: list[HookShape]


class UnsubscribedShape(Shape):
    """A subscription that has ended."""

    id: str


class TestedHookShape(Shape):
    """What came of a test message."""

    delivered: bool = Field(description="Whether the receiver has taken it.")
    status: int | None = Field(description="The status of its answer; null: there was none.")
    problem: str = Field(description="What went wrong; else empty.")
    ms: float = Field(ge=0, description="How long it took, in milliseconds.")


class DeliveryShape(Shape):
    """A message of a subscription, and what came of it."""

    message_id: str = Field(description="The `webhook-id` of all its attempts.")
    kind: MessageKind
    created: datetime
    state: Literal["waiting", "delivered", "dead"]
    attempts: int = Field(ge=0)
    due: datetime = Field(description="When it is tried next; once it is delivered or dead, when that was.")
    status: int | None = Field(description="The status of the last answer; null: there was none.")
    problem: str = Field(description="What went wrong with the last attempt; else empty.")


class DeliveriesShape(Shape):
    """The messages of a subscription, the newest first."""

    deliveries: list[DeliveryShape]
    more: bool = Field(description="Whether there are older ones; get them with `before`, the last `message_id` here.")


class ResentShape(Shape):
    """How many dead messages are sent again."""

    resent: int = Field(ge=0)


class HookStateShape(Shape):
    """What was recommended before, and on which points it rested."""

    recommendation: Verdict
    from_: str = Field(alias="from", description="The stage where the lead stood.")
    to: str = Field(description="The stage that the recommendation was about.")
    since: date = Field(description="The day from which it had stood.")
    score: int = Field(ge=0, le=100)
    points: float
    probability: float | None = Field(ge=0, le=1)
    grade: str


class HookMoveShape(Shape):
    """An entry of the ledger that has moved."""

    kind: EntryKind
    name: str
    before: float
    after: float
    moved: float


class HookDataShape(Shape):
    """What a message says. Messages about leads have all members from `lead` on, others only their own."""

    release: str = Field(description="The release; empty: a card alone.")
    was: str = Field(default_factory=str, description="Of `release.published`: the release that was served before.")
    advice: Advice = Field(
        default_factory=str,  # type: ignore[arg-type]  # mypy takes an empty text for any
        description="Of `drift.warning`: `recalibrate` or `train`.",
    )
    leads: int = Field(default_factory=int, ge=0, description="Of `drift.warning`: the newest leads with an outcome.")
    won: int = Field(default_factory=int, ge=0, description="Of `drift.warning`: how many became opportunities.")
    predicted: float = Field(default_factory=float, ge=0, description="Of `drift.warning`: how many were predicted to.")
    sentence: str = Field(default_factory=str, description="Of `drift.warning`: the figures in words, and what helps.")
    lead: str = Field(default_factory=str, description="The id of the lead.")
    recommendation: Verdict = Field(default_factory=str)  # type: ignore[arg-type]
    from_: str = Field(default_factory=str, alias="from", description="The current stage of the lead.")
    to: str = Field(default_factory=str, description="The stage that the recommendation is about.")
    since: date = Field(default_factory=date.today, description="The day from which the recommendation has stood.")
    score: int = Field(default_factory=int, ge=0, le=100)
    points: float = Field(default_factory=float)
    probability: float | None = Field(default_factory=float, ge=0, le=1, description="Null while it is not known.")
    grade: str = Field(default_factory=str)
    as_of: date = Field(default_factory=date.today, description="The day of the score.")
    card: str = Field(default_factory=str)
    score_id: str = Field(default_factory=str, description="The id of the score in the log, for its replay.")
    before: HookStateShape | None = Field(
        default_factory=type(None), description="What was recommended before; null: the lead is new."
    )
    moved: list[HookMoveShape] = Field(
        default_factory=list, description="The entries that moved since the score before, the strongest first."
    )
    moved_known: bool = Field(default_factory=bool, description="Whether the score before is still in the log.")
    left_out: int = Field(default_factory=int, ge=0, description="How many more entries moved.")
    left_out_points: float = Field(default_factory=float, description="By how many points these moved together.")
    reasons: list[str] = Field(default_factory=list, description="Sentences, the most important first.")
    questions: list[QuestionShape] = Field(default_factory=list, description="What to ask, the most useful first.")


class HookMessageShape(Shape):
    """A message, as Standard Webhooks writes it."""

    type: MessageKind
    timestamp: datetime = Field(description="When it happened, not when it was sent.")
    data: HookDataShape


class TakenCallShape(Shape):
    """What became of a call of a CRM."""

    records: int = Field(ge=0, description="How many records it tells of; they are synced after this answer.")


# Each system sends a body of its own, of which only ids are read.
CRM_CALL = {
    "type": ["object", "array"],
    "description": "What the webhook of a system sends: HubSpot's notifications, BottleCRM's event, else an object with"
    " `id` or `ids`, by itself or under `data`.",
}
HOOK_BODIES = (
    TakenCallShape,
    HookRequestShape,
    HookShape,
    SubscribedShape,
    HooksShape,
    UnsubscribedShape,
    TestedHookShape,
    DeliveriesShape,
    ResentShape,
    HookMessageShape,
)
SAMPLE_MESSAGES = {
    "type": "array",
    "description": "Messages as receivers get them.",
    "items": {"$ref": "#/components/schemas/HookMessage"},
}
