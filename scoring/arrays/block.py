"""A block of rows: the typed values of each field, along the axis of its distinct values."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from leadledger.scoring import tree
from leadledger.scoring.arrays import truth
from leadledger.scoring.arrays.block_outputs import take_rows
from leadledger.scoring.arrays.coded import CONSTANT, CodeAxis, Coded, Items, combine, constant, reduce
from leadledger.scoring.arrays.field_table import FieldTable
from leadledger.scoring.bins import Bins, NumberBins
from leadledger.scoring.meaning.logic import evaluate_condition
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import key_of
from leadledger.scoring.tree import Typed

_FLAGS = np.array([0.0, np.nan, 1.0])  # by truth


class FieldColumn(Protocol):
    """The typed values of a plain field in a block."""

    @property
    def axis(self) -> CodeAxis:
        """The rows by the values."""

    def numbers(self) -> Items:
        """Numbers, days (their ordinals) or flags (0 and 1) along the axis; NaN: missing."""

    def is_missing(self) -> Items:
        """Which values along the axis are missing."""

    def values(self) -> Sequence[Typed]:
        """The values along the axis."""

    def work_out(self, key: Hashable, function: Callable[[Typed], Any], dtype: npt.DTypeLike) -> Items:
        """What a function makes of each value along the axis; `key` tells functions apart."""


@dataclass(frozen=True)
class TableColumn:
    """The first `size` values of a table, and the rows by them."""

    axis: CodeAxis
    table: FieldTable
    size: int

    def numbers(self) -> Items:
        """As in `FieldColumn`."""
        return self.table.work_out("number", _number_of, np.float64, self.size)

    def is_missing(self) -> Items:
        """As in `FieldColumn`."""
        return self.table.work_out("missing", _is_missing, np.bool_, self.size)

    def values(self) -> Sequence[Typed]:
        """As in `FieldColumn`."""
        return self.table.values(self.size)

    def work_out(self, key: Hashable, function: Callable[[Typed], Any], dtype: npt.DTypeLike) -> Items:
        """As in `FieldColumn`."""
        return self.table.work_out(key, function, dtype, self.size)


@dataclass(frozen=True)
class NumberColumn:
    """The numbers of one block alone, or its days as their ordinals; NaN where one is missing."""

    axis: CodeAxis
    found: Items
    is_day: bool = False

    def numbers(self) -> Items:
        """As in `FieldColumn`."""
        return self.found

    def is_missing(self) -> Items:
        """As in `FieldColumn`."""
        return np.isnan(self.found)

    def values(self) -> Sequence[Typed]:
        """As in `FieldColumn`."""
        known = (None if number != number else number for number in self.found.tolist())
        return [date.fromordinal(int(day)) if day is not None else None for day in known] if self.is_day else [*known]

    def work_out(self, key: Hashable, function: Callable[[Typed], Any], dtype: npt.DTypeLike) -> Items:
        """As in `FieldColumn`."""
        return np.fromiter(map(function, self.values()), dtype, len(self.found))


NOTHING = NumberColumn(CONSTANT, np.array([np.nan]))  # of a field that the list lacks


class Block:
    """The fields of a block of rows, and the conditions of a card over them; each is worked out once."""

    def __init__(self, card: Card, columns: Mapping[str, FieldColumn], as_of: date) -> None:
        self.fields = card.fields
        self._columns = columns
        self._as_of = as_of
        self._truths: dict[tree.Node, Coded] = {}

    # -- fields -------------------------------------------------------------------------------------------------------

    def column(self, name: str) -> FieldColumn:
        """The column of a plain field."""
        return self._columns.get(name, NOTHING)

    def work_out(
        self, name: str, key: Hashable, function: Callable[[Typed], Any], dtype: npt.DTypeLike = np.intp
    ) -> Coded:
        """What a function makes of each value of a plain field; `key` tells functions apart."""
        column = self.column(name)
        return Coded(column.axis, column.work_out(key, function, dtype))

    def number_values(self, name: str) -> tuple[Coded, int]:
        """The number of each row's value of a plain field, below the size that comes second."""
        column = self.column(name)
        size = len(column.is_missing())
        return Coded(column.axis, np.arange(size)), size

    def take_values(self, name: str, rows: Items) -> list[Typed]:
        """The values of a plain field in some rows."""
        values = self.column(name).values()
        return [values[number] for number in take_rows(self.number_values(name)[0], rows).tolist()]

    def numbers(self, operand: tree.Operand | tree.Constant) -> Coded:
        """A number, days, a date (its ordinal) or a flag (0 or 1); NaN: missing."""
        match operand:
            case tree.Constant(value=value):
                return constant(_number_of(value), np.float64)
            case tree.Days(way=way, of=of):
                today = constant(float(self._as_of.toordinal()))
                day = self.numbers(of)
                return combine(np.subtract, today, day) if way == "since" else combine(np.subtract, day, today)
            case tree.FieldRef(name=name):
                derived = self.fields[name].derived
                if isinstance(derived, tree.Days):
                    return self.numbers(derived)
                if derived is not None:
                    return self.evaluate(derived).look_up(_FLAGS)
                column = self.column(name)
                return Coded(column.axis, column.numbers())

    def is_missing(self, name: str) -> Coded:
        """Whether a field is missing."""
        derived = self.fields[name].derived
        if isinstance(derived, tree.Days):
            return combine(np.isnan, self.numbers(derived))
        if derived is not None:
            return combine(np.equal, self.evaluate(derived), constant(truth.UNKNOWN))
        column = self.column(name)
        return Coded(column.axis, column.is_missing())

    def find_bins(self, name: str, bins: Bins) -> Coded:
        """The bin that a field falls in."""
        field = self.fields[name]
        if isinstance(bins, NumberBins):
            edges = np.array(bins.edges, np.float64)
            return combine(lambda numbers: _number_bins(edges, numbers), self._as_numbers(name))
        if field.kind == "flag":
            return combine(_flag_bins, self._as_numbers(name))
        return self.work_out(name, bins, bins.find)  # type: ignore[arg-type]  # the bins are of the field's kind

    def _as_numbers(self, name: str) -> Coded:
        return self.numbers(tree.FieldRef(name, self.fields[name].kind))

    # -- conditions ---------------------------------------------------------------------------------------------------

    def evaluate(self, node: tree.Node) -> Coded:
        """The truth of a condition."""
        known = self._truths.get(node)
        if known is None:
            known = self._truths[node] = self._evaluate(node)
        return known

    def _evaluate(self, node: tree.Node) -> Coded:
        match node:
            case tree.And(of=parts):
                return reduce(np.minimum, map(self.evaluate, parts))
            case tree.Or(of=parts):
                return reduce(np.maximum, map(self.evaluate, parts))
            case tree.Not(of=of):
                return combine(lambda of: truth.TRUE - of, self.evaluate(of))
            case tree.IsNull(of=of):
                missing = self.is_missing(of.name) if isinstance(of, tree.FieldRef) else self._is_unknown(of)
                return combine(lambda missing: np.multiply(missing, truth.TRUE, dtype=np.int8), missing)
            case tree.Truth(of=of):
                return combine(lambda flag: truth.judge(flag == 1, np.isnan(flag)), self.numbers(of))
            case tree.Compare(op=sign, left=left, right=right) if self._is_text(left):
                return self._evaluate_text(node) if isinstance(right, tree.Constant) else self._compare_texts(node)
            case tree.Compare(op=sign, left=left, right=right):
                return combine(
                    lambda left, right: truth.compare(sign, left, right), self.numbers(left), self.numbers(right)
                )
            case tree.In(of=of) if self._is_text(of):
                return self._evaluate_text(node)
            case tree.In(of=of, values=values, or_null=or_null):
                return combine(lambda numbers: _is_in(numbers, values, or_null), self.numbers(of))
            case tree.Search() | tree.Has():
                return self._evaluate_text(node)

    def _is_text(self, operand: tree.Operand) -> bool:
        return isinstance(operand, tree.FieldRef) and operand.kind in ("text", "id", "choices")

    def _is_unknown(self, operand: tree.Operand) -> Coded:
        return combine(np.isnan, self.numbers(operand))

    def _evaluate_text(self, node: tree.Compare | tree.In | tree.Search | tree.Has) -> Coded:
        """The truth of what asks one text, by its meaning for one lead."""
        (name,) = set(tree.find_fields(node))

        def judge_text(value: Typed) -> int:
            return truth.NUMBER_OF[evaluate_condition(node, {name: value}, self._as_of)]

        return self.work_out(name, node, judge_text, np.int8)

    def _compare_texts(self, node: tree.Compare) -> Coded:
        """The truth of a comparison of two texts: of their ranks among all that either field has."""
        assert isinstance(node.left, tree.FieldRef)
        assert isinstance(node.right, tree.FieldRef)
        spell: Callable[[str], str] = key_of if tree.compares_keys(node) else str
        sides = [self._list_texts(name, spell) for name in (node.left.name, node.right.name)]
        known = sorted({text for _, side in sides for text in side if text is not None})
        ranks: dict[str | None, float] = {None: np.nan, **{text: float(i) for i, text in enumerate(known)}}
        numbers = [Coded(axis, np.array([ranks[text] for text in texts])) for axis, texts in sides]
        return combine(lambda left, right: truth.compare(node.op, left, right), *numbers)

    def _list_texts(self, name: str, spell: Callable[[str], str]) -> tuple[CodeAxis, list[str | None]]:
        def spell_text(value: Typed) -> str | None:
            return spell(value) if isinstance(value, str) else None

        coded = self.work_out(name, ("texts", spell), spell_text, np.object_)
        return coded.axis, coded.items.tolist()


def _number_of(value: Typed) -> float:
    """A typed value as a number; NaN of None."""
    if value is None:
        return np.nan
    return float(value.toordinal() if isinstance(value, date) else value)


def _is_missing(value: Typed) -> bool:
    return value is None


def _number_bins(edges: Items, numbers: Items) -> Items:
    bins = np.searchsorted(edges, numbers, side="right") + 1
    bins[np.isnan(numbers)] = 0
    return bins


def _flag_bins(flags: Items) -> Items:
    return np.where(np.isnan(flags), 0, flags + 1).astype(np.intp)


def _is_in(numbers: Items, values: tuple[tree.Constant, ...], or_null: bool) -> Items:
    """The truth of being one of some literals."""
    equal = np.isin(numbers, [_number_of(literal.value) for literal in values])
    return truth.judge(equal, np.isnan(numbers) | ~equal if or_null else np.isnan(numbers))
