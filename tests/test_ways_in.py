"""The same leads through every way in: the same points, recommendation and entries, or the same refusal."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pandas as pd
import polars as pl
import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

import leadledger
from leadledger.api.app import create_app
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.postgres import score_table
from leadledger.api.lists.wanted import Wanted
from leadledger.api.service.settings import Settings
from leadledger.scoring.errors import LeadError
from leadledger.scoring.printers.sql.dialects.postgres import name
from leadledger.scoring.result import Result
from tests import spark
from tests.awkward_leads import AS_OF, CARD, VALUES, Lead, list_every_value, lists_of_leads
from tests.command_line import run
from tests.effort import examples
from tests.postgres import database, server

# What becomes of a lead: points and recommendation, or the fields and reasons of its refusal.
Fate = tuple[float, str] | frozenset[tuple[str, str]]


def fate_of_row(points: float, recommendation: str | None) -> Fate:
    """The fate of a scored lead."""
    return round(float(points), 1), recommendation or ""


class Ways:
    """The ways in; each gives the fates of leads, in their order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "card.yaml"
        self.path.write_text(CARD, "utf-8")
        self.card = leadledger.load(self.path)

    def python(self, leads: Sequence[Lead]) -> list[Fate]:
        """One lead after the other, in Python: what all others are held against."""
        return [self.read_one(lead) for lead in leads]

    def read_one(self, lead: Mapping[str, Any]) -> Fate:
        """A lead in Python."""
        try:
            result = leadledger.score(self.card, lead, AS_OF)
        except LeadError as error:
            return frozenset((problem.path.removeprefix("$."), problem.reason) for problem in error.problems)
        return self.fate_of(result)

    def fate_of(self, result: Result) -> Fate:
        """The fate of a lead, by its result."""
        return fate_of_row(result.points, result.recommendation.verdict)

    def commas(self, leads: Sequence[Lead]) -> list[Fate]:
        """A CSV file with commas and the quotes that it needs."""
        return self.score_file(self.write_csv(leads))

    def semicolons(self, leads: Sequence[Lead]) -> list[Fate]:
        """A CSV file with semicolons, as a sheet writes it."""
        return self.score_file(self.write_csv(leads, delimiter=";", lineterminator="\r\n"))

    def quoted_tabs(self, leads: Sequence[Lead]) -> list[Fate]:
        """A file with tabs, and each value in quotes."""
        return self.score_file(self.write_csv(leads, delimiter="\t", quoting=csv.QUOTE_ALL))

    def standard_input(self, leads: Sequence[Lead]) -> list[Fate]:
        """Standard input."""
        text = self.write_csv(leads).read_text("utf-8")
        out = self.folder / "out.jsonl"
        result = run("score", "-", "-o", out, "--card", self.path, "--as-of", AS_OF, stdin=text)
        assert result.exit_code == 0 or "none can be scored" in result.output
        return self.read_scores(len(leads))

    def json_lines(self, leads: Sequence[Lead]) -> list[Fate]:
        """JSON lines."""
        (self.folder / "leads.jsonl").write_text("".join(f"{json.dumps(lead)}\n" for lead in leads), "utf-8")
        return self.score_file(self.folder / "leads.jsonl")

    def parquet(self, leads: Sequence[Lead]) -> list[Fate]:
        """A Parquet file."""
        parquet.write_table(pa.Table.from_pylist(list(leads)), self.folder / "leads.parquet")
        return self.score_file(self.folder / "leads.parquet")

    def pandas(self, leads: Sequence[Lead]) -> list[Fate]:
        """A frame of pandas."""
        return self.score_frame(pd.DataFrame(leads), lambda frame: frame.astype(object).to_dict("records"))

    def polars(self, leads: Sequence[Lead]) -> list[Fate]:
        """A frame of Polars."""
        return self.score_frame(pl.DataFrame(leads), lambda frame: frame.to_dicts())

    def excel(self, leads: Sequence[Lead]) -> list[Fate]:
        """A sheet of texts."""
        book = openpyxl.Workbook()
        for row, values in enumerate([list(leads[0]), *(list(lead.values()) for lead in leads)], start=1):
            for column, value in enumerate(values, start=1):
                cell = book.active.cell(row, column)
                cell.value, cell.data_type = value, "s"  # `=1+1` is no formula
        book.save(self.folder / "leads.xlsx")
        return self.score_file(self.folder / "leads.xlsx")

    def write_csv(self, leads: Sequence[Lead], **dialect: Any) -> Path:
        """A file of a dialect."""
        path = self.folder / "leads.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, **dialect)
            writer.writerow(leads[0])
            writer.writerows(lead.values() for lead in leads)
        return path

    def score_file(self, path: Path) -> list[Fate]:
        """A list of any kind, scored by DuckDB."""
        scored = score_list(self.card, path, self.folder / "out.jsonl", AS_OF, Wanted())
        return self.read_scores(scored.rows)

    def read_scores(self, rows: int) -> list[Fate]:
        """The fates of the rows of a list: scored ones in their order, the others by their number."""
        refused: dict[int, set[tuple[str, str]]] = {}
        with (self.folder / "out.rejects.csv").open(encoding="utf-8", newline="") as file:
            for reject in csv.DictReader(file):
                refused.setdefault(int(reject["row"]), set()).add((reject["column"], reject["reason"]))
        out = self.folder / "out.jsonl"
        lines = out.read_text("utf-8").splitlines() if len(refused) < rows else []  # rejects alone: no output
        scored = iter([fate_of_row(row["points"], row["recommendation"]) for row in map(json.loads, lines)])
        fates = [frozenset(refused[i]) if i in refused else next(scored) for i in range(1, rows + 1)]
        assert next(scored, None) is None
        return fates

    def score_frame(self, frame: Any, list_rows: Callable[[Any], list[dict[str, Any]]]) -> list[Fate]:
        """A frame; a problem is its columns and reasons in one text."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = list_rows(leadledger.score_frame(self.card, frame, AS_OF))
        return [
            frozenset({("", row["problem"])})
            if isinstance(row["problem"], str)
            else fate_of_row(row["points"], row["recommendation"])
            for row in rows
        ]


LISTS = [Ways.commas, Ways.semicolons, Ways.quoted_tabs, Ways.json_lines, Ways.parquet, Ways.pandas, Ways.polars]


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Ways:
    """The ways in, for one card."""
    return Ways(tmp_path_factory.mktemp("ways"))


def as_text(fate: Fate) -> Fate:
    """A refusal as frames word it, all in one text."""
    if isinstance(fate, tuple):
        return fate
    return frozenset({("", "; ".join(sorted(f"{column}: {reason}" for column, reason in fate)))})


def sorted_parts(fate: Fate, columns: Sequence[str]) -> Fate:
    """As `as_text`, for the text of a frame, whose parts stand in the order of the card."""
    if isinstance(fate, tuple):
        return fate
    ((_, text),) = fate
    starts = sorted(at for column in columns if (at := find_start(text, column)) >= 0)
    parts = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    return frozenset({("", "; ".join(sorted(part.removesuffix("; ") for part in parts)))})


def find_start(text: str, column: str) -> int:
    """Where in the text of a frame the problem of a column begins; -1: it has none."""
    if text.startswith(f"{column}: "):
        return 0
    at = text.find(f"; {column}: ")
    return at + 2 if at >= 0 else at


@pytest.mark.slow
@pytest.mark.parametrize("way", LISTS, ids=lambda way: way.__name__)
def test_every_value_is_read_as_of_a_lead(ways: Ways, way: Callable[[Ways, list[Lead]], list[Fate]]) -> None:
    """Each awkward value of each field is read, or refused, in a list as in a lead by itself."""
    _expect(ways, way, list_every_value())


@pytest.mark.slow
@pytest.mark.parametrize("way", LISTS, ids=lambda way: way.__name__)
@given(leads=lists_of_leads())
@settings(max_examples=examples(15))
def test_lists_are_read_as_leads_are(
    ways: Ways, way: Callable[[Ways, list[Lead]], list[Fate]], leads: list[Lead]
) -> None:
    """Each row of a list has the fate that the lead has by itself."""
    _expect(ways, way, leads)


@pytest.mark.parametrize("way", [Ways.standard_input, Ways.excel], ids=lambda way: way.__name__)
@pytest.mark.slow
def test_every_value_of_a_costly_list_is_read_as_of_a_lead(
    ways: Ways, way: Callable[[Ways, list[Lead]], list[Fate]]
) -> None:
    """So is each value of standard input and of a workbook."""
    _expect(ways, way, list_every_value())


@pytest.mark.parametrize("way", [Ways.standard_input, Ways.excel], ids=lambda way: way.__name__)
@pytest.mark.slow
@given(leads=lists_of_leads())
@settings(max_examples=examples(15))
def test_costly_lists_are_read_as_leads_are(
    ways: Ways, way: Callable[[Ways, list[Lead]], list[Fate]], leads: list[Lead]
) -> None:
    """So do the rows of standard input and of a workbook."""
    _expect(ways, way, leads)


def _expect(ways: Ways, way: Callable[[Ways, list[Lead]], list[Fate]], leads: list[Lead]) -> None:
    fates, expected = way(ways, leads), ways.python(leads)
    if way in (Ways.pandas, Ways.polars):
        fates, expected = [sorted_parts(fate, list(leads[0])) for fate in fates], list(map(as_text, expected))
    assert fates == expected


@pytest.fixture(scope="module")
def client(ways: Ways) -> Iterator[TestClient]:
    """A client of a service with the card."""
    with TestClient(create_app(Settings(log="off", card=ways.path, home=ways.folder))) as client:
        yield client


@given(leads=lists_of_leads())
@settings(max_examples=examples(30))
def test_requests_are_read_as_leads_are(ways: Ways, client: TestClient, leads: list[Lead]) -> None:
    """A request has the points and the recommendation of the lead in Python, or its reasons."""
    for lead in leads:
        answer = client.post("/v1/score", json={"lead": lead, "as_of": str(AS_OF)})
        if answer.status_code == 200:
            assert fate_of_row(answer.json()["points"], answer.json()["recommendation"]) == ways.read_one(lead)
        else:
            expected = ways.read_one(lead)
            assert isinstance(expected, frozenset), answer.text
            assert {error["reason"] for error in answer.json()["errors"]} == {reason for _, reason in expected}


@given(leads=lists_of_leads(), row=st.integers(0, 5))
@settings(max_examples=examples(15))
def test_explain_reads_what_score_reads(ways: Ways, leads: list[Lead], row: int) -> None:
    """`explain` gives the same result, or the same reasons, for a lead in JSON and for its row of a list."""
    lead = leads[row % len(leads)]
    (ways.folder / "lead.json").write_text(json.dumps(lead), "utf-8")
    sources = [(ways.folder / "lead.json",), (ways.write_csv(leads), "--row", row % len(leads) + 1)]
    for source in sources:
        answer = run("explain", *source, "--card", ways.path, "--as-of", AS_OF, "--json")
        fate = ways.read_one(lead)
        if isinstance(fate, tuple):
            assert answer.exit_code == 0, answer.output
            result = json.loads(answer.stdout)
            assert fate_of_row(result["points"], result["recommendation"]) == fate
        else:
            assert answer.exit_code == 1
            assert all(reason in answer.output for _, reason in fate), answer.output


TYPED = [
    None,
    True,
    False,
    0,
    1,
    1.0,
    2,
    12.5,
    1000,
    1e3,
    999,
    -0.0,
    1e300,
    2**60,
    [],
    ["crm"],
    ["crm", "erp"],
    [1],
    "",
]
TYPED += ["25.000,00", "vague", 20260630, 1782777600000, 151.0]


@given(st.dictionaries(st.sampled_from(list(VALUES)), st.sampled_from(TYPED), min_size=2, max_size=5))
@settings(max_examples=examples(50))
def test_typed_values_are_read_as_in_a_lead(ways: Ways, client: TestClient, values: dict[str, Any]) -> None:
    """A value that JSON has types for is the same in a request and in a lead; in a line of a list it is a text."""
    lead = {"lead_id": "L1"} | values
    fate = ways.read_one(lead)
    answer = client.post("/v1/score", json={"lead": lead, "as_of": str(AS_OF)})
    if isinstance(fate, tuple):
        assert fate_of_row(answer.json()["points"], answer.json()["recommendation"]) == fate
    else:
        # A request refuses a list in words of its own.
        assert {error["path"].removeprefix("$.lead.") for error in answer.json()["errors"]} == {
            name for name, _ in fate
        }


@pytest.fixture(scope="module")
def db() -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """A PostgreSQL server, and a connection to it."""
    with server() as url, database(url) as connection:
        yield url, connection


@pytest.mark.slow
@given(leads=lists_of_leads())
@settings(max_examples=examples(30))
def test_tables_are_read_as_leads_are(ways: Ways, db: tuple[str, psycopg.Connection[Any]], leads: list[Lead]) -> None:
    """Each row of a table of PostgreSQL has the fate that the lead has by itself."""
    url, connection = db
    columns = ", ".join(f"{name(column)} text" for column in leads[0])
    values = ", ".join(["%s"] * len(leads[0]))
    connection.execute("DROP TABLE IF EXISTS leads, scores, scores_rejects")
    connection.execute(f"CREATE TABLE leads ({columns})".encode())
    for lead in leads:
        connection.execute(f"INSERT INTO leads VALUES ({values})".encode(), list(lead.values()))
    score_table(ways.card, url, "leads", "scores", AS_OF)
    scored = connection.execute("SELECT lead_id, points, recommendation FROM scores").fetchall()
    fates: dict[str, Fate] = {id: fate_of_row(points, verdict) for id, points, verdict in scored}
    refused: dict[str, set[tuple[str, str]]] = {}
    for id, column, reason in connection.execute('SELECT id, "column", reason FROM scores_rejects').fetchall():
        refused.setdefault(id, set()).add((column, reason))
    fates |= {id: frozenset(reasons) for id, reasons in refused.items()}
    expected = {lead["lead_id"]: ways.read_one(lead) for lead in leads}
    assert {id.strip(" \u00a0"): fate for id, fate in fates.items()} == {
        id.strip(" \u00a0"): fate for id, fate in expected.items()
    }


@pytest.mark.slow
def test_leads_of_spark_are_read_as_leads_are(ways: Ways, spark_local: str) -> None:
    """Each row of a Spark frame has the fate that the lead has by itself; a refusal names the same columns."""
    with spark.session(spark_local) as session:

        @given(leads=lists_of_leads())
        @settings(max_examples=examples(4))
        def expect(leads: list[Lead]) -> None:
            frame = session.createDataFrame([tuple(lead.values()) for lead in leads], list(leads[0]))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                rows = leadledger.score_frame(ways.card, frame, AS_OF).collect()
            for row, fate in zip(rows, ways.python(leads), strict=True):
                if isinstance(fate, tuple):
                    assert row["problem"] is None, row["problem"]
                    assert fate_of_row(row["points"], row["recommendation"]) == fate
                else:
                    assert all(f"{column}: " in row["problem"] for column, _ in fate), row["problem"]

        expect()
