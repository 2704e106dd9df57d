"""Which open question settles how many recommendations, over the leads of the book that are to be asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from leadledger.api.log.book_figures import BookFigures
from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.book_summary import find_predicted_gate
from leadledger.api.log.known_leads import recall_lead, score_last_day
from leadledger.api.log.record import now
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.scorecard import START_TENTHS

LEADS_PER_STEP = 100  # after which other work may go on


@dataclass
class QuestionTally:
    """A question over many leads: how many have it open, how many have it first, and how many its answer settles.

    `settles` is the expected number of recommendations: the sum of the chances of the leads.
    """

    text: str
    leads: int = 0
    first: int = 0
    settles: float = 0.0


@dataclass
class BookQuestions:
    """The questions of some leads, by field. `asked` are the leads of the book that are to be asked, `looked_at` those
    that were looked at, the nearest to the threshold.
    """

    engine: Engine
    asked: int
    looked_at: int = 0
    questions: dict[str, QuestionTally] = field(default_factory=dict)

    def add(self, rows: Iterable[BookRow]) -> None:
        """Count the questions of leads, each as of the day of its last score, by the engine's scorecard."""
        for row in rows:
            self.looked_at += 1
            result = score_last_day(recall_lead(self.engine, row))
            for place, question in enumerate(result.recommendation.questions):
                tally = self.questions.setdefault(question.field, QuestionTally(question.text))
                tally.leads += 1
                tally.first += place == 0
                tally.settles += question.settles

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, the question that settles most first."""
        ordered = sorted(self.questions.items(), key=lambda item: (-item[1].settles, -item[1].leads, item[0]))
        return {
            "card": self.engine.card.card.name,
            "release": self.engine.card.release,
            "at": now(),
            "asked": self.asked,
            "looked_at": self.looked_at,
            "questions": [
                {
                    **{"field": name, "question": tally.text, "leads": tally.leads, "first": tally.first},
                    "settles": round(tally.settles, 1),
                }
                for name, tally in ordered
            ],
        }


def read_asked_leads(counts: BookFigures, engine: Engine, limit: int) -> tuple[BookQuestions, Iterator[list[BookRow]]]:
    """The questions of the book, still without any, and the leads to look at, a step at a time."""
    gate = find_predicted_gate(engine.card)
    threshold = gate.threshold.points if gate else None
    rows = iter(counts.read_nearest("ask", START_TENTHS if threshold is None else threshold, limit))
    steps = iter(lambda: list(islice(rows, LEADS_PER_STEP)), [])
    return BookQuestions(engine, counts.count_verdict("ask")), steps
