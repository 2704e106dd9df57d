"""Odd days in lists: placeholders and days to come are counted and said; instants need no further package."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from leadledger.api.cli.commands import cli
from leadledger.api.lists.odd_days import find_odd_days
from leadledger.scoring.card.reader import parse_card

CARD = """
name: c
fields:
  lead_id: {kind: id}
  created: {kind: date, missing: [1970-01-01]}
  decision_date: {kind: date}
rules: [{name: new, when: days_since(created) <= 7, points: 3, reason: Is new}]
"""
LIST = """lead_id,created,decision_date
A1,1900-01-01,2031-01-01
A2,2026-01-02,9999-12-31
A3,2031-05-05,2026-08-01
A4,1900-01-01T00:00:00Z,
A5,1970-01-01,
"""
NOTES = [
    "Column 'created' has a placeholder for a day in 2 rows, such as 1900-01-01; if it stands for no day, say"
    " `missing: [1900-01-01]` of its field in the card.",
    "Column 'created' has a day to come in 1 row, such as 2031-05-05, though its field is of the past.",
    "Column 'decision_date' has a placeholder for a day in 1 row, such as 9999-12-31; if it stands for no day, say"
    " `missing: [9999-12-31]` of its field in the card.",
]


def run(*words: object) -> str:
    """What a command prints; it must succeed."""
    result = CliRunner().invoke(cli, list(map(str, words)))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """The card as a file."""
    path = tmp_path / "card.yaml"
    path.write_text(CARD, encoding="utf-8")
    return path


@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_odd_days_are_said(card: Path, tmp_path: Path, out: str) -> None:
    """A list says how many rows have a placeholder for a day, and a day to come in a field of the past."""
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    words = ("score", tmp_path / "list.csv", "-o", tmp_path / out, "--card", card, "--as-of", "2026-07-01", "--json")
    assert json.loads(run(*words))["notes"] == NOTES


def test_only_columns_that_are_written_are_counted() -> None:
    """What isn't read back isn't counted, since the list is not read another time for it."""
    used = {"lead_id": ["lead_id"], "created": ["created"], "decision_date": []}
    assert find_odd_days(parse_card(CARD), used, {"lead_id": "VARCHAR"}, date(2026, 7, 1)).aggregates == []


def test_instants_are_read_without_another_package(card: Path, tmp_path: Path) -> None:
    """Instants of Parquet come to rejects, sheets, checks and explanations, without the package pytz."""
    path = tmp_path / "list.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        instants = "SELECT 'A' || i AS lead_id, TIMESTAMPTZ '2026-06-30 23:30:00Z' + to_days(i) AS created"
        odd = "CASE WHEN i = 2 THEN 'x' ELSE '2026-07-01' END AS decision_date"
        connection.execute(f"COPY ({instants}, {odd} FROM (SELECT CAST(range AS INT) AS i FROM range(3))) TO '{path}'")
    as_of = ("--as-of", "2026-07-01")
    assert "1 rejected" in run("score", path, "-o", tmp_path / "out.xlsx", "--card", card, *as_of)
    assert "x,'x' is not a date" in (tmp_path / "out.rejects.csv").read_text(encoding="utf-8")
    assert "Is new" in run("explain", path, "--row", 1, "--card", card, *as_of)
    assert "is not a date" in run("check", card, path, *as_of)
