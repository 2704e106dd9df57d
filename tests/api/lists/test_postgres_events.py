"""A table of leads and one of their events on a real PostgreSQL server: each lead has the score of Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from leadledger.api.lists.postgres import score_table
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.errors import DataError
from leadledger.scoring.scorecard import build_untrained
from tests.api.lists.test_list_events import CARD, DAY, EVENTS, LEADS, raw_events
from tests.postgres import database, server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server for the file."""
    with server() as url:
        yield url


@pytest.fixture
def db(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A database with the leads and their events."""
    with database(url) as connection:
        connection.execute("SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        connection.execute("CREATE TABLE leads (lead_id text, employees text)")
        for lead in LEADS:
            connection.execute("INSERT INTO leads VALUES (%s, %s)", list(lead.values()))
        connection.execute(f"CREATE TABLE happened ({', '.join(f'{column} text' for column in EVENTS[0])})")
        for event in EVENTS:
            marks = ", ".join(["%s"] * len(event))
            connection.execute(f"INSERT INTO happened VALUES ({marks})", list(event.values()))
        yield connection


def test_scores_and_entries_are_those_of_python(url: str, db: psycopg.Connection[Any]) -> None:
    """Points, reasons and the ledger of each lead are those of Python, and it is said what became of the events."""
    wanted = Wanted(events_table="public.happened", explain=True, ledger="entries")
    stored = score_table(CARD, url, "leads", "scores", DAY, wanted)
    assert (stored.rows, stored.scored, stored.rejected) == (40, 40, 0)
    assert any(note.startswith("Events: ") and "of leads that aren't in the list" in note for note in stored.notes)
    assert any("of the unknown kind 'webinar'" in note for note in stored.notes)
    rows = db.execute("SELECT lead_id, points, gain_1, loss_1 FROM scores").fetchall()
    entries = db.execute("SELECT lead_id, kind, entry, points FROM entries").fetchall()
    assert len(rows) == len(LEADS)
    for lead_id, points, gain, loss in rows:
        lead = next(lead for lead in LEADS if lead["lead_id"] == lead_id)
        result = score(CARD, lead, DAY, events=raw_events(lead_id))
        assert points == result.points
        assert {gain, loss} - {None} <= set(result.recommendation.reasons)
        told = {entry[1:] for entry in entries if entry[0] == lead_id}
        assert told == {(entry.kind, entry.name, entry.points) for entry in result.ledger}


def test_a_lead_with_a_bad_event_is_rejected(url: str, db: psycopg.Connection[Any]) -> None:
    """It stands among the rejects with the event and the reason; a lead with bad values has those, too."""
    db.execute("INSERT INTO happened (lead, kind, time, id) VALUES (' L3 ', 'visit', 'soon', 'v3')")
    db.execute("UPDATE leads SET employees = 'many' WHERE lead_id IN ('L3', 'L4')")
    stored = score_table(CARD, url, "leads", "scores", DAY, Wanted(events_table="happened"))
    assert (stored.rows, stored.scored, stored.rejected) == (40, 38, 2)
    rejects = db.execute('SELECT id, "column", value, reason FROM scores_rejects ORDER BY 1, 2').fetchall()
    number = "'many' is not a number; write it like 25000, 2.5 or 1e6"
    time = "event 'v3': 'soon' is not a time; write it like 2026-01-31T10:00:00Z, or a day alone, 2026-01-31"
    assert rejects == [
        ("L3", "employees", "many", number),
        ("L3", "time", "soon", time),
        ("L4", "employees", "many", number),
    ]


def test_typed_columns_and_objects(url: str, db: psycopg.Connection[Any]) -> None:
    """Times, whole numbers as ids and properties in a jsonb column are read as in Python."""
    db.execute("CREATE TABLE typed (lead text, kind text, time timestamptz, id bigint, properties jsonb)")
    told = '{"Path": "/pricing", "seconds": 31.125}'
    time = "2026-01-14T23:30:00Z"
    db.execute("INSERT INTO typed VALUES ('L1', 'visit', %s, 1, %s), ('L1', 'visit', %s, 1, NULL)", [time, told, time])
    db.execute("INSERT INTO typed VALUES ('L2', 'visit', '2026-01-15T23:30:00Z', 2, '{}')")
    score_table(CARD, url, "leads", "scores", DAY, Wanted(events_table="typed"))
    event = {"kind": "visit", "time": "2026-01-14T23:30:00Z", "id": 1}
    full = {**event, "properties": {"path": "/pricing", "seconds": 31.125}}
    later = {"kind": "visit", "time": "2026-01-15T23:30:00Z", "id": 2}
    for lead, events in ((LEADS[1], [full, event]), (LEADS[2], [later])):
        points = db.execute("SELECT points FROM scores WHERE lead_id = %s", [lead["lead_id"]]).fetchall()
        assert points == [(score(CARD, lead, DAY, events=events).points,)]


def test_a_property_without_a_column_is_said(url: str, db: psycopg.Connection[Any]) -> None:
    """Where no column holds a property that the card reads, a note says so."""
    db.execute("ALTER TABLE happened DROP COLUMN path")
    stored = score_table(CARD, url, "leads", "scores", DAY, Wanted(events_table="happened"))
    assert "The events have no column for visit.path, so it is missing in all of them" in stored.notes


def test_what_is_refused(url: str, db: psycopg.Connection[Any]) -> None:
    """A table that isn't there or is none of events, and a card without events."""

    def refused(table: str, card: Any = CARD) -> str:
        with pytest.raises(DataError) as caught:
            score_table(card, url, "leads", "scores", DAY, Wanted(events_table=table))
        return str(caught.value)

    assert refused("nothing").startswith("nothing: there is no such table or view in the database")
    assert refused("leads") == (
        "leads: has no column 'lead'; its columns are 'lead_id', 'employees'; rename 'lead_id' to 'lead'"
    )
    plain = build_untrained(parse_card("{name: a, fields: {lead_id: {kind: id}, employees: {kind: number}}}"))
    assert refused("happened", plain) == (
        "the card 'a' has no `events:`, so it can't count those of happened;"
        " declare their kinds in the card, or leave them out"
    )
