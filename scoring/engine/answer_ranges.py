"""What an answer to each open question of a lead could make of its total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from leadledger.scoring.engine.score import Engine
from leadledger.scoring.meaning.answers import ANY_DAY, list_answers
from leadledger.scoring.tree import Typed


@dataclass(frozen=True, slots=True)
class AnswerRange:
    """An open question, and how far its answer alone could move the total of a lead (tenths): `low` ≤ 0 ≤ `high`."""

    field: str
    text: str
    low: int
    high: int


def find_answer_ranges(engine: Engine, values: Mapping[str, Any], as_of: date) -> tuple[AnswerRange, ...]:
    """The open questions of a lead whose answer moves its total on a day; the one that moves it furthest first.

    `values` are all that a score rests on, as `Engine.add_counts` gives them. Each answer that the card tells apart is
    put in place by itself, so that the ranges hold for this lead, and not only for one of whom nothing else is known.
    """
    card = engine.card
    total = engine.tally(values, as_of)[0]
    ranges = []
    for name, text in card.card.questions.items():
        if values[name] is not None:
            continue
        shifts = [0]
        for answer, _ in list_answers(card, card.card.fields[name]):
            for value in _list_as_of(answer, as_of):
                shifts.append(engine.tally({**values, name: value}, as_of)[0] - total)
        if min(shifts) < max(shifts):
            ranges.append(AnswerRange(name, text, min(shifts), max(shifts)))
    return tuple(sorted(ranges, key=lambda answer: answer.low - answer.high))


def _list_as_of(answer: Typed, as_of: date) -> list[Typed]:
    """An answer on a day. A day is itself, for dates that a card compares with, and one as far from the day of scoring
    as it is from ANY_DAY, for distances.
    """
    if not isinstance(answer, date):
        return [answer]
    moved = answer.toordinal() - ANY_DAY.toordinal() + as_of.toordinal()
    if not 1 <= moved <= date.max.toordinal():
        return [answer]
    return [answer, date.fromordinal(moved)]
