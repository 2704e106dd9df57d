"""Lists that show how they write their numbers; the cases are tests/cases/number_evidence.yaml."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl  # type: ignore[import-untyped]
import pandas as pd
import polars as pl
import pyarrow as arrow  # type: ignore[import-untyped]
import pytest

from leadledger import score_frame
from leadledger.api.cli.lead_file import WhichLead, read_lead
from leadledger.api.lists.coverage import measure_coverage
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.postgres import score_table
from leadledger.api.lists.spark import score_folder
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.scorecard import build_untrained
from leadledger.training.history_reader import read_history
from tests.case_files import read_cases
from tests.postgres import database, server

AS_OF = date(2026, 7, 1)
CARD = parse_card(
    """
name: evidence
fields:
  id: {kind: id}
  budget: {kind: number}
  revenue: {kind: number}
outcome: {became: {field: won, kind: flag}}
rules:
  - {name: big, when: budget >= 10000, points: 10, reason: Big}
"""
)
SCORECARD = build_untrained(CARD)
CASES = read_cases("number_evidence.yaml")
each_case = pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["what"])


def table(case: Mapping[str, Any]) -> dict[str, list[str]]:
    """The columns of a case."""
    rows = len(case["budget"])
    numbers = {name: case[name] for name in ("budget", "revenue") if name in case}
    return {"id": [f"L{i}" for i in range(rows)], **numbers, "won": (["yes", "no"] * rows)[:rows]}


def records(case: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows of a case."""
    columns = table(case)
    return [{name: values[i] for name, values in columns.items()} for i in range(len(case["budget"]))]


def write_csv(case: Mapping[str, Any], path: Path, delimiter: str) -> Path:
    """A list of texts with a delimiter."""
    rows = records(case)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_excel(case: Mapping[str, Any], path: Path) -> Path:
    """A sheet of texts."""
    book = openpyxl.Workbook()
    assert book.active is not None
    rows = records(case)
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
    book.save(path)
    return path


def write_lines(case: Mapping[str, Any], path: Path) -> Path:
    """JSON lines of texts."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in records(case)), encoding="utf-8")
    return path


def write_parquet(case: Mapping[str, Any], path: Path) -> Path:
    """Parquet with columns of texts."""
    pd.DataFrame(records(case)).to_parquet(path)
    return path


WRITERS: dict[str, Callable[[Mapping[str, Any], Path], Path]] = {
    "leads.csv": lambda case, path: write_csv(case, path, ","),
    "semicolons.csv": lambda case, path: write_csv(case, path, ";"),
    "leads.tsv": lambda case, path: write_csv(case, path, "\t"),
    "leads.xlsx": write_excel,
    "leads.jsonl": write_lines,
    "leads.parquet": write_parquet,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
@each_case
def test_a_file_shows_how_it_writes_numbers(case: Mapping[str, Any], name: str, tmp_path: Path) -> None:
    """A file of any kind is read as its own values prove, is so said, and every other value is rejected."""
    if name.endswith((".xlsx", ".jsonl")) and case.get("texts_only"):
        pytest.skip("among typed numbers, a plain decimal dot shows nothing")
    path = WRITERS[name](case, tmp_path / name)
    scored = score_list(SCORECARD, path, tmp_path / "out.csv", AS_OF)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    big = [rows[id]["points"] == "60.0" if id in rows else None for id in table(case)["id"]]
    assert (big, list(scored.notes)) == (case["big"], case["notes"])
    assert all(rows[row["id"]]["budget"] == row["budget"] for row in records(case) if row["id"] in rows)
    assert scored.rejected == case["big"].count(None)


@pytest.mark.parametrize("options", [{"explain": True}, {"top": 2}, {"ledger": "ledger.csv"}], ids=str)
def test_a_list_is_read_again_whatever_is_wanted(options: dict[str, Any], tmp_path: Path) -> None:
    """Reasons, an order and a ledger rest on the numbers as the list shows them."""
    if "ledger" in options:
        options = {"ledger": tmp_path / "ledger.csv"}
    path = write_csv(CASES["cases"][0], tmp_path / "leads.csv", ";")
    scored = score_list(SCORECARD, path, tmp_path / "out.csv", AS_OF, Wanted(**options))
    assert (scored.rejected, list(scored.notes)) == (0, CASES["cases"][0]["notes"])
    if "ledger" in options:
        assert (tmp_path / "ledger.csv").read_text(encoding="utf-8").count(",big,") == 2


@pytest.mark.slow
@each_case
def test_a_history_and_a_check_show_it_too(case: Mapping[str, Any], tmp_path: Path) -> None:
    """Training, checking and explaining a row read a list as scoring it does."""
    path = write_csv(case, tmp_path / "leads.csv", ";")
    bad, big = case["big"].count(None), case["big"].count(True)
    coverage = measure_coverage(CARD, path, AS_OF, AS_OF)
    assert (coverage.readable, coverage.fires["big"][0]) == (len(case["big"]) - bad, big)
    history = read_history(CARD, path, AS_OF)
    assert (history.counts.rejected, int((history.rules > 0).sum())) == (bad, big)
    assert (history.score(SCORECARD) > 500).sum() == big
    for notes in (coverage.notes, history.notes):
        assert [note for note in notes if " read with a " in note] == case["notes"]
    for row, is_big in enumerate(case["big"], start=1):
        if is_big is not None:
            lead = read_lead(path, SCORECARD, WhichLead(row)).lead
            assert (get_engine(SCORECARD).build_result(lead.values, AS_OF).points == 60) == is_big


@pytest.mark.slow
@pytest.mark.parametrize("library", ["pandas", "texts", "polars", "arrow"])
@each_case
def test_a_frame_shows_it_too(case: Mapping[str, Any], library: str) -> None:
    """A frame of texts is read as its own values prove, and a warning says so."""
    rows = records(case)
    frame: Any = {
        "pandas": lambda: pd.DataFrame(rows, dtype=object),
        "texts": lambda: pd.DataFrame(rows, dtype="string"),
        "polars": lambda: pl.DataFrame(rows),
        "arrow": lambda: arrow.Table.from_pylist(rows),
    }[library]()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scored = score_frame(SCORECARD, frame, AS_OF)
    points = scored.to_pandas()["points"] if library in ("polars", "arrow") else scored["points"]
    assert [None if pd.isna(value) else value == 60 for value in points] == case["big"]
    assert [str(warning.message) for warning in caught] == case["notes"]


def test_typed_numbers_are_what_they_are_and_prove_nothing(tmp_path: Path) -> None:
    """A number of JSON or Excel with three decimals is read, and says nothing of the texts beside it."""
    lines = tmp_path / "leads.jsonl"
    lines.write_text('{"id": "a", "budget": 25.125}\n{"id": "b", "budget": "25.000"}\n{"id": "c", "budget": 12.5}\n')
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["id", "budget"], ["a", 25.125], ["b", "25.000"], ["c", 12.5]):
        book.active.append(row)
    book.save(tmp_path / "leads.xlsx")
    for name in ("leads.jsonl", "leads.xlsx"):
        scored = score_list(SCORECARD, tmp_path / name, tmp_path / "out.csv", AS_OF)
        assert (scored.scored, scored.rejected, scored.notes) == (2, 1, ())
        rejects = (tmp_path / "out.rejects.csv").read_text(encoding="utf-8").splitlines()[1:]
        assert [line.startswith("2,budget,25.000,") for line in rejects] == [True]
    with duckdb.connect() as duck:
        duck.execute(f"COPY (SELECT 'a' AS id, 25.125::DOUBLE AS budget) TO '{tmp_path / 'typed.parquet'}'")
    assert score_list(SCORECARD, tmp_path / "typed.parquet", tmp_path / "out.csv", AS_OF).rejected == 0


@pytest.mark.slow
def test_a_table_of_postgresql_shows_it_too() -> None:
    """A table with texts is read as its own values prove; a numeric column is what it is."""
    with server() as url, database(url) as connection:
        for case in CASES["cases"]:
            rows = records(case)
            columns = ", ".join(f"{name} text" for name in rows[0])
            connection.execute(f"DROP TABLE IF EXISTS leads, scores, scores_rejects; CREATE TABLE leads ({columns})")
            with connection.cursor() as cursor:
                marks = ", ".join(["%s"] * len(rows[0]))
                cursor.executemany(f"INSERT INTO leads VALUES ({marks})", [list(row.values()) for row in rows])
            connection.commit()
            stored = score_table(SCORECARD, url, "leads", "scores", AS_OF)
            points = dict(connection.execute("SELECT id, points FROM scores").fetchall())
            assert [points.get(row["id"]) and points[row["id"]] == 60 for row in rows] == case["big"], case["what"]
            assert list(stored.notes) == case["notes"]
            connection.commit()
        connection.execute("DROP TABLE leads, scores, scores_rejects; CREATE TABLE leads (id text, budget numeric)")
        connection.execute("INSERT INTO leads VALUES ('a', 25.000), ('b', 25000.000), ('c', 'NaN')")
        connection.commit()
        assert score_table(SCORECARD, url, "leads", "scores", AS_OF).rejected == 0


@pytest.mark.slow
def test_a_list_of_spark_shows_it_too(spark_local: str, tmp_path: Path) -> None:
    """A list of Spark is read as its own values prove."""
    for at, case in enumerate(CASES["cases"][5:9:3]):  # each starts a session
        path, out = write_csv(case, tmp_path / f"leads{at}.csv", ";"), tmp_path / f"out{at}.csv"
        scored = score_folder(SCORECARD, str(path), str(out), AS_OF, master=spark_local)
        points: dict[str, str] = {}
        for part in out.glob("*.csv"):
            with part.open(encoding="utf-8", newline="") as file:
                points |= {row["id"]: row["points"] for row in csv.DictReader(file)}
        big = [points[row["id"]] == "60.0" if row["id"] in points else None for row in records(case)]
        assert (big, list(scored.notes)) == (case["big"], case["notes"]), case["what"]
