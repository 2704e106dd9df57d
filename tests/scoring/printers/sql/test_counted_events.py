"""Events in the printed SELECT of a card: what stands in the table of events, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.errors import DataError, PrinterError
from leadledger.scoring.printers.sql.select import NO_EVENTS, to_sql
from leadledger.scoring.scorecard import Scorecard, build_untrained

AS_OF = date(2026, 1, 15)
TEXT = """
name: web
time_zone: Europe/Oslo
events:
  visit: {fields: {path: {kind: text}, seconds: {kind: number}}}
  price_visit: {of: visit, when: "contains(path, '/pricing')"}
fields:
  lead_id: {kind: id}
  visits: {kind: number, is: "count(visit, 14 days)"}
  longest: {kind: number, is: max(visit.seconds)}
rules:
  - {name: keen, when: visits >= 2 and longest > 10, points: 4, reason: Keen}
  - {name: prices, each: price_visit, points: 3, half_life: 14 days, reason: Reads the prices}
"""
CARD = build_untrained(parse_card(TEXT))
EVENTS = [
    {"kind": "visit", "time": "2026-01-15", "id": "1", "properties": {"path": "/pricing", "seconds": 12.5}},
    {"kind": "visit", "time": "2026-01-14T23:30:00Z", "id": "2", "properties": {"path": "/"}},
    {"kind": "visit", "time": "2026-01-15T23:30:00Z", "id": "3", "properties": {"path": "/pricing"}},
]


def run(query: str, columns: str) -> list[dict[str, Any]]:
    """The rows of a query over one lead with events, and one without."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE TABLE leads AS SELECT unnest([7, 8]) AS lead_id")
        connection.execute(f"CREATE TABLE happened ({columns})")
        for event in EVENTS:
            values: Any = event["properties"]
            row = ["7", event["kind"], event["time"], event["id"], values["path"], values.get("seconds")]
            connection.execute("INSERT INTO happened BY POSITION VALUES (?, ?, ?, ?, ?, ?)", row)
        result = connection.execute(query)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.mark.parametrize(
    ("columns", "types"),
    [
        ("lead INTEGER, kind VARCHAR, time VARCHAR, id INTEGER, path VARCHAR, seconds VARCHAR", {}),
        (
            "lead VARCHAR, kind VARCHAR, time TIMESTAMPTZ, id VARCHAR, path VARCHAR, seconds DOUBLE",
            {"time": "TIMESTAMPTZ", "seconds": "DOUBLE"},
        ),
    ],
)
def test_a_table_of_events(columns: str, types: dict[str, str | None]) -> None:
    """The SELECT over leads and their events gives the points of Python, for columns of every type, typed or not."""
    query = to_sql(CARD, AS_OF, events="happened", event_columns=types, keep=["lead_id"], ledger=True, explain=True)
    first, second = sorted(run(query, columns), key=lambda row: str(row["lead_id"]))
    expected = score(CARD, {"lead_id": 7}, AS_OF, events=EVENTS)
    assert (first["points"], first["r:keen"], first["n:full:prices"]) == (expected.points, 40, 30)
    assert first["gain_2"] == "+3.0 Reads the prices (1 event)"
    assert (second["points"], second["r:keen"], second["n:full:prices"]) == (50.0, 0, 0)


def test_what_is_refused() -> None:
    """A card with events needs their table, one without takes none; leads need ids, and the engine must count them."""

    def refused(card: Scorecard, error: type[Exception], **options: Any) -> str:
        with pytest.raises(error) as caught:
            to_sql(card, AS_OF, **options)
        return str(caught.value)

    assert refused(CARD, PrinterError) == NO_EVENTS
    plain = build_untrained(parse_card("name: a\nfields: {employees: {kind: number}}\n"))
    message = "the card 'a' has no `events:`, so it can't count those of a table; declare their kinds in the card, or"
    message += " leave them out"
    assert refused(plain, DataError, events="happened") == message
    no_id = build_untrained(parse_card(TEXT.replace("  lead_id: {kind: id}\n", "")))
    message = "events need an id for each lead, a column of a field of `kind: id`"
    assert refused(no_id, DataError, events="happened") == message
    name = CARD.card.name
    assert refused(CARD, PrinterError, events="happened", event_columns={"secnds": "DOUBLE"}) == (
        f"the card '{name}' reads no column 'secnds' of events. Did you mean 'seconds'?"
    )
    assert refused(CARD, PrinterError, events="happened", dialect="bigquery") == (
        "events are counted in DuckDB, PostgreSQL, Spark, not in BigQuery; count them there into columns of the table,"
        " and declare these as plain fields"
    )
