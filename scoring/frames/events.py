"""The events of leads in a data frame of their own: DuckDB counts them where they lie, and joins that to the leads.

What a library keeps as Python objects is handed over as texts, which are read as in a list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from leadledger.scoring.errors import BadValue, DataError, quote
from leadledger.scoring.events.event_reader import EventReader
from leadledger.scoring.frames.libraries import LIBRARIES, SPARK, find_library
from leadledger.scoring.number_forms import find_whole_number
from leadledger.scoring.printers.sql.counted_events import CountedWish, print_counted
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB, DUCKDB_SETTINGS
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.event_members import LEAD_KEY, print_lead_key
from leadledger.scoring.printers.sql.event_properties import (
    PropertyPrinter,
    describe_missing_properties,
    list_roots,
)
from leadledger.scoring.printers.sql.event_rows import make_event
from leadledger.scoring.printers.sql.event_table import (
    LEAD,
    OPTIONAL,
    REQUIRED,
    UNREADABLE,
    EventTable,
    check_columns,
    list_counted,
)
from leadledger.scoring.printers.sql.expression import Expression
from leadledger.scoring.printers.sql.joined_events import join_counted
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.text_forms import WHITE_SPACE

LABEL = "the frame of events"
TABLE, COUNTS, LEADS, ROW = "ll_event_frame", "ll_counts", "ll_leads", "ll_row"
IN_MEMORY = ("DataFrame", "Table")


class FrameEvents:
    """The events of one call, counted. `ids` are those of the leads: an array of Arrow, or Python's values."""

    def __init__(self, card: Scorecard, as_of: date, frame: Any, ids: Any, *, entries: bool) -> None:
        """Raises DataError where the frame is none of events, or the leads have no ids."""
        import duckdb

        if ids is None:
            raise DataError(f"{LABEL}: events need an id for each lead, a column of a field of `kind: id`")
        self.card, self.ids, self.entries = card, ids, entries
        self.connection = duckdb.connect()
        for setting in DUCKDB_SETTINGS:
            self.connection.execute(f"SET {setting}")
        self.types = self._register(frame)
        select = print_counted(card, as_of, EventTable(TABLE, self.types), DUCKDB, CountedWish(entries=entries))
        self.connection.execute(f"CREATE TABLE {COUNTS} AS {select}")

    def _register(self, frame: Any) -> dict[str, str]:
        """Register the columns that are read as TABLE: their SQL types."""
        library_name, sort = find_library(frame)
        if (library_name, sort) == SPARK or sort not in IN_MEMORY:
            raise DataError(f"{LABEL}: must lie in memory: a DataFrame of pandas or Polars, or a Table of Arrow")
        library = LIBRARIES[library_name, sort]
        columns = library.columns(frame)
        check_columns(dict.fromkeys(columns, ""), LABEL)
        properties = PropertyPrinter(self.card.card, EventTable("", dict.fromkeys(columns, "")), DUCKDB).raw_columns
        series = {}
        for column in [*(name for name in (*REQUIRED, *OPTIONAL) if name in columns), *properties]:
            values = library.series(frame, column)
            if library.is_odd(values):
                values = library.make_series([_write_text(value) for value in library.values(values)], "text")
            series[column] = values
        self.connection.register(f"{TABLE}_raw", library.frame(series))
        described = self.connection.execute(f"DESCRIBE SELECT * FROM {TABLE}_raw").fetchall()
        fine = [str(row[0]) for row in described if str(row[1]) == "TIMESTAMPTZ_NS"]  # finer than what is counted
        casts = ", ".join(f"CAST({quoted(column)} AS TIMESTAMPTZ) AS {quoted(column)}" for column in fine)
        replaced = f" REPLACE ({casts})" if fine else ""
        self.connection.execute(f"CREATE TEMP VIEW {TABLE} AS SELECT *{replaced} FROM {TABLE}_raw")
        described = self.connection.execute(f"DESCRIBE SELECT * FROM {TABLE}").fetchall()
        return {str(row[0]): str(row[1]) for row in described}

    def list_counts(self) -> dict[str, Any]:
        """What the events of each lead come to, in the order of the leads: arrays of Arrow by `list_counted`."""
        import pyarrow as arrow  # type: ignore[import-untyped]

        ids = arrow.array([_write_id(raw) for raw in self.ids]) if isinstance(self.ids, list) else self.ids
        self.connection.register(LEADS, arrow.table({LEAD: ids, ROW: arrow.array(range(len(ids)))}))
        ((_, kind, *_),) = self.connection.execute(f"DESCRIBE SELECT {LEAD} FROM {LEADS}").fetchall()
        counted = list_counted(self.card.card, entries=self.entries, totals=False)
        joined = join_counted(self.card.card, LEADS, (LEAD, kind), COUNTS, DUCKDB, entries=self.entries)
        selected = ", ".join(map(quoted, counted))
        table = self.connection.sql(f"SELECT {selected} FROM {joined} ORDER BY {ROW}").to_arrow_table()
        return {name: table.column(name).combine_chunks() for name in counted}

    def describe_missing(self) -> str:
        """A sentence on the properties that the card reads and the frame lacks; empty: none."""
        kinds = f"SELECT DISTINCT CAST(kind AS VARCHAR) FROM {TABLE} WHERE kind IS NOT NULL"
        return describe_missing_properties(
            self.card.card, self.types, lambda: [kind for (kind,) in self.connection.execute(kinds).fetchall()]
        )

    def describe_unread(self, leads: Sequence[int]) -> list[list[str]]:
        """What can't be read in the events of the leads of some rows: `event 'v3': time: 'soon' is not a time; …`."""
        columns = list(self.types)
        selected = ", ".join(f"CAST({quoted(column)} AS VARCHAR)" for column in columns)
        key = print_lead_key(Expression(quoted(LEAD)), self.types[LEAD], DUCKDB).sql
        rows = self.connection.execute(
            f"SELECT {key}, {selected} FROM {TABLE} WHERE {key} IN"
            f" (SELECT {quoted(LEAD_KEY)} FROM {COUNTS} WHERE {quoted(UNREADABLE)} > 0)"
        ).fetchall()
        reader = EventReader(self.card.card, {root.name: root.fields for root in list_roots(self.card.card)})
        unread: dict[str, list[str]] = {}
        for lead, *values in rows:
            problems: list[BadValue] = []
            row = dict(zip(columns, values, strict=True))
            reader.read(make_event(row), "$", problems)
            which = f"event {quote(row['id'])}" if row.get("id") else "an event"
            unread.setdefault(lead, []).extend(
                f"{which}: {problem.column.removeprefix('properties.')}: {problem.reason}" for problem in problems
            )
        ids = [self.ids[row] for row in leads]
        texts = [str(raw if isinstance(self.ids, list) else raw.as_py()) for raw in ids]
        return [unread.get(text.strip(WHITE_SPACE), []) for text in texts]


def _write_text(value: Any) -> str | None:
    """A Python object as a text; None where it is missing."""
    if value is None or value != value:  # a NaN
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Mapping | list):
        return json.dumps(value, default=str)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _write_id(raw: Any) -> str | None:
    """An id of any type as a text; None where it is none."""
    whole = find_whole_number(raw)
    return str(whole) if whole is not None else raw if isinstance(raw, str) else None
