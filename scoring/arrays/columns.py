"""Columns of Arrow as the typed values of fields: what each distinct raw value is, and the rows by them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as arrow  # type: ignore[import-untyped]
import pyarrow.compute as compute  # type: ignore[import-untyped]

from leadledger.scoring.arrays.block import FieldColumn, NumberColumn, TableColumn
from leadledger.scoring.arrays.coded import ROWS, CodeAxis, Coded, Items
from leadledger.scoring.arrays.field_table import FieldTable, clean_value
from leadledger.scoring.arrays.text_numbers import NumberedTexts
from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.errors import UnreadableValue
from leadledger.scoring.field import Field
from leadledger.scoring.lead_ids import LONGEST_ID
from leadledger.scoring.tree import Kind, Typed

# Texts that are one number, whatever a card says of how its numbers are written; Arrow reads them to the last bit.
_PLAIN_NUMBER = r"-?(0|[1-9][0-9]{0,14})([.]([0-9]{1,2}|[0-9]{4,15}))?"


class ArrowColumnReader:
    """What reads a column of a list as the values of one field, block after block."""

    def __init__(self, field: Field, missing: frozenset[str], is_asked: bool) -> None:
        self.field = field
        # Any text is one of a field that lists none, and nothing asks which.
        self._reads_lengths = field.kind == "id" and not is_asked
        self.is_ignored = field.kind == "text" and not field.values and not is_asked
        self._clean = make_cleaner(field, missing)
        self._table, self._text_table = FieldTable(self._clean), FieldTable(self._clean)
        absent_keys = field.find_absent_keys(missing)
        self._absent_numbers = [number for number in field.missing if isinstance(number, float)]
        self._may_be_plain = field.kind == "number" and not any(re.fullmatch(_PLAIN_NUMBER, key) for key in absent_keys)

    @property
    def asks_texts(self) -> bool:
        """Whether it reads what each text of a column says."""
        return not (self._reads_lengths or self.is_ignored)

    def read(self, column: Any) -> tuple[FieldColumn | None, Coded | None]:
        """The values of a column, None where nothing asks for them; and which can't be read, None: all can.

        It is an array of Arrow, numbered texts, or a list of Python's values of any types.
        """
        if isinstance(column, list):
            return self._read_objects(column)
        if isinstance(column, NumberedTexts):
            self._text_table.follow(column.texts, column.size)
            return _find_values(self._text_table, column.codes, column.size)
        column = _prepare(column, self.field.kind)
        kind = column.type
        if self._reads_lengths and (is_text(kind) or arrow.types.is_integer(kind)):
            return None, self._find_long(column)
        if self.is_ignored and is_text(kind):
            return None, None
        codes, raws = encode(column)
        axis = CodeAxis(codes)
        if self.field.kind == "number" and (_is_number(raws.type) or (self._may_be_plain and is_text(raws.type))):
            numbers, bad = self._read_numbers(raws)
            return NumberColumn(axis, numbers), Coded(axis, bad) if bad.any() else None
        if self._table.is_full:
            self._table = FieldTable(self._clean)
        table = self._table
        numbers, size = table.number(raws.to_pylist())
        return _find_values(table, numbers.take(codes), size)

    def _read_objects(self, raws: list[Any]) -> tuple[FieldColumn, Coded | None]:
        """The values of a list of Python's, each cleaned by itself: no two types have the same values."""
        column, bad = clean_values(self._clean, raws)
        return column, Coded(ROWS, bad) if bad.any() else None

    def _find_long(self, ids: Any) -> Coded | None:
        """Which ids can't be read since they are too long; None: none is."""
        if arrow.types.is_integer(ids.type):
            return None
        ids = ids.dictionary_decode() if isinstance(ids, arrow.DictionaryArray) else ids
        bad = as_numpy(compute.greater(compute.utf8_length(ids), LONGEST_ID).fill_null(False)).copy()
        for at in np.flatnonzero(bad).tolist():
            bad[at] = not self._can_read(ids[at].as_py())
        return Coded(ROWS, bad) if bad.any() else None

    def _can_read(self, raw: Any) -> bool:
        try:
            self._clean(raw)
        except UnreadableValue:
            return False
        return True

    def _read_numbers(self, raws: Any) -> tuple[Items, Items]:
        """The numbers of some distinct raw values, NaN where one is missing, and which can't be read."""
        if _is_number(raws.type):
            if arrow.types.is_float32(raws.type):  # what was written 10.1 is 10.1, as a lead by itself has it
                raws = raws.cast(arrow.string())
            numbers = as_numpy(raws.cast(arrow.float64(), safe=False).fill_null(np.nan)).copy()
            bad = np.isinf(numbers)
        else:
            numbers, bad = self._read_number_texts(raws)
        for absent in self._absent_numbers:
            numbers[numbers == absent] = np.nan
        return numbers, bad

    def _read_number_texts(self, raws: Any) -> tuple[Items, Items]:
        plain = compute.match_substring_regex(raws, f"^{_PLAIN_NUMBER}$").fill_null(False)
        cast = compute.if_else(plain, raws, None).cast(arrow.float64()).fill_null(np.nan)
        numbers, bad = as_numpy(cast).copy(), np.zeros(len(raws), bool)
        for at in np.flatnonzero(~as_numpy(plain)).tolist():
            try:
                number = clean_value(self._clean, raws[at].as_py())
                numbers[at] = np.nan if number is None else number
            except UnreadableValue:
                bad[at] = True
        return numbers, bad


def _find_values(table: FieldTable, codes: Items, size: int) -> tuple[TableColumn, Coded | None]:
    """The first `size` values of a table, which the rows have by their codes; and which can't be read."""
    axis = CodeAxis(codes)
    bad = table.find_bad(size)
    return TableColumn(axis, table, size), None if bad is None else Coded(axis, bad)


def clean_values(clean: Callable[[Any], Typed], raws: Sequence[Any]) -> tuple[TableColumn, Items]:
    """Raw values of any types, each cleaned by itself, since two types may have equal values; and which can't be read.

    The axis of the column has a code for each raw value.
    """
    values: list[Typed] = []
    bad = np.zeros(len(raws), bool)
    for at, raw in enumerate(raws):
        try:
            values.append(clean_value(clean, raw))
        except UnreadableValue:
            values.append(None)
            bad[at] = True
    table = FieldTable(lambda value: value)
    numbers, size = table.number(values)
    return TableColumn(CodeAxis(numbers), table, size), bad


def is_readable(kind: Any) -> bool:
    """Whether columns of a type of Arrow are read; others come as lists of Python's values."""
    types = arrow.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        is_text(kind)
        or types.is_string_view(kind)
        or _is_number(kind)
        or types.is_boolean(kind)
        or types.is_date32(kind)
        or types.is_timestamp(kind)
        or types.is_decimal128(kind)
        or types.is_null(kind)
    )


def _prepare(column: Any, kind: Kind) -> Any:
    """A column in a type whose distinct values are few, and that Python has, too."""
    types = arrow.types
    if types.is_null(column.type) or types.is_string_view(column.type):
        return column.cast(arrow.string())
    if types.is_timestamp(column.type):
        zone = column.type.tz
        floored = compute.floor_temporal(column, unit="second" if zone or kind != "date" else "day")
        return floored.cast(arrow.timestamp("s", zone))
    return column


def is_text(kind: Any) -> bool:
    """Whether a type of Arrow is that of texts, numbered or not."""
    if arrow.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(arrow.types.is_string(kind) or arrow.types.is_large_string(kind))


def _is_number(kind: Any) -> bool:
    return bool(arrow.types.is_integer(kind) or arrow.types.is_float32(kind) or arrow.types.is_float64(kind))


def encode(column: Any) -> tuple[Items, Any]:
    """The codes of the rows, and the distinct raw values that they number, the last of which is null."""
    if isinstance(column, arrow.ChunkedArray):
        column = column.combine_chunks()
    if not isinstance(column, arrow.DictionaryArray):
        column = column.dictionary_encode()
    raws = column.dictionary
    codes = as_numpy(column.indices.fill_null(len(raws)) if column.indices.null_count else column.indices)
    return codes.astype(np.intp), arrow.concat_arrays([raws, arrow.nulls(1, raws.type)])


def as_numpy(column: Any) -> Items:
    """An array of Arrow as one of NumPy."""
    array: Items = column.to_numpy(zero_copy_only=False)
    return array
