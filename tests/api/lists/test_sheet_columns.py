"""Sheets of scored lists: the same values as every other output has, in an order and in looks for people."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl  # type: ignore[import-untyped]
import pytest

from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.api.log.export import EXPORT_COLUMNS, export_scores
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.scoring.scorecard import Scorecard, build_untrained

AS_OF = date(2026, 7, 1)
CARD = """
name: small
base_rate: 0.1
missing: ["n/a"]
events:
  visit: {fields: {seconds: {kind: number}}}
fields:
  id: {kind: id}
  need: {kind: text, ask: "Which problem?"}
  budget: {kind: number, ask: "What budget?", format: "1.234,56"}
  seen: {kind: date}
  visits: {kind: number, is: "count(visit, 30 days)"}
axes: {fit: {grades: {A: 5}}, engagement: {grades: {1: 5}}}
criteria:
  need: {met: "need = 'urgent'"}
rules:
  - {name: urgent, when: need = 'urgent', points: 12.5, reason: "Urgent, they say"}
  - {name: rich, when: budget >= 1e4, points: 5, reason: Rich}
  - {name: poor, when: budget < 100, points: -3, reason: Poor}
  - {name: visits, each: visit, points: 2, within: 30 days, reason: Visits}
  - {name: seen, when: days_since(seen) <= 30, points: 8, half_life: 7 days of seen, reason: Seen lately}
stages: [{name: lead}, {name: opportunity, requires: [need], points: 60}]
"""
WITHOUT_EVENTS = "\n".join(
    line for line in CARD.splitlines() if "visit" not in line and not line.startswith(("events", "axes"))
)
LEADS = """id,need,budget,seen,created,note
007,urgent,"20.000,5",2026-06-30,2026-06-30T10:00:00Z,=1+1
12345678901234567890,,n/a,2026-06-01 08:30:00,x,+47 1
+3,clear,50,,y,"two
lines"
L4,clear,lots,,z,bad
-5,urgent,,1899-05-01,,@x
"""
EVENTS = """lead,kind,time,id
007,visit,2026-06-29,1
007,visit,2026-06-30,2
+3,visit,2026-06-30,3
"""


@pytest.fixture
def card(tmp_path: Path) -> Scorecard:
    """A card with a field of each kind; the list and the events lie beside it."""
    (tmp_path / "leads.csv").write_text(LEADS, encoding="utf-8")
    (tmp_path / "events.csv").write_text(EVENTS, encoding="utf-8")
    return build_untrained(parse_card(WITHOUT_EVENTS))


@pytest.fixture
def event_card(card: Scorecard) -> Scorecard:
    """The same with events and axes."""
    return build_untrained(parse_card(CARD))


def read_sheet(path: Path) -> list[dict[str, Any]]:
    """The rows of a sheet as records, in the order of its columns."""
    names, *rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file as records."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_as_csv(value: Any) -> str:
    """A cell as CSV has it, up to the form of numbers and days."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return str(value).removesuffix(" 00:00:00")
    return "" if value is None else str(value)


def number_or_text(text: str) -> float | str:
    """What a cell of CSV holds, up to the form of numbers; German ones are those of the card."""
    if text.startswith("0") and text[1:2].isdigit():
        return text
    try:
        return float(text.replace(".", "").replace(",", ".") if "," in text else text)
    except ValueError:
        return text


@pytest.mark.slow
@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"explain": True},
        {"explain": True, "top": 2},
        {"explain": True, "prefix": "l_"},
        {"columns": ("note", "score", "budget", "id")},
        {"where": "budget < 100"},
        {"best_first": True, "only": ("nurture", "ask")},
    ],
    ids=lambda wanted: "-".join(wanted) or "all",
)
@pytest.mark.parametrize("has_events", [False, True], ids=["", "events"])
def test_a_sheet_has_the_values_of_csv(
    card: Scorecard, event_card: Scorecard, tmp_path: Path, wanted: dict[str, Any], has_events: bool
) -> None:
    """Whatever is wanted of the list: the same rows in the same order, and in each the same values."""
    wanted = {**wanted, **({"events": tmp_path / "events.csv"} if has_events else {})}
    card = event_card if has_events else card
    for ending in ("csv", "xlsx"):
        score_list(card, tmp_path / "leads.csv", tmp_path / f"out.{ending}", AS_OF, Wanted(**wanted))
    expected, rows = read_csv(tmp_path / "out.csv"), read_sheet(tmp_path / "out.xlsx")
    assert len(rows) == len(expected) > 0
    for row, values in zip(rows, expected, strict=True):
        assert {name: number_or_text(write_as_csv(row[name])) for name in values} == {
            name: number_or_text(value) for name, value in values.items()
        }
        assert set(row) - set(values) == ({f"{wanted.get('prefix', '')}reasons"} if "explain" in wanted else set())


def test_a_sheet_can_be_scored_again(card: Scorecard, tmp_path: Path) -> None:
    """Numbers and days that became cells are read as what they were."""
    score_list(card, tmp_path / "leads.csv", tmp_path / "out.xlsx", AS_OF)
    score_list(card, tmp_path / "out.xlsx", tmp_path / "again.csv", AS_OF, Wanted(prefix="again_"))
    rows = read_csv(tmp_path / "again.csv")
    assert [float(row["points"]) for row in rows] == [float(row["again_points"]) for row in rows]
    assert [row["id"] for row in rows] == ["007", "12345678901234567890", "+3", "-5"]


def test_the_order_and_the_looks(event_card: Scorecard, tmp_path: Path) -> None:
    """What to do and how sure it is stand first, then points, ids and reasons, then the list."""
    wanted = Wanted(explain=True, events=tmp_path / "events.csv")
    score_list(event_card, tmp_path / "leads.csv", tmp_path / "out.xlsx", AS_OF, wanted)
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    names = [cell.value for cell in sheet[1]]
    assert names == [
        *(
            "recommendation",
            "grade",
            "axis_grades",
            "probability",
            "percentile",
            "score",
            "points",
            "fit",
            "engagement",
        ),
        *("id", "reasons", "questions", "need", "budget", "seen", "created", "note", "plus_minus"),
        *("gain_1", "gain_2", "gain_3", "loss_1", "loss_2", "loss_3"),
    ]
    first = dict(zip(names, sheet[2], strict=True))
    assert {name: first[name].number_format for name in ("probability", "points", "score", "budget", "seen", "id")} == {
        "probability": "0.0%",
        "points": "0.0",
        "score": "0",
        "budget": "General",
        "seen": "yyyy-mm-dd",
        "id": "@",
    }
    assert first["reasons"].value == ("Gains by Urgent, they say (+12.5), Seen lately (+7.2) and Rich (+5.0).")
    assert (first["budget"].value, first["seen"].value) == (20000.5, datetime(2026, 6, 30))
    assert (first["note"].value, first["note"].data_type) == ("=1+1", "s")


def test_what_is_no_plain_number_or_day_stays_a_text(card: Scorecard, tmp_path: Path) -> None:
    """A word for nothing, an offset that a cell can't hold, a day before Excel's calendar."""
    score_list(card, tmp_path / "leads.csv", tmp_path / "out.xlsx", AS_OF)
    rows = read_sheet(tmp_path / "out.xlsx")
    assert [row["budget"] for row in rows] == [20000.5, "n/a", 50, None]
    assert [row["seen"] for row in rows] == [datetime(2026, 6, 30), datetime(2026, 6, 1, 8, 30), None, "1899-05-01"]


def test_typed_columns(tmp_path: Path) -> None:
    """Those of Parquet are cells of their kind; what a sheet has no kind for is the text that CSV has."""
    card = build_untrained(parse_card("name: c\nfields: {id: {kind: id}, n: {kind: number}}\nstages: [{name: lead}]"))
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 42::BIGINT AS id, 0.1::FLOAT AS n, 12.50::DECIMAL(9, 2) AS price, true AS flag,"
            " DATE '2026-05-01' AS day, TIMESTAMP '2026-05-01 10:30:00.250' AS moment, 9007199254740993 AS long,"
            " 'nan'::DOUBLE AS none, DATE '1750-01-01' AS old, DATE 'infinity' AS never, [1, 2] AS list,"
            " {'a': 1} AS record, INTERVAL 3 DAY AS span, TIME '10:30:00' AS time, '\\xAA'::BLOB AS bytes,"
            " 3::UTINYINT AS small)"
            f" TO '{tmp_path / 'leads.parquet'}' (FORMAT parquet)"
        )
    for ending in ("csv", "xlsx"):
        score_list(card, tmp_path / "leads.parquet", tmp_path / f"out.{ending}", AS_OF)
    (row,), (texts,) = read_sheet(tmp_path / "out.xlsx"), read_csv(tmp_path / "out.csv")
    assert (row["id"], row["n"], row["price"], row["flag"], row["small"]) == ("42", 0.1, 12.5, True, 3)
    assert (row["day"], row["moment"]) == (datetime(2026, 5, 1), datetime(2026, 5, 1, 10, 30, 0, 250_000))
    for name in ("long", "none", "old", "never", "list", "record", "span", "time", "bytes"):
        assert row[name] == texts[name], name


def test_a_list_that_has_a_column_of_reasons(card: Scorecard, tmp_path: Path) -> None:
    """It keeps it, and the sentences get another name."""
    (tmp_path / "leads.csv").write_text("id,need,Reasons\n1,urgent,mine\n", encoding="utf-8")
    score_list(card, tmp_path / "leads.csv", tmp_path / "out.xlsx", AS_OF, Wanted(explain=True))
    (row,) = read_sheet(tmp_path / "out.xlsx")
    assert (row["Reasons"], row["reasons_2"]) == ("mine", "Gains by Urgent, they say (+12.5).")


def test_widths_fit_what_is_there(card: Scorecard, tmp_path: Path) -> None:
    """A column is as wide as its longest value or its name, up to a limit; signs of two cells count as two."""
    (tmp_path / "leads.csv").write_text(f"id,a,b,c,d\n1,,{'x' * 20},{'x' * 500},{'東' * 10}\n", encoding="utf-8")
    score_list(card, tmp_path / "leads.csv", tmp_path / "out.xlsx", AS_OF)
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    widths = {cell.value: sheet.column_dimensions[cell.column_letter].width for cell in sheet[1]}
    assert [widths[name] for name in ("a", "b", "c", "d", "probability")] == [6, 23, 48, 23, 15]


def test_a_text_that_no_cell_holds(card: Scorecard, tmp_path: Path) -> None:
    """The list is refused as a sheet, and no file is written; without the column it can be written."""
    (tmp_path / "leads.csv").write_text(f"id,note\n1,{'x' * 40_000}\n", encoding="utf-8")
    with pytest.raises(DataError) as refused:
        score_list(card, tmp_path / "leads.csv", tmp_path / "out.xlsx", AS_OF)
    assert str(refused.value) == (
        f"{tmp_path / 'out.xlsx'}: column 'note' has a text of 40,000 characters in row 2, and a cell of Excel holds"
        " 32,767; write .csv or .parquet, or leave the column out"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.csv", "leads.csv"]
    score_list(card, tmp_path / "leads.csv", tmp_path / "out.xlsx", AS_OF, Wanted(columns=("id", "score")))
    assert read_sheet(tmp_path / "out.xlsx") == [{"id": "1", "score": 50}]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz", "jsonl", "parquet", "xlsx"])
def test_rejects_are_what_their_name_says(card: Scorecard, tmp_path: Path, ending: str) -> None:
    """As the scores are: the same rejects in every kind of file."""
    rejects = tmp_path / f"bad.{ending}"
    score_list(card, tmp_path / "leads.csv", tmp_path / "out.csv", AS_OF, Wanted(rejects=rejects))
    if ending == "xlsx":
        rows = read_sheet(rejects)
    else:
        with duckdb.connect() as connection:
            delimiter = "\t" if ending == "tsv" else ","
            reader = {"jsonl": "read_json", "parquet": "read_parquet"}.get(ending)
            source = (
                f"{reader}('{rejects}')" if reader else f"read_csv('{rejects}', header = true, delim = '{delimiter}')"
            )
            table = connection.execute(f"FROM {source}").fetchall()
            names = [column[0] for column in connection.description or ()]
            rows = [dict(zip(names, values, strict=True)) for values in table]
    assert rows == [
        {
            "row": 4,
            "column": "budget",
            "value": "lots",
            "reason": "'lots' is not a number; write it like 25000, 2.5 or 1e6",
        }
    ]


def test_an_exported_log_is_a_sheet(tmp_path: Path) -> None:
    """Its points are numbers."""
    row = {**dict.fromkeys(EXPORT_COLUMNS), "id": "0012", "tenths": 505, "score": 50, "result": json.dumps({"a": 1})}
    assert export_scores([row], tmp_path / "log.xlsx") == 1
    (cells,) = read_sheet(tmp_path / "log.xlsx")
    assert (cells["id"], cells["points"], cells["score"], cells["result"]) == ("0012", 50.5, 50, '{"a": 1}')
