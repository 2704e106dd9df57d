"""A scorecard over the blocks of a list or a frame: the outputs of each row, as codes of the values that there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Any

import numpy as np

from leadledger.scoring import tree
from leadledger.scoring.arrays import truth
from leadledger.scoring.arrays.axes import AxesArrays, AxisArrays
from leadledger.scoring.arrays.block import Block, FieldColumn
from leadledger.scoring.arrays.block_outputs import CodedColumn, code_floats, number_values, spread_rows
from leadledger.scoring.arrays.coded import Coded, Items, reduce
from leadledger.scoring.arrays.columns import is_text
from leadledger.scoring.arrays.counted_events import CountedEventReader
from leadledger.scoring.arrays.decisions import Decisions
from leadledger.scoring.arrays.field_readers import find_field_readers
from leadledger.scoring.arrays.reasons import ReasonArrays
from leadledger.scoring.arrays.tally import CardArrays
from leadledger.scoring.arrays.text_numbers import TextNumbers
from leadledger.scoring.axis import UNKNOWN_GRADE
from leadledger.scoring.column_fit import find_columns
from leadledger.scoring.errors import DataError
from leadledger.scoring.probability import compute_probability, round_score
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed

MOST_TOTALS_KEPT = 1 << 16  # what follows from each is worked out once


class UnfitForArrays(DataError):
    """A list, or a card, that asks for more than arrays do; SQL scores it."""


@dataclass(frozen=True)
class ScoredBlock:
    """The scores of a block of `rows` rows: the outputs by their names, which rows can't be read, and which are wanted.

    What stands in the outputs of a row that can't be read means nothing. `chosen` is None where no condition was given.
    """

    rows: int
    bad: Items
    outputs: Mapping[str, CodedColumn]
    chosen: Items | None


class ArrayScorer:
    """A scorecard made ready for the columns of one list; several threads may use it.

    `columns` are those of the list. `explain`: reasons, too; `asks`: the questions of leads that are to be asked.
    `counted`: the columns that `join_counted` adds for events come along. `where`: which leads are wanted. Raises
    UnfitForArrays.
    """

    def __init__(
        self,
        card: Scorecard,
        as_of: date,
        columns: Iterable[str],
        *,
        sale: bool = False,
        explain: bool = False,
        asks: bool = False,
        counted: bool = False,
        where: tree.Node | None = None,
    ) -> None:
        if where is not None:
            card, where = card.spell_with(where)
        self.card, self._as_of, self._where = card, as_of, where
        if card.card.events and not counted:
            raise UnfitForArrays("what the events of the leads come to isn't known")
        self._events = CountedEventReader(card.card, explain) if counted else None
        columns = list(columns)
        by_field, paths = find_columns(card.card, columns), card.card.column_paths.find(columns)
        self._readers = find_field_readers(card.card, by_field, paths, _find_needed(card, where, asks))
        self._text_numbers = {name: TextNumbers() for reader in self._readers for name in reader.text_columns}
        self._points = CardArrays(card, ("high",))
        self._axes = AxesArrays(card)
        self._steps = {stage: CardArrays(step, ()) for stage, step in card.steps.items()} if sale else {}
        self._decisions = Decisions(card, asks=asks)
        self._reasons = ReasonArrays(card) if explain else None
        meanings: dict[str, Callable[[int], Any]] = {
            "score": round_score,
            "points": _as_points,
            "probability": partial(compute_probability, card.learned.base_rate),
            "grade": card.grade,
            "percentile": card.find_percentile,
        }
        self._meanings = {name: lru_cache(MOST_TOTALS_KEPT)(meaning) for name, meaning in meanings.items()}

    @property
    def read_columns(self) -> tuple[str, ...]:
        """The columns that `score` needs."""
        columns = dict.fromkeys(column for reader in self._readers for column in reader.columns)
        return (*columns, *(self._events.columns if self._events else ()))

    def number_texts(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Columns of a block as `score` reads them soonest: texts that come again and again by their numbers."""
        return {name: self._number_texts(name, column) for name, column in columns.items()}

    def _number_texts(self, name: str, column: Any) -> Any:
        numbers = self._text_numbers.get(name)
        if numbers is None or isinstance(column, list) or not is_text(column.type):
            return column
        numbered = numbers.number(column)
        return column if numbered is None else numbered

    def score(self, columns: Mapping[str, Any]) -> ScoredBlock:
        """The scores of a block of the columns in `read_columns`, of one length, as `ArrowColumnReader` reads them."""
        rows = len(next(iter(columns.values())))
        fields: dict[str, FieldColumn] = {}
        bad: list[Coded] = []
        for reader in self._readers:
            column, unreadable = reader.read(columns)
            bad += unreadable
            if column is not None:
                fields[reader.field.name] = column
        if self._events is not None:
            counted, unread = self._events.read(columns, fields, self._as_of)
            fields |= counted
            bad.append(unread)
        block = Block(self.card.card, fields, self._as_of)
        tally = self._points.tally(block)
        axes = self._axes.score(block, tally)
        criteria = [block.evaluate(criterion.met.tree) for criterion in self.card.card.criteria]
        criteria += self._axes.judge_demands(block, axes)
        outputs = self._describe_total(tally.total, rows)
        outputs |= self._decisions.decide(block, criteria, tally.total, tally.ends["high"], rows, self._as_of)
        outputs |= _describe_axes(axes, rows)
        if self._steps:
            outputs |= self._foretell(block, rows)
        if self._reasons is not None:
            outputs |= self._reasons.describe(block, tally, rows)
        chosen = None if self._where is None else spread_rows(block.evaluate(self._where), rows) == truth.TRUE
        is_bad = spread_rows(reduce(np.logical_or, bad), rows) if bad else np.zeros(rows, bool)
        return ScoredBlock(rows, is_bad, outputs, chosen)

    def _describe_total(self, total: Coded, rows: int) -> dict[str, CodedColumn]:
        """What follows from the total alone."""
        codes, totals = number_values(total, rows)
        return {name: CodedColumn(codes, [*map(meaning, totals)]) for name, meaning in self._meanings.items()}

    def _foretell(self, block: Block, rows: int) -> dict[str, CodedColumn]:
        """The chance of a sale, and the expected value."""
        chances = []
        for stage, arrays in self._steps.items():
            rate = arrays.card.learned.base_rate
            codes, totals = number_values(arrays.tally(block).total, rows)
            chance = np.array([_or_nan(compute_probability(rate, tenths)) for tenths in totals])
            behind = block.work_out("stage", ("behind", stage), partial(self._is_behind, stage), np.bool_)
            chances.append(np.where(spread_rows(behind, rows), 1.0, chance[codes]))
        product = chances[0]
        for chance in chances[1:]:
            product = product * chance
        sold = block.work_out("stage", "sold", lambda at: not self.card.find_steps_ahead(at), np.bool_)
        product = np.where(spread_rows(sold, rows), np.nan, product)
        amount = self.card.card.amount
        value = np.full(rows, np.nan)
        if amount:
            value = product * spread_rows(block.numbers(tree.FieldRef(amount, "number")), rows)
        return {"sale_probability": code_floats(product), "expected_value": code_floats(value)}

    def _is_behind(self, stage: str, at: Typed) -> bool:
        """Whether a lead that stands at `at` has a step behind it."""
        return stage not in self.card.find_steps_ahead(at)


def _find_needed(card: Scorecard, where: tree.Node | None, asks: bool) -> frozenset[str]:
    """The plain fields whose values a score rests on; with `asks` also those that questions ask for."""
    written = card.card
    asked = {"stage", written.amount, *written.memory_fields}
    asked |= {stage.cool_down.unless for stage in written.stages if stage.cool_down}
    asked |= {field.name for field in written.plain_fields if field.kind == "id"} if written.explores else set()
    asked |= {name for condition in written.conditions for name in tree.find_fields(condition)}
    asked |= {rule.half_life.of for rule in written.rules if rule.half_life}
    asked |= {name for term in card.learned.all_terms for name in term.fields}
    asked |= set(tree.find_fields(where)) if where is not None else set()
    asked |= {*written.questions} if asks else set()
    return frozenset(written.find_plain_fields(tuple(name for name in asked if name in written.fields)))


def _describe_axes(axes: Sequence[AxisArrays], rows: int) -> dict[str, CodedColumn]:
    """The points on each axis, and the grades of all together."""
    outputs: dict[str, CodedColumn] = {}
    grades: CodedColumn | None = None
    for axis in axes:
        codes, totals = number_values(axis.points, rows)
        outputs[axis.part.name] = CodedColumn(codes, [*map(_as_points, totals)])
        names = [axis.part.axis.grade(tenths) for tenths in totals]
        letters = [*dict.fromkeys(names), UNKNOWN_GRADE]
        of_points = np.array([letters.index(name) for name in names], np.intp)[codes]
        own = CodedColumn(np.where(spread_rows(axis.is_known, rows), of_points, len(letters) - 1), letters)
        grades = own if grades is None else _join_texts(grades, own)
    return outputs if grades is None else {**outputs, "axis_grades": grades}


def _join_texts(first: CodedColumn, second: CodedColumn) -> CodedColumn:
    """The texts of two columns, one behind the other."""
    texts = [left + right for left in first.values for right in second.values]
    return CodedColumn(first.codes * len(second.values) + second.codes, texts)


def _as_points(tenths: int) -> float:
    return tenths / 10


def _or_nan(number: float | None) -> float:
    return np.nan if number is None else number
