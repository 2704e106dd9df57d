"""A table of a real PostgreSQL server, scored into another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from leadledger import load
from leadledger.api.cli.commands import cli
from leadledger.api.lists.postgres import score_table
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.bins import NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.case import Case
from leadledger.scoring.engine.cases import build_declared
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import DataError, ScoringError
from leadledger.scoring.events.systems import PLAIN_MEMBERS
from leadledger.scoring.lookup import Pair, Table
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.counted_events import print_counted
from leadledger.scoring.printers.sql.dialects.postgres import POSTGRES, name
from leadledger.scoring.printers.sql.event_table import EventTable
from leadledger.scoring.printers.sql.joined_events import join_counted
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained
from tests.api.lists import noted_values
from tests.postgres import database, server

AS_OF = date(2026, 1, 31)
CARD_TEXT = """
name: small
fields:
  id: {kind: id}
  employees: {kind: number, ask: How many?}
  country: {kind: text, values: [NO, SE]}
  seen: {kind: date}
  asked: {kind: flag}
rules:
  - {name: big, when: employees > 50, points: 20, reason: Big}
  - {name: near, when: country = 'NO', points: 10, reason: Near}
  - {name: fresh, when: days_since(seen) <= 30, points: 5, reason: Fresh}
  - {name: warm, when: asked, points: 2, reason: Asked}
"""
CARD = build_untrained(parse_card(CARD_TEXT))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server for the file."""
    with server() as url:
        yield url


@pytest.fixture
def db(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A database without tables of ours."""
    with database(url) as connection:
        connection.execute("SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        yield connection


def leads(
    db: psycopg.Connection[Any], rows: str, columns: str = "employees text, country text, seen text, asked text"
) -> None:
    """Make the table `leads`."""
    db.execute(f"CREATE TABLE leads (id text, {columns}); INSERT INTO leads VALUES {rows}")


def scores(db: psycopg.Connection[Any], table: str = "scores") -> list[tuple[Any, ...]]:
    """Ids and scores."""
    return db.execute(f"SELECT id, score FROM {table} ORDER BY id").fetchall()


@pytest.mark.slow
def test_a_table_is_scored_into_another_and_again(url: str, db: psycopg.Connection[Any]) -> None:
    """The first run makes the table, the second replaces its rows and adds new ones."""
    leads(db, "('a', '100', 'no', '2026-01-20', 'yes'), ('b', '10', 'SE', '2020-01-01', 'no'), ('c', '', ' ', '', '')")
    steps: list[str] = []
    first = score_table(CARD, url, "leads", "scores", AS_OF, progress=steps.append)
    assert (first.rows, first.scored, first.rejected, first.duplicates) == (3, 3, 0, 0)
    assert scores(db) == [("a", 87), ("b", 50), ("c", 50)]
    assert steps == ["reading the columns", "scoring", "writing the rejects", "writing the scores", "committing"]
    db.execute("UPDATE leads SET employees = '60' WHERE id = 'b'; INSERT INTO leads VALUES ('d', '51')")
    second = score_table(CARD, url, "public.leads", "public.scores", AS_OF)
    assert second.scored == 4
    assert scores(db) == [("a", 87), ("b", 70), ("c", 50), ("d", 70)]
    assert db.execute("SELECT DISTINCT points, as_of, release FROM scores WHERE id = 'd'").fetchall() == [
        (70.0, AS_OF, CARD.release)
    ]


@pytest.mark.slow
def test_what_cannot_be_scored_is_kept_with_its_reason(url: str, db: psycopg.Connection[Any]) -> None:
    """Bad values, ids that occur twice and rows without an id are rejected and counted."""
    leads(
        db,
        "('a', '1e999', 'XX', '2026-02-30', 'maybe'), ('b', 'inf', 'NO', 'epoch', '1'), ('c', '60', 'NO', 'now', 't'),"
        " ('d', '1e-400', 'NO', '2026-01-31T23:30:00-02:00', 'on'), ('e', '1', '', '', ''), ('e', '2', '', '', ''),"
        " (NULL, '1', '', '', '')",
    )
    result = score_table(CARD, url, "leads", "scores", AS_OF)
    assert (result.rows, result.scored, result.rejected, result.duplicates) == (7, 1, 6, 2)
    assert scores(db) == [("d", 67)]
    rejects = db.execute('SELECT id, "column", value, reason FROM scores_rejects ORDER BY 1, 2').fetchall()
    assert [reject[:3] for reject in rejects] == [
        ("a", "asked", "maybe"),
        ("a", "country", "XX"),
        ("a", "employees", "1e999"),
        ("a", "seen", "2026-02-30"),
        ("b", "employees", "inf"),
        ("b", "seen", "epoch"),
        ("c", "seen", "now"),
        ("e", "id", "e"),
        (None, "id", None),
    ]
    assert rejects[7][3] == "the id occurs in 2 rows, none of which is scored"
    db.execute("DELETE FROM leads WHERE id <> 'd' OR id IS NULL")
    assert score_table(CARD, url, "leads", "scores", AS_OF).rejected == 0
    assert db.execute("SELECT count(*) FROM scores_rejects").fetchall() == [(0,)]


def test_typed_columns_and_a_view(url: str, db: psycopg.Connection[Any]) -> None:
    """Numbers, enums, moments and flags are read as they are; what is infinite can't be."""
    db.execute(
        "CREATE TYPE land AS ENUM ('no', 'SE');"
        "CREATE TABLE t (id uuid, employees numeric, country land, seen timestamptz, asked boolean);"
        "INSERT INTO t SELECT gen_random_uuid(), e, c::land, s::timestamptz, a FROM (VALUES"
        " (50.5, 'no', '2026-01-01 04:00+05', true), ('NaN'::numeric, 'SE', NULL, false),"
        " (1e-500, NULL, NULL, NULL), (1e400, NULL, NULL, NULL), (1, NULL, 'infinity', NULL)) AS v (e, c, s, a);"
        "CREATE VIEW leads AS SELECT * FROM t"
    )
    result = score_table(CARD, url, "leads", "scores", AS_OF)
    assert (result.scored, result.rejected) == (3, 2)
    assert db.execute("SELECT score FROM scores ORDER BY 1").fetchall() == [(50,), (50,), (82,)]
    assert db.execute('SELECT "column", value FROM scores_rejects ORDER BY 1').fetchall() == [
        ("employees", f"1{'0' * 400}"),
        ("seen", "infinity"),
    ]


def test_hostile_names_are_names(url: str, db: psycopg.Connection[Any]) -> None:
    """Quotes, semicolons and letters of any kind are part of a name, never code."""
    table, into, key = 'le"ads; DROP TABLE x --', "sco'res é %s", 'i"d; --%s'
    db.execute(f"CREATE TABLE {name(table)} ({name(key)} integer, employees real)")
    db.execute(f"INSERT INTO {name(table)} VALUES (1, 60), (2, 'Infinity'), (3, 'NaN')")
    result = score_table(CARD, url, table, into, AS_OF, key=key)
    assert (result.scored, result.rejected) == (2, 1)
    assert db.execute(f"SELECT {name(key)}, score FROM {name(into)} ORDER BY 1").fetchall() == [(1, 70), (3, 50)]
    assert db.execute(f"SELECT id, reason FROM {name(into + '_rejects')}").fetchall() == [
        ("2", "inf is not a finite number")
    ]


def test_a_table_without_a_good_row(url: str, db: psycopg.Connection[Any]) -> None:
    """Where every row is rejected, the result says so, with the first reasons, and the rejects are kept."""
    leads(db, "('a', 'x', 'no', '', ''), ('b', 'y', '', '', '')")
    result = score_table(CARD, url, "leads", "scores", AS_OF)
    assert result.all_rejected
    assert result.first_rejects[0].startswith("a: employees: 'x' is not a number")
    assert scores(db) == []
    assert len(db.execute("SELECT id FROM scores_rejects").fetchall()) == 2


def test_an_error_in_the_middle_changes_nothing(url: str, db: psycopg.Connection[Any]) -> None:
    """Scores and rejects of the run before stay as they were."""
    leads(db, "('a', '100', 'no', '', ''), ('b', 'x', '', '', '')")
    score_table(CARD, url, "leads", "scores", AS_OF)
    db.execute("ALTER TABLE scores ADD CHECK (score < 85)")
    db.execute("UPDATE leads SET seen = '2026-01-30', employees = '60'")
    with pytest.raises(DataError, match=r"^PostgreSQL: new row for relation .* violates check constraint"):
        score_table(CARD, url, "leads", "scores", AS_OF)
    assert scores(db) == [("a", 80)]
    assert db.execute("SELECT id FROM scores_rejects").fetchall() == [("b",)]


@pytest.mark.parametrize("earlier", [False, True])
def test_ids_that_only_repeat(url: str, db: psycopg.Connection[Any], earlier: bool) -> None:
    """Where all that is wrong are repeated ids, the table's key shows it: they are rejected, and the others scored."""
    leads(db, "('a', '1', '', '', ''), ('b', '2', '', '', ''), ('c', '60', '', '', '')")
    if earlier:
        score_table(CARD, url, "leads", "scores", AS_OF)
    db.execute("INSERT INTO leads VALUES ('a', '3'), ('b', '2'), ('b', '2')")
    result = score_table(CARD, url, "leads", "scores", AS_OF)
    assert (result.rows, result.scored, result.rejected, result.duplicates) == (6, 1, 5, 5)
    assert sum(result.recommendations.values()) == sum(result.grades.values()) == 1
    assert scores(db) == [("c", 70)]
    assert db.execute("SELECT id, reason FROM scores_rejects ORDER BY id").fetchall() == [
        ("a", "the id occurs in 2 rows, none of which is scored"),
        ("b", "the id occurs in 3 rows, none of which is scored"),
    ]


def test_a_rejected_lead_loses_its_earlier_score(url: str, db: psycopg.Connection[Any]) -> None:
    """A score that the next run can't renew is deleted with its entries, and that is said; others stay."""
    leads(db, "('a', '1', '', '', ''), ('b', '2', '', '', ''), ('c', '3', '', '', ''), ('d', '4', '', '', '')")
    wanted = Wanted(ledger="entries")
    assert score_table(CARD, url, "leads", "scores", AS_OF, wanted).notes == ()
    db.execute(
        "UPDATE leads SET employees = 'many' WHERE id = 'a'; INSERT INTO leads VALUES ('b', '2'), ('e', 'many');"
        " DELETE FROM leads WHERE id = 'd'"
    )
    again = score_table(CARD, url, "leads", "scores", AS_OF, wanted)
    assert (again.scored, again.rejected) == (1, 4)
    assert [note for note in again.notes if "deleted" in note] == [
        "scores held 2 scores of earlier runs of leads that are rejected now; they were deleted."
    ]
    assert [lead for lead, _ in scores(db)] == ["c", "d"]
    assert db.execute("SELECT DISTINCT id FROM entries ORDER BY id").fetchall() == [("c",), ("d",)]
    db.execute("UPDATE leads SET employees = 'many' WHERE id = 'c'")
    assert score_table(CARD, url, "leads", "scores", AS_OF).notes[0] == (
        "scores held 1 score of earlier runs of leads that are rejected now; it was deleted."
    )


def test_some_rows_with_their_errors_and_entries(url: str, db: psycopg.Connection[Any]) -> None:
    """`where` picks rows in the card's own language; a ledger has a row for each entry."""
    leads(db, "('a', '100', 'no', '', ''), ('b', '10', 'NO', '', ''), ('c', 'x', '', '', '')")
    wanted = Wanted(where="employees > 50", explain=True, ledger="entries")
    result = score_table(CARD, url, "leads", "scores", AS_OF, wanted)
    assert (result.rows, result.scored, result.rejected) == (2, 1, 1)
    scored = db.execute("SELECT id, score, plus_minus, gain_1, loss_1 FROM scores").fetchall()
    assert [row[:3] for row in scored] == [("a", 80, None)]
    assert (scored[0][3][:6], scored[0][4]) == ("+20.0 ", None)
    assert db.execute("SELECT * FROM entries ORDER BY entry").fetchall() == [
        ("a", "rule", "big", 20.0),
        ("a", "rule", "near", 10.0),
        ("a", "start", "start", 50.0),
    ]


def test_the_command_line_keeps_ledgers_in_a_table(url: str, db: psycopg.Connection[Any], tmp_path: Path) -> None:
    """`--ledger` names a table, as `--into` does; the entries of a lead add up to its points."""
    leads(db, "('a', '100', 'no', '', ''), ('b', '10', 'SE', '', 'yes')")
    (tmp_path / "card.yaml").write_text(CARD_TEXT, "utf-8")
    options = ["--table", "leads", "--into", "scores", "--ledger", "entries", "--as-of", AS_OF.isoformat()]
    run = CliRunner().invoke(cli, ["score", url, *options, "--card", str(tmp_path / "card.yaml")])
    assert run.exit_code == 0, run.output
    assert db.execute("SELECT id, sum(points) FROM entries GROUP BY id ORDER BY id").fetchall() == [
        ("a", 80.0),
        ("b", 52.0),
    ]
    assert scores(db) == [("a", 80), ("b", 52)]


def test_the_kinds_of_entries_are_those_of_every_ledger(url: str, db: psycopg.Connection[Any]) -> None:
    """What is learned is named table, pair or combination, as in the ledger of a file."""
    terms = (
        Table("employees", NumberBins((50.0,)), (1, 2, 3), (1, 1, 1)),
        Pair(("employees", "country"), (NumberBins((50.0,)), TextBins(("NO",))), ((4,) * 3,) * 3, ((1,) * 3,) * 3),
    )
    leads(db, "('a', '100', 'no', '', '')")
    score_table(replace(CARD, learned=Learned(terms=terms)), url, "leads", "scores", AS_OF, Wanted(ledger="entries"))
    assert db.execute("SELECT entry, kind, points FROM entries ORDER BY entry").fetchall() == [
        ("big", "rule", 20.0),
        ("employees", "table", 0.3),
        ("employees & country", "pair", 0.4),
        ("near", "rule", 10.0),
        ("start", "start", 50.0),
    ]


@pytest.mark.parametrize(
    ("statement", "arguments", "words"),
    [
        ("SELECT", {"table": "nowhere"}, "nowhere: there is no such table or view"),
        ("SELECT", {"table": "a.b.c"}, "'a.b.c' is no name of a table"),
        (
            "SELECT",
            {"wanted": Wanted(where="employes > 5")},
            "--where: unknown field 'employes'. Did you mean 'employees'?",
        ),
        ("SELECT", {"key": "idd"}, "leads: there is no column 'idd'. Did you mean 'id'?"),
        ("CREATE TABLE scores (id text PRIMARY KEY)", {}, "scores: the table has no column 'score', 'points'"),
        (
            "CREATE TABLE scores (id text, score int, points float, probability float, grade text, recommendation text,"
            " percentile int, release text, as_of date, scored_at timestamptz)",
            {},
            "scores: column 'id' is not unique",
        ),
        (
            "CREATE TABLE scores (id int, score int, points float, probability float, grade text, recommendation text,"
            " percentile int, release text, as_of date, scored_at timestamptz)",
            {},
            "scores: column 'id' has the type integer, where text is to be written",
        ),
        ("ALTER TABLE leads ALTER employees TYPE json USING NULL", {}, "column 'employees' has the type json"),
        ("ALTER TABLE leads DROP id", {}, "leads: no column holds the card's field of kind id"),
    ],
)
def test_what_does_not_fit_is_refused(
    url: str, db: psycopg.Connection[Any], statement: str, arguments: dict[str, Any], words: str
) -> None:
    """Each refusal says what is wrong, where, and how to mend it."""
    leads(db, "('a', '100', 'no', '', '')")
    db.execute(statement)
    with pytest.raises(ScoringError) as caught:
        score_table(CARD, url, **{"table": "leads", "into": "scores", "as_of": AS_OF, **arguments})
    assert words in str(caught.value)


def test_no_right_and_no_server(url: str, db: psycopg.Connection[Any]) -> None:
    """The message has the server's own words, and no password."""
    leads(db, "('a', '100', 'no', '', '')")
    db.execute("CREATE ROLE guest LOGIN; GRANT ALL ON SCHEMA public TO guest")
    with pytest.raises(DataError, match=r"^PostgreSQL: permission denied for table leads$"):
        score_table(CARD, url.replace("postgres@", "guest:hunter2@"), "leads", "scores", AS_OF)
    with pytest.raises(DataError) as caught:
        score_table(CARD, "postgresql://me:hunter2@127.0.0.1:1/none", "leads", "scores", AS_OF)
    assert "refused" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(DataError) as caught:
        score_table(CARD, "postgresql://me:hunter2@[bad", "leads", "scores", AS_OF)
    assert "hunter2" not in str(caught.value)


def join_case_events(db: psycopg.Connection[Any], card: Scorecard, case: Case) -> str:
    """The lead of a case with what its events come to, which are in a table of their own."""
    columns = {**dict.fromkeys(("lead", *PLAIN_MEMBERS), "VARCHAR"), "properties": "JSON"}
    defined = ", ".join(f"{column} {'jsonb' if kind == 'JSON' else 'text'}" for column, kind in columns.items())
    db.execute(f'DROP TABLE IF EXISTS "happened"; CREATE TEMP TABLE "happened" ({defined})')
    for event in case.events or ():
        told = {**event, "lead": "1", "properties": json.dumps(event.get("properties", {}))}
        values = [None if told.get(column) is None else str(told[column]) for column in columns]
        db.execute(f'INSERT INTO "happened" VALUES ({", ".join(["%s"] * len(values))})', values)
    counted = print_counted(card, case.as_of, EventTable('"happened"', columns), POSTGRES)
    leads = '(SELECT *, 1 AS "ll:case" FROM "case") AS cases'
    return join_counted(card.card, leads, ("ll:case", "INTEGER"), f"({counted})", POSTGRES)


@pytest.mark.parametrize("path", sorted(Path("examples").glob("*/card.yaml")), ids=lambda path: path.parent.name)
def test_the_cases_of_the_examples(db: psycopg.Connection[Any], path: Path) -> None:
    """Each case comes out as in Python."""
    card = build_declared(load(path).card)
    for case in card.card.cases:
        query = Query(case.as_of, '"case"', dict.fromkeys(case.lead, "VARCHAR"), checks=True)
        columns = ", ".join(f"{name(column)} text" for column in case.lead) or "nothing text"
        db.execute(f'DROP TABLE IF EXISTS "case"; CREATE TEMP TABLE "case" ({columns})')
        values = [None if value is None else str(value) for value in case.lead.values()] or [None]
        db.execute(f'INSERT INTO "case" VALUES ({", ".join(["%s"] * len(values))})', values)
        if card.card.events:
            query = replace(query, source=join_case_events(db, card, case), counted=True)
        scored = db.execute(f'SELECT "ll:total", recommendation FROM ({sql.select(card, query, "postgres")}) AS scored')
        result = get_engine(card).score(case.lead, case.as_of, events=case.events)
        assert scored.fetchall() == [(result.tenths, result.recommendation.verdict)], case.name


@pytest.mark.parametrize("kind", ["date", "text", "timestamp"])
def test_words_for_nothing_new_values_and_odd_days_are_said(url: str, db: psycopg.Connection[Any], kind: str) -> None:
    """The notes count what is read as not known, what no lead of the history had, and days that may be none."""
    db.execute(f"CREATE TABLE worded (lead_id text, industry text, budget text, created {kind})")
    db.cursor().executemany("INSERT INTO worded VALUES (%s, %s, %s, %s)", noted_values.ROWS)
    result = score_table(noted_values.CARD, url, "worded", "worded_scores", AS_OF)
    assert result.notes == noted_values.NOTES
    assert result.to_dict()["unseen"] == noted_values.UNSEEN
