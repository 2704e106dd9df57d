"""Blocks of a list with their scores, written as delimited text or as Parquet.

A score is worded once for each of its distinct values; the texts of whole rows are joined by Arrow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as arrow  # type: ignore[import-untyped]
import pyarrow.compute as compute  # type: ignore[import-untyped]
import pyarrow.parquet as parquet  # type: ignore[import-untyped]

from leadledger.api.lists.output_file import FORMULA_START, SIGNED_NUMBER, guard_formula
from leadledger.scoring.arrays.block_outputs import CodedColumn
from leadledger.scoring.outputs import Column

MOST_COMBINED = (
    1 << 17
)  # combinations of the values of several scores; where there may be more, each is looked up alone
_END = "\n"
_TYPES = {"integer": arrow.int32(), "number": arrow.float64(), "text": arrow.string(), "date": arrow.date32()}


@dataclass(frozen=True)
class OutputBlock:
    """What is to be written of a block of some rows: columns of the list, its rows as texts, the scores by their names.

    `kept` is empty where there are `lines`.
    """

    rows: int
    kept: Mapping[str, arrow.Array]
    lines: arrow.Array | None
    scores: Mapping[str, CodedColumn]


class BlockWriter(Protocol):
    """What writes blocks into a file, in the order in which they come; several threads may encode at a time."""

    def encode(self, block: OutputBlock) -> Any:
        """A block as `write` takes it."""

    def write(self, encoded: Any) -> None:
        """Write an encoded block. Raises OSError."""

    def close(self) -> None:
        """Finish the file. Raises OSError."""


class TextWriter:
    """Delimited text, as DuckDB writes it: a value is quoted where it needs it, one that is missing is empty.

    `columns` are those of the output in their order, each with the score that it holds; None: a column of the list.
    `guarded` are those in which no text may start as a formula of a sheet does.
    """

    def __init__(
        self, part: Path, columns: Mapping[str, Column | None], delimiter: str, guarded: Collection[str] = ()
    ) -> None:
        self._columns, self._delimiter, self._guarded = columns, delimiter, guarded
        self._signs = f'{delimiter}"\n\r#'  # of which one is in each text that needs quotes, if it isn't empty
        self._odd = re.compile(f'[{re.escape(delimiter)}"\n\r]|^#|^$')
        self._file = part.open("wb")
        self._file.write((delimiter.join(self._word_value(name, name) for name in columns) + _END).encode())

    def encode(self, block: OutputBlock) -> Any:
        """The bytes of the rows."""
        if not block.rows:
            return b""
        groups = [
            (is_score, [*group]) for is_score, group in groupby(self._columns.items(), lambda item: item[1] is not None)
        ]
        parts: list[arrow.Array] = []
        for i, (is_score, group) in enumerate(groups):
            end = _END if i == len(groups) - 1 else ""
            if is_score:
                parts += self._look_up({name: block.scores[score.name] for name, score in group if score}, end)
                continue
            own = (
                [block.lines] if block.lines is not None else [self._word(name, block.kept[name]) for name, _ in group]
            )
            parts += [*own[:-1], _append(own[-1], end)] if end else own
        text = parts[0]
        if len(parts) > 1:
            text = compute.binary_join_element_wise(
                *parts, self._delimiter, null_handling="replace", null_replacement=""
            )
        _, offsets, data = text.buffers()
        return data.slice(0, np.frombuffer(offsets, np.int32)[len(text)])

    def write(self, encoded: Any) -> None:
        """Write the bytes."""
        self._file.write(encoded)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _look_up(self, columns: Mapping[str, CodedColumn], end: str) -> list[arrow.Array]:
        """The texts of some scores that stand side by side: joined, where few combinations of them can be."""
        scores = [*columns.values()]
        words = [
            arrow.array([self._word_value(name, value) for value in score.values], arrow.string())
            for name, score in columns.items()
        ]
        if end:
            words[-1] = _append(words[-1], end)
        axes = {id(score.codes): score for score in scores}  # several may have the codes of one
        shape = tuple(len(score.values) for score in axes.values())
        size = int(np.prod(shape, dtype=np.float64))
        if size > MOST_COMBINED:
            return [word.take(arrow.array(score.codes)) for word, score in zip(words, scores, strict=True)]
        combined = np.ravel_multi_index(tuple(score.codes for score in axes.values()), shape)
        present = np.flatnonzero(np.bincount(combined, minlength=size))
        places = np.zeros(size, np.int32)
        places[present] = np.arange(len(present))
        codes = dict(zip(axes, map(arrow.array, np.unravel_index(present, shape)), strict=True))
        taken = [word.take(codes[id(score.codes)]) for word, score in zip(words, scores, strict=True)]
        return [compute.binary_join_element_wise(*taken, self._delimiter).take(arrow.array(places[combined]))]

    def _word(self, name: str, column: arrow.Array) -> arrow.Array:
        """The texts of a column of the list."""
        if isinstance(column, arrow.DictionaryArray):
            return self._word(name, column.dictionary).take(column.indices)
        if name in self._guarded:
            column = _guard_formulas(column)
        if not self._may_be_odd(column):
            return column
        odd = compute.match_substring_regex(column, self._odd.pattern)
        doubled = compute.replace_substring(column, '"', '""')
        return compute.if_else(odd, compute.binary_join_element_wise('"', doubled, '"', ""), column)

    def _may_be_odd(self, column: arrow.Array) -> bool:
        """Whether a text of a column may need quotes; a search through all its bytes is the soonest to say no."""
        _, _, data = column.buffers()
        text = data.to_pybytes() if data is not None else b""
        return any(sign.encode() in text for sign in self._signs) or compute.any(compute.equal(column, "")).as_py()

    def _word_value(self, name: str, value: object) -> str:
        """A value of a column, or its name, as text."""
        return self._quote(guard_formula(value) if name in self._guarded and isinstance(value, str) else value)

    def _quote(self, value: object) -> str:
        """A value as text, in quotes where it needs them; Python writes floats as DuckDB does."""
        if value is None:
            return ""
        if not isinstance(value, str):
            return str(value)
        return '"' + value.replace('"', '""') + '"' if self._odd.search(value) else value


class ParquetWriter:
    """Parquet: a group of rows for each block; `columns` as for text.

    `coded` are the columns of which few values are many, which Parquet numbers; `types` are those of the list.
    """

    def __init__(
        self,
        part: Path,
        columns: Mapping[str, Column | None],
        types: Mapping[str, arrow.DataType],
        coded: Sequence[str],
    ) -> None:
        self._columns = columns
        of_scores = {name: _TYPES[score.type] for name, score in columns.items() if score is not None}
        self._schema = arrow.schema([(name, of_scores.get(name) or types[name]) for name in columns])
        # A file of Python, whose errors say what is wrong as those of any other file do.
        self._file = part.open("wb")
        self._writer = parquet.ParquetWriter(
            self._file, self._schema, use_dictionary=[*of_scores, *coded], store_schema=False, compression="snappy"
        )

    def encode(self, block: OutputBlock) -> Any:
        """The rows as a table."""
        arrays = [
            block.kept[name]
            if score is None
            else arrow.array(block.scores[score.name].values, _TYPES[score.type]).take(
                arrow.array(block.scores[score.name].codes)
            )
            for name, score in self._columns.items()
        ]
        return arrow.Table.from_arrays(arrays, schema=self._schema)

    def write(self, encoded: Any) -> None:
        """Write the table as a group of rows."""
        if encoded.num_rows:
            self._writer.write_table(encoded, row_group_size=encoded.num_rows)

    def close(self) -> None:
        """Write the footer."""
        with self._file:
            self._writer.close()


def _append(column: arrow.Array, end: str) -> arrow.Array:
    """The texts of a column, each with an end; that of a missing one is all there is."""
    return compute.binary_join_element_wise(column, end, "", null_handling="replace", null_replacement="")


def _guard_formulas(column: arrow.Array) -> arrow.Array:
    """The texts of a column as `guard_formula` writes each."""
    starts, is_number = (compute.match_substring_regex(column, pattern) for pattern in (FORMULA_START, SIGNED_NUMBER))
    return compute.if_else(
        compute.and_not(starts, is_number), compute.binary_join_element_wise("'", column, ""), column
    )
