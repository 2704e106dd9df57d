"""Two leads side by side: the difference of their ledgers, entry by entry, and which answers could turn it round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

from leadledger.scoring.engine.answer_ranges import AnswerRange, find_answer_ranges
from leadledger.scoring.engine.ledger_difference import EntryDifference, find_differences
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.result import Result
from leadledger.scoring.tree import Typed

Side: TypeAlias = Literal["a", "b"]


@dataclass(frozen=True, slots=True)
class TurningQuestion:
    """An open question of the lead `of`, and what its answer could make of the difference (tenths)."""

    of: Side
    answer: AnswerRange
    low: int
    high: int

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, in points."""
        return {
            "of": self.of,
            "field": self.answer.field,
            "question": self.answer.text,
            "low": self.low / 10,
            "high": self.high / 10,
        }


@dataclass(frozen=True, slots=True)
class LeadComparison:
    """Two leads on one day by one release.

    `entries` are those that differ, and add up to `tenths`. `questions` are those whose answer alone could turn the
    order round. `can_turn`: answers to all questions together could.
    """

    a: Result
    b: Result
    entries: tuple[EntryDifference, ...]
    questions: tuple[TurningQuestion, ...]

    @property
    def tenths(self) -> int:
        """By how much the lead b has more."""
        return self.b.tenths - self.a.tenths

    @property
    def can_turn(self) -> bool:
        """Whether answers to the questions of both leads could turn the order round; of equals, set one ahead."""
        if self.tenths == 0:
            return self.a.low < self.a.high or self.b.low < self.b.high
        ahead, behind = (self.b, self.a) if self.tenths > 0 else (self.a, self.b)
        return behind.high > ahead.low

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "card": self.a.card,
            "release": self.a.release,
            "as_of": self.a.as_of.isoformat(),
            "a": self.a.points,
            "b": self.b.points,
            "difference": self.tenths / 10,
            "entries": [entry.to_dict("a", "b") for entry in self.entries],
            "can_turn": self.can_turn,
            "questions": [question.to_dict() for question in self.questions],
        }


@dataclass(frozen=True, slots=True)
class ComparedLead:
    """A lead to compare: its typed values, and what its events come to on the day (None: not known)."""

    values: Mapping[str, Typed]
    counts: EventCounts | None = None


def compare(engine: Engine, a: ComparedLead, b: ComparedLead, as_of: date) -> LeadComparison:
    """Two leads, both by the scorecard of `engine` and as of one day."""
    first, second = (engine.build_result(lead.values, as_of, counts=lead.counts) for lead in (a, b))
    tenths = second.tenths - first.tenths
    questions = []
    for side, lead, sign in (("a", a, -1), ("b", b, 1)):
        for answer in find_answer_ranges(engine, engine.add_counts(lead.values, lead.counts), as_of):
            low, high = sorted((tenths + sign * answer.low, tenths + sign * answer.high))
            if tenths == 0 or (low < 0 if tenths > 0 else high > 0):
                questions.append(TurningQuestion(side, answer, low, high))  # type: ignore[arg-type]  # one of the two
    return LeadComparison(first, second, find_differences(first.ledger, second.ledger), tuple(questions))
