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

from leadledger.api.lists.csv_blocks import CODES, CodedTexts
from leadledger.api.lists.output_file import FORMULA_START, SIGNED_NUMBER, guard_formula
from leadledger.scoring.arrays.block_outputs import CodedColumn
from leadledger.scoring.outputs import Column

MOST_COMBINED = (
    1 << 17
)  # combinations of the values of several scores; where there may be more, each is looked up alone
_END = "\n"
_TYPES = {"integer": arrow.int32(), "number": arrow.float64(), "text": CODES, "date": arrow.date32()}


@dataclass(frozen=True)
class OutputBlock:
    """What is to be written of a block of some rows: columns of the list, its rows as texts, the scores by their names.

    `kept` is empty where there are `lines`.
    """

    rows: int
    kept: Mapping[str, arrow.Array]
    lines: CodedTexts | None
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
        parts: list[CodedTexts | None] = []
        for i, (is_score, group) in enumerate(groups):
            before, end = self._delimiter if i else "", _END if i == len(groups) - 1 else ""
            if is_score:
                parts += self._look_up({name: block.scores[score.name] for name, score in group if score}, before, end)
                continue
            own = (
                [block.lines] if block.lines is not None else [self._word(name, block.kept[name]) for name, _ in group]
            )
            for text in own:
                parts += [_repeat(before, block.rows), text]
                before = self._delimiter
            parts.append(_repeat(end, block.rows))
        return _join([part for part in parts if part is not None])

    def write(self, encoded: Any) -> None:
        """Write the bytes."""
        self._file.write(encoded)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _look_up(self, columns: Mapping[str, CodedColumn], before: str, end: str) -> list[CodedTexts]:
        """The texts of some scores that stand side by side, with what is before and behind them: joined, where few
        combinations of them can be.
        """
        scores = [*columns.values()]
        words = [[self._word_value(name, value) for value in score.values] for name, score in columns.items()]
        words = [[f"{self._delimiter if i else before}{word}" for word in listed] for i, listed in enumerate(words)]
        words[-1] = [f"{word}{end}" for word in words[-1]]
        axes = {id(score.codes): score for score in scores}  # several may have the codes of one
        shape = tuple(len(score.values) for score in axes.values())
        size = int(np.prod(shape, dtype=np.float64))
        if size > MOST_COMBINED:
            return [
                CodedTexts(arrow.array(listed, arrow.string()), score.codes)
                for listed, score in zip(words, scores, strict=True)
            ]
        combined = np.ravel_multi_index(tuple(score.codes for score in axes.values()), shape)
        present = np.flatnonzero(np.bincount(combined, minlength=size))
        places = np.zeros(size, np.intp)
        places[present] = np.arange(len(present))
        codes = dict(zip(axes, np.unravel_index(present, shape), strict=True))
        taken = [
            [listed[at] for at in codes[id(score.codes)].tolist()] for listed, score in zip(words, scores, strict=True)
        ]
        return [CodedTexts(arrow.array(map("".join, zip(*taken, strict=True)), arrow.string()), places[combined])]

    def _word(self, name: str, column: arrow.Array) -> CodedTexts:
        """The texts of a column of the list."""
        if isinstance(column, arrow.DictionaryArray):
            texts = self._quote_texts(name, column.dictionary)
            codes = column.indices.fill_null(len(texts)) if column.indices.null_count else column.indices
            return CodedTexts(arrow.concat_arrays([texts, arrow.nulls(1, texts.type)]), codes.to_numpy())
        return CodedTexts(self._quote_texts(name, column), np.arange(len(column)))

    def _quote_texts(self, name: str, texts: arrow.Array) -> arrow.Array:
        """Texts of a column of the list, in quotes where they need them."""
        if name in self._guarded:
            texts = _guard_formulas(texts)
        if not self._may_be_odd(texts):
            return texts
        odd = compute.match_substring_regex(texts, self._odd.pattern)
        doubled = compute.replace_substring(texts, '"', '""')
        return compute.if_else(odd, compute.binary_join_element_wise('"', doubled, '"', ""), texts)

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
            block.kept[name] if score is None else _make_array(block.scores[score.name], _TYPES[score.type])
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


def _repeat(text: str, rows: int) -> CodedTexts | None:
    """One text for all rows; none where it is empty."""
    return CodedTexts(arrow.array([text]), np.zeros(rows, np.intp)) if text else None


def _join(parts: Sequence[CodedTexts]) -> Any:
    """The bytes of the texts of each row, row by row."""
    codes = np.empty((len(parts[0].codes), len(parts)), np.int64)
    start = 0
    for place, part in enumerate(parts):
        np.add(part.codes, start, out=codes[:, place])
        start += len(part.texts)
    # Arrow puts the texts that it takes one behind the other: as they are to be written.
    joined = arrow.concat_arrays([part.texts for part in parts]).take(arrow.array(codes.ravel()))
    _, offsets, data = joined.buffers()
    return data.slice(0, np.frombuffer(offsets, np.int32)[len(joined)])


def _make_array(score: CodedColumn, kind: arrow.DataType) -> arrow.Array:
    """A score as an array of Arrow; Parquet takes the numbers of texts as they are."""
    if kind != CODES:
        return arrow.array(score.values, kind).take(arrow.array(score.codes))
    absent = np.array([value is None for value in score.values], bool)
    codes = arrow.array(score.codes.astype(np.int32), mask=absent[score.codes] if absent.any() else None)
    return arrow.DictionaryArray.from_arrays(
        codes, arrow.array([value or "" for value in score.values], arrow.string())
    )


def _guard_formulas(column: arrow.Array) -> arrow.Array:
    """The texts of a column as `guard_formula` writes each."""
    starts, is_number = (compute.match_substring_regex(column, pattern) for pattern in (FORMULA_START, SIGNED_NUMBER))
    return compute.if_else(
        compute.and_not(starts, is_number), compute.binary_join_element_wise("'", column, ""), column
    )
