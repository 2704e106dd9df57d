"""The rows of a list of events, one row an event: fetched lead by lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.event_members import LEAD_KEY, print_lead_key
from leadledger.scoring.printers.sql.event_rows import make_event
from leadledger.scoring.printers.sql.event_table import LEAD, REQUIRED
from leadledger.scoring.printers.sql.expression import Expression
from leadledger.scoring.scorecard import Card
from leadledger.training.sources.scan import list_fetchable

_FETCHED = 10_000  # events at a time


def require_events(card: Card, events: object) -> None:
    """Raises DataError where a card counts events and none are given, or the other way around."""
    if card.events and events is None:
        raise DataError(
            f"the card '{card.name}' counts events; give those of the leads by --events FILE, whose columns are"
            f" {', '.join(REQUIRED)} and the properties"
        )
    if events is not None and not card.events:
        label = events if isinstance(events, Path | str) else "the data frame"
        raise DataError(
            f"the card '{card.name}' has no `events:`, so it can't count those of {label}; declare their"
            " kinds in the card, or leave them out"
        )


def write_lead_key(column: str, kind: str) -> str:
    """The SQL of the key by which events belong to leads, from a column of a SQL type."""
    return print_lead_key(Expression(quoted(column)), kind, DUCKDB).sql


def fetch_events_by_lead(
    connection: duckdb.DuckDBPyConnection, events: str, columns: Mapping[str, str], keys: str
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The raw events of each lead, with its key, in the order of the keys: the memory is that of one lead's events.

    `events` is a FROM item with these `columns`, `keys` a table of the keys of the leads that are asked for.
    """
    key = write_lead_key(LEAD, columns[LEAD])
    rows = connection.execute(
        f"SELECT {key} AS {quoted(LEAD_KEY)}, {list_fetchable(columns, columns)} FROM {events}"
        f" WHERE {key} IN (SELECT {quoted(LEAD_KEY)} FROM {keys}) ORDER BY 1"
    )
    for lead, of_lead in groupby(_fetch(rows, [LEAD_KEY, *columns]), itemgetter(LEAD_KEY)):
        yield lead, [make_event(row) for row in of_lead]


def _fetch(rows: duckdb.DuckDBPyConnection, names: list[str]) -> Iterator[dict[str, Any]]:
    while batch := rows.fetchmany(_FETCHED):
        for row in batch:
            yield dict(zip(names, row, strict=True))
