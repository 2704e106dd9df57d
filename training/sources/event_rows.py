"""The rows of a list of events, one row an event: which columns it needs, and the raw event of a row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from leadledger.scoring.errors import DataError, quote
from leadledger.scoring.events.systems import PLAIN_MEMBERS
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.scorecard import Card
from leadledger.training.sources.scan import list_fetchable

LEAD = "lead"  # the column with the id of the lead
REQUIRED_COLUMNS = (LEAD, "kind", "time")
KEY = "ll:lead"  # a lead's id as events and leads are joined by it
_FETCHED = 10_000  # events at a time


def require_events(card: Card, events: object) -> None:
    """Raises DataError where a card counts events and none are given, or the other way around."""
    if card.events and events is None:
        raise DataError(
            f"the card '{card.name}' counts events; give those of the leads by --events FILE, whose columns are"
            f" {', '.join(REQUIRED_COLUMNS)} and the properties"
        )
    if events is not None and not card.events:
        label = events if isinstance(events, Path | str) else "the data frame"
        raise DataError(f"the card '{card.name}' has no `events:`, so it can't count those of {label}")


def require_event_columns(columns: Mapping[str, str], label: str) -> None:
    """Raises DataError where a list of events lacks a column that it needs."""
    lacking = [column for column in REQUIRED_COLUMNS if column not in columns]
    if lacking:
        have = ", ".join(map(quote, list(columns)[:12]))
        raise DataError(f"{label}: has no column {quote(lacking[0])}; its columns are {have}")


def write_lead_key(column: str, alias: str = "") -> str:
    """The SQL of a lead's key: its id as a text, without blanks around it; NULL where it has none."""
    name = f"{alias}.{quoted(column)}" if alias else quoted(column)
    return f"nullif(trim(CAST({name} AS VARCHAR)), '')"


def fetch_events_by_lead(
    connection: duckdb.DuckDBPyConnection, events: str, columns: Mapping[str, str], keys: str
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The raw events of each lead, with its key, in the order of the keys: the memory is that of one lead's events.

    `events` is a FROM item with these `columns`, `keys` a table of the keys of the leads that are asked for.
    """
    rows = connection.execute(
        f"SELECT {write_lead_key(LEAD)} AS {quoted(KEY)}, {list_fetchable(columns, columns)} FROM {events}"
        f" WHERE {write_lead_key(LEAD)} IN (SELECT {quoted(KEY)} FROM {keys}) ORDER BY 1"
    )
    for key, of_lead in groupby(_fetch(rows, [KEY, *columns]), itemgetter(KEY)):
        yield key, [make_event(row) for row in of_lead]


def _fetch(rows: duckdb.DuckDBPyConnection, names: list[str]) -> Iterator[dict[str, Any]]:
    while batch := rows.fetchmany(_FETCHED):
        for row in batch:
            yield dict(zip(names, row, strict=True))


def make_event(row: Mapping[str, Any]) -> dict[str, Any]:
    """A raw event from a row: what isn't one of its members is a property, unless a column has the `properties`."""
    event = {name: value for name in PLAIN_MEMBERS if (value := row.get(name)) not in (None, "")}
    if "properties" not in row:
        event["properties"] = {
            name: value for name, value in row.items() if name not in (*PLAIN_MEMBERS, LEAD, KEY) and value is not None
        }
    elif isinstance(row["properties"], str):
        with suppress(ValueError):  # the reader says what is wrong with a text
            event["properties"] = json.loads(row["properties"])
    return event
