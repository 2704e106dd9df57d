"""What to do with the lead of each row: asked once for each of the few cases that the card tells apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import numpy as np

from leadledger.scoring.arrays import truth
from leadledger.scoring.arrays.block import Block
from leadledger.scoring.arrays.block_outputs import CodedColumn, find_cases, take_rows
from leadledger.scoring.arrays.coded import Coded, Items, combine, constant, reduce
from leadledger.scoring.arrays.questions import QuestionArrays
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.exploration import Exploration
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.outputs import QUESTIONS
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed

_NO_THRESHOLD = -(1 << 62)  # below every total, bands included


class Decisions:
    """The gates of a card, made ready for blocks. `DecisionMaker` decides, of one row for all that are alike."""

    def __init__(self, card: Scorecard, *, asks: bool) -> None:
        self._card = card
        self._engine = get_engine(card)
        self._standings = [*card.gates, card.card.default_stage]  # the last stands for any other value
        self._gates = [card.gates.get(at) for at in self._standings]
        self._required = sorted({i for gate in self._gates if gate for i in gate.requires})
        unless = {gate.cool_down.unless for gate in self._gates if gate and gate.cool_down}
        self._remembered = sorted({*card.card.memory_fields, *unless} - {""}) if card.card.memory_fields else []
        self._ids = [field.name for field in card.card.plain_fields if field.kind == "id"] if card.card.explores else []
        self._questions = QuestionArrays(card, self._gates) if asks else None

    def decide(
        self, block: Block, criteria: Sequence[Coded], total: Coded, high: Coded, rows: int, as_of: date
    ) -> dict[str, CodedColumn]:
        """The recommendation of each row, and what else depends on it, `questions` among it where they are wanted."""
        standing = self._find_standing(block)
        excluded = [block.evaluate(exclusion.when.tree) for exclusion in self._card.card.exclude]
        is_excluded = combine(np.equal, reduce(np.maximum, [constant(truth.FALSE), *excluded]), constant(truth.TRUE))
        cases = [
            (standing, len(self._gates)),
            (is_excluded, 2),
            *((criteria[i], len(truth.STATES)) for i in self._required),
            *self._list_thresholds(standing, total, high),
            *self._list_draws(block),
            *(block.number_values(name) for name in self._remembered),
        ]
        codes, examples = find_cases(cases, rows)
        numbers = [take_rows(value, examples).tolist() for value in (standing, is_excluded, total, high, *criteria)]
        names = (*self._ids, *self._remembered)
        values = [block.take_values(name, examples) for name in names]
        maker = self._engine.decisions
        decisions = [
            maker.decide(
                maker.standings[
                    self._standings[at], tuple([truth.STATES[state] for state in states[: len(criteria)]]), bool(out)
                ],
                tenths,
                most,
                dict(zip(names, states[len(criteria) :], strict=True)),
                as_of,
            )
            for at, out, tenths, most, *states in zip(*numbers, *values, strict=True)
        ]
        verdicts = [decision.verdict for decision in decisions]
        outputs = {"recommendation": _number(codes, verdicts)}
        if self._questions is not None:
            is_asked = np.array([verdict == "ask" for verdict in verdicts], bool)[codes]
            outputs[QUESTIONS.name] = self._questions.describe(block, standing, criteria, total, high, is_asked)
        if self._ids:
            outputs["propensity"] = _number(codes, [decision.propensity for decision in decisions])
        if self._remembered:
            memories = [decision.memory for decision in decisions]
            outputs["recommended_since"] = _number(codes, [memory.since for memory in memories])
            outputs["below_since"] = _number(codes, [memory.below_since for memory in memories])
        return outputs

    def _find_standing(self, block: Block) -> Coded:
        """The stage that each lead stands at, by its place in `_standings`."""
        places = {at: i for i, at in enumerate(self._card.gates)}
        if "stage" not in block.fields or not places:
            return constant(len(places))
        return block.work_out("stage", "standing", partial(_find_place, places))

    def _list_thresholds(self, standing: Coded, total: Coded, high: Coded) -> Iterator[tuple[Coded, int]]:
        """On which side of their thresholds, and of the bands below them, the totals are."""
        points = [_NO_THRESHOLD if gate is None else _or_none(gate.threshold.points) for gate in self._gates]
        needed = standing.look_up(np.array(points))
        yield combine(np.less, total, needed), 2
        yield combine(np.greater_equal, high, needed), 2
        if self._remembered:
            bands = [gate.hold.band if gate and gate.hold else 0 for gate in self._gates]
            kept = [
                least if least == _NO_THRESHOLD else least - band for least, band in zip(points, bands, strict=True)
            ]
            yield combine(np.less, total, standing.look_up(np.array(kept))), 2

    def _list_draws(self, block: Block) -> Iterator[tuple[Coded, int]]:
        """Which leads each stage draws, by the first of their ids, and which have none."""
        if not self._ids:
            return
        missing = [block.is_missing(name) for name in self._ids]
        yield reduce(np.logical_and, missing), 2
        for gate in self._gates:
            if gate is not None and gate.exploration is not None:
                drawn = constant(False)
                for name, lacks in zip(reversed(self._ids), reversed(missing), strict=True):
                    own = block.work_out(name, gate.exploration, partial(_draws, gate.exploration), np.bool_)
                    drawn = combine(np.where, lacks, drawn, own)
                yield drawn, 2


def _find_place(places: Mapping[str, int], at: Typed) -> int:
    """The place of a stage; behind all, that of any other value."""
    return places.get(at, len(places)) if isinstance(at, str) else len(places)


def _draws(exploration: Exploration, lead_id: Typed) -> bool:
    """Whether a stage draws the lead with an id."""
    return lead_id is not None and exploration.draws(find_id_key(str(lead_id)))


def _or_none(threshold: int | None) -> int:
    return _NO_THRESHOLD if threshold is None else threshold


def _number(codes: Items, values: Sequence[Any]) -> CodedColumn:
    """The distinct values of the cases, by the rows."""
    places = {value: i for i, value in enumerate(dict.fromkeys(values))}
    return CodedColumn(np.array([places[value] for value in values], np.intp)[codes], [*places])
