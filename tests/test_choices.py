"""Several values of one field: read alike through every way in, asked one by one, learned as one flag a choice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pytest
from fastapi.testclient import TestClient
from openpyxl import Workbook  # type: ignore[import-untyped]  # it ships no types

import leadledger
from leadledger.api.app import create_app
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.postgres import score_table
from leadledger.api.lists.wanted import Wanted
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.choice_flags import name_flags
from leadledger.scoring.errors import LeadError
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Choice, Scorecard
from leadledger.training.runs.train import train
from leadledger.training.runs.training_result import Training
from tests import spark
from tests.postgres import database, server

AS_OF = date(2026, 7, 1)
CARD = """
name: several
fields:
  id: {kind: id}
  interests: {kind: choices, values: [crm, ERP, hr], ask: "Which of them?", from: {dynamics: new_interests}}
  tags: {kind: choices, separator: ","}
rules:
  - {name: crm, when: "has(interests, 'crm')", points: 10, reason: Wants CRM}
  - {name: alone, when: "has(interests, 'crm') and not has(interests, 'erp')", points: 1, reason: CRM alone}
  - {name: vip, when: "has(tags, 'VIP')", points: 4, reason: A VIP}
  - {name: unknown, when: interests is null, points: -7, reason: Nobody asked}
stages: [{name: contact}, {name: lead, points: 60}]
outcome: {became: {field: won, kind: flag}}
"""
# Interests and tags as lists, and the points that they make; None: refused.
LEADS: list[tuple[list[str] | None, list[str] | None, float | None]] = [
    (["crm"], None, 61),
    (["CRM ", "erp"], ["vip", "Berlin"], 64),
    (["hr"], ["no-vip"], 50),
    ([], [], 43),
    (None, ["VIP"], 47),
    (["crm", "scm"], None, None),
]
POINTS = [points for *_, points in LEADS]


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Scorecard:
    """A card with two fields of choices."""
    path = tmp_path_factory.mktemp("card") / "card.yaml"
    path.write_text(CARD)
    return leadledger.load(path)


def points_of(card: Scorecard, lead: dict[str, Any]) -> float | None:
    """The points of a lead; None where it is refused."""
    try:
        return leadledger.score(card, lead, AS_OF).points
    except LeadError:
        return None


FORMS: dict[str, Callable[[list[str], str], Any]] = {
    "text": lambda choices, separator: separator.join(choices),
    "spaced text": lambda choices, separator: f" {f'{separator} '.join(reversed(choices))} ",
    "JSON": lambda choices, separator: json.dumps(choices),
    "list": lambda choices, separator: choices,
    "tuple": lambda choices, separator: tuple(choices),
    "set": lambda choices, separator: set(choices),
    "array": lambda choices, separator: np.array(choices, dtype=object),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_lead(card: Scorecard, form: str) -> None:
    """Choices are one text, JSON, a list, a tuple, a set or an array of NumPy."""
    write = FORMS[form]
    leads = [
        {
            "interests": None if interests is None else write(interests, ";"),
            "tags": None if tags is None else write(tags, ","),
        }
        for interests, tags, _ in LEADS
    ]
    assert [points_of(card, lead) for lead in leads] == POINTS


def as_texts() -> list[dict[str, str | None]]:
    """The leads as a CSV file has them."""
    return [
        {
            "id": f"L{i}",
            "interests": None if interests is None else ";".join(interests),
            "tags": None if tags is None else ",".join(tags),
        }
        for i, (interests, tags, _) in enumerate(LEADS)
    ]


def as_lists() -> list[dict[str, Any]]:
    """The leads as JSON has them."""
    return [{"id": f"L{i}", "interests": interests, "tags": tags} for i, (interests, tags, _) in enumerate(LEADS)]


def write_csv(path: Path) -> None:
    """A CSV file with texts."""
    pd.DataFrame(as_texts()).to_csv(path, index=False)


def write_csv_of_json(path: Path) -> None:
    """A CSV file with lists as JSON."""
    rows = [
        {name: json.dumps(value) if isinstance(value, list) else value for name, value in lead.items()}
        for lead in as_lists()
    ]
    pd.DataFrame(rows).to_csv(path, index=False)


def write_json_lines(path: Path) -> None:
    """JSON lines with lists."""
    path.write_text("".join(f"{json.dumps(lead)}\n" for lead in as_lists()))


def write_parquet(path: Path) -> None:
    """A Parquet file with columns of lists."""
    pl.DataFrame(as_lists()).write_parquet(path)


def write_excel(path: Path) -> None:
    """A workbook with texts."""
    workbook = Workbook()
    assert workbook.active is not None
    workbook.active.append(["id", "interests", "tags"])
    for lead in as_texts():
        workbook.active.append(list(lead.values()))
    workbook.save(path)


FILES = {
    "texts.csv": write_csv,
    "json.csv": write_csv_of_json,
    "leads.jsonl": write_json_lines,
    "lists.parquet": write_parquet,
    "leads.xlsx": write_excel,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_list(card: Scorecard, tmp_path: Path, name: str) -> None:
    """CSV, JSON lines, Parquet with lists and Excel give the same points, and refuse the same lead with its reason."""
    FILES[name](tmp_path / name)
    result = score_list(card, tmp_path / name, tmp_path / "out.csv", AS_OF, Wanted())
    assert (result.rows, result.scored, result.rejected) == (6, 5, 1)
    scored = pd.read_csv(tmp_path / "out.csv").set_index("id")["points"]
    assert [scored.get(f"L{i}") for i in range(len(LEADS))] == POINTS
    (reject,) = pd.read_csv(next(tmp_path.glob("*rejects*"))).to_dict("records")
    assert (reject["column"], reject["reason"]) == ("interests", "'scm' is not one of: crm, ERP, hr")


FRAMES: dict[str, Callable[[], Any]] = {
    "pandas texts": lambda: pd.DataFrame(as_texts()),
    "pandas lists": lambda: pd.DataFrame(as_lists()),
    "pandas arrays": lambda: pd.DataFrame(as_lists()).map(lambda v: np.array(v) if isinstance(v, list) else v),
    "pandas by Arrow": lambda: pa.Table.from_pylist(as_lists()).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda: pl.DataFrame(as_lists()),
    "arrow": lambda: pa.Table.from_pylist(as_lists()),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame(card: Scorecard, name: str) -> None:
    """Frames with texts or with lists give the same points, and say what can't be read."""
    frame = leadledger.score_frame(card, FRAMES[name](), AS_OF)
    match frame:
        case pd.DataFrame():
            rows: list[Any] = frame.to_dict("records")
        case pl.DataFrame():
            rows = frame.to_dicts()
        case _:
            rows = frame.to_pylist()
    points = [None if row["points"] is None or pd.isna(row["points"]) else row["points"] for row in rows]
    assert points == POINTS
    assert rows[-1]["problem"] == "interests: 'scm' is not one of: crm, ERP, hr"


def test_printed_sql_over_lists(card: Scorecard) -> None:
    """The printed SELECT takes columns of lists of texts, and of whole numbers."""
    with duckdb.connect() as duck:
        duck.execute("CREATE TABLE leads (interests VARCHAR[], tags INTEGER[])")
        duck.execute("INSERT INTO leads VALUES (['CRM', NULL], [1, 2]), ([], NULL), (['crm;erp'], []), (NULL, [])")
        select = leadledger.to_sql(card, AS_OF, columns={"interests": "VARCHAR[]", "tags": "INTEGER[]"})
        assert duck.execute(select).fetchall()[0][1] == 61
        assert [row[1] for row in duck.execute(select).fetchall()] == [61, 43, None, 43]


@pytest.mark.slow
def test_a_table_of_postgresql(tmp_path: Path, card: Scorecard) -> None:
    """Arrays of PostgreSQL give the same points as texts."""
    with server() as url, database(url) as connection:
        connection.execute("CREATE TABLE leads (id text, interests text[], tags character varying(20)[])")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO leads VALUES (%(id)s, %(interests)s, %(tags)s)", as_lists())
        result = score_table(card, url, "leads", "scores", AS_OF)
        assert (result.scored, result.rejected) == (5, 1)
        rows = connection.execute("SELECT points FROM scores ORDER BY id").fetchall()
        assert [points for (points,) in rows] == POINTS[:-1]


@pytest.mark.slow
def test_a_frame_of_spark(spark_local: str, card: Scorecard, tmp_path: Path) -> None:
    """Arrays of Spark give the same points, and say what can't be read."""
    write_parquet(tmp_path / "leads.parquet")
    with spark.session(spark_local) as session:
        frame = leadledger.score_frame(card, session.read.parquet(str(tmp_path / "leads.parquet")), AS_OF)
        rows = frame.orderBy("id").collect()
    assert [row["points"] for row in rows] == POINTS
    assert rows[-1]["problem"] == "interests: is not one of: crm, ERP, hr"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a service with the card."""
    path = tmp_path_factory.mktemp("served") / "card.yaml"
    path.write_text(CARD)
    with TestClient(create_app(Settings(log="off", card=path))) as client:
        yield client


def test_the_service(client: TestClient) -> None:
    """A lead of a request may have a list where the field has choices, and nowhere else."""
    for lead, points in zip(as_lists(), POINTS, strict=True):
        answer = client.post(f"/v1/score?as_of={AS_OF}", json={"lead": lead})
        assert answer.status_code == (200 if points else 422)
        if points:
            assert answer.json()["points"] == points
        else:
            (mistake,) = answer.json()["errors"]
            assert (mistake["path"], mistake["reason"]) == (
                "$.lead.interests",
                "'scm' is not one of: crm, ERP, hr",
            )
    for interests in ([["crm"]], [{"a": 1}], [True], [1.5], {"a": 1}):
        assert client.post("/v1/score", json={"lead": {"interests": interests}}).status_code == 422
    assert client.post("/v1/score", json={"lead": {"id": ["a"]}}).status_code == 422


def test_the_documents_of_the_service(client: TestClient) -> None:
    """The contract says that choices are a text or a list; the older documents name the text."""
    lead = client.get("/openapi.json").json()["components"]["schemas"]["Lead"]["properties"]["interests"]
    assert (lead["type"], lead["items"]["type"]) == (
        ["string", "array", "integer", "null"],
        ["string", "integer", "null"],
    )
    assert "Some of: crm, ERP, hr. A list, or a text with ';' between the choices." in lead["description"]
    older = client.get("/openapi-3.0.json").json()["components"]["schemas"]["Lead"]["properties"]["interests"]
    assert (older["type"], "items" in older) == ("string", False)
    assert older["description"].endswith("the service also accepts a list or a whole number.")


LABEL = "@OData.Community.Display.V1.FormattedValue"
RECORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "hubspot": ("hubspot", {"id": "1", "properties": {"interests": "CRM;hr"}}),
    "salesforce": ("salesforce", {"attributes": {"type": "Lead"}, "interests": "CRM;hr"}),
    "dynamics, labels": (
        "dynamics",
        {"@odata.etag": "1", "new_interests": "100,102", f"new_interests{LABEL}": "CRM; HR"},
    ),
    "zoho": ("zoho", {"$approved": True, "interests": ["CRM", "hr"]}),
    "zoho, records": (
        "zoho",
        {"$approved": True, "interests": [{"name": "CRM", "id": "1"}, {"name": "hr", "id": "2"}]},
    ),
    "odoo, pairs": ("odoo", {"interests": [[3, "CRM"], [5, "hr"]]}),
    "odoo, one pair": ("odoo", {"interests": [3, "CRM"]}),
    "odoo, names": ("odoo", {"interests": ["CRM", "hr"]}),
}


@pytest.mark.parametrize("name", RECORDS)
def test_records_of_crms(client: TestClient, name: str) -> None:
    """Each CRM's way to write several choices is read."""
    system, record = RECORDS[name]
    answer = client.post(f"/v1/score?from={system}&as_of={AS_OF}", json=record)
    assert answer.status_code == 200, answer.json()
    assert answer.json()["points"] == 61


def test_options_of_dynamics(client: TestClient, tmp_path: Path) -> None:
    """Without labels, the numbers of Dynamics' options are the choices, in a record and in a webhook."""
    path = tmp_path / "card.yaml"
    path.write_text(
        CARD.replace("[crm, ERP, hr]", '["100", "101"]').replace("'crm'", "'100'").replace("'erp'", "'101'")
    )
    event = {"Attributes": [{"key": "new_interests", "value": [{"Value": 100}, {"Value": 101}]}]}
    webhook = {"InputParameters": [{"key": "Target", "value": event}]}
    with TestClient(create_app(Settings(log="off", card=path))) as options:
        for record in ({"@odata.etag": "1", "new_interests": "101,100"}, webhook):
            answer = options.post(f"/v1/score?from=dynamics&as_of={AS_OF}", json=record)
            assert answer.status_code == 200, answer.json()
            assert answer.json()["points"] == 60


def test_what_answers_could_bring(card: Scorecard) -> None:
    """Choices that nobody knows could be any: the range holds all, and the question is asked."""
    result = leadledger.score(card, {}, AS_OF)
    assert (result.points, result.low, result.high) == (43, 430, 540)
    card = Scorecard(card.card, card.learned)
    known = leadledger.score(card, {"interests": "hr"}, AS_OF)
    assert (known.low, known.high) == (500, 500)


def test_names_of_flags() -> None:
    """The flag of a choice is named after it, in letters that a field may have, and no two alike."""
    flags = name_flags("tags", ["Data & AI", "data-ai", "Ж", "ж!"], ["tags__data_ai"])
    assert list(flags) == ["tags__data_ai_2", "tags__data_ai_3", "tags__choice", "tags__choice_2"]
    assert flags["tags__choice"] == Choice("tags", "Ж")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Training:
    """A history of 1,500 leads in which CRM and VIP matter, learned from."""
    random = np.random.default_rng(3)
    interests = random.random((1500, 3)) < 0.4
    tags = random.random((1500, 2)) < 0.4
    odds = -1.0 + 1.6 * interests[:, 0] + 1.6 * tags[:, 0]
    history = pd.DataFrame(
        {
            # Where nothing is chosen, nothing is known.
            "interests": [list(np.array(["CRM", "erp", "hr"])[row]) for row in interests],
            "tags": [", ".join(np.array(["VIP", f"tag {i}"])[row]) for i, row in enumerate(tags)],
            "won": random.random(1500) < 1 / (1 + np.exp(-odds)),
        }
    )
    path = tmp_path_factory.mktemp("history") / "card.yaml"
    path.write_text(CARD.replace("10, reason", "1, reason").replace("points: 4,", "points: 1,"))
    return train(path, history)


@pytest.mark.slow
def test_each_choice_is_learned_by_itself(trained: Training, tmp_path: Path) -> None:
    """A choice that matters gets its points, listed in the card or not; the release keeps it, and scores alike."""
    assert trained.learned.choices["interests__crm"] == Choice("interests", "crm")
    assert trained.learned.choices["tags__vip"] == Choice("tags", "vip")
    assert not any("tag_1" in name for name in trained.learned.choices)  # too rare
    tables = {term.field: term.points for term in trained.learned.terms if isinstance(term, Table)}
    for name in ("interests__crm", "tags__vip"):
        _, no, yes = tables[name]
        assert yes - no > 100
    assert trained.metrics["rounding_gap"]["largest_points"] < 1
    releases = Releases(tmp_path)
    opened = releases.open(trained.publish(releases, datetime(2026, 7, 1, tzinfo=UTC)))
    assert opened.learned == trained.learned
    lead = {"interests": ["CRM", "hr"], "tags": "vip"}
    result = leadledger.score(opened, lead, AS_OF)
    assert result.points == leadledger.score(trained.scorecard, lead, AS_OF).points
    assert "interests: crm: yes" in [entry.reason for entry in result.ledger]
    with duckdb.connect() as duck:
        duck.execute(
            "CREATE TABLE leads (id VARCHAR, interests VARCHAR, tags VARCHAR);"
            " INSERT INTO leads VALUES ('A', 'CRM;hr', 'vip')"
        )
        (row,) = duck.execute(leadledger.to_sql(opened, AS_OF)).fetchall()
    assert row[1] == result.points
    assert "interests: crm" in leadledger.explain(opened, lead, AS_OF)
