"""Stages, and the gate in front of each: a comparison of points and of criteria.

A gate opens where every criterion that the stage requires is met, each axis has the grade that it asks for, and the
total reaches the threshold. The probability is shown, and never decides. What is unknown neither opens nor closes a
gate: the recommendation is to ask, while an answer could still change it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadledger.scoring.axis import AxisDemand
from leadledger.scoring.exploration import Exploration
from leadledger.scoring.outputs import Verdict

SET_BY_CARD = "the threshold that the card sets is used"


@dataclass(frozen=True)
class Capacity:
    """How many leads can be taken care of in a period: a day, a week or a month."""

    leads: int
    period: str

    def __str__(self) -> str:
        return f"{self.leads:,} per {self.period}"


@dataclass(frozen=True)
class DealValue:
    """What a promoted lead brings if it becomes an opportunity, and what each promotion costs, in one currency."""

    won: float
    cost: float

    @property
    def least(self) -> float:
        """The probability (0..1) from which a promotion brings no less than it costs."""
        return self.cost / self.won


@dataclass(frozen=True)
class Hold:
    """How a promotion is kept: it ends after the total has been `band` tenths below the threshold for `days`."""

    band: int
    days: int

    def __str__(self) -> str:
        days = f"{self.days:,} day{'s' if self.days > 1 else ''}"
        return f"a promotion is kept down to {self.band / 10:.1f} points less, and for {days} below that"


@dataclass(frozen=True)
class CoolDown:
    """For how many `days` a lead that sales rejected isn't recommended again.

    `unless` is a date field; a day in it that is later than the rejection ends the wait. Empty: nothing does.
    """

    days: int
    unless: str = ""

    def __str__(self) -> str:
        days = f"{self.days:,} day{'s' if self.days > 1 else ''}"
        unless = f", unless {self.unless} is later" if self.unless else ""
        return f"not recommended for {days} after sales rejected it{unless}"


@dataclass(frozen=True)
class Stage:
    """A stage of the card, and what it requires of a lead that enters it.

    `points` (tenths) is a threshold set by hand. At most one of three asks training for a threshold. `precision` and
    `confidence` (0..1): at least that share of the promoted leads becomes an opportunity, with that confidence.
    `capacity`: no more are promoted than can be taken care of. `value`: every promotion pays. `demands` are the grades
    that it asks of axes. `exploration`: whom it promotes at random; None: nobody. `hold` and `cool_down`: how advice
    depends on the last recommendation, and on a rejection; None: it doesn't.
    """

    name: str
    requires: tuple[str, ...] = ()
    points: int | None = None
    precision: float | None = None
    confidence: float = 0.9
    capacity: Capacity | None = None
    value: DealValue | None = None
    demands: tuple[AxisDemand, ...] = ()
    exploration: Exploration | None = None
    hold: Hold | None = None
    cool_down: CoolDown | None = None

    @property
    def has_threshold(self) -> bool:
        """Whether points decide at its entrance: by a threshold set by hand, or by one that training is asked for."""
        return any(way is not None for way in (self.points, self.precision, self.capacity, self.value))

    @property
    def has_gate(self) -> bool:
        """Whether there is anything to decide at its entrance."""
        return bool(self.requires or self.demands) or self.has_threshold


@dataclass(frozen=True)
class Threshold:
    """The total (tenths) from which a stage is open; None: criteria alone decide. `closed` says why it can't open.

    `promise` says in words how training found it.
    """

    points: int | None = None
    closed: str = ""
    promise: str = ""

    @property
    def is_of_card(self) -> bool:
        """Whether training found none, and took over what the card sets by hand."""
        return self.promise.startswith(SET_BY_CARD)


@dataclass(frozen=True)
class Gate:
    """The entrance of stage `to` for a lead that stands at `at`; `requires` are positions in `Scorecard.required`.

    `exploration`: whom it lets in at random; None: nobody. `hold` and `cool_down` are those of the stage.
    """

    at: str
    to: str
    requires: tuple[int, ...]
    threshold: Threshold
    exploration: Exploration | None = None
    hold: Hold | None = None
    cool_down: CoolDown | None = None


def decide(
    gate: Gate | None,
    criteria: Sequence[bool | None],
    excluded: bool,
    total: int,
    high: int,
) -> Verdict:
    """What to do with a lead, whatever was recommended before. `gate`: None where nothing is left to decide.

    `criteria`: met, unmet or None (unknown), in the order of `Scorecard.required`. `total` and `high`, in tenths, are
    the points now and the most that answers to the card's questions could bring.
    """
    if excluded:
        return "disqualify"
    if gate is None:
        return "keep"
    required = [criteria[i] for i in gate.requires]
    if False in required:
        return "nurture"
    if gate.threshold.closed:
        return "keep"
    if gate.threshold.points is not None and total < gate.threshold.points:
        return "ask" if high >= gate.threshold.points else "nurture"
    return "ask" if None in required else "promote"
