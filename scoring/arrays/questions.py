"""The questions of rows that are to be asked, worded once for each of the cases that their order tells apart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from leadledger.scoring.arrays import truth
from leadledger.scoring.arrays.block import Block
from leadledger.scoring.arrays.block_outputs import CodedColumn, find_cases, take_rows
from leadledger.scoring.arrays.coded import ROWS, Coded, Items, combine
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.gate import Gate
from leadledger.scoring.scorecard import Scorecard

MOST_CASES_KEPT = 1 << 16  # from one block to the next


class QuestionArrays:
    """The questions of a card, made ready for blocks. `gates` are those before leads, by where these stand."""

    def __init__(self, card: Scorecard, gates: Sequence[Gate | None]) -> None:
        self._gates = gates
        self._engine = get_engine(card)
        self._askables = self._engine.questions.askables
        self._criteria = len(card.required)
        self._required = sorted({i for gate in gates if gate for i in gate.requires})
        thresholds = [gate.threshold.points for gate in gates if gate and gate.threshold.points is not None]
        answers = [(askable, answer) for askable in self._askables for answer in askable.answers]
        # Where the total, or the most that it could become, is on the same side of all of these, the order is the same.
        self._totals = sorted({points - answer.shift for points in thresholds for _, answer in answers})
        self._highs = sorted(
            {points - answer.shift + max(askable.high, 0) for points in thresholds for askable, answer in answers}
        )
        self._word_case = lru_cache(MOST_CASES_KEPT)(self._word)

    def describe(
        self, block: Block, standing: Coded, criteria: Sequence[Coded], total: Coded, high: Coded, is_asked: Items
    ) -> CodedColumn:
        """The questions of each row, in words; None where the lead isn't to be asked."""
        asked = np.flatnonzero(is_asked)
        codes = np.zeros(len(is_asked), np.intp)
        if not len(asked):
            return CodedColumn(codes, [None])
        cases = [
            (standing, len(self._gates)),
            (_find_side(self._totals, total), len(self._totals) + 1),
            (_find_side(self._highs, high), len(self._highs) + 1),
            *((criteria[i], len(truth.STATES)) for i in self._required),
            *((block.is_missing(askable.field), 2) for askable in self._askables),
        ]
        of_asked = [(Coded(ROWS, take_rows(value, asked)), size) for value, size in cases]
        numbers, examples = find_cases(of_asked, len(asked))
        codes[asked] = numbers + 1
        states = zip(*(value.items[examples].tolist() for value, _ in of_asked), strict=True)
        return CodedColumn(codes, [None, *(self._word_case(*case) for case in states)])

    def _word(self, at: int, total: int, high: int, *states: int) -> str:
        """The questions of a case."""
        gate = self._gates[at]
        if gate is None:
            return ""
        criteria: list[bool | None] = [None] * self._criteria
        for i, state in zip(self._required, states, strict=False):
            criteria[i] = truth.STATES[state]
        are_missing = states[len(self._required) :]
        values = {
            askable.field: None if is_missing else True
            for askable, is_missing in zip(self._askables, are_missing, strict=True)
        }
        standing = self._engine.decisions.standings[gate.at, tuple(criteria), False]
        questions = self._engine.questions.rank(
            values, standing, _take_number(self._totals, total), _take_number(self._highs, high)
        )
        return "; ".join(question.text for question in questions)


def _find_side(edges: Sequence[int], numbers: Coded) -> Coded:
    """How many of the edges are no larger than each number."""

    def count(items: Items) -> Items:
        return np.searchsorted(edges, items, side="right")

    return combine(count, numbers)


def _take_number(edges: Sequence[int], side: int) -> int:
    """A number that has so many edges no larger than it."""
    return edges[side - 1] if side else min(edges, default=0) - 1
