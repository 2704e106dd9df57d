"""Data frames scored by arrays: each column as an array of Arrow, which shares memory where its library keeps it so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as arrow  # type: ignore[import-untyped]

from leadledger.scoring.arrays.block_outputs import CodedColumn
from leadledger.scoring.arrays.coded import Items
from leadledger.scoring.arrays.columns import is_readable
from leadledger.scoring.arrays.list_scorer import ArrayScorer
from leadledger.scoring.frames.frame_scoring import FrameScoring
from leadledger.scoring.frames.libraries import Library
from leadledger.scoring.outputs import Column

ROWS_PER_BLOCK = 131_072  # whose codes and sums stay in the caches of a core
_TYPES = {"integer": arrow.int32(), "number": arrow.float64(), "text": arrow.string(), "date": arrow.date32()}


def score_columns(
    scoring: FrameScoring, columns: Mapping[str, Any], counted: Mapping[str, Any] | None
) -> tuple[Any, list[int]]:
    """The outputs as a table of Arrow, and the rows that have none.

    `columns` are arrays of Arrow or lists of Python's values, `counted` the columns with what events come to; None: the
    card has none.
    """
    card, explain = scoring.card, scoring.explain
    scorer = ArrayScorer(
        card, scoring.as_of, columns, sale=card.predicts_sales, explain=explain, counted=counted is not None
    )
    outputs = scoring.output_columns
    read = {**columns, **(counted or {})}
    rows = len(next(iter(columns.values())))
    starts = range(0, max(rows, 1), ROWS_PER_BLOCK)

    def score_block(start: int) -> tuple[list[Any], Items]:
        part = slice(start, start + ROWS_PER_BLOCK)
        block = scorer.score(scorer.number_texts({name: read[name][part] for name in scorer.read_columns}))
        return [_decode(block.outputs[column.name], column, block.bad) for column in outputs], block.bad

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        blocks = list(pool.map(score_block, starts))
    parts = zip(*(arrays for arrays, _ in blocks), strict=True)
    table = arrow.table({column.name: arrow.chunked_array(part) for column, part in zip(outputs, parts, strict=True)})
    bad = np.flatnonzero(np.concatenate([bad for _, bad in blocks])).tolist()
    return table, bad


def read_column(library: Library, series: Any) -> Any:
    """A column as an array of Arrow, or as a list of Python's values, where a library keeps those."""
    if not library.is_odd(series):
        try:
            column = library.to_arrow(series)
        except (arrow.ArrowException, TypeError, ValueError, NotImplementedError):
            column = None
        if column is not None and is_readable(column.type):
            return column.combine_chunks() if isinstance(column, arrow.ChunkedArray) else column
    return library.values(series)


def _decode(output: CodedColumn, column: Column, bad: Items) -> Any:
    """An output as an array of Arrow, null where a row has none."""
    kind = _TYPES[column.type]
    codes = arrow.array(output.codes, mask=bad) if bad.any() else arrow.array(output.codes)
    return arrow.array(output.values, kind).take(codes)
