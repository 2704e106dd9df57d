"""Leads whose scores fade and rise with the days, by a card with events, and services that know them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert, select

from leadledger.api.app import create_app
from leadledger.api.log import database, tables
from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.message_kinds import MESSAGE_KINDS
from leadledger.api.log.store import LogStore
from leadledger.api.service.loaded import LoadedCard, load
from leadledger.api.service.settings import Settings

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 30)
TEXT = """
name: fading
base_rate: 0.1
grades: {A: 60, B: 55, C: 51}
events:
  visit: {fields: {path: {kind: text}, seconds: {kind: number}}}
  price_visit: {of: visit, when: "contains(path, '/pricing')"}
fields:
  lead_id: {kind: id}
  owner: {kind: text}
  employees: {kind: number}
  last_call: {kind: date}
  visits: {kind: number, is: "count(visit, 14 days)"}
  longest: {kind: number, is: "max(visit.seconds)"}
  last_visit: {kind: date, is: last(visit)}
rules:
  - {name: big, when: employees >= 100, points: 4, reason: Large}
  - {name: called, when: last_call is not null, points: 9, half_life: 14 days of last_call, reason: Called}
  - {name: keen, when: visits >= 2, points: 2.5, reason: Reads}
  - {name: stays, when: longest > 30, points: 1, reason: Stays}
  - {name: gone, when: days_since(last_visit) > 10, points: -3, reason: Is gone}
  - {name: prices, each: price_visit, points: 3, half_life: 14 days, per_day: 4, reason: Prices}
stages: [{name: contact}, {name: lead, points: 56}]
"""


def make_leads(count: int) -> list[dict[str, Any]]:
    """Leads that were called on some day, or never."""
    drawn = Random(7)
    leads = []
    for number in range(count):
        called = FIRST - timedelta(days=drawn.choice([0, 1, 5, 14, 40]))
        lead = {"lead_id": f"L{number}", "owner": drawn.choice(["ann", "bo"]), "employees": drawn.choice([5, 250])}
        leads.append(lead | ({"last_call": str(called)} if drawn.random() < 0.7 else {}))
    return leads


def make_events(leads: int, count: int) -> list[dict[str, Any]]:
    """Visits of leads from a month before the first day to the last, some of which were received later."""
    drawn = Random(8)
    events = []
    for number in range(count):
        day = LAST - timedelta(days=drawn.randrange(60))
        received = day + timedelta(days=drawn.choice([0, 0, 0, 3, 20]))
        properties = {"path": drawn.choice(["/", "/pricing"]), "seconds": drawn.choice([5, 40])}
        events.append(
            {
                "kind": "visit",
                "lead": f"L{drawn.randrange(leads)}",
                "id": str(number),
                "time": f"{day}T12:00:00Z",
                "received": f"{received}T13:00:00Z",
                "properties": properties,
            }
        )
    return events


@contextmanager
def emptied(url: str) -> Iterator[LogStore]:
    """The log at a URL, of which every table is empty."""
    engine = database.open_database(url, Path())
    try:
        with engine.begin() as connection:
            for table in tables.metadata.sorted_tables:
                connection.execute(table.delete())
        yield LogStore(engine)
    finally:
        engine.dispose()


def load_card(folder: Path, text: str = TEXT) -> LoadedCard:
    """A card, from a file in a folder."""
    file = folder / "card.yaml"
    file.write_text(text, encoding="utf-8")
    return load(Settings(card=file, home=folder))


@contextmanager
def serving(url: str, folder: Path) -> Iterator[TestClient]:
    """A client of a service with the card of `load_card`."""
    with TestClient(create_app(Settings(card=folder / "card.yaml", home=folder, log_url=url))) as client:
        yield client


def post_leads(client: TestClient, leads: Sequence[dict[str, Any]], day: date) -> None:
    """Score leads as of a day, each by a request of its own."""
    for lead in leads:
        answer = client.post("/v1/score", json={"lead": lead, "as_of": str(day)})
        assert answer.status_code == 200, answer.text


def post_events(client: TestClient, events: Sequence[dict[str, Any]]) -> None:
    """Store events."""
    answer = client.post("/v1/events", json={"events": events})
    assert answer.status_code == 200, answer.text


def read_book(engine: Engine) -> dict[str, BookRow]:
    """All rows of the book, by key."""
    with engine.connect() as connection:
        return {row.key: BookRow._make(row) for row in connection.execute(select(tables.book))}


def without_times(book: dict[str, BookRow]) -> dict[str, BookRow]:
    """Rows of the book without what differs between two ways of writing the same score."""
    return {key: row._replace(score_id="", at="", input=sort_input(row.input)) for key, row in book.items()}


def sort_input(text: str) -> str:
    """An input whose members are in order."""
    return json.dumps(json.loads(text), sort_keys=True)


def subscribe(engine: Engine) -> None:
    """Let somebody ask for every kind of message."""
    row = {"id": "s", "url": "https://example.com/", "kinds": " ".join(MESSAGE_KINDS), "secrets": "[]"}
    more = {"state": "active", "problem": "", "held_until": "", "at": "2026-01-01T00:00:00.000000Z", "key": ""}
    with engine.begin() as connection:
        connection.execute(insert(tables.subscriptions), [row | more])


def count_rows(engine: Engine, table: Any) -> int:
    """The rows of a table."""
    with engine.connect() as connection:
        return len(connection.execute(select(*table.primary_key.columns)).all())
