"""Lists scored as arrays: the same files, counts and words as by SQL, whatever a list holds."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as arrow  # type: ignore[import-untyped]
import pyarrow.parquet as parquet  # type: ignore[import-untyped]
import pytest
from hypothesis import strategies as st

from leadledger.api.lists.coded_output import TextWriter
from leadledger.api.lists.csv_blocks import OddText
from leadledger.api.lists.duckdb import _FileRun, score_list
from leadledger.api.lists.value_counts import ValueCounts, count_values
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.arrays.text_numbers import TextNumbers
from leadledger.scoring.bins import TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.lookup import Table
from leadledger.scoring.printers.sql.column_aggregate import ColumnAggregate
from leadledger.scoring.printers.sql.text_counts import PlainTexts
from leadledger.scoring.scorecard import Learned, Scorecard
from tests.effort import draw_examples

AS_OF = date(2026, 7, 1)
CARD = Scorecard(
    parse_card(
        """
name: small
missing: ["n/a"]
grades: {A: 60, B: 50}
fields:
  id: {kind: id, from: {crm: Lead Id}}
  need: {kind: text, values: [vague, clear, urgent]}
  industry: {kind: text}
  budget: {kind: number, ask: What may it cost?}
  seen: {kind: date, ask: When were they last seen?}
  last_call: {kind: date}
criteria:
  need: {met: "need in ('clear', 'urgent')"}
rules:
  - {name: urgent, when: need = 'urgent', points: 12.5, reason: Urgent}
  - {name: rich, when: budget >= 1e4, points: 5, reason: Rich}
  - {name: seen, when: days_since(seen) <= 30, points: 8, half_life: 7 days of seen, reason: Seen lately}
stages: [{name: lead}, {name: opportunity, requires: [need], points: 60}]
"""
    ),
    Learned(
        0.2,
        terms=(Table("industry", TextBins(("Retail",)), (1, -2, 3), (1, 2, 3), (4, 0, 7)),),
        levels={"industry": ("Retail",)},
    ),
)
HEADER = ("Lead Id", "need", "industry", "budget", "seen", "last_call", "row")
NEEDS = ("urgent", "vague", " Clear", "", "maybe", "N/A")
CALLS = ("2026-01-05", "1900-01-01", "2031-05-05", "")
COMMENTS = (
    "",
    "x",
    "a, b",
    'says "no"',
    "two\nlines",
    "#1",
    "ü",
    "=1+1",
    "@a,b",
    "+47 22",
    "-12.5",
    "-1\n",
    "+1,5e3%",
    '-"',
)
ROWS = [
    (
        str(i % 390),
        NEEDS[i % 6],
        ("Retail", "Space", "")[i % 3],
        str(i * 700 % 90_000) if i % 11 else "",
        f"2026-0{1 + i % 6}-{1 + i % 28:02}" if i % 13 else "",
        CALLS[i % 4],
        COMMENTS[i % len(COMMENTS)],
    )
    for i in range(400)
]
BAD = [
    ("400", "urgent", "Retail", "lots", "2026-06-30", "", ""),
    ("", "vague", "", "1", "2026-02-30", "", 'x"y'),
]
BROKEN: list[tuple[str, ...]] = [("402", "urgent"), ("", *ROWS[1]), ("403", *ROWS[1], "two\nlines", "x"), ("#",)]
FILES = [("csv", "csv"), ("semicolons", "tsv"), ("csv", "parquet"), ("parquet", "parquet")]
WANTED = [
    Wanted(),
    Wanted(prefix="lead_"),
    Wanted(where="budget > 5000"),
    Wanted(only=("nurture", "ask")),
    Wanted(columns=("Lead Id", "score", "probability", "recommendation")),
    Wanted(columns=("grade", "row", "points", "Lead Id")),
    Wanted(columns=("row", "score"), where="budget > 5000", only=("promote", "nurture")),
    Wanted(explain=True, prefix="lead_"),
    Wanted(explain=True, columns=("Lead Id", "gain_1", "loss_3", "plus_minus")),
    Wanted(explain=True, guard_formulas=True, prefix="=", columns=("row", "Lead Id", "=gain_1", "=points", "=loss_1")),
    Wanted(explain=True, columns=("questions", "row"), only=("ask", "promote"), where="budget is null"),
]


def write_text(path: Path, rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\n") -> None:
    """A list as text."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
        writer.writerows([HEADER, *rows])


def write_parquet(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """A list as Parquet, in groups of rows, with numbers, days and instants beside texts."""
    columns = {name: [row[i] or None for row in rows] for i, name in enumerate(HEADER)}
    table = arrow.table(columns).set_column(0, "Lead Id", arrow.array([int(row[0] or 0) for row in rows]))
    days = [date.fromisoformat(row[5]) if row[5] else None for row in rows]
    table = table.set_column(5, "last_call", arrow.array(days, arrow.date32()))
    table = table.append_column("changed", arrow.array([datetime(2026, 1, 1)] * len(rows), arrow.timestamp("us")))
    parquet.write_table(table.append_column("share", arrow.array([0.1] * len(rows))), path, row_group_size=150)


def score(data: Path, out: Path, wanted: Wanted) -> tuple[dict[str, Any], list[Any], list[Any], bytes]:
    """The report of a run, what it wrote with the types of its columns, and its rejects."""
    scored = score_list(CARD, data, out, AS_OF, wanted)
    report = {**scored.to_dict(), "seconds": 0, "out": "", "rejects": "", "first": scored.first_rejects}
    rejects = Path(scored.rejects).read_bytes()
    if scored.all_rejected:
        return report, [], [], rejects
    if out.suffix == ".xlsx":
        with zipfile.ZipFile(out) as book:
            return report, book.namelist(), [*map(book.read, book.namelist())], rejects
    item = f"'{out}'" if out.suffix == ".parquet" else f"read_csv('{out}', all_varchar = true, header = true)"
    described = duckdb.execute(f"DESCRIBE FROM {item}").fetchall()
    columns = [(name, kind) for name, kind, *_ in described]
    if out.suffix == ".parquet":
        return report, columns, duckdb.execute(f"FROM {item}").fetchall(), rejects
    with out.open(encoding="utf-8", newline="") as file:
        return report, columns, [*csv.reader(file, delimiter="\t" if out.suffix == ".tsv" else ",")], rejects


def score_both_ways(
    data: Path, folder: Path, ending: str, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """What arrays make of a list, and what SQL makes of it. Fails where the arrays leave the list to SQL."""

    def refuse(*_: object) -> None:
        raise AssertionError("SQL scores the list")

    with monkeypatch.context() as patched:
        patched.setattr("leadledger.api.lists.list_blocks.BLOCK_SIZE", 2_000)
        patched.setattr("leadledger.api.lists.duckdb.FEWEST_BYTES", 0)
        patched.setattr(_FileRun, "_write_by_sql", refuse)
        by_arrays = score(data, folder / f"arrays.{ending}", wanted)
    with monkeypatch.context() as patched:
        patched.setattr("leadledger.api.lists.duckdb.FEWEST_BYTES", 1 << 30)
        by_sql = score(data, folder / f"sql.{ending}", wanted)
    return by_arrays, by_sql


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "ending", "wanted"),
    [
        *((*files, wanted) for files in FILES for wanted in WANTED),
        ("csv", "xlsx", Wanted(explain=True)),  # a sheet is made of Parquet
    ],
)
def test_arrays_write_what_sql_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, ending: str, wanted: Wanted
) -> None:
    """Rows, types, rejects, counts and notes are the same, with repeated ids, odd days, new texts and broken rows."""
    data = tmp_path / f"leads.{'parquet' if kind == 'parquet' else 'csv'}"
    rows: list[tuple[str, ...]] = [*ROWS[:300], *BAD, *ROWS[300:]]
    broken = [] if kind == "parquet" else BROKEN
    if kind == "parquet":
        write_parquet(data, rows)
    else:
        rows = [*rows[:150], *broken[:3], *rows[150:350], *broken[3:], *rows[350:]]
        write_text(data, rows, *((";", "\r\n") if kind == "semicolons" else (",", "\n")))
    by_arrays, by_sql = score_both_ways(data, tmp_path, ending, wanted, monkeypatch)
    assert by_arrays == by_sql
    report = by_arrays[0]
    assert (report["rows"], report["rejected"] > 2, report["duplicate_ids"] > 2) == (402 + len(broken), True, True)
    assert len(report["notes"]) > (0 if wanted.columns else 2)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [ROWS, BAD], ids=["all good", "all bad"])
def test_lists_without_rejects_or_without_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[tuple[str, ...]]
) -> None:
    """A list all of whose rows can be read, and one with none, are as by SQL."""
    data = tmp_path / "leads.csv"
    good = [row for row in rows if row[1] not in ("maybe",)]
    write_text(data, good)
    by_arrays, by_sql = score_both_ways(data, tmp_path, "csv", Wanted(), monkeypatch)
    assert by_arrays == by_sql
    assert by_arrays[0]["rejected"] == (0 if rows is ROWS else len(BAD))


@pytest.mark.slow
def test_numbers_that_a_list_proves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that shows how its numbers are written is scored again by it, as arrays too."""
    data = tmp_path / "leads.csv"
    write_text(
        data, [(*row[:3], budget, *row[4:]) for row, budget in zip(ROWS, ["25.000", "1.000,50"] * 9, strict=False)]
    )
    by_arrays, by_sql = score_both_ways(data, tmp_path, "csv", Wanted(), monkeypatch)
    assert by_arrays == by_sql
    assert any("with a dot for thousands" in note for note in by_arrays[0]["notes"])


@pytest.mark.slow
def test_any_list_comes_out_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of odd values and rows of any length are scored, rejected and counted by arrays as by SQL."""
    odd = [
        "urgent",
        "Retail",
        "1e4",
        "12,5",
        "2026-06-01",
        "",
        '"',
        '""',
        '"a,b"',
        'x"y',
        "ü",
        " ",
        "n/a",
        "\0",
        '"a\nb"',
    ]
    row = st.lists(st.sampled_from(odd), min_size=len(HEADER) - 1, max_size=len(HEADER) + 1).map(",".join)
    plain = st.lists(st.sampled_from(["urgent", "Retail", "7", "2026-06-01", "", '"a,b"']), min_size=7, max_size=7).map(
        ",".join
    )
    lists = st.lists(st.one_of(plain, plain, plain, row), min_size=1, max_size=8)
    for i, (lines, end) in enumerate(draw_examples(st.tuples(lists, st.sampled_from(["\n", "\r\n"])), 30)):
        data = tmp_path / f"{i}.csv"
        data.write_bytes(end.join([",".join(HEADER), *lines, ""]).encode())
        results: list[Any] = []
        for fewest in (0, 1 << 30):
            with monkeypatch.context() as patched:
                patched.setattr("leadledger.api.lists.duckdb.FEWEST_BYTES", fewest)
                try:
                    results.append(score(data, tmp_path / f"out-{i}-{fewest}.csv", Wanted()))
                except Exception as error:  # which must be the same
                    results.append((str(error), [], [], b""))
        assert results[0] == results[1]


def test_floats_are_worded_as_duckdb_words_them(tmp_path: Path) -> None:
    """Python's text of a float is the one that DuckDB writes."""
    numbers = draw_examples(st.floats(allow_nan=False, allow_infinity=False), 500)
    writer = TextWriter(tmp_path / "out.csv", {}, ",")
    writer.close()
    with duckdb.connect() as connection:
        connection.register("floats", arrow.table({"number": numbers}))
        rows = connection.execute("SELECT CAST(number AS VARCHAR) FROM floats").fetchall()
    assert [(writer._quote(number),) for number in numbers] == rows


@pytest.mark.parametrize("waiting", [1, 1_000])
def test_aggregates_of_values(monkeypatch: pytest.MonkeyPatch, waiting: int) -> None:
    """Aggregates give of the values of blocks what they give of rows, also where some were asked early."""
    monkeypatch.setattr("leadledger.api.lists.value_counts.MOST_WAITING", waiting)
    rows = ["a", "b", None, "b", "cc", "b", "a"]
    aggregates = [
        ColumnAggregate("text", "histogram(CASE WHEN text < 'c' THEN text END)", "text < 'c'"),
        ColumnAggregate("text", "min(text) FILTER (WHERE text > 'c')", "text > 'c'"),
        ColumnAggregate("text", "count(*) FILTER (WHERE text = 'z')", "text = 'z'"),
    ]
    with duckdb.connect() as connection:
        connection.register("rows", arrow.table({"text": rows}))
        selected = ", ".join(aggregate.sql for aggregate in aggregates)
        expected = connection.execute(f"SELECT {selected} FROM rows").fetchall()[0]
        counts = ValueCounts(connection, aggregates)
        numbers = TextNumbers()
        counts.add([count_values("text", arrow.array(rows[:2]).dictionary_encode(), None)])
        counts.add([count_values("text", arrow.array(rows[2:4]), None)])
        counts.add([count_values("text", numbers.number(arrow.array(rows[4:5])), None)])
        counts.add([count_values("text", numbers.number(arrow.array(rows[5:])), None)])
        assert tuple(counts.measure()) == expected


@pytest.mark.parametrize("is_numbered", [True, False])
def test_plain_texts_are_not_counted(is_numbered: bool) -> None:
    """Texts that no aggregate counts, by what they are or how they start, are left out before SQL is asked."""
    rows = arrow.array(["level", "apple", "", "pear", None, "pear", "ävar"])
    plain = PlainTexts(frozenset({"level"}) if is_numbered else frozenset(), "al")
    with duckdb.connect() as connection:
        counts = ValueCounts(connection, [ColumnAggregate("text", "histogram(text)", "text <> ''")], {"text": plain})
        column = TextNumbers().number(rows) if is_numbered else rows
        counts.add([count_values("text", column, None, plain)])
        assert counts.measure() == [{"pear": 2, "ävar": 1}]


def test_too_many_values_to_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many values would have to be kept, SQL scores the list."""
    monkeypatch.setattr("leadledger.api.lists.value_counts.MOST_NOTICED", 1)
    with duckdb.connect() as connection:
        counts = ValueCounts(connection, [ColumnAggregate("text", "count(text)", "text IS NOT NULL")])
        counts.add([count_values("text", arrow.array(["a", "b"]), None)])
        with pytest.raises(OddText, match=r"^too many values are to be counted$"):
            counts.measure()
