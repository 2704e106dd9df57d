"""Data frames: a pandas, Polars or Arrow frame of leads in, the same kind of frame with their scores out.

Only the columns that the card reads are looked at, where they lie in memory. Each row gets what `score` gives for it as
a record.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, TypeVar

from leadledger.scoring.column_fit import find_id_column
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.frames import spark as spark_frame
from leadledger.scoring.frames.events import FrameEvents
from leadledger.scoring.frames.frame_scoring import IN_SPARK, PROBLEM, FrameScoring, warn
from leadledger.scoring.frames.libraries import ARROW, LIBRARIES, POLARS, SPARK, Library, find_library
from leadledger.scoring.frames.spark_events import add_events, describe_missing
from leadledger.scoring.printers.sql.dialects import spark
from leadledger.scoring.printers.sql.event_table import UNREADABLE
from leadledger.scoring.printers.sql.number_evidence import with_decimals
from leadledger.scoring.printers.sql.query import BAD, Query
from leadledger.scoring.scorecard import HasScorecard, Scorecard, find_scorecard

Frame = TypeVar("Frame")

ROWS_PER_BATCH = 250_000  # of a stream


def score_frame(
    card: Scorecard | HasScorecard,
    frame: Frame,
    as_of: date,
    *,
    explain: bool = False,
    keep: Sequence[str] | None = None,
    prefix: str = "",
    events: Any = None,
) -> Frame:
    """Score a data frame of raw leads, one a row, on a day: the same kind of frame, with the same rows in their order.

    `frame` is a pandas DataFrame (its index is kept), a Polars DataFrame or LazyFrame (which is scored when it is
    collected, as a whole), a pyarrow Table, a RecordBatchReader (which is read, and scored, as the result is read), or
    a Spark DataFrame, which the cluster scores when the result is asked for, without a Python worker.
    `card` is a scorecard, or what has one: the result of `train`.
    A column belongs to a field by its name, or by a name under `from:` in the card; a field without one is missing.
    Which fields these are, and which columns look like them, is written to the logger `leadledger` as a warning, once
    for a scorecard.

    `keep` are the columns of `frame` to bring along; None: all. Behind them come `score` (0 to 100), `points`,
    `probability` (0..1; missing while no base rate is known), `grade`, `recommendation`, `percentile` (of 100
    judged leads, those with fewer points; missing where the release doesn't know), of a card with a stage that explores
    `propensity` (0..1, with which the lead was to be promoted), of a card with axes `fit`,
    `engagement` (the points on each) and `axis_grades` (such as B2), by a release with steps
    `sale_probability` and `expected_value` (not rounded; missing where not known), of a card whose advice remembers
    `recommended_since` and `below_since` (days; missing where it isn't below), with `explain` also the `plus_minus`
    of the points and the entries that gained and lost most, in words, and `problem`; `prefix` is put before these
    names. Where a value of a row can't be read, `problem` says which and why, and the other outputs are missing;
    elsewhere `problem` is missing. Where the texts of a column show how its numbers are written, so that `25.000` is
    one number, a warning says so; a RecordBatchReader and Spark go by the card's `format:` alone. (Spark says which and
    of what kind; order is what Spark makes of it.)

    `events` is a frame with a row for each event of the leads, for a card that counts them: `lead`, the id of the lead,
    `kind`, `time`, if need be `id`, `source` and `received`, and a column for each property. It lies in memory, or, for
    leads in Spark, is a Spark DataFrame. A lead without a row has none. Where an event of a lead can't be read,
    `problem` says which and why (Spark: that there is one).

    Raises DataError where no column belongs to the card, a kept one doesn't exist, or a name would stand twice. Polars
    needs pyarrow.
    """
    library, sort = find_library(frame)
    scoring = FrameScoring(find_scorecard(card), as_of, explain, keep, prefix, events)
    scoring.check_events(sort if (library, sort) != SPARK else IN_SPARK)
    scored: Any
    if (library, sort) == SPARK:
        scored = _plan_spark(scoring, frame)
    elif sort == "LazyFrame":
        scored = _score_lazily(scoring, frame)
    elif sort == "RecordBatchReader":
        scored = _score_stream(scoring, frame)
    else:
        scored = _score(scoring, LIBRARIES[library, sort], frame)
    return scored  # type: ignore[no-any-return]


def _score_lazily(scoring: FrameScoring, frame: Any) -> Any:
    """A lazy frame that is scored when it is collected; what is wrong with its columns is raised at once."""
    schema = frame.collect_schema()
    empty = _score(scoring, POLARS, schema.to_frame())
    needed = dict.fromkeys([*scoring.kept(list(schema)), *scoring.read(list(schema))])
    return frame.select(list(needed)).map_batches(
        partial(_score, scoring, POLARS),
        schema=empty.schema,
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
    )


def _plan_spark(scoring: FrameScoring, frame: Any) -> Any:
    """A Spark DataFrame that is scored by Spark SQL."""
    spark_frame.refuse_unsupported(frame)
    columns, card, explain = list(frame.columns), scoring.card, scoring.explain
    kept, added = scoring.kept(columns), list(scoring.new_names.values())
    taken = {name.lower() for name in added}  # Spark takes names that differ in case for one
    scoring.check(columns, [*added, *(column for column in kept if column.lower() in taken)])
    leads = spark_frame.prepare_leads(card.card, frame, scoring.read(columns))
    messages = spark_frame.describe_unreadable(card.card, leads)
    places = [leads.places[column] for column in kept]
    keep, sale, counted = [*places, *messages, BAD], card.predicts_sales, scoring.events is not None
    if counted:
        keep.append(UNREADABLE)
        leads = add_events(card, leads, scoring.events, scoring.as_of, entries=explain)
        warn(card, describe_missing(card.card, scoring.events))
    query = Query(scoring.as_of, keep=keep, sale=sale, plus_minus=explain, explain=explain, counted=counted)
    selected = [*map(spark.name, [*places, *scoring.outputs])]
    selected.append(f"{spark_frame.problem_column(messages, counted=counted)} AS {PROBLEM}")
    return spark_frame.score_leads(card, leads, query).selectExpr(*selected).toDF(*kept, *added)


def _score_stream(scoring: FrameScoring, reader: Any) -> Any:
    """A reader that scores what it reads, some batches at a time."""
    schema = _score(scoring, ARROW, reader.schema.empty_table()).schema

    def score_batches() -> Iterator[Any]:
        for table in _gather(reader):
            yield from _score(scoring, ARROW, table, is_whole=False).to_batches()

    return type(reader).from_batches(schema, score_batches())


def _gather(reader: Any) -> Iterator[Any]:
    """The batches of a reader as tables of at least ROWS_PER_BATCH rows, but for the last."""
    batches: list[Any] = []
    rows = 0
    empty = reader.schema.empty_table()
    for batch in reader:
        batches.append(batch)
        rows += batch.num_rows
        if rows >= ROWS_PER_BATCH:
            yield empty.from_batches(batches)
            batches, rows = [], 0
    if batches:
        yield empty.from_batches(batches)


def _score(scoring: FrameScoring, library: Library, frame: Any, *, is_whole: bool = True) -> Any:
    """The frame with its scores. Raises DataError.

    A frame that is whole may show how it writes its numbers, where a text of it can be two.
    """
    import pyarrow as arrow  # type: ignore[import-untyped]

    from leadledger.scoring.frames.array_scores import read_column, score_columns
    from leadledger.scoring.frames.decimals import prove_frame_decimals

    columns, card, names = library.columns(frame), scoring.card, scoring.new_names
    scoring.check(columns, list(names.values()))
    read = {column: library.series(frame, column) for column in scoring.read(columns)}
    arrays = {column: read_column(library, series) for column, series in read.items()}
    events = _count_events(scoring, arrays)
    table, bad = score_columns(scoring, arrays, None if events is None else events.list_counts())
    unread = events.describe_unread(bad) if bad and events is not None else ()
    proven = prove_frame_decimals(card, library, read) if bad and is_whole else ()
    if proven:
        for decimal in proven:
            warnings.warn(decimal.sentence, stacklevel=3)
        settled = replace(scoring, card=with_decimals(card, proven))
        return _score(settled, library, frame, is_whole=False)
    texts: list[str | None] = [None] * len(table)
    if bad:
        for row, text in zip(bad, _describe_problems(card, library, read, bad, unread), strict=True):
            texts[row] = text
    table = table.append_column(PROBLEM, arrow.array(texts, arrow.string())).rename_columns(list(names.values()))
    return library.put_beside(frame, scoring.kept(columns), library.result(table))


def _count_events(scoring: FrameScoring, columns: Mapping[str, Any]) -> FrameEvents | None:
    """The events of the leads, counted; None where the card has none. Raises DataError."""
    if scoring.events is None:
        return None
    card = scoring.card
    ids = columns.get(find_id_column(card.card, columns))
    events = FrameEvents(card, scoring.as_of, scoring.events, ids, entries=scoring.explain)
    warn(card, events.describe_missing())
    return events


def _describe_problems(
    card: Scorecard, library: Library, columns: Mapping[str, Any], rows: Sequence[int], unread: Sequence[Sequence[str]]
) -> Iterator[str]:
    """What can't be read in each of these rows: `budget: 'lots' is not a number; …`; `unread` has that of events."""
    raw = {name: library.values_at(series, rows) for name, series in columns.items()}
    for i, values in enumerate(zip(*raw.values(), strict=True)):
        problems = get_engine(card).list_bad_values(dict(zip(raw, values, strict=True)))
        of_events = unread[i] if unread else ()
        # Where the values can be read, it is the events alone that can't.
        own = [problem for problem in problems if problem.column or not of_events]
        texts = [f"{problem.column}: {problem.reason}" if problem.column else problem.reason for problem in own]
        yield "; ".join([*texts, *of_events])
