"""The events of a list of leads, from a file of their own: counted lead by lead, and joined to the list.

Python counts, so that a list says what the service would say of each lead. The rows of the file are fetched in the
order of the leads, so that the memory is that of one lead's events, whatever the length of the file.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from leadledger.scoring.engine.score import Engine, get_engine
from leadledger.scoring.errors import DataError, LeadError, quote
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.events.systems import PLAIN_MEMBERS
from leadledger.scoring.printers.sql.cleaning import TYPE_OF_KIND
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_literal
from leadledger.scoring.printers.sql.query import name_counted
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.training.sources.opening import open_list
from leadledger.training.sources.rejects import find_broken_rows
from leadledger.training.sources.scan import ROW, Scan, forget_rejects, list_fetchable
from leadledger.training.sources.work_folder import work_folder

LEAD = "lead"  # the column of a file of events that has the id of the lead
REQUIRED = (LEAD, "kind", "time")
TABLE, IDS, KEY = "ll_counts", "ll_ids", "ll:lead"
MOST_MISTAKES_SHOWN = 5
_FETCHED = 10_000  # events at a time


@dataclass(frozen=True)
class CountedEvents:
    """What became of the events of a list: a FROM item of the list with what was counted, and sentences for people."""

    source: str
    notes: tuple[str, ...]


def check_events(card: Card, events: Path | None) -> None:
    """Raises DataError where a card counts events and none are given, or the other way around."""
    if card.events and events is None:
        raise DataError(
            f"the card '{card.name}' counts events; give those of the leads by --events FILE, whose columns are"
            f" {', '.join(REQUIRED)} and the properties"
        )
    if events is not None and not card.events:
        raise DataError(f"the card '{card.name}' has no `events:`, so it can't count those of {events}")
    fields = [kind.tracked_since for kind in card.events.values() if isinstance(kind.tracked_since, str)]
    if fields:
        raise DataError(
            f"`tracked_since` names the field '{fields[0]}', which lists don't ask yet; write a day, or score each lead"
        )


def count_list_events(
    connection: duckdb.DuckDBPyConnection, card: Scorecard, as_of: date, events: Path, scan: Scan, id_column: str
) -> CountedEvents:
    """Count the events of a file for the leads of a list. Raises DataError with the first mistakes."""
    if not id_column:
        raise DataError(f"{scan.label}: events need an id for each lead, a column of a field of `kind: id`")
    with work_folder() as work, open_list(connection, events) as event_scan:
        lacking = [column for column in REQUIRED if column not in event_scan.columns]
        if lacking:
            have = ", ".join(map(quote, list(event_scan.columns)[:12]))
            raise DataError(f"{event_scan.label}: has no column {quote(lacking[0])}; its columns are {have}")
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {IDS} AS SELECT DISTINCT {_key(id_column)} AS {quoted(KEY)} FROM {scan.sql}"
        )
        forget_rejects(connection)  # the list's own are found when it is scored
        counting = _Counting(get_engine(card), as_of, event_scan.label)
        counting.write(_fetch(connection, event_scan), work / "counts.csv")
        broken = find_broken_rows(connection, event_scan)[:MOST_MISTAKES_SHOWN]
        if broken:
            raise DataError("\n".join(f"{event_scan.label}: row {row.row:,} {row.reason}" for row in broken))
        columns = {KEY: "VARCHAR", **counting.types}
        typed = ", ".join(f"{text_literal(name)}: {text_literal(kind)}" for name, kind in columns.items())
        path = text_literal(str(work / "counts.csv"))
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {TABLE} AS FROM read_csv({path}, header = true, delim = ',', quote = '\"',"
            f" nullstr = '', columns = {{{typed}}})"
        )
        ((total,),) = connection.execute(f"SELECT count(*) FROM {event_scan.sql}").fetchall()
    return CountedEvents(counting.join(scan, id_column), tuple(counting.describe(total)))


def _fetch(connection: duckdb.DuckDBPyConnection, events: Scan) -> Iterator[dict[str, Any]]:
    """The rows of the events of the list's leads, each with the key of its lead, in the order of these."""
    rows = connection.execute(
        f"SELECT {_key(LEAD)} AS {quoted(KEY)}, {list_fetchable(events.columns, events.columns)} FROM {events.sql}"
        f" WHERE {_key(LEAD)} IN (SELECT {quoted(KEY)} FROM {IDS}) ORDER BY 1"
    )
    names = [KEY, *events.columns]
    while batch := rows.fetchmany(_FETCHED):
        for row in batch:
            yield dict(zip(names, row, strict=True))


class _Counting:
    """Counts lead by lead, writes what was counted, and adds up what became of the events."""

    def __init__(self, engine: Engine, as_of: date, label: str) -> None:
        self.engine, self.as_of, self.label = engine, as_of, label
        card = engine.card.card
        self.names = card.count_names
        kinds = {field.name: TYPE_OF_KIND[field.kind] for field in card.event_fields}
        self.types = {name_counted(name): kinds.get(name, "INTEGER") for name in self.names}
        self.totals: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()

    def write(self, rows: Iterator[dict[str, Any]], path: Path) -> None:
        """Write the counts of each lead as CSV. Raises DataError with the first mistakes."""
        mistakes: list[str] = []
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([KEY, *self.types])
            for lead, of_lead in groupby(rows, itemgetter(KEY)):
                try:
                    counts = self.count([make_event(row) for row in of_lead])
                except LeadError as error:
                    mistakes += [f"{self.label}: lead {quote(lead)}: {problem}" for problem in error.problems]
                    if len(mistakes) >= MOST_MISTAKES_SHOWN:
                        break
                    continue
                values = self.engine.add_counts({}, counts)
                writer.writerow([lead, *(values[name] for name in self.names)])
        if mistakes:
            raise DataError("\n".join(mistakes[:MOST_MISTAKES_SHOWN]))

    def count(self, events: list[dict[str, Any]]) -> EventCounts:
        """What the events of one lead come to; adds to the totals. Raises LeadError."""
        counts = self.engine.count_events(events, self.as_of, {}, "$")
        assert counts is not None  # the card has events
        for name in ("counted", "machine", "repeated", "future", "late"):
            self.totals[name] += getattr(counts, name)
        self.unknown.update(counts.unknown_kinds)
        self.totals["events"] += len(events)
        return counts

    def join(self, scan: Scan, id_column: str) -> str:
        """The list with what was counted; a lead without events has what none come to."""
        none = self.engine.count_events([], self.as_of, {})
        values: Mapping[str, Any] = self.engine.add_counts({}, none)
        columns = [
            f"CASE WHEN c.{quoted(KEY)} IS NOT NULL THEN c.{quoted(name_counted(name))}"
            f" ELSE CAST({'NULL' if values[name] is None else values[name]} AS {self.types[name_counted(name)]}) END"
            f" AS {quoted(name_counted(name))}"
            for name in self.names
        ]
        numbered = f"(SELECT row_number() OVER () AS {quoted(ROW)}, * FROM {scan.sql})"
        return (
            f"(SELECT l.*, {', '.join(columns)} FROM {numbered} AS l"
            f" LEFT JOIN {TABLE} AS c ON {_key(id_column, 'l')} = c.{quoted(KEY)})"
        )

    def describe(self, total: int) -> Iterator[str]:
        """What became of all events of the file, in a sentence."""
        left_out = {
            "of leads that aren't in the list": total - self.totals["events"],
            "of machines": self.totals["machine"],
            "sent again": self.totals["repeated"],
            "after the day": self.totals["future"],
            "received after the day": self.totals["late"],
            **{f"of the unknown kind {quote(kind)}": count for kind, count in sorted(self.unknown.items())},
        }
        words = [f"{count:,} {what}" for what, count in left_out.items() if count]
        counted = self.totals["counted"] - self.totals["machine"]
        yield f"Events: {counted:,} of {total:,} counted" + (f"; left out: {', '.join(words)}" if words else "")


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


def _key(column: str, alias: str = "") -> str:
    name = f"{alias}.{quoted(column)}" if alias else quoted(column)
    return f"nullif(trim(CAST({name} AS VARCHAR)), '')"
