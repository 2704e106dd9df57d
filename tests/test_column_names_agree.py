"""One lead under many names, through every way in: each gives the same points, or refuses the same two names."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl  # type: ignore[import-untyped]
import pandas as pd
import polars as pl
import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from fastapi.testclient import TestClient
from pyarrow import parquet

import leadledger
from leadledger.api.app import create_app
from leadledger.api.lists.postgres import score_table
from leadledger.api.lists.spark import score_folder
from leadledger.api.service.settings import Settings
from leadledger.scoring.errors import ScoringError, quote
from leadledger.scoring.printers.sql.dialects.postgres import name
from tests.case_files import read_cases
from tests.command_line import run
from tests.postgres import database, server

DAY = date(2026, 1, 31)
CARD = """
name: small
fields:
  lead_id: {kind: id}
  need: {kind: text}
  lead_source: {kind: text}
  employees: {kind: number}
  size: {kind: text, from: Größe}
rules:
  - {name: need, when: need is not null, points: 1, reason: Has a need}
  - {name: source, when: lead_source is not null, points: 2, reason: Comes from somewhere}
  - {name: staff, when: employees is not null, points: 4, reason: Has a staff}
  - {name: size, when: size is not null, points: 8, reason: Has a size}
"""
VALUES = ("urgent", "Web", "500", "12")
CASES = read_cases("column_names.yaml")
Lead = dict[str, str]


class Ways:
    """The ways in; each gives the points of a lead, or raises with the words of the refusal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "card.yaml"
        self.path.write_text(CARD, "utf-8")
        self.card = leadledger.load(self.path)
        self._client = TestClient(create_app(Settings(card=self.path, home=folder, log="off")))

    def python(self, lead: Lead) -> float:
        """One lead in Python."""
        return leadledger.score(self.card, lead, DAY).points

    def explain(self, lead: Lead) -> float:
        """A JSON file."""
        (self.folder / "lead.json").write_text(json.dumps(lead), "utf-8")
        return self._ask("explain", self.folder / "lead.json")["points"]

    def explain_row(self, lead: Lead) -> float:
        """A row of a list."""
        self._write_csv(lead)
        return self._ask("explain", self.folder / "leads.csv", "--row", 1)["points"]

    def csv(self, lead: Lead) -> float:
        """A CSV file."""
        self._write_csv(lead)
        return self._score(self.folder / "leads.csv")

    def excel(self, lead: Lead) -> float:
        """A workbook."""
        book = openpyxl.Workbook()
        for column, (key, value) in enumerate(lead.items(), start=1):
            book.active.cell(1, column).value = key
            book.active.cell(2, column).value = value
        book.save(self.folder / "leads.xlsx")
        return self._score(self.folder / "leads.xlsx")

    def json_lines(self, lead: Lead) -> float:
        """JSON lines."""
        (self.folder / "leads.jsonl").write_text(json.dumps(lead), "utf-8")
        return self._score(self.folder / "leads.jsonl")

    def parquet(self, lead: Lead) -> float:
        """A Parquet file."""
        parquet.write_table(pa.table({key: [value] for key, value in lead.items()}), self.folder / "leads.parquet")
        return self._score(self.folder / "leads.parquet")

    def pandas(self, lead: Lead) -> float:
        """A frame of pandas."""
        return float(leadledger.score_frame(self.card, pd.DataFrame([lead]), DAY)["points"].iloc[0])

    def polars(self, lead: Lead) -> float:
        """A frame of Polars."""
        return float(leadledger.score_frame(self.card, pl.DataFrame([lead]), DAY)["points"][0])

    def arrow(self, lead: Lead) -> float:
        """A table of Arrow."""
        frame = pa.table({key: [value] for key, value in lead.items()})
        return float(leadledger.score_frame(self.card, frame, DAY).column("points")[0].as_py())

    def printed_sql(self, lead: Lead) -> float:
        """The printed SQL."""
        connection = duckdb.connect()
        connection.register("leads", pa.table({key: [value] for key, value in lead.items()}))
        printed = leadledger.to_sql(self.card, DAY, columns=dict.fromkeys(lead, "VARCHAR"))
        return float(connection.sql(f"SELECT points FROM ({printed})").fetchall()[0][0])

    def check(self, lead: Lead) -> float:
        """The rules that `check` counts."""
        self._write_csv(lead)
        rules = self._ask("check", self.path, self.folder / "leads.csv", card=False)["data"]["rules"]
        worth = {"need": 1, "source": 2, "staff": 4, "size": 8}
        return 50.0 + sum(worth[rule] for rule, counts in rules.items() if counts["fires"])

    def service(self, lead: Lead) -> float:
        """A plain lead over HTTP."""
        return self._post({"lead": lead}, "")

    def crm_body(self, lead: Lead) -> float:
        """A record of a CRM over HTTP."""
        return self._post(lead, "&from=salesforce")

    def _post(self, body: Any, query: str) -> float:
        answer = self._client.post(f"/v1/score?as_of={DAY}{query}", json=body)
        if answer.status_code != 200:
            raise ScoringError(answer.json()["errors"])
        return float(answer.json()["points"])

    def _ask(self, command: str, *words: object, card: bool = True) -> Any:
        scorecard = ("--card", self.path) if card else ()
        result = run(command, *words, *scorecard, "--as-of", DAY, "--json")
        if result.exit_code:
            raise ScoringError(result.output)
        return json.loads(result.stdout)

    def _write_csv(self, lead: Lead) -> None:
        with (self.folder / "leads.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([lead.keys(), lead.values()])

    def _score(self, leads: Path) -> float:
        out = self.folder / "out.jsonl"
        self._ask("score", leads, "-o", out, "--columns", "lead_id,points")
        return float(json.loads(out.read_text("utf-8"))["points"])


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Ways:
    """The ways in, for one card."""
    return Ways(tmp_path_factory.mktemp("ways"))


def _expect(case: dict[str, Any], score: Callable[[Lead], float]) -> None:
    lead = {"lead_id": "A1"} | dict(zip(case["names"], VALUES, strict=True))
    if "refused" in case:
        with pytest.raises(ScoringError) as refusal:
            score(lead)
        words = str(refusal.value)
        if "two columns have the name" not in words:  # as readers of files say it, who take blanks off the ends
            unquoted = [quote(column).strip("'\"") for column in case["refused"]]
            assert all(column in words for column in unquoted), words
            assert "two spellings of one name" in words or "is the same name as" in words
    else:
        assert score(lead) == case["points"]


WAYS = [way for way in vars(Ways) if not way.startswith("_")]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=[case["desc"] for case in CASES])
def test_names_are_read_alike(ways: Ways, way: str, case: dict[str, Any]) -> None:
    """A name has its field in each spelling, wherever it comes in; two spellings of one name are refused."""
    _expect(case, getattr(ways, way))


@pytest.fixture(scope="module")
def db() -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """A PostgreSQL server, and a connection to it."""
    with server() as url, database(url) as connection:
        yield url, connection


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=[case["desc"] for case in CASES])
def test_names_in_postgresql(ways: Ways, db: tuple[str, psycopg.Connection[Any]], case: dict[str, Any]) -> None:
    """A table of PostgreSQL is read as a list is."""
    url, connection = db

    def score(lead: Lead) -> float:
        columns = ", ".join(f"{name(column)} text" for column in lead)
        values = ", ".join(["%s"] * len(lead))
        connection.execute("DROP TABLE IF EXISTS leads, scores, scores_rejects")
        connection.execute(f"CREATE TABLE leads ({columns})".encode())
        connection.execute(f"INSERT INTO leads VALUES ({values})".encode(), list(lead.values()))
        score_table(ways.card, url, "leads", "scores", DAY)
        ((points,),) = connection.execute("SELECT points FROM scores").fetchall()
        return float(points)

    _expect(case, score)


@pytest.mark.slow
def test_names_on_spark(ways: Ways, spark_local: str, tmp_path: Path) -> None:
    """A list on Spark is read as a list is."""

    def score(lead: Lead) -> float:
        leads = tmp_path / f"{abs(hash(tuple(lead)))}.parquet"
        parquet.write_table(pa.table({key: [value] for key, value in lead.items()}), leads)
        score_folder(ways.card, str(leads), f"{leads}.scores", DAY, master=spark_local)
        return float(pd.read_parquet(f"{leads}.scores")["points"].iloc[0])

    for case in CASES[::5]:  # each starts a session
        _expect(case, score)
