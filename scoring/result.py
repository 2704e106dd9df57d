"""Results: frozen records, exact inside, that turn into flat JSON.

Points leave as numbers with one decimal; the tenths are kept beside them, for sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from leadledger.scoring.axis import AxisName, AxisOrNone
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.outputs import EntryKind, Verdict
from leadledger.scoring.quick_init import quick_init

State: TypeAlias = Literal["met", "unmet", "unknown"]


@quick_init
@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a ledger: what earned (or lost) the points, and why. `tenths` is exact; `points` is for people.

    `axis` is empty for the start, which belongs to none, and None where the card has no axes.
    """

    name: str
    kind: EntryKind
    tenths: int
    reason: str
    why: str = ""
    axis: AxisOrNone | None = None

    @property
    def points(self) -> float:
        """The points, to one decimal."""
        return self.tenths / 10

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        entry = {"name": self.name, "kind": self.kind, "points": self.points, "reason": self.reason, "why": self.why}
        return entry if self.axis is None else {**entry, "axis": self.axis}


@quick_init
@dataclass(frozen=True, slots=True)
class AxisScore:
    """What a lead has on an axis: `tenths`, the exact sum of its entries, and the grade; `?` where too much is unknown.

    Of the `worth` (tenths) that can be earned on the axis, `unknown` are unknown.
    """

    axis: AxisName
    tenths: int
    grade: str
    unknown: int
    worth: int

    @property
    def unknown_share(self) -> float:
        """How much of what can be earned is unknown, 0..1; 1 where nothing can be earned."""
        return self.unknown / self.worth if self.worth else 1.0

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {self.axis: self.tenths / 10, f"{self.axis}_unknown": round(self.unknown_share, 3)}


@quick_init
@dataclass(frozen=True, slots=True)
class Question:
    """A question worth asking: `settles` (0..1) is how likely its answer is to settle the recommendation."""

    field: str
    text: str
    settles: float

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {"field": self.field, "question": self.text, "settles": round(self.settles, 3)}


@quick_init
@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do with a lead: the verdict, from which stage to which, and what it rests on.

    `threshold` (tenths) is the total from which the gate opens; None: points don't decide. `reasons` are sentences,
    the most telling first.
    """

    verdict: Verdict
    at: str
    to: str
    threshold: int | None
    criteria: tuple[tuple[str, State], ...]
    reasons: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class StepForecast:
    """A step that a lead still has before it: its total (tenths), the exact sum of `ledger`, and its chance (0..1).

    The chance is None where the step's base rate is not known.
    """

    stage: str
    tenths: int
    probability: float | None
    ledger: tuple[Entry, ...]

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, without the ledger."""
        chance = None if self.probability is None else round(self.probability, 6)
        return {"step": self.stage, "points": self.tenths / 10, "probability": chance}


@dataclass(frozen=True, slots=True)
class SaleForecast:
    """What becomes of a lead beyond its score: the steps ahead, in their order, and the chance of a sale (0..1).

    The chance is the product of those of the steps; None where one isn't known, and where no step is left.
    `expected_value`: the chance times the amount of the lead, in its unit; None where either isn't known.
    """

    steps: tuple[StepForecast, ...]
    probability: float | None
    expected_value: float | None

    @property
    def rounded_value(self) -> float | None:
        """The expected value in hundredths, the smallest amount that people pay."""
        return None if self.expected_value is None else round(self.expected_value, 2)

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "sale_probability": None if self.probability is None else round(self.probability, 6),
            "expected_value": self.rounded_value,
            "steps": [step.to_dict() for step in self.steps],
            "step_ledger": [{"step": step.stage} | entry.to_dict() for step in self.steps for entry in step.ledger],
        }


@quick_init
@dataclass(frozen=True, slots=True)
class Result:
    """The score of one lead on one day.

    `tenths` is the total, the exact sum of the ledger; `low` and `high` (tenths) are what answers to the card's
    questions could still make of it; `score` is the total rounded and cut to 0…100; `probability` (0..1) is None while
    no base rate is known. `ignored` are the keys of the lead that no field of the card uses. `error` (tenths) is the
    standard error of the total that comes from what was learned; None where that is not known. `unseen` are the fields
    whose text training has never seen; None where the release doesn't know which it has seen. `percentile` (0…99) is
    how many of 100 judged leads have fewer points; None where the release doesn't know. `sale` is the forecast of a
    sale; None of a release without steps. `events` is what the lead's events come to; None where the card has none.
    `axes` are the points on each axis, which with the start add up to the total; none where the card has none.
    `recommended_since` is the day from which the recommendation has been the same, `below_since` the first look at
    which a promoted lead had been under the band of `hold` (None: it isn't); both None where no stage of the card says
    `hold:` or `cool_down:`.
    `propensity` (0..1) is the probability with which the lead was to be promoted, known before it was drawn; None where
    no stage of the card explores.
    """

    card: str
    release: str
    as_of: date
    tenths: int
    low: int
    high: int
    score: int
    probability: float | None
    grade: str
    recommendation: Recommendation
    ledger: tuple[Entry, ...]
    ignored: tuple[str, ...] = ()
    error: int | None = None
    unseen: tuple[str, ...] | None = None
    percentile: int | None = None
    sale: SaleForecast | None = None
    events: EventCounts | None = None
    axes: tuple[AxisScore, ...] = ()
    recommended_since: date | None = None
    below_since: date | None = None
    propensity: float | None = None

    @property
    def points(self) -> float:
        """The total, to one decimal."""
        return self.tenths / 10

    @property
    def axis_grades(self) -> str:
        """The grades of the axes, such as `B2`; empty where the card has none."""
        return "".join(axis.grade for axis in self.axes)

    def _describe_axes(self) -> dict[str, Any]:
        """Flat JSON of the axes; empty where the card has none."""
        described = {name: value for axis in self.axes for name, value in axis.to_dict().items()}
        return {"axis_grades": self.axis_grades, **described} if self.axes else {}

    def _describe_days(self) -> dict[str, Any]:
        """Flat JSON of the days of the recommendation; empty where the card remembers none."""
        since, below = self.recommended_since, self.below_since
        if since is None:
            return {}
        return {"recommended_since": since.isoformat(), "below_since": None if below is None else below.isoformat()}

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON: numbers, texts and lists of flat records."""
        return self.describe([entry.to_dict() for entry in self.ledger])

    def describe(self, ledger: Any) -> dict[str, Any]:
        """Flat JSON, with something else in place of the ledger."""
        advice = self.recommendation
        return {
            "card": self.card,
            "release": self.release,
            "as_of": self.as_of.isoformat(),
            "score": self.score,
            "points": self.points,
            "low": self.low / 10,
            "high": self.high / 10,
            "plus_minus": None if self.error is None else self.error / 10,
            "probability": None if self.probability is None else round(self.probability, 6),
            "grade": self.grade,
            # Not of a release that can't tell, whose logged answers have no such member and are replayed as they were.
            **({} if self.percentile is None else {"percentile": self.percentile}),
            **self._describe_axes(),
            "recommendation": advice.verdict,
            **({} if self.propensity is None else {"propensity": self.propensity}),
            "from": advice.at,
            "to": advice.to,
            **self._describe_days(),
            "line": None if advice.threshold is None else advice.threshold / 10,
            "criteria": dict(advice.criteria),
            "reasons": list(advice.reasons),
            "questions": [question.to_dict() for question in advice.questions],
            "ledger": ledger,
            "ignored": list(self.ignored),
            # As above.
            **({} if self.unseen is None else {"unseen": list(self.unseen)}),
            **({} if self.sale is None else self.sale.to_dict()),
            **({} if self.events is None else {"events": self.events.to_dict()}),
        }


def format_signed(tenths: int) -> str:
    """Points with their sign: `+8.0`, `−3.5`, `0.0`."""
    sign = "+" if tenths > 0 else "−" if tenths < 0 else ""
    return f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10}"


@lru_cache(maxsize=10_000)  # the totals and the thresholds of leads lie close together
def format_unsigned(tenths: int) -> str:
    """Points without a plus: `58.0`, `−3.5`."""
    return format_signed(tenths).lstrip("+")


def format_entry(tenths: int, reason: str) -> str:
    """An entry in words: its points and its reason."""
    return f"{format_signed(tenths)} {reason}"
