"""The values of a field from all of its columns: those that hold it, and those that hold it in an object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from leadledger.scoring.arrays.block import FieldColumn, TableColumn
from leadledger.scoring.arrays.block_outputs import find_examples, take_rows
from leadledger.scoring.arrays.coded import CodeAxis, Coded, combine
from leadledger.scoring.arrays.columns import ArrowColumnReader, clean_values, encode
from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.column_paths import ColumnPath, spread
from leadledger.scoring.field import Field
from leadledger.scoring.scorecard import Card
from leadledger.scoring.tree import Typed


class ValueReader(Protocol):
    """What reads the values of a field in one of its columns."""

    def read(self, column: Any) -> tuple[FieldColumn | None, Coded | None]:
        """As `ArrowColumnReader.read`."""


class FieldReader:
    """What reads a field, block after block. `is_asked`: a score rests on its values."""

    def __init__(
        self, card: Card, field: Field, columns: Sequence[str], paths: Sequence[ColumnPath], is_asked: bool
    ) -> None:
        self.field = field
        clean = make_cleaner(field, card.missing_texts)
        several = len(columns) + len(paths) > 1  # which must not contradict each other
        self._sources: list[tuple[str, ValueReader]] = [
            (column, ArrowColumnReader(field, card.missing_texts, is_asked or several)) for column in columns
        ]
        self._sources += [(path.column, _PathReader(path, field, clean)) for path in paths]

    @property
    def columns(self) -> list[str]:
        """The columns that it reads."""
        return [column for column, _ in self._sources]

    @property
    def text_columns(self) -> list[str]:
        """The columns of which it reads what each text says."""
        return [
            column for column, reader in self._sources if isinstance(reader, ArrowColumnReader) and reader.asks_texts
        ]

    def read(self, columns: Mapping[str, Any]) -> tuple[FieldColumn | None, list[Coded]]:
        """The values of the field, None where nothing asks for them; and what tells which rows can't be read."""
        merged: FieldColumn | None = None
        bad: list[Coded] = []
        for name, reader in self._sources:
            column, unreadable = reader.read(columns[name])
            bad += [unreadable] if unreadable is not None else []
            if merged is not None and column is not None:
                merged, clash = _merge(self.field, merged, column)
                bad.append(clash)
            else:
                merged = column
        return merged, bad


class _PathReader:
    """What reads a field inside of the objects of a column."""

    def __init__(self, path: ColumnPath, field: Field, clean: Callable[[Any], Typed]) -> None:
        self._path, self._clean = path, clean
        self._numbers = [field.name] if field.kind == "number" else []

    def read(self, column: Any) -> tuple[FieldColumn, Coded | None]:
        """The values of a column of objects, or of JSON texts."""
        codes, raws = (np.arange(len(column)), column) if isinstance(column, list) else encode(column)
        objects = raws if isinstance(raws, list) else raws.to_pylist()
        values: list[Any] = []
        broken = np.zeros(len(objects), bool)
        for at, raw in enumerate(objects):
            lead, texts = spread({self._path.column: raw}, [self._path], self._numbers)
            values.append(lead.get(self._path.name))
            broken[at] = bool(texts)
        read, bad = clean_values(self._clean, values)
        axis = CodeAxis(read.axis.codes.take(codes))  # type: ignore[union-attr]  # of a table, it has codes
        bad |= broken
        return TableColumn(axis, read.table, read.size), Coded(CodeAxis(codes), bad) if bad.any() else None


def _merge(field: Field, first: FieldColumn, second: FieldColumn) -> tuple[FieldColumn, Coded]:
    """The values of two columns of a field, the first before the second, and where they contradict each other."""
    sides = [Coded(column.axis, np.arange(len(column.is_missing()))) for column in (first, second)]
    size = len(sides[1].items)
    pairs = combine(lambda left, right: left * size + right, *sides)
    codes, examples = find_examples(pairs.spread(), len(sides[0].items) * size)
    values: list[Typed] = []
    clash = np.zeros(len(examples), bool)
    known = [column.values() for column in (first, second)]
    for at, (i, j) in enumerate(zip(*(take_rows(side, examples).tolist() for side in sides), strict=True)):
        left, right = known[0][i], known[1][j]
        values.append(right if left is None else left)
        clash[at] = left is not None and right is not None and not field.are_same(left, right)
    read, _ = clean_values(lambda value: value, values)
    axis = CodeAxis(read.axis.codes.take(codes))  # type: ignore[union-attr]  # of a table, it has codes
    return TableColumn(axis, read.table, read.size), Coded(CodeAxis(codes), clash)


def find_field_readers(
    card: Card, by_field: Mapping[str, Iterable[str]], paths: Sequence[ColumnPath], asked: Iterable[str]
) -> list[FieldReader]:
    """What reads each field that a list has; `by_field` are the columns of each, `asked` the fields that matter."""
    readers = []
    for name, columns in by_field.items():
        own = [path for path in paths if path.field == name]
        inside = {path.column for path in own}
        plain = [column for column in columns if column not in inside]
        if plain or own:
            readers.append(FieldReader(card, card.fields[name], plain, own, name in set(asked)))
    return readers
