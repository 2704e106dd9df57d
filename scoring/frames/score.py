"""Data frames: a pandas, Polars or Arrow frame of leads in, the same kind of frame with their scores out.

DuckDB scores the frame where it lies in memory, by the printed SQL: only the columns that the card reads are handed to
it, only the outputs come back, and all other columns are never looked at. What a library keeps as Python objects is
cleaned by Python first. Each row gets what `score` gives for it as a record.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.column_fit import find_columns, find_homes, find_id_column, require_columns
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import DataError, UnreadableValue, did_you_mean, quote
from leadledger.scoring.frames import spark as spark_frame
from leadledger.scoring.frames.events import IN_MEMORY, FrameEvents
from leadledger.scoring.frames.libraries import ARROW, LIBRARIES, POLARS, SPARK, Library, find_library, require_arrow
from leadledger.scoring.frames.spark_events import add_events, describe_missing
from leadledger.scoring.numpy_scalars import unwrap_scalar
from leadledger.scoring.outputs import PLUS_MINUS, REASON_COLUMNS, list_names
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects import spark
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB_SETTINGS
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.event_table import UNREADABLE
from leadledger.scoring.printers.sql.number_evidence import ProvenDecimal, prove_decimals, with_decimals
from leadledger.scoring.printers.sql.query import BAD, Query
from leadledger.scoring.scorecard import HasScorecard, Scorecard, find_scorecard

if TYPE_CHECKING:
    import duckdb

Frame = TypeVar("Frame")

LOGGER = logging.getLogger("leadledger")
LABEL = "the data frame"
IN_SPARK = "Spark DataFrame"
PROBLEM = "problem"
FRAME = "ll_frame"
UNREAD = "ll:unread"  # 1 where Python has refused a value of a row
ROWS_PER_BATCH = 250_000  # of a stream, since planning the SELECT takes as long as scoring 100,000 rows


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
    if library == "polars":
        require_arrow()
    scoring = _FrameScoring(find_scorecard(card), as_of, explain, keep, prefix, events)
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


@dataclass(frozen=True)
class _FrameScoring:
    """What `score_frame` was called with, but for the frame."""

    card: Scorecard
    as_of: date
    explain: bool
    keep: Sequence[str] | None
    prefix: str
    events: Any = None

    def check_events(self, sort: str) -> None:
        """Raises DataError where events are given that aren't counted, or none that are."""
        card = self.card.card
        if card.events and self.events is None:
            raise DataError(f"the card '{card.name}' counts events; give those of the leads as a frame, events=…")
        if self.events is not None and not card.events:
            raise DataError(
                f"the card '{card.name}' has no `events:`, so it can't count any; declare their kinds in the card, or"
                " leave them out"
            )
        if card.events and sort == IN_SPARK:
            if find_library(self.events) != SPARK:
                raise DataError(f"{LABEL}: must be a Spark DataFrame, as the leads are")
        elif card.events and sort not in IN_MEMORY:
            raise DataError(f"{LABEL}: events aren't counted for a {sort} yet; give a frame that lies in memory")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The columns that a score adds, before `problem` and without the prefix."""
        reasons = (PLUS_MINUS, *REASON_COLUMNS) if self.explain else ()
        return list_names((*self.card.score_columns, *reasons))

    @property
    def new_names(self) -> dict[str, str]:
        """The names of the columns that are added, `problem` the last, by what they hold."""
        return {name: f"{self.prefix}{name}" for name in (*self.outputs, PROBLEM)}

    def kept(self, columns: Sequence[Any]) -> list[Any]:
        """The columns of a frame to bring along."""
        return list(columns) if self.keep is None else list(dict.fromkeys(self.keep))

    def read(self, columns: Sequence[Any]) -> list[str]:
        """The columns of a frame that belong to a field, in their order."""
        by_field = find_columns(self.card.card, dict.fromkeys(columns, ""))
        of_fields = {column for names in by_field.values() for column in names}
        return [column for column in dict.fromkeys(columns) if column in of_fields]

    def check(self, columns: list[Any], added: Sequence[str]) -> None:
        """Raises DataError where the columns of a frame can't be scored, kept or told apart."""
        fit = require_columns(self.card.card, columns, LABEL)
        _warn(self.card, " ".join(f"{sentence}." for sentence in fit.describe("data frame")))
        read, kept = self.read(columns), self.kept(columns)
        twice = [column for column in [*read, *kept] if columns.count(column) > 1]
        if twice:
            raise DataError(f"{LABEL}: has two columns {quote(twice[0])}; drop one, or rename it")
        first: dict[str, str] = {}
        for column in read:  # SQL takes names that differ in case for one
            same = first.setdefault(column.lower(), column)
            if same != column:
                raise DataError(
                    f"{LABEL}: the columns {quote(same)} and {quote(column)} differ only in case; drop one, or"
                    " rename it"
                )
        for column in kept:
            if column not in columns:
                hint = did_you_mean(str(column), map(str, columns))
                raise DataError(f"{LABEL}: has no column {quote(column)} to keep.{hint}")
        for column in added:
            if column in kept:
                raise DataError(
                    f"{LABEL}: has a column {quote(column)} already; give the new ones another name, as in"
                    " prefix='lead_', or leave it out of `keep`"
                )


def _warn(card: Scorecard, text: str) -> None:
    """Log a warning, once for a scorecard: a frame may come in many parts, and a log is read by people.

    No Python warning, which test suites turn into an error.
    """
    warned = card.__dict__.setdefault("warned", set())  # as `get_engine` keeps what follows from a frozen scorecard
    if text and text not in warned:
        warned.add(text)
        LOGGER.warning("score_frame: %s", text)


def _score_lazily(scoring: _FrameScoring, frame: Any) -> Any:
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


def _plan_spark(scoring: _FrameScoring, frame: Any) -> Any:
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
        _warn(card, describe_missing(card.card, scoring.events))
    query = Query(scoring.as_of, keep=keep, sale=sale, plus_minus=explain, explain=explain, counted=counted)
    selected = [*map(spark.name, [*places, *scoring.outputs])]
    selected.append(f"{spark_frame.problem_column(messages, counted=counted)} AS {PROBLEM}")
    return spark_frame.score_leads(card, leads, query).selectExpr(*selected).toDF(*kept, *added)


def _score_stream(scoring: _FrameScoring, reader: Any) -> Any:
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


def _score(scoring: _FrameScoring, library: Library, frame: Any, *, is_whole: bool = True) -> Any:
    """The frame with its scores. Raises DataError.

    A frame that is whole may show how it writes its numbers, where a text of it can be two.
    """
    import duckdb

    columns, card, names = library.columns(frame), scoring.card, scoring.new_names
    scoring.check(columns, list(names.values()))
    read = {column: library.series(frame, column) for column in scoring.read(columns)}
    with duckdb.connect() as connection:
        for setting in DUCKDB_SETTINGS:
            connection.execute(f"SET {setting}")
        types = _register_columns(connection, card, library, read)
        events = _count_events(connection, scoring, types)
        scored = library.result(connection.sql(_write_select(scoring, types, events)))
        bad = library.nulls(scored, names["points"])
        unread: list[list[str]] = []
        if bad and events is not None:
            unread = events.describe_unread(library.values_at(read[events.id_column[0]], bad))
        proven = _prove_decimals(connection, card, library, read) if bad and is_whole else ()
    if proven:
        for decimal in proven:
            warnings.warn(decimal.sentence, stacklevel=3)
        settled = replace(scoring, card=with_decimals(card, proven))
        return _score(settled, library, frame, is_whole=False)
    if bad:
        texts: list[str | None] = [None] * len(scored)
        for row, text in zip(bad, _describe_problems(card, library, read, bad, unread), strict=True):
            texts[row] = text
        scored = library.replace_texts(scored, names[PROBLEM], texts)
    return library.put_beside(frame, scoring.kept(columns), scored)


def _count_events(
    connection: duckdb.DuckDBPyConnection, scoring: _FrameScoring, types: Mapping[str, str]
) -> FrameEvents | None:
    """What the events come to; None where the card has none. Raises DataError."""
    card = scoring.card
    if scoring.events is None:
        return None
    id_column = find_id_column(card.card, types)
    lead_id = id_column, types.get(id_column, "")
    events = FrameEvents(connection, card, scoring.as_of, scoring.events, lead_id, entries=scoring.explain)
    _warn(card, events.describe_missing())
    return events


def _prove_decimals(
    connection: duckdb.DuckDBPyConnection, card: Scorecard, library: Library, columns: Mapping[str, Any]
) -> tuple[ProvenDecimal, ...]:
    """What the texts of a frame show of how it writes its numbers."""
    homes = find_homes(card.card, columns)
    texts = {
        column: library.make_series([raw if isinstance(raw, str) else None for raw in library.values(values)], "text")
        for column, values in columns.items()
        if column in homes and homes[column].kind == "number"
    }
    if not texts:
        return ()
    described = _register(connection, library.frame(texts))
    assert described is not None

    def run_query(query: str) -> tuple[Any, ...]:
        (row,) = connection.execute(query).fetchall()
        return tuple(row)

    return prove_decimals(card.card, dict.fromkeys(described, "VARCHAR"), FRAME, run_query)


def _register_columns(
    connection: duckdb.DuckDBPyConnection, card: Scorecard, library: Library, columns: Mapping[str, Any]
) -> dict[str, str]:
    """Register the columns that the card reads as FRAME: their SQL types.

    What DuckDB can't read, or would take for something else, is cleaned by Python; if it refuses any value, there is
    one more column, UNREAD.
    """
    series = dict(columns)
    types = {name: "" for name, values in columns.items() if library.is_odd(values)}
    rest = {name: values for name, values in columns.items() if name not in types}
    if rest:
        described = _register(connection, library.frame(rest))
        if described is None:  # DuckDB can't read one of them
            for name, values in rest.items():
                types |= _register(connection, library.frame({name: values})) or {name: ""}
        else:
            types |= described
    unread: set[int] = set()
    fields = find_homes(card.card, columns)
    for column in [name for name in types if name not in fields and not types[name]]:  # objects of Python
        series[column] = library.make_series([*map(_write_object, library.values(columns[column]))], "text")
    for column in [
        name
        for name, type in types.items()
        if name in fields and not type_family(type, fields[name].kind) and type != NANOSECONDS
    ]:
        clean = make_cleaner(fields[column], card.card.missing_texts)
        values = library.values(columns[column])
        for row, raw in enumerate(values):
            try:
                values[row] = _clean_value(clean, raw)
            except UnreadableValue:
                values[row] = None
                unread.add(row)
        series[column] = library.make_series(values, _CLEANED_KINDS[fields[column].kind])
    if unread:
        rows = len(next(iter(columns.values())))
        series[UNREAD] = library.make_series([float(row in unread) for row in range(rows)], "number")
    described = _register(connection, library.frame(series))
    assert described is not None
    return described


# How a cleaned value is handed to DuckDB, so that it reads the same once more. A flag goes as a number, since a text
# might be one that means "not known".
_CLEANED_KINDS = {"number": "number", "flag": "number", "date": "date", "text": "text", "id": "text", "choices": "text"}
NANOSECONDS = "TIMESTAMPTZ_NS"


def _clean_value(clean: Callable[[Any], Any], raw: Any) -> Any:
    """A typed value, flags as numbers. Raises UnreadableValue."""
    try:
        value = clean(raw)
    except UnreadableValue:
        value = clean(unwrap_scalar(raw))
    return float(value) if isinstance(value, bool) else value


def _write_object(raw: Any) -> str | None:
    """An object as JSON; a text as it is. None for anything else."""
    if isinstance(raw, Mapping):
        return json.dumps(raw, default=str)
    return raw if isinstance(raw, str) else None


def _register(connection: duckdb.DuckDBPyConnection, frame: Any) -> dict[str, str] | None:
    """Register a frame as FRAME: its columns with their SQL types; None where DuckDB can't read one of them."""
    import duckdb

    try:
        connection.register(FRAME, frame)
        rows = connection.execute(f"DESCRIBE SELECT * FROM {FRAME}").fetchall()
    except duckdb.Error:
        return None
    return {str(row[0]): str(row[1]) for row in rows}


def _write_select(scoring: _FrameScoring, types: Mapping[str, str], events: FrameEvents | None) -> str:
    """The SELECT over FRAME that gives the outputs under their names, a problem that is not yet known the last."""
    columns = dict(types)
    source = FRAME
    to_cut = [name for name, type in types.items() if type == NANOSECONDS]
    if to_cut:
        casts = ", ".join(f"CAST({quoted(name)} AS TIMESTAMPTZ) AS {quoted(name)}" for name in to_cut)
        source = f"(SELECT * REPLACE ({casts}) FROM {FRAME})"
        columns |= dict.fromkeys(to_cut, "TIMESTAMP WITH TIME ZONE")
    any_unread, explain, sale = columns.pop(UNREAD, None), scoring.explain, scoring.card.predicts_sales
    keep = [UNREAD] if any_unread else []
    query = Query(scoring.as_of, source, columns, keep, sale=sale, plus_minus=explain, explain=explain)
    if events is not None:
        query = replace(query, source=events.join(source), counted=True)
    where_read = f"CASE WHEN {quoted(UNREAD)} = 0 THEN {{}} END" if any_unread else "{}"
    names = scoring.new_names
    selected = [f"{where_read.format(quoted(name))} AS {quoted(names[name])}" for name in scoring.outputs]
    selected.append(f"CAST(NULL AS VARCHAR) AS {quoted(names[PROBLEM])}")
    return f"SELECT {', '.join(selected)} FROM (\n{sql.select(scoring.card, query)}\n)"


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
