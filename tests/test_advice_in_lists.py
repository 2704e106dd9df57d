"""Advice over time in every way by which a list leaves: files, data frames, PostgreSQL, Spark, and the service."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from starlette.testclient import TestClient

from leadledger import score_frame
from leadledger.api.app import create_app
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.postgres import score_table
from leadledger.api.lists.spark import score_folder
from leadledger.api.lists.wanted import Wanted
from leadledger.api.service.settings import Settings
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.errors import DataError
from leadledger.scoring.scorecard import build_untrained
from tests import spark
from tests.postgres import database, server

DAY = date(2026, 3, 16)
TEXT = """
name: lists
fields:
  lead_id: {kind: id}
  worth: {kind: number}
rules: [{name: worth, when: worth >= 1, points: 6, reason: Worth something}]
stages: [{name: contact}, {name: lead, points: 60, hold: {band: 5, days: 14}, cool_down: 30 days}]
"""
CARD = build_untrained(parse_card(TEXT))
PROPERTIES = ("recommendation", "to", "recommended_since", "below_since", "rejected_on")
NAMES = [f"leadledger_{name}" for name in PROPERTIES]
ROWS: list[dict[str, Any]] = [
    dict(zip(("lead_id", "worth", *NAMES), values, strict=True))
    for values in (
        ("a", "1", "promote", "lead", "2026-03-01", "", ""),
        ("b", "0", "promote", "lead", "2026-03-01", "", ""),
        ("c", "0", "promote", "lead", "2026-03-01", "2026-03-02", ""),
        ("d", "0", "demote", "lead", "2026-03-10", "2026-02-10", ""),
        ("e", "1", "promote", "lead", "2026-03-01", "", "2026-03-15"),
        ("f", "1", "", "", "", "", ""),
        ("g", "1", "call them", "lead", "2026-03-01", "", ""),
    )
]
ADVICE = [
    ("promote", date(2026, 3, 1), None),
    ("promote", date(2026, 3, 1), DAY),
    ("demote", DAY, date(2026, 3, 2)),
    ("demote", date(2026, 3, 10), date(2026, 2, 10)),
    ("nurture", DAY, None),
    ("nurture", DAY, None),
]
SHOWN = ["recommendation", "recommended_since", "below_since"]


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    """A list whose last row can't be read."""
    path = tmp_path / "leads.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(ROWS[0]))
        writer.writeheader()
        writer.writerows(ROWS)
    return path


def test_python() -> None:
    """What the lists are held to is what `score` says."""
    results = [score(CARD, row, DAY) for row in ROWS[:-1]]
    assert [(r.recommendation.verdict, r.recommended_since, r.below_since) for r in results] == ADVICE


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl", ".xlsx"])
def test_files(leads: Path, tmp_path: Path, ending: str) -> None:
    """Both days are in a file of each kind; the row that can't be read is rejected, and the counts know `demote`."""
    out = tmp_path / f"out{ending}"
    scored = score_list(CARD, leads, out, DAY)
    assert (scored.scored, scored.rejected, scored.recommendations["demote"]) == (6, 1, 2)
    kinds = {".csv": "read_csv", ".parquet": "read_parquet", ".jsonl": "read_json"}
    if ending == ".xlsx":
        frame = pd.read_excel(out, dtype=str)
        table = "frame"
    else:
        table = f"{kinds[ending]}('{out}')"
    days = ", ".join(f"CAST(nullif(CAST({name} AS VARCHAR), 'NaN') AS DATE)" for name in SHOWN[1:])
    assert duckdb.execute(f"SELECT recommendation, {days} FROM {table}").fetchall() == ADVICE
    if ending == ".parquet":
        kinds_found = duckdb.execute(f"DESCRIBE SELECT {', '.join(SHOWN[1:])} FROM {table}").fetchall()
        assert [row[1] for row in kinds_found] == ["DATE", "DATE"]
    assert ending != ".xlsx" or len(frame) == len(ADVICE)


def test_no_column_is_missed(leads: Path, tmp_path: Path) -> None:
    """A list without any of the fields that remember is no list with fields absent."""
    bare = tmp_path / "bare.csv"
    bare.write_text("lead_id,worth\na,1\n", "utf-8")
    assert score_list(CARD, bare, tmp_path / "out.csv", DAY).fit.absent == ()
    assert list(score_list(CARD, leads, tmp_path / "more.csv", DAY).fit.describe("list")) == []


def test_columns_of_yesterday_need_a_prefix(tmp_path: Path) -> None:
    """A list with columns named as the outputs is refused, with the way out, which works."""
    leads = tmp_path / "leads.csv"
    leads.write_text("lead_id,worth,last_recommendation,recommended_since\na,1,promote,2026-03-01\n", "utf-8")
    with pytest.raises(DataError) as error:
        score_list(CARD, leads, tmp_path / "out.csv", DAY)
    assert str(error.value) == (
        f"{leads}: has a column 'recommended_since' already; give the new ones another name, as in --prefix lead_"
    )
    score_list(CARD, leads, tmp_path / "out.csv", DAY, Wanted(prefix="lead_"))
    ((verdict, since),) = duckdb.execute(
        f"SELECT lead_recommendation, lead_recommended_since FROM read_csv('{tmp_path / 'out.csv'}')"
    ).fetchall()
    assert (verdict, since) == ("promote", date(2026, 3, 1))


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_frames(kind: str) -> None:
    """Data frames get both days as days, missing where a row can't be read."""
    frame: Any = pd.DataFrame(ROWS)
    if kind == "polars":
        frame = pytest.importorskip("polars").DataFrame(ROWS)
    elif kind == "arrow":
        frame = pytest.importorskip("pyarrow").Table.from_pylist(ROWS)
    scored = score_frame(CARD, frame, DAY, keep=["lead_id"])
    rows = scored.to_pylist() if kind == "arrow" else scored.to_dicts() if kind == "polars" else None
    if rows is None:
        rows = scored.astype(object).where(scored.notna(), None).to_dict("records")
    found = [
        tuple(row[name].date() if isinstance(row[name], pd.Timestamp) else row[name] for name in SHOWN) for row in rows
    ]
    assert found == [*ADVICE, (None, None, None)]
    assert "call them" in rows[-1]["problem"]


@pytest.mark.slow
def test_postgresql() -> None:
    """A table of PostgreSQL gets both days as dates."""
    columns = ", ".join(f"{name} text" for name in list(ROWS[0])[1:])
    with server() as url, database(url) as connection:
        connection.execute(f"CREATE TABLE leads (lead_id text PRIMARY KEY, {columns})")
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO leads VALUES ({', '.join(['%s'] * len(ROWS[0]))})",
                [[value or None for value in row.values()] for row in ROWS],
            )
        scored = score_table(CARD, url, "leads", "scores", DAY)
        assert (scored.scored, scored.rejected) == (6, 1)
        rows = connection.execute(f"SELECT {', '.join(SHOWN)} FROM scores ORDER BY lead_id").fetchall()
    assert rows == ADVICE


@pytest.mark.slow
def test_spark(spark_local: str, leads: Path, tmp_path: Path) -> None:
    """A list on Spark, and a frame of it, get both days."""
    score_folder(CARD, str(leads), str(tmp_path / "out.parquet"), DAY, master=spark_local)
    selected = f"SELECT {', '.join(SHOWN)} FROM read_parquet('{tmp_path / 'out.parquet'}/*.parquet') ORDER BY lead_id"
    assert duckdb.execute(selected).fetchall() == ADVICE
    with spark.session(spark_local) as session:
        frame = session.createDataFrame([tuple(row.values()) for row in ROWS], list(ROWS[0]))
        rows = score_frame(CARD, frame, DAY, keep=["lead_id"]).orderBy("lead_id").collect()
    assert [tuple(row[name] for name in SHOWN) for row in rows] == [*ADVICE, (None, None, None)]


def test_over_http(tmp_path: Path) -> None:
    """Answers have both days, as the description says; the card's description says how its stages remember."""
    path = tmp_path / "card.yaml"
    path.write_text(TEXT, "utf-8")
    with TestClient(create_app(Settings(card=path, log="off"))) as client:
        answers = client.post("/v1/score/batch", json={"leads": ROWS[:-1], "as_of": "2026-03-16"}).json()["results"]
        shape = client.get("/openapi.json").json()["components"]["schemas"]
        stage = client.get("/v1/scorecard").json()["stages"][1]
    found = [[item["result"][name] for name in SHOWN] for item in answers]
    assert found == [[verdict, *(day and day.isoformat() for day in days)] for verdict, *days in ADVICE]
    assert set(answers[0]["result"]) <= set(shape["Result"]["properties"])
    assert set(stage) <= set(shape["Stage"]["properties"])
    days = {"hold_band": 5.0, "hold_days": 14, "cool_down_days": 30, "cool_down_unless": ""}
    assert {name: stage[name] for name in days} == days
