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
from leadledger.scoring.arrays.coded import CONSTANT, Coded, Items, add_up, combine, constant, reduce
from leadledger.scoring.arrays.columns import ArrowColumnReader
from leadledger.scoring.arrays.tally import CardArrays
from leadledger.scoring.axis import UNKNOWN_GRADE
from leadledger.scoring.column_fit import find_columns
from leadledger.scoring.errors import DataError
from leadledger.scoring.gate import decide
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.probability import compute_probability, round_score
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.scoring.tree import Typed

MOST_NUMBERED = 1 << 16  # of values that are numbered in a table; more are sorted
_NO_THRESHOLD = np.iinfo(np.int64).min


class UnfitForArrays(DataError):
    """A list, or a card, that asks for more than arrays do; SQL scores it."""


@dataclass(frozen=True)
class CodedColumn:
    """An output of each row: `values[codes[i]]`, None where it is missing."""

    codes: Items
    values: Sequence[Any]


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

    `columns` are those of the list. `where`: only leads of whom the condition is true are wanted. Raises
    UnfitForArrays.
    """

    def __init__(
        self,
        card: Scorecard,
        as_of: date,
        columns: Iterable[str],
        *,
        sale: bool = False,
        where: tree.Node | None = None,
    ) -> None:
        if where is not None:
            card, where = card.spell_with(where)
        self.card, self._as_of, self._where = card, as_of, where
        _refuse_card(card.card)
        self._readers = _find_readers(card, columns, where)
        self._points = CardArrays(card, ("high",))
        self._axes = AxesArrays(card)
        self._steps = {stage: CardArrays(step, ()) for stage, step in card.steps.items()} if sale else {}
        self._decisions = _Decisions(card)
        meanings: dict[str, Callable[[int], Any]] = {
            "score": round_score,
            "points": _as_points,
            "probability": partial(compute_probability, card.learned.base_rate),
            "grade": card.grade,
            "percentile": card.find_percentile,
        }
        self._meanings = {name: lru_cache(MOST_NUMBERED)(meaning) for name, meaning in meanings.items()}

    @property
    def read_columns(self) -> tuple[str, ...]:
        """The columns that `score` needs."""
        return tuple(self._readers)

    def score(self, columns: Mapping[str, Any]) -> ScoredBlock:
        """The scores of a block of the columns in `read_columns`, of one length, as `ArrowColumnReader` reads them."""
        rows = len(next(iter(columns.values())))
        fields: dict[str, FieldColumn] = {}
        bad: list[Coded] = []
        for name, reader in self._readers.items():
            column, unreadable = reader.read(columns[name])
            if column is not None:
                fields[reader.field.name] = column
            if unreadable is not None:
                bad.append(unreadable)
        block = Block(self.card.card, fields, self._as_of)
        tally = self._points.tally(block)
        axes = self._axes.score(block, tally)
        criteria = [block.evaluate(criterion.met.tree) for criterion in self.card.card.criteria]
        criteria += self._axes.judge_demands(block, axes)
        outputs = self._describe_total(tally.total, rows)
        outputs["recommendation"] = self._decisions.decide(block, criteria, tally.total, tally.ends["high"], rows)
        outputs |= _describe_axes(axes, rows)
        if self._steps:
            outputs |= self._foretell(block, rows)
        chosen = None if self._where is None else _spread(block.evaluate(self._where), rows) == truth.TRUE
        is_bad = _spread(reduce(np.logical_or, bad), rows) if bad else np.zeros(rows, bool)
        return ScoredBlock(rows, is_bad, outputs, chosen)

    def _describe_total(self, total: Coded, rows: int) -> dict[str, CodedColumn]:
        """What follows from the total alone."""
        codes, totals = _number(total, rows)
        return {name: CodedColumn(codes, [*map(meaning, totals)]) for name, meaning in self._meanings.items()}

    def _foretell(self, block: Block, rows: int) -> dict[str, CodedColumn]:
        """The chance of a sale, and the expected value."""
        chances = []
        for stage, arrays in self._steps.items():
            rate = arrays.card.learned.base_rate
            codes, totals = _number(arrays.tally(block).total, rows)
            chance = np.array([_or_nan(compute_probability(rate, tenths)) for tenths in totals])
            behind = block.work_out("stage", ("behind", stage), partial(self._is_behind, stage), np.bool_)
            chances.append(np.where(_spread(behind, rows), 1.0, chance[codes]))
        product = chances[0]
        for chance in chances[1:]:
            product = product * chance
        sold = block.work_out("stage", "sold", lambda at: not self.card.find_steps_ahead(at), np.bool_)
        product = np.where(_spread(sold, rows), np.nan, product)
        amount = self.card.card.amount
        value = np.full(rows, np.nan)
        if amount:
            value = product * _spread(block.numbers(tree.FieldRef(amount, "number")), rows)
        return {"sale_probability": _code_floats(product), "expected_value": _code_floats(value)}

    def _is_behind(self, stage: str, at: Typed) -> bool:
        """Whether a lead that stands at `at` has a step behind it."""
        return stage not in self.card.find_steps_ahead(at)


class _Decisions:
    """The recommendation of each row: `gate.decide`, asked once for each of the few cases that it tells apart."""

    def __init__(self, card: Scorecard) -> None:
        self._card = card
        self._places = list(card.gates)
        self._required = sorted({i for gate in card.gates.values() if gate for i in gate.requires})

    def decide(self, block: Block, criteria: Sequence[Coded], total: Coded, high: Coded, rows: int) -> CodedColumn:
        """The recommendation of each row."""
        card = self._card
        standing = self._find_standing(block)
        gates = [card.gates.get(at) for at in (*self._places, card.card.default_stage)]
        thresholds = [gate.threshold.points if gate else None for gate in gates]
        needed = standing.look_up(np.array([_NO_THRESHOLD if points is None else points for points in thresholds]))
        excluded = [block.evaluate(exclusion.when.tree) for exclusion in card.card.exclude]
        is_excluded = combine(np.equal, reduce(np.maximum, [constant(truth.FALSE), *excluded]), constant(truth.TRUE))
        asked = [
            (standing, len(gates)),
            (is_excluded, 2),
            (combine(np.less, total, needed), 2),
            (combine(np.greater_equal, high, needed), 2),
            *((criteria[i], len(truth.STATES)) for i in self._required),
        ]
        weight = 1
        parts = []
        for value, size in asked:
            parts.append(combine(lambda items, weight=weight: items.astype(np.int64) * weight, value))
            weight *= size
        key = _spread(add_up(parts), rows)
        codes, examples = _find_examples(key, weight)
        looked_at = [_take(value, examples) for value in (standing, is_excluded, total, high, *criteria)]
        verdicts = [
            VERDICTS.index(decide(gates[at], [truth.STATES[state] for state in states], out, tenths, most))
            for at, out, tenths, most, *states in zip(*(items.tolist() for items in looked_at), strict=True)
        ]
        return CodedColumn(np.array(verdicts, np.intp)[codes], VERDICTS)

    def _find_standing(self, block: Block) -> Coded:
        """The stage that each lead stands at, by its place among the gates; the last stands for the default one."""
        places = {at: i for i, at in enumerate(self._places)}
        if "stage" not in block.fields or not places:
            return constant(len(places))
        return block.work_out("stage", "standing", partial(_find_place, places))


def _find_readers(card: Scorecard, columns: Iterable[str], where: tree.Node | None) -> dict[str, ArrowColumnReader]:
    """What reads each column that a field has. Raises UnfitForArrays."""
    if card.card.column_paths.find(columns):
        raise UnfitForArrays("a field is inside of objects")
    asked = _find_asked(card, where)
    readers = {}
    for name, names in find_columns(card.card, columns).items():
        if len(names) > 1:
            raise UnfitForArrays(f"the field '{name}' has several columns")
        for column in names:
            readers[column] = ArrowColumnReader(card.card.fields[name], card.card.missing_texts, name in asked)
    return readers


def _find_asked(card: Scorecard, where: tree.Node | None) -> frozenset[str]:
    """The plain fields whose values a score rests on."""
    written = card.card
    asked = {"stage", written.amount}
    asked |= {name for condition in written.conditions for name in tree.find_fields(condition)}
    asked |= {rule.half_life.of for rule in written.rules if rule.half_life}
    asked |= {name for term in card.learned.all_terms for name in term.fields}
    asked |= set(tree.find_fields(where)) if where is not None else set()
    return frozenset(written.find_plain_fields(tuple(name for name in asked if name in written.fields)))


def _refuse_card(card: Card) -> None:
    """Raises UnfitForArrays for what rests on more than the columns of one row."""
    for is_used, what in (
        (card.events, "events"),
        (card.explores, "a stage that explores"),
        (card.memory_fields, "advice that remembers"),
    ):
        if is_used:
            raise UnfitForArrays(f"the card has {what}")


def _find_place(places: Mapping[str, int], at: Typed) -> int:
    """The place of a stage; behind all, that of any other value."""
    return places.get(at, len(places)) if isinstance(at, str) else len(places)


def _describe_axes(axes: Sequence[AxisArrays], rows: int) -> dict[str, CodedColumn]:
    """The points on each axis, and the grades of all together."""
    outputs: dict[str, CodedColumn] = {}
    grades: CodedColumn | None = None
    for axis in axes:
        codes, totals = _number(axis.points, rows)
        outputs[axis.part.name] = CodedColumn(codes, [*map(_as_points, totals)])
        names = [axis.part.axis.grade(tenths) for tenths in totals]
        letters = [*dict.fromkeys(names), UNKNOWN_GRADE]
        of_points = np.array([letters.index(name) for name in names], np.intp)[codes]
        own = CodedColumn(np.where(_spread(axis.is_known, rows), of_points, len(letters) - 1), letters)
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


def _code_floats(numbers: Items) -> CodedColumn:
    """Floats by their distinct values; None of NaN."""
    distinct, codes = np.unique(numbers, return_inverse=True)
    return CodedColumn(codes, [None if number != number else number for number in distinct.tolist()])


def _spread(value: Coded, rows: int) -> Items:
    """An item for each row."""
    return np.broadcast_to(value.items, rows) if value.axis is CONSTANT else value.spread()


def _take(value: Coded, rows: Items) -> Items:
    """The items of some rows."""
    if value.axis is CONSTANT:
        return np.broadcast_to(value.items, len(rows))
    return value.items[rows if value.axis.codes is None else value.axis.codes[rows]]


def _number(value: Coded, rows: int) -> tuple[Items, list[int]]:
    """The distinct numbers among those of the rows, and the place of each row's."""
    numbers = _spread(value, rows)
    if not rows:
        return numbers, []
    least = int(numbers.min())
    codes, examples = _find_examples(numbers - least, int(numbers.max()) - least + 1)
    return codes, numbers[examples].tolist()


def _find_examples(keys: Items, size: int) -> tuple[Items, Items]:
    """The distinct keys (0 to below `size`): the place of each row's among them, and a row that has each."""
    if size > MOST_NUMBERED:
        _, examples, codes = np.unique(keys, return_index=True, return_inverse=True)
        return codes, examples
    rows = np.full(size, -1)
    rows[keys] = np.arange(len(keys))
    present = np.flatnonzero(rows >= 0)
    places = np.zeros(size, np.intp)
    places[present] = np.arange(len(present))
    return places[keys], rows[present]
