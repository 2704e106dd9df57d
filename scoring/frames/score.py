"""Data frames: a pandas, Polars or Arrow frame of leads in, the same kind of frame with their scores out.

DuckDB scores the frame where it lies in memory, by the printed SQL: only the columns that the card asks are handed to
it, only the outputs come back, and all other columns are never looked at. What a library keeps as Python objects is
cleaned by Python first. Each row gets what `score` gives for it as a record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from leadledger.scoring.engine.score import get_engine, unwrap_scalar
from leadledger.scoring.errors import DataError, UnreadableValue, did_you_mean, quote
from leadledger.scoring.field import make_cleaner
from leadledger.scoring.frames import spark as spark_frame
from leadledger.scoring.frames.libraries import ARROW, KINDS, POLARS, SPARK, Library, arrow_needed, kind
from leadledger.scoring.outputs import PLUS_MINUS, REASON_COLUMNS, SCORE_COLUMNS, names
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.cleaning import find_columns, require_columns, type_family
from leadledger.scoring.printers.sql.dialects import spark
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB_SETTINGS
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import BAD, Query
from leadledger.scoring.scorecard import Scorecard

if TYPE_CHECKING:
    import duckdb

Frame = TypeVar("Frame")

PROBLEM = "problem"
FRAME = "ll_frame"
UNREAD = "ll:unread"  # 1 where Python has refused a value of a row
BATCH = 250_000  # rows of a stream that are scored at a time, for to plan the SELECT takes as long as 100,000 of them


def score_frame(
    card: Scorecard,
    frame: Frame,
    as_of: date,
    *,
    explain: bool = False,
    keep: Sequence[str] | None = None,
    prefix: str = "",
) -> Frame:
    """Score a data frame of raw leads, one a row, on a day: the same kind of frame, with the same rows in their order.

    `frame` is a pandas DataFrame (its index is kept), a Polars DataFrame or LazyFrame (which is scored when it is
    collected, as a whole), a pyarrow Table, a RecordBatchReader (which is read, and scored, as the result is read), or
    a Spark DataFrame, which the cluster scores when the result is asked for, without a Python worker.
    A column belongs to a field by its name, or by a name under `from:` in the card; a field without one is missing.

    `keep` are the columns of `frame` to bring along; None: all. Behind them come `score` (0 to 100), `points`,
    `probability` (0..1; missing while no base rate is known), `grade`, `recommendation`, with `explain` also the
    `plus_minus` of the points and the entries that gained and lost most, in words, and `problem`; `prefix` is put
    before these names. Where a value of a row can't be read, `problem` says which and why, and the other outputs are
    missing; elsewhere `problem` is missing. (Spark says which and of what kind; order is what Spark makes of it.)

    Raises DataError where no column belongs to the card, a kept one doesn't exist, or a name would stand twice. Polars
    needs pyarrow.
    """
    library, sort = kind(frame)
    if library == "polars":
        arrow_needed()
    run = partial(_score, card, as_of=as_of, explain=explain, keep=keep, prefix=prefix)
    found: Any
    if (library, sort) == SPARK:
        found = _planned(card, frame, as_of, explain, keep, prefix)
    elif sort == "LazyFrame":
        found = _later(card, frame, keep, run)
    elif sort == "RecordBatchReader":
        found = _streamed(frame, run)
    else:
        found = run(KINDS[library, sort], frame)
    return found  # type: ignore[no-any-return]


def outputs(explain: bool) -> tuple[str, ...]:
    """The names of the columns that a score adds, before `problem`."""
    return (*names(SCORE_COLUMNS), PLUS_MINUS.name, *names(REASON_COLUMNS)) if explain else names(SCORE_COLUMNS)


def _later(card: Scorecard, frame: Any, keep: Sequence[str] | None, run: Callable[[Library, Any], Any]) -> Any:
    """A lazy frame that is scored when it is collected; what is wrong with its columns is said at once."""
    schema = frame.collect_schema()
    empty = run(POLARS, schema.to_frame())
    needed = dict.fromkeys([*(schema if keep is None else keep), *_asked(card, list(schema))])
    return frame.select(list(needed)).map_batches(
        partial(run, POLARS),
        schema=empty.schema,
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
    )


def _planned(card: Scorecard, frame: Any, as_of: date, explain: bool, keep: Sequence[str] | None, prefix: str) -> Any:
    """A Spark DataFrame that is scored by Spark SQL."""
    spark_frame.refuse_unsupported(frame)
    columns = list(frame.columns)
    kept = columns if keep is None else list(dict.fromkeys(keep))
    names = {one: f"{prefix}{one}" for one in (*outputs(explain), PROBLEM)}
    taken = {one.lower() for one in names.values()}  # Spark takes names that differ in case for one
    _check(card, columns, kept, [*names.values(), *(one for one in kept if one.lower() in taken)])
    leads = spark_frame.prepare_leads(frame, _asked(card, columns))
    marks = spark_frame.describe_unreadable(card.card, leads)
    places = [leads.places[one] for one in kept]
    query = Query(as_of, keep=[*places, *marks, BAD], plus_minus=explain, explain=explain)
    selected = [*map(spark.name, [*places, *outputs(explain)]), f"{spark_frame.problem_column(marks)} AS {PROBLEM}"]
    return spark_frame.score_leads(card, leads, query).selectExpr(*selected).toDF(*kept, *names.values())


def _streamed(reader: Any, run: Callable[[Library, Any], Any]) -> Any:
    """A reader that scores what it reads, some batches at a time."""
    schema = run(ARROW, reader.schema.empty_table()).schema

    def scored() -> Iterator[Any]:
        for table in _gathered(reader):
            yield from run(ARROW, table).to_batches()

    return type(reader).from_batches(schema, scored())


def _gathered(reader: Any) -> Iterator[Any]:
    """The batches of a reader as tables of at least BATCH rows, but for the last."""
    batches: list[Any] = []
    rows = 0
    empty = reader.schema.empty_table()
    for batch in reader:
        batches.append(batch)
        rows += batch.num_rows
        if rows >= BATCH:
            yield empty.from_batches(batches)
            batches, rows = [], 0
    if batches:
        yield empty.from_batches(batches)


def _asked(card: Scorecard, columns: Sequence[Any]) -> list[str]:
    """The columns that belong to a field, in the order of the frame."""
    asked = {one for names in find_columns(card.card, dict.fromkeys(columns, "")).values() for one in names}
    return [one for one in dict.fromkeys(columns) if one in asked]


def _check(card: Scorecard, columns: list[Any], keep: Sequence[str], added: Sequence[str]) -> None:
    """Raises DataError where the columns of a frame can't be scored, kept or told apart."""
    require_columns(card.card, dict.fromkeys(columns, ""), "the data frame")
    asked = _asked(card, columns)
    twice = [one for one in [*asked, *keep] if columns.count(one) > 1]
    if twice:
        raise DataError(f"the data frame: has two columns {quote(twice[0])}; drop one, or rename it")
    seen: dict[str, str] = {}
    for one in asked:  # SQL takes names that differ in case for one
        if seen.setdefault(one.lower(), one) != one:
            raise DataError(
                f"the data frame: the columns {quote(seen[one.lower()])} and {quote(one)} differ only in case; drop"
                " one, or rename it"
            )
    for one in keep:
        if one not in columns:
            hint = did_you_mean(str(one), map(str, columns))
            raise DataError(f"the data frame: has no column {quote(one)} to keep.{hint}")
    for one in added:
        if one in keep:
            raise DataError(
                f"the data frame: has a column {quote(one)} already; give the new ones another name, as in"
                " prefix='lead_', or leave it out of `keep`"
            )


def _score(
    card: Scorecard,
    library: Library,
    frame: Any,
    *,
    as_of: date,
    explain: bool,
    keep: Sequence[str] | None,
    prefix: str,
) -> Any:
    """The frame with its scores. Raises DataError."""
    import duckdb

    columns = library.columns(frame)
    kept = columns if keep is None else list(dict.fromkeys(keep))
    names = {one: f"{prefix}{one}" for one in (*outputs(explain), PROBLEM)}
    _check(card, columns, kept, list(names.values()))
    given = {one: library.series(frame, one) for one in _asked(card, columns)}
    with duckdb.connect() as connection:
        for setting in DUCKDB_SETTINGS:
            connection.execute(f"SET {setting}")
        types = _handed(connection, card, library, given)
        scored = library.result(connection.sql(_select(card, types, as_of, explain, names)))
    bad = library.nulls(scored, names["points"])
    if bad:
        texts: list[str | None] = [None] * len(scored)
        for row, text in zip(bad, _problems(card, library, given, bad), strict=True):
            texts[row] = text
        scored = library.put(scored, names[PROBLEM], texts)
    return library.beside(frame, kept, scored)


def _handed(
    connection: duckdb.DuckDBPyConnection, card: Scorecard, library: Library, given: Mapping[str, Any]
) -> dict[str, str]:
    """Register the columns that the card asks as FRAME: their SQL types.

    What DuckDB can't read, or would take for something else, is cleaned by Python; if it refuses any value, there is
    one more column, UNREAD.
    """
    series = dict(given)
    types = {one: "" for one in given if library.odd(given[one])}
    rest = {one: values for one, values in given.items() if one not in types}
    if rest:
        found = _described(connection, library.frame(rest))
        if found is None:  # one of them is to blame
            for one, values in rest.items():
                types |= _described(connection, library.frame({one: values})) or {one: ""}
        else:
            types |= found
    unread: set[int] = set()
    homes = {column: one for one in card.card.plain_fields for column in one.columns}
    for column in [one for one, type in types.items() if not type_family(type) and type != NANOSECONDS]:
        clean = make_cleaner(homes[column], card.card.missing_texts)
        values = library.values(given[column])
        for row, raw in enumerate(values):
            try:
                values[row] = _cleaned(clean, raw)
            except UnreadableValue:
                values[row] = None
                unread.add(row)
        series[column] = library.typed(values, _KEPT[homes[column].kind])
    if unread:
        rows = len(next(iter(given.values())))
        series[UNREAD] = library.typed([float(row in unread) for row in range(rows)], "number")
    found = _described(connection, library.frame(series))
    assert found is not None
    return found


# How a cleaned value is handed to DuckDB, so that it reads the same once more. A flag goes as a number, since a text
# might be one that means "not known".
_KEPT = {"number": "number", "flag": "number", "date": "date", "text": "text", "id": "text"}
NANOSECONDS = "TIMESTAMPTZ_NS"


def _cleaned(clean: Callable[[Any], Any], raw: Any) -> Any:
    """A typed value, flags as numbers. Raises UnreadableValue."""
    try:
        value = clean(raw)
    except UnreadableValue:
        value = clean(unwrap_scalar(raw))
    return float(value) if isinstance(value, bool) else value


def _described(connection: duckdb.DuckDBPyConnection, frame: Any) -> dict[str, str] | None:
    """Register a frame as FRAME: its columns with their SQL types; None where DuckDB can't read one of them."""
    import duckdb

    try:
        connection.register(FRAME, frame)
        found = connection.execute(f"DESCRIBE SELECT * FROM {FRAME}").fetchall()
    except duckdb.Error:
        return None
    return {str(row[0]): str(row[1]) for row in found}


def _select(card: Scorecard, types: Mapping[str, str], as_of: date, explain: bool, names: Mapping[str, str]) -> str:
    """The SELECT over FRAME that gives the outputs under their names, a problem that is not yet known the last."""
    columns = dict(types)
    source = FRAME
    cut = [one for one, type in types.items() if type == NANOSECONDS]
    if cut:
        casts = ", ".join(f"CAST({quoted(one)} AS TIMESTAMPTZ) AS {quoted(one)}" for one in cut)
        source = f"(SELECT * REPLACE ({casts}) FROM {FRAME})"
        columns |= dict.fromkeys(cut, "TIMESTAMP WITH TIME ZONE")
    refused = columns.pop(UNREAD, None)
    query = Query(as_of, source, columns, keep=[UNREAD] if refused else (), plus_minus=explain, explain=explain)
    fine = f"CASE WHEN {quoted(UNREAD)} = 0 THEN {{}} END" if refused else "{}"
    selected = [f"{fine.format(quoted(one))} AS {quoted(names[one])}" for one in outputs(explain)]
    selected.append(f"CAST(NULL AS VARCHAR) AS {quoted(names[PROBLEM])}")
    return f"SELECT {', '.join(selected)} FROM (\n{sql.select(card, query)}\n)"


def _problems(card: Scorecard, library: Library, given: Mapping[str, Any], rows: Sequence[int]) -> Iterator[str]:
    """What can't be read in each of these rows: `budget: 'lots' is not a number; …`."""
    raw = {one: library.at(series, rows) for one, series in given.items()}
    for values in zip(*raw.values(), strict=True):
        found = get_engine(card).list_bad_values(dict(zip(raw, values, strict=True)))
        yield "; ".join(f"{one.column}: {one.reason}" if one.column else one.reason for one in found)
