"""The benchmark of stored events, in the small: what it sends is new in each request, and the target is checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.load import NUMBER, Load, post, run_load
from benchmarks.servers import ours
from benchmarks.stored_events import ALONE, BARE, CARD, EVENTS, POSTGRESQL, SQLITE, EventRate, lines, make_body
from leadledger.api.log import database
from leadledger.api.log.event_store import EventStore


def test_each_event_is_new() -> None:
    """A batch holds 100 events, whose ids have a number that each request sets anew."""
    events = json.loads(make_body())["events"]
    assert len({event["id"] for event in events}) == EVENTS
    assert all(NUMBER.decode() in event["id"] for event in events)


@pytest.mark.slow
def test_all_events_are_stored(tmp_path: Path) -> None:
    """Each answered batch is stored, and none of its events was known."""
    card = tmp_path / "card.yaml"
    card.write_text(CARD)
    with ours(tmp_path, "--max-rate", "100000", card=card) as served:
        load = run_load(Load(served.port, post("/v1/events", make_body()), 2, 0.5, numbered=True))
    assert load.errors == 0
    stored = EventStore(database.open_database(None, tmp_path)).read([f"L{number}" for number in range(1000)])
    rows = [row for of_lead in stored.by_lead.values() for row in of_lead]
    assert len(rows) == len({row.id for row in rows}) == load.count(200) * EVENTS > 0


def test_what_is_asked_is_said() -> None:
    """Each way is printed beside the two baselines, and whether the target is met."""
    rates = [EventRate(BARE, 100_000, 1.0, 0), EventRate(ALONE, 20_000, 0.0, 0)]
    rates += [EventRate(SQLITE, 9_000, 2.0, 1), EventRate(POSTGRESQL, 5_000, 3.0, 0)]
    *_, sqlite, postgresql, asked = lines(rates)
    assert " ".join(sqlite.split()) == (
        "ours, SQLite 9,000 events/s p99 2.00 ms 0.09 × bare FastAPI, 0.45 × sqlite3 alone 1 ERRORS"
    )
    assert "0.25 × sqlite3 alone" in postgresql
    assert asked == "ours, SQLite: 9,000 events/s, asked 10,000: NOT met"
