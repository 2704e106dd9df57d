"""A list scored as arrays, block by block: what a long list repeats is worked out once and looked up.

Blocks are read, scored and made ready to be written by several threads, and written in their order. Not every list can
be scored so: `open_arrays` says which, and a block can still turn out to be an `OddText`. SQL scores the others.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as arrow  # type: ignore[import-untyped]

from leadledger.api.lists import output_file
from leadledger.api.lists.bad_rows import BadRows
from leadledger.api.lists.coded_output import BlockWriter, OutputBlock, ParquetWriter, TextWriter
from leadledger.api.lists.csv_blocks import BrokenRow, CodedTexts, OddText, can_be_cut, count_rows
from leadledger.api.lists.id_counts import Hashes, IdCounts, hash_ids
from leadledger.api.lists.list_blocks import BlockReader, ListBlock, ParquetReader, TextReader
from leadledger.api.lists.progress import ReportProgress
from leadledger.api.lists.value_counts import NO_TEXTS, BlockCounts, ValueCounts, count_values, find_value_type
from leadledger.api.lists.written_counts import CountedThings, WrittenCounts, WrittenScores
from leadledger.scoring.arrays.block_outputs import CodedColumn
from leadledger.scoring.arrays.list_scorer import ArrayScorer, ScoredBlock, UnfitForArrays
from leadledger.scoring.outputs import PLUS_MINUS, QUESTIONS, REASON_COLUMNS, Column, list_names
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Node
from leadledger.training.sources.scan import ROW, Reject, Scan, SourceFile

ENDINGS = (".csv", ".tsv", ".parquet", ".xlsx")  # of the outputs that arrays write; a sheet is made of Parquet
MOST_THREADS = 8  # each holds a few times the bytes of a block
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class ArrayPlan:
    """What is to be written of a list, and what counted.

    `ending` is that of the output, `columns` are its columns, each with the score that it holds; None: one of the list.
    `guarded` are those in which no text may start as a formula does. `only` are the recommendations that are wanted;
    empty: all. `rejected` are columns whose values a reject may name.
    """

    scan: Scan
    ending: str
    columns: Mapping[str, Column | None]
    guarded: Collection[str]
    only: Sequence[str]
    rejected: Sequence[str]
    counted: CountedThings


@dataclass(frozen=True)
class _ScoredPart:
    """A block, scored: what is to be written of it, and what was counted in it."""

    encoded: Any
    share: float
    read: int
    scored: int
    tallies: Mapping[str, Counter[str]]
    days: list[BlockCounts]
    texts: list[BlockCounts]
    ids: Hashes | None
    bad: arrow.Table | None
    broken: Sequence[BrokenRow]


def open_arrays(
    connection: duckdb.DuckDBPyConnection, card: Scorecard, as_of: date, where: Node | None, plan: ArrayPlan
) -> ArrayList | None:
    """A list to be scored as arrays; None where these don't do what the card, the list or the plan needs."""
    source = plan.scan.source
    if source is None or plan.ending not in ENDINGS:
        return None
    try:
        written = {score.name for score in plan.columns.values() if score is not None}
        scorer = ArrayScorer(
            card,
            as_of,
            plan.scan.columns,
            sale=card.predicts_sales,
            explain=not written.isdisjoint(list_names((PLUS_MINUS, *REASON_COLUMNS))),
            asks=QUESTIONS.name in written,
            where=where,
        )
        return ArrayList(connection, scorer, plan, source)
    except (UnfitForArrays, OddText):
        return None


class ArrayList:
    """A list whose blocks are scored as arrays."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, scorer: ArrayScorer, plan: ArrayPlan, source: SourceFile
    ) -> None:
        """Raises OddText."""
        self._connection, self._scorer, self._plan = connection, scorer, plan
        ending = plan.ending
        kept = [name for name, score in plan.columns.items() if score is None]
        self._kept: Sequence[str] = kept
        self._delimiter = "\t" if ending == ".tsv" else ","
        self._passes_lines = (
            source.style is not None
            and output_file.is_delimited(ending)
            and source.style.delimiter == self._delimiter
            and not plan.guarded
            and [*plan.columns][: len(source.names)] == [*source.names]
        )
        counted = plan.counted
        id_column = [counted.id_column] if counted.id_column else []
        needed = {*scorer.read_columns, *([] if self._passes_lines else kept), *id_column}
        columns = [name for name in plan.scan.columns if name in needed]
        plain = [name for name in columns if name in id_column or name not in scorer.read_columns]
        self._reader: BlockReader
        if source.style is None:
            self._reader = ParquetReader(source, columns, id_column)
        elif can_be_cut(source):
            self._reader = TextReader(source, columns, plain, self._passes_lines)
        else:
            raise OddText("the text has a style of its own")
        if output_file.is_delimited(ending) and any(
            find_value_type(self._reader.types[name]) != arrow.string() for name in kept if not self._passes_lines
        ):
            raise OddText("a column that is no text is to be written as text")

    def write(self, part: Path, work: Path, progress: ReportProgress | None) -> WrittenScores | None:
        """Score the list into `part`; None where a block is odd, and `part` worth nothing. Raises OSError."""
        try:
            return self._write(part, work, progress)
        except OddText:
            return None

    def _write(self, part: Path, work: Path, progress: ReportProgress | None) -> WrittenScores:
        """Score the list into `part`; bad rows are kept in `work`. Raises OddText."""
        counted = self._plan.counted
        days = ValueCounts(self._connection, counted.odd_days.list_aggregates())
        texts = ValueCounts(self._connection, counted.texts.list_aggregates(), counted.texts.plain)
        tallies: dict[str, Counter[str]] = {"recommendation": Counter(), "grade": Counter()}
        ids = IdCounts()
        bad_rows = BadRows(work / "bad_rows")
        broken: list[Reject] = []
        read = scored = 0
        with closing(self._open_writer(part)) as writer, closing(bad_rows):

            def score(at: Any) -> _ScoredPart:
                return self._score(at, writer, days.columns, texts.columns)

            with closing(_work_in_order(score, self._reader.list_parts())) as pieces:
                for piece in pieces:
                    writer.write(piece.encoded)
                    for name, tally in piece.tallies.items():
                        tallies[name].update(tally)
                    days.add(piece.days)
                    texts.add(piece.texts)
                    if piece.ids is not None:
                        ids.add(piece.ids)
                    bad_rows.add(piece.bad, read)
                    before = read + len(broken)
                    broken += [Reject(before + row.place, "", row.text, row.reason) for row in piece.broken]
                    read += piece.read
                    scored += piece.scored
                    if progress is not None:
                        progress(piece.share, read)
        measures: list[Callable[[], Any]] = [
            partial(self._count_again, part),
            ids.count_duplicates,
            days.measure,
            texts.measure,
        ]
        rows, duplicates, odd_days, odd_texts = _work_in_order(lambda measure: measure(), measures)
        recommendations, grades = (dict(sorted(tallies[name].items())) for name in ("recommendation", "grade"))
        counts = WrittenCounts(rows, recommendations, grades, duplicates, odd_days, odd_texts)
        broken = sorted([*self._plan.scan.rejects, *broken], key=lambda reject: reject.row)
        return WrittenScores(read, scored, bad_rows.rows, broken, counts, bad_rows if bad_rows.rows else None)

    def _open_writer(self, part: Path) -> BlockWriter:
        if output_file.is_delimited(self._plan.ending):
            return TextWriter(part, self._plan.columns, self._delimiter, self._plan.guarded)
        return ParquetWriter(part, self._plan.columns, self._reader.types, self._reader.coded)

    def _score(
        self, at: Any, writer: BlockWriter, day_columns: Sequence[str], text_columns: Sequence[str]
    ) -> _ScoredPart:
        """Read a part of the list, score it, and make it ready to be written."""
        block = self._reader.read(at)
        columns = self._scorer.number_texts(block.columns)
        scored = self._scorer.score({name: columns[name] for name in self._scorer.read_columns})
        chosen = self._choose(scored)
        counted = self._plan.counted
        scores = scored.outputs
        tallies = {name: _tally(scores[name], chosen) for name in counted.tallied}
        days = [count_values(name, columns[name], chosen) for name in day_columns]
        of_texts = chosen if counted.has_texts else None
        plain = counted.texts.plain
        texts = [count_values(name, columns[name], of_texts, plain.get(name, NO_TEXTS)) for name in text_columns]
        ids = hash_ids(block.columns[counted.id_column]) if counted.id_column else None
        output = self._take(block, scores, chosen)
        bad = self._take_bad(block, scored.bad) if scored.bad.any() else None
        return _ScoredPart(
            writer.encode(output), block.share, block.rows, output.rows, tallies, days, texts, ids, bad, block.broken
        )

    def _choose(self, scored: ScoredBlock) -> npt.NDArray[np.bool_] | None:
        """Which rows are written; None: all."""
        chosen = ~scored.bad
        if scored.chosen is not None:
            chosen &= scored.chosen
        if self._plan.only:
            advice = scored.outputs["recommendation"]
            chosen &= np.array([value in self._plan.only for value in advice.values])[advice.codes]
        return None if chosen.all() else chosen

    def _take(
        self, block: ListBlock, scores: Mapping[str, CodedColumn], chosen: npt.NDArray[np.bool_] | None
    ) -> OutputBlock:
        """What is to be written of a block."""
        kept = {} if self._passes_lines else {name: block.columns[name] for name in self._kept}
        wanted = {score.name: scores[score.name] for score in self._plan.columns.values() if score is not None}
        if chosen is None:
            return OutputBlock(block.rows, kept, block.lines, wanted)
        mask = arrow.array(chosen)
        codes = {id(score.codes): score.codes[chosen] for score in wanted.values()}
        return OutputBlock(
            int(np.count_nonzero(chosen)),
            {name: column.filter(mask) for name, column in kept.items()},
            None if block.lines is None else CodedTexts(block.lines.texts, block.lines.codes[chosen]),
            {name: CodedColumn(codes[id(score.codes)], score.values) for name, score in wanted.items()},
        )

    def _take_bad(self, block: ListBlock, bad: npt.NDArray[np.bool_]) -> arrow.Table:
        """The bad rows, with their places in the block."""
        names = [name for name in self._plan.rejected if name in block.columns]
        columns = [block.columns[name].filter(arrow.array(bad)) for name in names]
        plain = [
            column.dictionary_decode() if isinstance(column, arrow.DictionaryArray) else column for column in columns
        ]
        return arrow.Table.from_arrays([arrow.array(np.flatnonzero(bad)), *plain], names=[ROW, *names])

    def _count_again(self, part: Path) -> int:
        """How many rows were written, by the file itself."""
        if output_file.is_delimited(self._plan.ending):
            return count_rows(part)
        written = output_file.read_back(part, ".parquet")
        ((rows,),) = self._connection.execute(f"SELECT count(*) FROM {written}").fetchall()
        return int(rows)


def _work_in_order(work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Generator[_Result, None, None]:
    """What some threads make of the items, in their order; only a few items are under way at a time."""
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    pending: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) > threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _tally(score: CodedColumn, chosen: npt.NDArray[np.bool_] | None) -> Counter[str]:
    """How many rows have each value of a score."""
    counts = np.bincount(score.codes if chosen is None else score.codes[chosen], minlength=len(score.values)).tolist()
    tally: Counter[str] = Counter()
    for value, count in zip(score.values, counts, strict=True):
        if value is not None and count:
            tally[value] += count
    return tally
