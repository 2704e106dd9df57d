"""Draws agree: in Python, in every engine of SQL, and in every way by which a score leaves."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import strategies as st
from starlette.testclient import TestClient

import leadledger
from leadledger.api.app import create_app
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.postgres import score_table
from leadledger.api.lists.wanted import Wanted
from leadledger.api.log.database import LOG_FILE
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lead_ids import list_spellings
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.printers.text import card_text
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained
from tests.effort import draw_examples
from tests.postgres import database, server
from tests.scoring.test_exploration import CARD as CASES_CARD
from tests.scoring.test_exploration import CASES
from tests.test_backends_agree import EACH, Engine, Rows
from tests.test_clouds import translated
from tests.test_googlesql import googlesql_rows

AS_OF = date(2026, 3, 1)
CARD = """
name: explored
fields:
  lead_id: {kind: id}
  old_id: {kind: id}
  stage: {kind: text, values: [contact, lead, opportunity, customer], learn: no}
  budget: {kind: number, ask: What is the budget?}
  need: {kind: flag}
criteria:
  need: {met: need, label: a need}
rules:
  - {name: rich, when: budget >= 100, points: 20, reason: Has the means}
exclude:
  - {name: negative, when: budget < 0, reason: Owes money}
stages:
  - {name: contact}
  - {name: lead, requires: [need], points: 60, explore: {share: 20 %, salt: spring_1.0}}
  - {name: opportunity, points: 65, explore: 15.5 %}
  - {name: customer, points: 65, explore: 20 %}
"""
TYPES = {"lead_id": "VARCHAR", "old_id": "VARCHAR", "stage": "VARCHAR", "budget": "DOUBLE", "need": "BOOLEAN"}
CASE_TYPES = {name: kind for name, kind in TYPES.items() if name != "stage"}
SHORT = st.text("abcABCXYZ019", min_size=15, max_size=15)
IDS = st.one_of(
    st.none(),
    st.text(min_size=1, max_size=30),
    st.text("'\"\\|%_;- \n\t\u00a0é世\U0001f600'", min_size=1, max_size=20),
    st.text("x0", min_size=180, max_size=205),
    SHORT,
    SHORT.map(lambda short: list_spellings(short)[-1]),
    st.text("abcABCXYZ019", min_size=18, max_size=18),
    st.integers(0, 10**19).map(str),
)
LEADS = st.fixed_dictionaries(
    {
        "lead_id": IDS,
        "old_id": st.one_of(st.none(), IDS),
        "stage": st.sampled_from([None, "contact", "lead", "opportunity", "customer"]),
        "budget": st.sampled_from([None, -1.0, 1.0, 1.0, 100.0]),
        "need": st.sampled_from([None, True, True, False]),
    }
)
SHOWN = ["recommendation", "propensity"]


@pytest.fixture(scope="module")
def card() -> Scorecard:
    """A card with stages that explore, one of which training has closed."""
    closed = Learned(thresholds={"customer": Threshold(closed="no threshold keeps the promise")})
    return Scorecard(parse_card(CARD), closed)


def check_draws(card: Scorecard, leads: list[dict[str, Any]], engine: Engine, rows: Rows) -> None:
    """Each lead has the same recommendation and the same propensity in Python and in an engine of SQL."""
    query = Query(AS_OF, columns={"row": "INTEGER", **TYPES}, keep=["row"])
    seen = set()
    for lead, row in zip(leads, rows(leads, TYPES, sql.select(card, query, engine.dialect)), strict=True):
        try:
            result = get_engine(card).score(lead, AS_OF)
        except LeadError:
            assert row["propensity"] is None
            continue
        assert (result.recommendation.verdict, result.propensity) == (row["recommendation"], row["propensity"]), lead
        seen.add((result.recommendation.verdict, result.propensity))
    assert {("promote", 1.0), ("promote", 0.2), ("nurture", 0.2), ("nurture", 0.0)} <= seen


@pytest.fixture(scope="module", params=EACH)
def backend(request: pytest.FixtureRequest) -> Iterator[tuple[Engine, Rows]]:
    """Each engine in turn, and what makes rows of leads in it."""
    with request.param.connected(request) as rows:
        yield request.param, rows


@pytest.mark.slow
def test_draws_agree(card: Scorecard, backend: tuple[Engine, Rows]) -> None:
    """Odd ids are drawn alike: of any sign, with quotes, long, in both spellings of Salesforce, and none at all."""
    engine, rows = backend
    check_draws(card, [lead for lead in draw_examples(LEADS, 1_500) if engine.holds(lead)], engine, rows)


def test_cases_agree(backend: tuple[Engine, Rows]) -> None:
    """Every case of the file comes out the same in each engine."""
    engine, rows = backend
    leads = [{name: case["lead"].get(name) for name in CASE_TYPES} for case in CASES]
    query = Query(AS_OF, columns={"row": "INTEGER", **CASE_TYPES}, keep=["row"])
    answers = rows(leads, CASE_TYPES, sql.select(build_untrained(parse_card(CASES_CARD)), query, engine.dialect))
    for case, row in zip(CASES, answers, strict=True):
        assert (row["recommendation"], row["propensity"]) == (case["recommendation"], case["propensity"]), case["why"]


@pytest.mark.slow
def test_draws_agree_in_googlesql(card: Scorecard) -> None:
    """GoogleSQL's evaluator, which speaks BigQuery's language, draws the same leads."""
    with googlesql_rows() as rows:
        check_draws(card, draw_examples(LEADS, 1_500), Engine("bigquery", googlesql_rows, 1), rows)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["bigquery", "snowflake"])
def test_draws_agree_in_translation(card: Scorecard, dialect: str) -> None:
    """What is printed for the clouds, translated to DuckDB, draws the same leads."""
    with contextmanager(translated)(dialect) as rows:
        check_draws(card, draw_examples(LEADS, 1_500), Engine(dialect, googlesql_rows, 1), rows)


# -- every way out -----------------------------------------------------------------------------------------------------

RAW = [
    {"lead_id": f"L{i}", "stage": stage, "budget": budget, "need": need}
    for i, (stage, budget, need) in enumerate(
        [(stage, budget, need) for stage in ("", "lead") for budget in ("1", "100", "-1") for need in ("yes", "no", "")]
        * 12
    )
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one release of the card, and the leads as a list."""
    home = tmp_path_factory.mktemp("home")
    Releases(home).publish(CARD, Learned(), metrics={}, provenance={}, created=datetime(2026, 3, 1, tzinfo=UTC))
    with (home / "leads.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(RAW[0]))
        writer.writeheader()
        writer.writerows(RAW)
    return home


@pytest.fixture(scope="module")
def advice() -> list[tuple[str, float | None]]:
    """The recommendation and the propensity of each lead, in Python."""
    card = build_untrained(parse_card(CARD))
    results = [leadledger.score(card, lead, AS_OF) for lead in RAW]
    shown: list[tuple[str, float | None]] = [(result.recommendation.verdict, result.propensity) for result in results]
    assert len(set(shown)) >= 6
    return shown


def test_over_http_and_in_the_log(home: Path, advice: list[tuple[str, float | None]]) -> None:
    """Answers have the propensity, as OpenAPI says; the log keeps it, and the card's description has the share."""
    with TestClient(create_app(Settings(log="sync", home=home))) as client:
        body = {"leads": RAW[:36], "as_of": AS_OF.isoformat()}
        answers = [item["result"] for item in client.post("/v1/score/batch", json=body).json()["results"]]
        shape = client.get("/openapi.json").json()["components"]["schemas"]
        stages = client.get("/v1/scorecard").json()["stages"]
    assert [(answer["recommendation"], answer["propensity"]) for answer in answers] == advice[:36]
    assert set(answers[0]) <= set(shape["Result"]["properties"])
    assert [stage.get("explore") for stage in stages] == [None, 0.2, 0.155, 0.2]
    assert set(stages[1]) <= set(shape["Stage"]["properties"])
    with closing(sqlite3.connect(home / LOG_FILE)) as database_file:
        kept = [json.loads(row[0])["propensity"] for row in database_file.execute("SELECT result FROM scores")]
    assert sorted(kept) == sorted(propensity for _, propensity in advice[:36] if propensity is not None)


def test_in_a_list(home: Path, advice: list[tuple[str, float | None]], tmp_path: Path) -> None:
    """A list has the column."""
    out = tmp_path / "scored.csv"
    score_list(Releases(home).open(), home / "leads.csv", out, AS_OF, Wanted())
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["recommendation"], float(row["propensity"])) for row in rows] == advice


def test_in_sql_and_in_frames(home: Path, advice: list[tuple[str, float | None]]) -> None:
    """The printed SELECT and a data frame have the same."""
    frame, card = pd.DataFrame(RAW), Releases(home).open()
    scored = leadledger.score_frame(card, frame, AS_OF)
    assert list(scored[SHOWN].itertuples(index=False, name=None)) == advice
    query = leadledger.to_sql(card, AS_OF, source="frame", columns=dict.fromkeys(RAW[0], "VARCHAR"), keep=["lead_id"])
    ordered = f"SELECT {', '.join(SHOWN)} FROM ({query}) ORDER BY CAST(lead_id[2:] AS INTEGER)"
    assert duckdb.execute(ordered).fetchall() == advice


@pytest.mark.slow
def test_in_a_table(home: Path, advice: list[tuple[str, float | None]]) -> None:
    """A table of PostgreSQL gets the column."""
    with server() as url, database(url) as db:
        db.execute(f"CREATE TABLE leads ({', '.join(f'{column} text' for column in RAW[0])}, PRIMARY KEY (lead_id))")
        with db.cursor() as cursor:
            marks = ", ".join(["%s"] * len(RAW[0]))
            cursor.executemany(f"INSERT INTO leads VALUES ({marks})", [list(lead.values()) for lead in RAW])
        score_table(Releases(home).open(), url, "leads", "scores", AS_OF)
        shown = db.execute(f"SELECT {', '.join(SHOWN)} FROM scores ORDER BY substr(lead_id, 2)::int").fetchall()
    assert shown == advice


def test_in_words() -> None:
    """`explain` says why the lead is promoted, and the card in words whom a stage draws."""
    card = build_untrained(parse_card(CARD))
    leads = ({"lead_id": f"L{i}", "need": "yes", "budget": "1"} for i in range(100))
    drawn = next(lead for lead in leads if leadledger.score(card, lead, AS_OF).recommendation.verdict == "promote")
    assert "Chosen at random, to learn what becomes of leads below the threshold: 20 of 100" in leadledger.explain(
        card, drawn, AS_OF, 200
    )
    assert "lead: a need, 60.0 points; 20 % at random below the threshold" in card_text(card)
