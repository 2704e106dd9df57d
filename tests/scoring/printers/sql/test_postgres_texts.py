"""Texts that are printed for PostgreSQL, in sessions that read a backslash in either way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

import leadledger
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.printers.sql.dialects.postgres import text
from leadledger.scoring.scorecard import build_untrained
from tests.postgres import database, server
from tests.scoring.printers.sql.test_injection import AS_OF, HOSTILE, hostile_card

WORDS = [*HOSTILE, "a\\b", "\\", "\\\\", "\\'", "\\'; CREATE TABLE stolen (x int); --", "a\\\nb\\", "E'\\''", "\\x41"]
ANY_OF = [word for word in WORDS if "\0" not in word]


@pytest.fixture(scope="module", params=["on", "off"])
def db(request: pytest.FixtureRequest) -> Iterator[psycopg.Connection[Any]]:
    """A session that takes a backslash for itself, and one that takes it for an escape."""
    with server() as url, database(url) as connection:
        connection.execute(f"SET standard_conforming_strings = {request.param}; SET escape_string_warning = on")
        yield connection


@pytest.mark.parametrize("word", ANY_OF)
def test_a_literal_is_the_text(db: psycopg.Connection[Any], word: str) -> None:
    """A literal comes back as it was."""
    assert db.execute(f"SELECT {text(word)} AS word".replace("%", "%%"), []).fetchall() == [(word,)]


@pytest.mark.parametrize("word", ANY_OF)
def test_texts_stay_texts(db: psycopg.Connection[Any], word: str) -> None:
    """In conditions, missing words and reasons, a text is found equal to itself, and no table is made or lost."""
    card = build_untrained(parse_card(hostile_card(word)))
    db.execute("DROP TABLE IF EXISTS leads; CREATE TABLE leads (said text, size integer, known boolean)")
    db.execute("INSERT INTO leads VALUES (%s, 1, true)", [word])
    tables = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    before = db.execute(tables).fetchall()
    query = leadledger.to_sql(card, AS_OF, dialect="postgres", explain=True)
    (row,) = db.execute(query.replace("%", "%%"), []).fetchall()
    assert row[1] == get_engine(card).score({"said": word}, AS_OF).points
    assert db.execute(tables).fetchall() == before
