"""Data frames scored by the printed SQL: DuckDB reads them where they lie in memory.

Only the columns that the card reads are handed to it, only the outputs come back. What a library keeps as Python
objects is cleaned by Python first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.column_fit import find_homes, find_id_column
from leadledger.scoring.errors import UnreadableValue
from leadledger.scoring.frames.events import FrameEvents
from leadledger.scoring.frames.frame_scoring import FrameScoring, warn
from leadledger.scoring.frames.libraries import Library
from leadledger.scoring.numpy_scalars import unwrap_scalar
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB_SETTINGS
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.number_evidence import ProvenDecimal, prove_decimals
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Scorecard

if TYPE_CHECKING:
    import duckdb

FRAME = "ll_frame"
UNREAD = "ll:unread"  # 1 where Python has refused a value of a row


def score_columns(
    scoring: FrameScoring, library: Library, columns: Mapping[str, Any]
) -> tuple[Any, list[int], list[list[str]]]:
    """The outputs as a table of Arrow, the rows that have none, and what can't be read in the events of each of them.

    Raises DataError.
    """
    import duckdb
    import pyarrow.compute as compute  # type: ignore[import-untyped]

    with duckdb.connect() as connection:
        for setting in DUCKDB_SETTINGS:
            connection.execute(f"SET {setting}")
        types = _register_columns(connection, scoring.card, library, columns)
        events = _count_events(connection, scoring, types)
        table = connection.sql(_write_select(scoring, types, events)).to_arrow_table()
        bad = compute.indices_nonzero(table.column("points").is_null()).to_pylist()
        unread: list[list[str]] = []
        if bad and events is not None:
            unread = events.describe_unread(library.values_at(columns[events.id_column[0]], bad))
    return table, bad, unread


def prove_frame_decimals(card: Scorecard, library: Library, columns: Mapping[str, Any]) -> tuple[ProvenDecimal, ...]:
    """What the texts of a frame show of how it writes its numbers."""
    homes = find_homes(card.card, columns)
    texts = {
        column: library.make_series([raw if isinstance(raw, str) else None for raw in library.values(values)], "text")
        for column, values in columns.items()
        if column in homes and homes[column].kind == "number"
    }
    if not texts:
        return ()
    import duckdb

    with duckdb.connect() as connection:
        described = _register(connection, library.frame(texts))
        assert described is not None

        def run_query(query: str) -> tuple[Any, ...]:
            (row,) = connection.execute(query).fetchall()
            return tuple(row)

        return prove_decimals(card.card, dict.fromkeys(described, "VARCHAR"), FRAME, run_query)


def _count_events(
    connection: duckdb.DuckDBPyConnection, scoring: FrameScoring, types: Mapping[str, str]
) -> FrameEvents | None:
    """What the events come to; None where the card has none. Raises DataError."""
    card = scoring.card
    if scoring.events is None:
        return None
    id_column = find_id_column(card.card, types)
    lead_id = id_column, types.get(id_column, "")
    events = FrameEvents(connection, card, scoring.as_of, scoring.events, lead_id, entries=scoring.explain)
    warn(card, events.describe_missing())
    return events


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


def _write_select(scoring: FrameScoring, types: Mapping[str, str], events: FrameEvents | None) -> str:
    """The SELECT over FRAME that gives the outputs."""
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
    selected = [f"{where_read.format(quoted(name))} AS {quoted(name)}" for name in scoring.outputs]
    return f"SELECT {', '.join(selected)} FROM (\n{sql.select(scoring.card, query)}\n)"
