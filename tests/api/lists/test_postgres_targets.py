"""Tables of PostgreSQL that don't take every row, or don't show it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from leadledger.api.lists.postgres import score_table
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import build_untrained
from tests.postgres import database, server

AS_OF = date(2026, 7, 1)
CARD = build_untrained(
    parse_card(
        """
name: small
fields:
  id: {kind: id}
  employees: {kind: number}
  country: {kind: text}
rules:
  - {name: small, when: employees <= 10, points: 3, reason: Small}
  - {name: near, when: country = 'NO', points: 10, reason: Near}
"""
    )
)
OUTPUTS = (
    "score int, points float, probability float, grade text, recommendation text, percentile int, release text,"
    " as_of date, scored_at timestamptz"
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server for the file."""
    with server() as url:
        yield url


@pytest.fixture
def db(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A database with a table of two leads, and none of scores."""
    with database(url) as connection:
        connection.execute("SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        connection.execute(
            "CREATE TABLE leads (id numeric(10,0), employees integer, country text);"
            "INSERT INTO leads VALUES (1, 5, 'NO'), (2, 50, 'SE')"
        )
        yield connection


def scores(db: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """Ids and scores."""
    return db.execute("SELECT id, score FROM scores ORDER BY id").fetchall()


def test_domains_over_domains(url: str, db: psycopg.Connection[Any]) -> None:
    """A domain over a domain is what it is made of, in the table that is read and in the one that is written."""
    db.execute(
        "CREATE TYPE land AS ENUM ('NO', 'SE'); CREATE DOMAIN area AS land; CREATE DOMAIN home AS area;"
        "CREATE DOMAIN whole AS integer; CREATE DOMAIN size AS whole CHECK (VALUE >= 0);"
        "ALTER TABLE leads ALTER employees TYPE size, ALTER country TYPE home USING CAST(country AS land);"
        f"CREATE TABLE scores (id numeric(10,0) PRIMARY KEY, {OUTPUTS.replace('score int', 'score size')})"
    )
    score_table(CARD, url, "leads", "scores", AS_OF)
    assert scores(db) == [(1, 63), (2, 50)]


def test_a_trigger_that_skips_rows(url: str, db: psycopg.Connection[Any]) -> None:
    """Where a trigger leaves a score out, nothing is kept, and the message says what did it."""
    db.execute(
        f"CREATE TABLE scores (id numeric PRIMARY KEY, {OUTPUTS});"
        "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN IF NEW.score > 60 THEN RETURN NULL; END IF; RETURN NEW; END';"
        "CREATE TRIGGER skipping BEFORE INSERT ON scores FOR EACH ROW EXECUTE FUNCTION skip()"
    )
    with pytest.raises(DataError) as caught:
        score_table(CARD, url, "leads", "scores", AS_OF)
    assert str(caught.value) == (
        "scores: the table took 1 of 2 scores, so that nothing is kept: a trigger or a rule of the table leaves rows"
        " out; let it pass them all, or name another table"
    )
    assert scores(db) == []


def test_a_constraint_that_can_wait(url: str, db: psycopg.Connection[Any]) -> None:
    """A deferrable constraint can't tell which score to replace: refused, with the way out, which works."""
    db.execute(f"CREATE TABLE scores (id numeric UNIQUE DEFERRABLE, {OUTPUTS})")
    with pytest.raises(DataError) as caught:
        score_table(CARD, url, "leads", "scores", AS_OF)
    assert str(caught.value) == (
        "scores: column 'id' is unique by a DEFERRABLE constraint only, by which no score can take the place of an"
        ' earlier one; make it so at once by CREATE UNIQUE INDEX ON "scores" ("id")'
    )
    db.execute('CREATE UNIQUE INDEX ON "scores" ("id"); ALTER TABLE scores DROP CONSTRAINT scores_id_key')
    assert score_table(CARD, url, "leads", "scores", AS_OF).scored == 2


@pytest.mark.parametrize("source", ["leads", "seen"])
def test_row_level_security(url: str, db: psycopg.Connection[Any], source: str) -> None:
    """Rows that a policy hides are no empty table: none at all is refused, some are said."""
    db.execute(
        "DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN; GRANT ALL ON SCHEMA public TO guest;"
        "GRANT SELECT ON leads TO guest; ALTER TABLE leads ENABLE ROW LEVEL SECURITY;"
        "CREATE VIEW seen WITH (security_invoker) AS SELECT * FROM leads; GRANT SELECT ON seen TO guest"
    )
    guest = url.replace("postgres@", "guest@")
    try:
        with pytest.raises(DataError) as caught:
            score_table(CARD, guest, source, "scores", AS_OF)
        assert str(caught.value) == (
            f"{source}: row-level security shows no row to the user 'guest'; score as the owner of the table, or as a"
            " user with BYPASSRLS, or give this user a policy for SELECT"
        )
        assert db.execute("SELECT to_regclass('scores')").fetchall() == [(None,)]
        db.execute("CREATE POLICY near ON leads FOR SELECT TO guest USING (country = 'NO')")
        result = score_table(CARD, guest, source, "scores", AS_OF)
        assert (result.rows, result.scored) == (1, 1)
        assert result.notes == (
            f"Row-level security of {source} may hide rows from the user 'guest'; those that are hidden are not"
            " scored.",
        )
        assert score_table(CARD, url, source, "all_scores", AS_OF).notes == ()
    finally:
        db.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP ROLE guest")


def test_an_empty_table_is_empty(url: str, db: psycopg.Connection[Any]) -> None:
    """Without a policy, a table without rows is scored as it is."""
    db.execute("DELETE FROM leads")
    assert score_table(CARD, url, "leads", "scores", AS_OF).rows == 0


def test_a_score_is_replaced_on_its_page(url: str, db: psycopg.Connection[Any]) -> None:
    """A table of scores that we make has room on each page for the next score of its rows."""
    db.execute("INSERT INTO leads SELECT i, i, 'SE' FROM generate_series(3, 1000) AS s (i)")
    pages = "SELECT id, (CAST(CAST(ctid AS text) AS point))[0] FROM scores ORDER BY id"
    score_table(CARD, url, "leads", "scores", AS_OF)
    before = db.execute(pages).fetchall()
    assert before[0][1] < before[-1][1]
    score_table(CARD, url, "leads", "scores", AS_OF)
    assert db.execute(pages).fetchall() == before


def test_several_processes_share_the_work(db: psycopg.Connection[Any]) -> None:
    """The server can do all steps of a printed SELECT in several processes, and gathers the scores."""
    db.execute("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0")
    select = sql.select(CARD, Query(AS_OF, columns={"id": "UNKNOWN", "country": "VARCHAR"}), "postgres")
    plan = [line for (line,) in db.execute(f"EXPLAIN {select}").fetchall()]
    assert plan[0].startswith("Gather ")
    assert [line.strip() for line in plan if "Gather" in line] == plan[:1]
