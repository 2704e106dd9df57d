"""The shapes of what a draft would do to known leads and to past ones, and of what training found about rules."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from leadledger.api.openapi.base_shape import Shape
from leadledger.api.requests.draft_bodies import TrialKind
from leadledger.api.studio.rule_findings import DriftBand
from leadledger.scoring.outputs import EntryKind, Verdict


class EffectMoveShape(Shape):
    """Leads that go from one recommendation or grade to another."""

    what: Literal["recommendation", "grade"] = Field(title="Move Kind")
    before: str
    after: str
    leads: int = Field(ge=1)
    mostly_by: str = Field(description="The edit that alone moves most of them; empty: none does by itself.")
    mostly_by_leads: int = Field(ge=0)
    examples: list[str] = Field(description="The ids of some of them.")


class EffectEditShape(Shape):
    """An edit of the card, and how many of the changed leads it changes alone."""

    kind: str
    name: str
    words: str
    alone: int = Field(ge=0)


class EffectStateShape(Shape):
    """The result of a lead by one of the two cards."""

    points: float
    score: int = Field(ge=0, le=100)
    probability: float | None = Field(ge=0, le=1)
    grade: str
    recommendation: Verdict
    to: str


class EffectEntryShape(Shape):
    """An entry of the ledger that differs."""

    name: str
    kind: EntryKind
    before: float
    after: float
    difference: float
    before_reason: str
    after_reason: str


class ChangedLeadShape(Shape):
    """A lead that would get another recommendation or grade."""

    lead: str
    before: EffectStateShape
    after: EffectStateShape
    difference: float = Field(description="In points.")
    moved: list[EffectEntryShape] = Field(description="The entries that differ most.")
    edits: list[str] = Field(description="The edits each of which alone changes it.")


class DraftEffectShape(Shape):
    """What a draft would do to known leads."""

    as_of: date
    leads: int = Field(ge=0, description="How many were tried.")
    known: int = Field(ge=0, description="How many leads of this card the book knows.")
    moved: int = Field(ge=0, description="How many would get other points.")
    changed: int = Field(ge=0, description="How many would get another recommendation or grade.")
    promoted_before: int = Field(ge=0)
    promoted_after: int = Field(ge=0)
    per_week_before: float | None = Field(
        description="Promotions a week over the last four weeks; null: the book is younger, or none is promoted."
    )
    per_week_after: float | None = Field(description="The same in proportion to those that the draft would promote.")
    moves: list[EffectMoveShape]
    edits: list[EffectEditShape]
    changed_leads: list[ChangedLeadShape] = Field(description="At most 200 of them.")
    notes: list[str]


class PreviewShape(DraftEffectShape):
    """What a draft would do to a sample of the known leads."""

    draft: str
    revision: int = Field(ge=1)
    release: str
    problem: str = Field(description="Why that can't be told; else empty.")
    milliseconds: float = Field(ge=0)


class PastRateShape(Shape):
    """A share of past leads, with its exact 95 % limits; null where there is no lead."""

    leads: int = Field(ge=0)
    won: int = Field(ge=0)
    rate: float | None = Field(ge=0, le=1)
    low: float | None = Field(ge=0, le=1)
    high: float | None = Field(ge=0, le=1)


class PastThresholdShape(Shape):
    """What a card's promotion threshold would have done."""

    stage: str
    line: float | None
    closed: str
    volume: int = Field(ge=0)
    precision: PastRateShape
    recall: PastRateShape


class PastThresholdsShape(Shape):
    """The thresholds of both cards; null where no stage is predicted."""

    old: PastThresholdShape
    new: PastThresholdShape


class PastMoveShape(Shape):
    """Past leads that would have gone from one recommendation or grade to another; `won` became opportunities."""

    what: Literal["recommendation", "grade"] = Field(title="Move Kind")
    old: str
    new: str
    leads: int = Field(ge=1)
    won: int = Field(ge=0)


class PastEditShape(Shape):
    """An edit, and how many of the changed leads it answers for: `alone` in the old card, `needed` in the new one."""

    kind: str
    name: str
    said: str
    alone: int = Field(ge=0)
    needed: int = Field(ge=0)


class RuleAuditShape(Shape):
    """A rule under audit: the leads that it fired for, what became of them, and the points that the data support."""

    name: str
    reason: str
    group: str
    declared: float
    counted: float
    fired: int = Field(ge=0)
    share: float = Field(ge=0, le=1)
    won: int = Field(ge=0)
    rate: float | None
    rate_low: float | None
    rate_high: float | None
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    supported: float | None
    supported_low: float | None
    supported_high: float | None
    lost_to_caps: float
    lost_to_caps_in_all: float
    finding: Literal["", "dead", "always_on", "contradicted", "overrated", "redundant", "underrated"] = Field(
        title="Rule Finding"
    )
    said: str


class PastEffectShape(Shape):
    """What a draft would have done to past leads whose outcome is known."""

    source: str
    old: str
    new: str
    release: str
    leads: int = Field(ge=0)
    won: int = Field(ge=0)
    changed: int = Field(ge=0)
    shifts: list[PastMoveShape]
    at_the_line: PastThresholdsShape | None
    gained: PastRateShape
    dropped: PastRateShape
    edits: list[PastEditShape]
    together: int = Field(ge=0, description="Changed leads that no edit changes by itself.")
    rules: list[RuleAuditShape] = Field(description="The audit of the edited rules.")
    notes: list[str]


class TrialShape(Shape):
    """A trial of a draft in the background."""

    on: TrialKind
    state: Literal["none", "running", "done", "failed"] = Field(title="Trial State")
    step: str = Field(description="What it is at; empty: nothing.")
    share: float = Field(ge=0, le=1, description="How much of it is done.")
    problem: str = Field(description="Why it failed; else empty.")
    revision: int = Field(ge=1)
    is_newest: bool = Field(description="Whether it is of the newest revision.")
    release: str
    by: str
    started: datetime | None
    updated: datetime | None
    effect: DraftEffectShape | None = Field(description="Of a trial on leads that is done.")
    backtest: PastEffectShape | None = Field(description="Of a trial on the history that is done.")


class TrialsShape(Shape):
    """The trials of a draft: on leads, and on the history."""

    trials: list[TrialShape]


class RuleFindingShape(RuleAuditShape):
    """A rule as training found it."""

    edited: bool = Field(description="Whether it was edited since: the finding is about the former rule then.")
    drift: DriftBand = Field(
        title="Rule Drift",
        description="Whether it fired as often for the newest leads of training as for the older; empty: not known.",
    )


class RuleNowShape(Shape):
    """How often a rule fires for known leads."""

    name: str
    fired: int = Field(ge=0)
    share: float = Field(ge=0, le=1)
    drift: DriftBand = Field(
        title="Rule Drift Since",
        description="Whether that is as often as in training; empty: not known, or the rule was edited since.",
    )


class RuleFindingsShape(Shape):
    """The rules as the last training found them."""

    release: str = Field(description="The release that was measured; empty: nothing was trained.")
    leads: int = Field(ge=0)
    won: int = Field(ge=0)
    rules: list[RuleFindingShape]
    known: int = Field(ge=0, description="The known leads, or a sample of them, that `now` is about.")
    now: list[RuleNowShape] = Field(
        description="The rules of the card that is served, in its order; none without a log."
    )


EFFECT_BODIES = (PreviewShape, TrialShape, TrialsShape, RuleFindingsShape)
