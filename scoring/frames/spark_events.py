"""The events of leads in a Spark DataFrame: counted by Spark where they lie, and joined to the leads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import uuid4

from leadledger.scoring.column_fit import find_id_column
from leadledger.scoring.errors import DataError
from leadledger.scoring.frames.events import LABEL
from leadledger.scoring.frames.spark import SparkLeads, run_select
from leadledger.scoring.printers.sql.counted_events import CountedWish, print_counted
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.dialects.spark import SPARK, name
from leadledger.scoring.printers.sql.event_members import print_lead_key
from leadledger.scoring.printers.sql.event_properties import describe_missing_properties, find_event_types
from leadledger.scoring.printers.sql.event_table import LEAD, PROPERTIES, EventTable, check_columns
from leadledger.scoring.printers.sql.expression import Expression
from leadledger.scoring.printers.sql.joined_events import join_counted
from leadledger.scoring.scorecard import Card, Scorecard


@dataclass(frozen=True)
class SparkEvents:
    """A DataFrame of raw events, and the types of the columns that are read, as the printer knows them."""

    frame: Any
    types: dict[str, str]

    @property
    def key(self) -> str:
        """The SQL of the key by which an event belongs to a lead."""
        return print_lead_key(Expression(name(LEAD)), self.types[LEAD], SPARK).sql


def prepare_events(card: Card, frame: Any) -> SparkEvents:
    """A DataFrame with the columns of events, ready to be counted. Raises PrinterError."""
    return SparkEvents(frame, find_event_types(card, dict(frame.dtypes), SPARK))


def list_keys(events: SparkEvents) -> tuple[str, ...]:
    """The names of the members of objects in a column of properties; none where there is no such column."""
    if PROPERTIES not in events.types:
        return ()
    whole = write_json(PROPERTIES, events.types[PROPERTIES])
    keys = events.frame.selectExpr(f"explode(json_object_keys({whole})) AS member").distinct().collect()
    return tuple(sorted(row["member"] for row in keys))


def list_kinds(events: SparkEvents) -> list[str]:
    """The names of the kinds of the events."""
    kinds = events.frame.selectExpr("CAST(kind AS STRING) AS kind").where("kind IS NOT NULL").distinct().collect()
    return [row["kind"] for row in kinds]


def describe_missing(card: Card, frame: Any) -> str:
    """A sentence on the properties that the card reads and a DataFrame of events lacks; empty: none."""
    return describe_missing_properties(card, frame.columns, lambda: list_kinds(prepare_events(card, frame)))


def write_json(column: str, kind: str) -> str:
    """The SQL of a column of objects as JSON; one of texts has JSON already."""
    return name(column) if type_family(kind) == "text" else SPARK.json_of(name(column))


def count_events(card: Scorecard, as_of: date, events: SparkEvents, keys: tuple[str, ...], wish: CountedWish) -> Any:
    """The DataFrame with a row for each lead that has events, as `print_counted`. Raises PrinterError."""
    stand_in = f"ll_{uuid4().hex}"
    table = EventTable(stand_in, events.types, keys)
    return run_select(print_counted(card, as_of, table, SPARK, wish), {stand_in: events.frame})


def join_events(card: Card, leads: SparkLeads, id_column: str, counts: Any, *, entries: bool) -> SparkLeads:
    """The leads with what their events come to. `counts` is a DataFrame of `count_events`."""
    source, counted = f"ll_{uuid4().hex}", f"ll_{uuid4().hex}"
    lead_id = (id_column, leads.types[id_column])
    joined = join_counted(card, source, lead_id, counted, SPARK, entries=entries)
    return replace(leads, frame=run_select(f"SELECT * FROM {joined}", {source: leads.frame, counted: counts}))


def add_events(card: Scorecard, leads: SparkLeads, frame: Any, as_of: date, *, entries: bool) -> SparkLeads:
    """The leads with what the events in a DataFrame come to. Raises DataError, PrinterError."""
    id_column = find_id_column(card.card, leads.types)
    if not id_column:
        raise DataError(f"{LABEL}: events need an id for each lead, a column of a field of `kind: id`")
    check_columns(dict.fromkeys(frame.columns, ""), LABEL)
    events = prepare_events(card.card, frame)
    counts = count_events(card, as_of, events, list_keys(events), CountedWish(entries))
    return join_events(card.card, leads, id_column, counts, entries=entries)
