"""Which events of a list are compared with others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import duckdb
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from leadledger.api.lists.compared_events import COMPARED, look_at_members, part_compared
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.printers.sql.counted_events import CountedWish, print_counted
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.printers.sql.event_members import print_lead_key
from leadledger.scoring.printers.sql.event_table import LEAD, EventTable
from leadledger.scoring.printers.sql.expression import Expression
from leadledger.scoring.scorecard import Scorecard, build_untrained
from leadledger.training.sources.scan import Scan
from leadledger.training.sources.table import connect
from tests.effort import examples
from tests.event_logs import AS_OF, COLUMNS, event_cards, event_rows

TEXTS = dict.fromkeys(COLUMNS, "VARCHAR")
INSTANT = "TIMESTAMP WITH TIME ZONE"
MEMBERS = ("lead", "kind", "id", "source")
WISH = CountedWish(entries=True, totals=True, machines=True)
CARD = build_untrained(
    parse_card("""
name: mails
events:
  click: {fields: {mail: {kind: text}, url: {kind: text}}}
fields:
  lead_id: {kind: id}
  clicks: {kind: number, is: count(click)}
rules: [{name: keen, when: clicks >= 2, points: 3, reason: Clicks}]
""")
)


@pytest.mark.slow
@settings(max_examples=examples(12))
@given(
    card=event_cards(),
    log=st.lists(event_rows(20, False), min_size=10, max_size=120),
    tidy=st.booleans(),
    typed=st.booleans(),
)
def test_comparing_only_some_events_changes_no_count(
    card: Scorecard, log: list[dict[str, str | None]], tidy: bool, typed: bool
) -> None:
    """Whether all events of a log are compared with each other, or those that need it, all counts are the same."""
    if tidy:  # texts that need no cleaning
        log = [row | {name: (row[name] or "").strip() or "x" for name in MEMBERS} for row in log]
    with connect() as connection:
        table = keep(connection, log, INSTANT if typed else "VARCHAR")
        parted = part(connection, card, table)
        assert set(parted.plain) == set(MEMBERS) or not tidy
        assert count(connection, card, parted) == count(connection, card, table)


def test_only_events_that_need_it_are_compared() -> None:
    """Events with one id are compared, and the clicks of a lead of which two are within seconds; others are not."""
    times = {
        "a": "10:00",
        "b": "11:00",
        " a": "12:00",
        "c": "13:00:00",
        "d": "13:00:03",
        "e": "14:00:00",
        "f": "14:00:04",
    }
    leads = {"c": "2", "d": "2"}
    log = [
        {"lead": leads.get(name, "1"), "kind": "click", "id": name, "time": f"2026-03-01 {time}Z"}
        for name, time in times.items()
    ]
    with connect() as connection:
        part(connection, CARD, keep(connection, log, INSTANT))
        compared = connection.execute(f"SELECT id FROM {COMPARED} ORDER BY id").fetchall()
    assert compared == [(" a",), ("a",), ("c",), ("d",)]


def keep(connection: duckdb.DuckDBPyConnection, log: Iterable[Mapping[str, str | None]], time: str) -> EventTable:
    """The table of a log, whose times have a type."""
    listed = ", ".join(f'"{name}" VARCHAR' for name in COLUMNS)
    connection.execute(f"CREATE TABLE texts ({listed})")
    rows = [[row.get(name) for name in COLUMNS] for row in log]
    connection.executemany(f"INSERT INTO texts VALUES ({', '.join('?' * len(COLUMNS))})", rows)
    connection.execute(f"CREATE TABLE log AS SELECT * REPLACE (TRY_CAST(time AS {time}) AS time) FROM texts")
    return EventTable("log", TEXTS | {"time": time})


def part(connection: duckdb.DuckDBPyConnection, card: Scorecard, table: EventTable) -> EventTable:
    """The table in the two parts that a list is counted by."""
    members = look_at_members(connection, Scan("log", table.columns, "parquet", "log", 0))
    key = print_lead_key(Expression(LEAD), "VARCHAR", DUCKDB, plain=LEAD in members.plain).sql
    return part_compared(connection, card, AS_OF, replace(table, plain=members.plain), key)


def count(connection: duckdb.DuckDBPyConnection, card: Scorecard, table: EventTable) -> list[tuple[Any, ...]]:
    """The counts of every lead."""
    return connection.execute(
        f"SELECT * FROM ({print_counted(card, AS_OF, table, DUCKDB, WISH)}) ORDER BY ALL"
    ).fetchall()
