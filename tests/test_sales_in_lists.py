"""The chance of a sale and the expected value in lists, frames and printed SQL, of releases with steps alone."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.engine.score import score
from leadledger.scoring.errors import PrinterError
from leadledger.scoring.frames.score import score_frame
from leadledger.scoring.outputs import SALE_COLUMNS, SCORE_COLUMNS, list_names
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Scorecard
from tests.scoring.step_cards import CARD, LEARNED, SCORECARD

DAY = date(2026, 11, 24)
ROWS = [
    {"lead_id": "a", "stage": "", "met": "2026-11-10", "need": "urgent", "employees": "300", "deal_size": "12345.67"},
    {"lead_id": "b", "stage": "Lead", "met": "", "need": "none", "employees": "3", "deal_size": ""},
    {"lead_id": "c", "stage": "customer", "met": "", "need": "", "employees": "", "deal_size": "5"},
    {"lead_id": "d", "stage": "opportunity", "met": "", "need": "NONE", "employees": "40", "deal_size": "7000"},
    {"lead_id": "e", "stage": "", "met": "", "need": "", "employees": "many", "deal_size": "1"},
]
WITHOUT = Scorecard(replace(CARD, steps=(), amount=""), replace(LEARNED, steps={}))


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    """A list whose last row can't be read."""
    path = tmp_path / "leads.csv"
    pd.DataFrame(ROWS).to_csv(path, index=False)
    return path


def expected(row: dict[str, str]) -> tuple[float | None, float | None]:
    """What `score` says of a row."""
    sale = score(SCORECARD, row, DAY).sale
    assert sale is not None
    return sale.probability, sale.expected_value


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a scored list."""
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_list_has_both_columns(leads: Path, tmp_path: Path) -> None:
    """Behind the columns of every score stand the two, not rounded; empty where nothing is known."""
    score_list(SCORECARD, leads, tmp_path / "out.csv", DAY)
    rows = read(tmp_path / "out.csv")
    assert list(rows[0])[len(ROWS[0]) :] == list(list_names((*SCORE_COLUMNS, *SALE_COLUMNS)))
    for row, lead in zip(rows, ROWS[:4], strict=True):
        for name, value in zip(list_names(SALE_COLUMNS), expected(lead), strict=True):
            assert (float(row[name]) if row[name] else None) == (None if value is None else pytest.approx(value))
    assert [row["sale_probability"] == "" for row in rows] == [False, False, True, False]
    assert [row["expected_value"] == "" for row in rows] == [False, True, True, False]


def test_a_list_has_the_columns_that_are_wanted(leads: Path, tmp_path: Path) -> None:
    """`--columns` chooses among them; a ledger holds the entries of the score, as ever."""
    wanted = Wanted(columns=("lead_id", "expected_value"), ledger=tmp_path / "ledger.csv", prefix="", explain=True)
    score_list(SCORECARD, leads, tmp_path / "out.csv", DAY, wanted)
    assert list(read(tmp_path / "out.csv")[0]) == ["lead_id", "expected_value"]
    entries = {row["entry"] for row in read(tmp_path / "ledger.csv")}
    assert entries <= {"start", "urgent", "fresh", "small", "interest", "employees"}


def test_a_release_without_steps_adds_no_column(leads: Path, tmp_path: Path) -> None:
    """Its list, frame and SELECT are as before, and what asks it for a sale is refused."""
    score_list(WITHOUT, leads, tmp_path / "out.csv", DAY)
    assert not {"sale_probability", "expected_value"} & set(read(tmp_path / "out.csv")[0])
    assert "sale_probability" not in score_frame(WITHOUT, pd.DataFrame(ROWS), DAY)
    assert "sale" not in sql.to_sql(WITHOUT, DAY)
    with pytest.raises(PrinterError) as error:
        sql.select(WITHOUT, Query(DAY, sale=True))
    assert str(error.value) == "the card 'stages' has learned no steps up to a sale; train it with `steps:`"


def test_a_frame_has_both_columns() -> None:
    """A data frame gets the two, with a prefix too, and nothing where a row can't be read."""
    scored = score_frame(SCORECARD, pd.DataFrame(ROWS), DAY, keep=["lead_id"], prefix="my_", explain=True)
    assert list(scored)[7:9] == ["my_sale_probability", "my_expected_value"]
    for name, values in zip(
        ("my_sale_probability", "my_expected_value"), zip(*map(expected, ROWS[:4]), strict=True), strict=True
    ):
        assert scored[name].astype(object).where(scored[name].notna(), None).tolist() == [
            *(None if value is None else pytest.approx(value) for value in values),
            None,
        ]


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "spark", "bigquery", "snowflake"])
def test_every_dialect_prints_both_columns(dialect: str) -> None:
    """Each dialect has the two columns, and with the ledger the entries of each step."""
    printed = sql.to_sql(SCORECARD, DAY, dialect=dialect, ledger=True)
    for name in ("sale_probability", "expected_value", "step:lead:t:need", "step:customer:total"):
        assert name.lower() in printed.lower()


def test_the_ledger_of_sql_adds_up() -> None:
    """With the ledger, the entries of each step and its start add up to its total."""
    columns = dict.fromkeys(ROWS[0], "VARCHAR")
    query = sql.select(SCORECARD, Query(DAY, columns=columns, ledger=True, checks=True, sale=True))
    with duckdb.connect() as connection:
        frame = pd.DataFrame(ROWS)
        connection.register("leads", frame)
        scored = connection.execute(query).df()
    for stage, step in LEARNED.steps.items():
        of_step = [name for name in map(str, scored) if name.startswith(f"step:{stage}:")]
        entries = [name for name in of_step if not name.endswith(":total")]
        total = scored[entries].fillna(0).sum(axis=1) + step.start
        assert (total[:4] == scored[f"step:{stage}:total"][:4]).all()
