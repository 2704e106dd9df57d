"""Paths into columns: `from: custom_fields.need` finds the same values in every way in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet  # type: ignore[import-untyped]
import pytest
from fastapi.testclient import TestClient

import leadledger
from leadledger.api.app import create_app
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.postgres import score_table
from leadledger.api.lists.wanted import Wanted
from leadledger.api.service.settings import Settings
from leadledger.scoring.errors import LeadError
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.history_reader import read_history
from tests import spark
from tests.postgres import database, server

AS_OF = date(2026, 7, 1)
CARD = """
name: paths
fields:
  id: {kind: id}
  need: {kind: text, values: [vague, urgent], from: custom_fields.need}
  budget: {kind: number, from: [custom_fields.money.budget, budget_eur]}
  seen: {kind: date, from: custom_fields.seen}
  interests: {kind: choices, from: custom_fields.interests}
  demo: {kind: flag, from: custom_fields.demo}
rules:
  - {name: urgent, when: need = 'urgent', points: 1, reason: Urgent}
  - {name: rich, when: budget >= 1000, points: 2, reason: Rich}
  - {name: exact, when: budget = 1.2340, points: 4, reason: A typed number}
  - {name: seen, when: days_since(seen) <= 30, points: 8, reason: Seen}
  - {name: crm, when: "has(interests, 'crm')", points: 16, reason: CRM}
  - {name: demo, when: demo, points: -1, reason: Demo}
outcome: {became: {field: won, kind: flag}}
"""
# What the column holds, and the points; None: refused.
LEADS: list[tuple[dict[str, Any] | None, float | None]] = [
    ({"need": "Urgent", "money": {"budget": 1000}, "seen": "2026-06-30", "interests": ["CRM", "erp"]}, 77),
    ({"need": "vague", "money": {"budget": 1.234}, "seen": None, "interests": [], "demo": True}, 53),
    ({"need": None, "money": None, "interests": ["erp"], "demo": False}, 50),
    (None, 50),
    ({"need": "soon"}, None),
]
POINTS = [points for _, points in LEADS]


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Scorecard:
    """A card with paths into a column."""
    path = tmp_path_factory.mktemp("card") / "card.yaml"
    path.write_text(CARD)
    return leadledger.load(path)


def points_of(card: Scorecard, lead: dict[str, Any]) -> float | None:
    """The points of a lead; None where it is refused."""
    try:
        return leadledger.score(card, lead, AS_OF).points
    except LeadError:
        return None


def as_records() -> list[dict[str, Any]]:
    """The leads with their objects."""
    return [{"id": f"L{i}", "custom_fields": fields, "won": "no"} for i, (fields, _) in enumerate(LEADS)]


def as_texts() -> list[dict[str, Any]]:
    """The leads with their objects as JSON."""
    return [
        {**lead, "custom_fields": lead["custom_fields"] and json.dumps(lead["custom_fields"])} for lead in as_records()
    ]


def as_arrow() -> Any:
    """The leads as a table with a struct; what is not in an object is missing."""
    return pa.Table.from_pylist(as_records())


@pytest.mark.parametrize("make", [as_records, as_texts])
def test_a_lead(card: Scorecard, make: Callable[[], list[dict[str, Any]]]) -> None:
    """A lead may hold an object, or its JSON."""
    assert [points_of(card, lead) for lead in make()] == POINTS


def test_the_column_of_the_name_wins(card: Scorecard) -> None:
    """A member with the dot in its own name wins over the path; another name of the field must say the same."""
    assert points_of(card, {"custom_fields.need": "urgent", "custom_fields": {"need": "vague"}}) == 51
    assert points_of(card, {"Custom Fields": {"need": "urgent"}}) == 51
    assert points_of(card, {"budget_eur": 1000, "custom_fields": {"money": {"budget": "1000"}}}) == 52
    with pytest.raises(LeadError, match="'budget' has another value under 'budget_eur'; send one of the two"):
        leadledger.score(card, {"budget_eur": 1, "custom_fields": {"money": {"budget": 1000}}}, AS_OF)
    assert leadledger.score(card, {"custom_fields": {"need": "urgent"}, "x": 1}, AS_OF).ignored == ("x",)
    assert leadledger.score(card, {"custom_fields": "none"}, AS_OF).ignored == ("custom_fields",)


BROKEN = """'{"need": ' is not a JSON object"""


def test_what_is_no_object_is_refused(card: Scorecard, tmp_path: Path) -> None:
    """A text that starts like an object and is none is refused by Python and by SQL."""
    with pytest.raises(LeadError) as caught:
        leadledger.score(card, {"custom_fields": '{"need": '}, AS_OF)
    assert [problem.reason for problem in caught.value.problems] == [BROKEN]
    (tmp_path / "leads.csv").write_text('id,custom_fields\nA,"{""need"": "\nB,plain\nC,\n')
    result = score_list(card, tmp_path / "leads.csv", tmp_path / "out.csv", AS_OF, Wanted())
    assert (result.scored, result.rejected) == (2, 1)
    (reject,) = pd.read_csv(tmp_path / "out.rejects.csv").to_dict("records")
    assert (reject["column"], reject["reason"]) == ("custom_fields", BROKEN)


def write_json_lines(path: Path) -> None:
    """JSON lines with objects."""
    path.write_text("".join(f"{json.dumps(lead)}\n" for lead in as_records()))


def write_csv(path: Path) -> None:
    """A CSV file with JSON in a column."""
    pd.DataFrame(as_texts()).to_csv(path, index=False)


def write_structs(path: Path) -> None:
    """A Parquet file with a struct."""
    pa.parquet.write_table(as_arrow(), path)


FILES = {"leads.jsonl": write_json_lines, "leads.csv": write_csv, "structs.parquet": write_structs}


@pytest.mark.parametrize("name", FILES)
def test_a_list(card: Scorecard, tmp_path: Path, name: str) -> None:
    """JSON lines, a CSV file and a Parquet file give the same points; the output has the columns of the input."""
    FILES[name](tmp_path / name)
    result = score_list(card, tmp_path / name, tmp_path / "out.csv", AS_OF, Wanted())
    assert (result.scored, result.rejected) == (4, 1)
    scored = pd.read_csv(tmp_path / "out.csv")
    assert [*scored.columns][:3] == ["id", "custom_fields", "won"]
    assert [*scored["points"]] == POINTS[:-1]
    assert result.fit.unused == ("won",)
    (reject,) = pd.read_csv(tmp_path / "out.rejects.csv").to_dict("records")
    assert (reject["column"], reject["value"]) == ("custom_fields.need", "soon")


@pytest.mark.parametrize("name", FILES)
def test_a_history(card: Scorecard, tmp_path: Path, name: str) -> None:
    """A history has the values of paths, too."""
    FILES[name](tmp_path / name)
    history = read_history(card.card, tmp_path / name)
    assert history.counts.rejected == 1
    assert [*history.frame["need"]] == ["urgent", "vague", None, None]
    assert [*history.frame["budget"].dropna()] == [1000.0, 1.234]


FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(as_records()),
    "pandas texts": lambda: pd.DataFrame(as_texts()),
    "polars": lambda: pl.from_arrow(as_arrow()),
    "arrow": as_arrow,
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame(card: Scorecard, name: str) -> None:
    """Frames of dicts, of structs and of JSON texts give the same points."""
    scored = leadledger.score_frame(card, FRAMES[name](), AS_OF)
    points = scored["points"].to_pylist() if isinstance(scored, pa.Table) else [*scored["points"]]
    assert [None if value is None or pd.isna(value) else value for value in points] == POINTS
    problems = scored["problem"].to_pylist() if isinstance(scored, pa.Table) else [*scored["problem"]]
    assert problems[-1] == "custom_fields.need: 'soon' is not one of: vague, urgent"


def test_printed_sql(card: Scorecard) -> None:
    """The printed SELECT reads a JSON column, and one of which nobody has said the type."""
    with duckdb.connect() as duck:
        duck.execute("CREATE TABLE leads (id VARCHAR, custom_fields JSON)")
        duck.executemany(
            "INSERT INTO leads VALUES (?, ?)", [[lead["id"], lead["custom_fields"]] for lead in as_texts()]
        )
        for kind in ("JSON", None):
            select = leadledger.to_sql(card, AS_OF, columns={"custom_fields": kind})
            assert [row[1] for row in duck.execute(select).fetchall()] == POINTS


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["jsonb", "json", "text"])
def test_a_table_of_postgresql(card: Scorecard, kind: str) -> None:
    """A json, a jsonb and a text column of PostgreSQL give the same points."""
    with server() as url, database(url) as connection:
        connection.execute(f"CREATE TABLE leads (id text, custom_fields {kind})")
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO leads VALUES (%(id)s, %(custom_fields)s::{kind})", as_texts())
        result = score_table(card, url, "leads", "scores", AS_OF)
        assert (result.scored, result.rejected) == (4, 1)
        rows = connection.execute("SELECT points FROM scores ORDER BY id").fetchall()
        assert [points for (points,) in rows] == POINTS[:-1]
        assert connection.execute('SELECT "column", value FROM scores_rejects').fetchall() == [
            ("custom_fields.need", "soon")
        ]


@pytest.mark.slow
def test_frames_of_spark(spark_local: str, card: Scorecard, tmp_path: Path) -> None:
    """A struct and a JSON text of Spark give the same points."""
    write_structs(tmp_path / "structs.parquet")
    pa.parquet.write_table(pa.Table.from_pylist(as_texts()), tmp_path / "texts.parquet")
    with spark.session(spark_local) as session:
        for name in ("structs", "texts"):
            frame = leadledger.score_frame(card, session.read.parquet(str(tmp_path / f"{name}.parquet")), AS_OF)
            rows = frame.orderBy("id").collect()
            assert [row["points"] for row in rows] == POINTS
            assert rows[-1]["problem"] == "custom_fields.need: is not one of: vague, urgent"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a service with the card."""
    path = tmp_path_factory.mktemp("served") / "card.yaml"
    path.write_text(CARD)
    with TestClient(create_app(Settings(log="off", card=path))) as client:
        yield client


def test_the_service(client: TestClient) -> None:
    """A lead of a request may hold the object of a path; a mistake has the path to its member."""
    for lead, points in zip(as_records(), POINTS, strict=True):
        answer = client.post(f"/v1/score?as_of={AS_OF}", json={"lead": lead})
        if points:
            assert answer.json()["points"] == points
        else:
            (mistake,) = answer.json()["errors"]
            assert mistake["path"] == "$.lead.custom_fields.need"
            assert mistake["reason"] == "'soon' is not one of: vague, urgent"
    record = {"custom_fields": {"need": "urgent"}, "attributes": {"type": "Lead"}}
    assert client.post(f"/v1/score?from=salesforce&as_of={AS_OF}", json=record).json()["points"] == 51


def test_the_documents_of_the_service(client: TestClient) -> None:
    """The contract has the object with the members that are read, also for programs that read nothing newer."""
    for document, kind in (("/openapi.json", ["object", "string", "null"]), ("/openapi-3.0.json", "object")):
        lead = client.get(document).json()["components"]["schemas"]["Lead"]["properties"]["custom_fields"]
        assert lead["type"] == kind
        assert "Holds `need`, `money.budget`, `seen`, `interests`, `demo`." in lead["description"]
