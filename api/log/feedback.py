"""What sales says of a lead and of its score: the verbs, and the reasons of a rejection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

FeedbackVerb: TypeAlias = Literal["accept", "reject", "snooze"]
FEEDBACK_VERBS: tuple[FeedbackVerb, ...] = get_args(FeedbackVerb)
RejectReason: TypeAlias = Literal[
    "no_budget", "no_need", "no_authority", "bad_timing", "wrong_contact", "competitor", "duplicate", "other"
]
REJECT_REASONS: tuple[RejectReason, ...] = get_args(RejectReason)


@dataclass(frozen=True)
class Feedback:
    """What sales said of a lead on a day.

    `reason` is one of REJECT_REASONS for `reject`, else empty. `entry` is the ledger entry that is wrong, as
    `kind:name`; empty: none. `until` is the day on which a snoozed lead comes back; None otherwise. Days are texts.
    """

    verb: FeedbackVerb
    on: str
    reason: str = ""
    entry: str = ""
    until: str | None = None
