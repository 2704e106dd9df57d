"""A list scored by Spark, from files to files and from a DataFrame to a DataFrame; whole lists on a cluster."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import mode
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as arrow  # type: ignore[import-untyped]
import pytest
from click.testing import CliRunner
from pyarrow import parquet

from leadledger import load, score_frame
from leadledger.api.cli.commands import cli
from leadledger.api.lists import spark_session
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.spark import score_folder
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.bins import NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.cases import build_declared
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import DataError, PrinterError, ScoringError
from leadledger.scoring.field import Field
from leadledger.scoring.lookup import Table
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects import spark as dialect
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Card, Learned, Scorecard, build_untrained
from tests import spark
from tests.api.lists import noted_values

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

AS_OF = date(2026, 1, 31)
CARD = build_untrained(
    parse_card(
        """
name: small
fields:
  id: {kind: id}
  employees: {kind: number, ask: How many?}
  country: {kind: text, values: [NO, SE]}
  city: {kind: text, from: {crm: "it's `a` {b}; DROP TABLE x --"}}
  seen: {kind: date}
  asked: {kind: flag}
rules:
  - {name: big, when: employees > 50, points: 20, reason: Big}
  - {name: near, when: country = 'NO', points: 10, reason: "It's {near}"}
  - {name: fresh, when: days_since(seen) <= 30, points: 5, reason: Fresh}
  - {name: warm, when: asked, points: 2, reason: Asked}
  - {name: town, when: "city = 'a\\\\b''c'", points: 1, reason: Town}
"""
    )
)
# Spark compiles a statement on each worker, and the one of an example takes much longer; README.md scores by
# such a one, and test_backends_agree.py compares it with Python.
STAGED = """
name: staged
base_rate: 0.2
fields:
  id: {kind: id}
  employees: {kind: number, ask: How many?}
  country: {kind: text, values: [NO, SE], ask: Where?}
  seen: {kind: date}
  asked: {kind: flag}
criteria: {country: {met: "country in ('NO', 'SE')"}}
rules:
  - {name: big, when: employees > 50, points: 20, reason: Big}
  - {name: fresh, when: days_since(seen) <= 90, points: 5, reason: Fresh}
  - {name: warm, when: asked, points: 2, reason: Asked}
stages: [{name: contact}, {name: lead, requires: [country], points: 56}]
"""
HOSTILE = "it's `a` {b}; DROP TABLE x --"
slow = pytest.mark.slow
# Settings of a session that differ from those of a new one.
OTHERWISE = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.parser.escapedStringLiterals": "true",
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "America/St_Johns",
}


@pytest.fixture
def session(spark_local: str) -> Iterator[SparkSession]:
    """A session within the process."""
    with spark.session(spark_local) as started:
        yield started


def read(folder: Path) -> list[dict[str, Any]]:
    """The rows of a folder that Spark has written, in the order of their ids; those of CSV as texts."""
    kind = "csv" if ".csv" in folder.name else "parquet"
    scan = f"read_csv('{folder}/*.csv', all_varchar = true)" if kind == "csv" else f"read_parquet('{folder}/*.parquet')"
    rows = duckdb.execute(f"FROM {scan} ORDER BY ALL")
    names = [column[0] for column in rows.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


@slow
def test_the_cases_of_the_examples(session: SparkSession, tmp_path: Path) -> None:
    """The cases of each example card, those of one day, come out as in Python; test_events_agree.py tries events."""
    cards = [build_declared(load(path).card) for path in sorted(Path("examples").glob("*/card.yaml"))]
    for card in (card for card in cards if not card.card.events):
        columns = {column: "VARCHAR" for case in card.card.cases for column in case.lead}
        day = mode(case.as_of for case in card.card.cases)  # each takes seconds, and changes a literal
        cases = [case for case in card.card.cases if case.as_of == day]
        texts = [
            {column: None if case.lead.get(column) is None else str(case.lead[column]) for column in columns}
            for case in cases
        ]
        named = [{"case": case.name, **lead} for case, lead in zip(cases, texts, strict=True)]
        file = tmp_path / f"{card.card.name}.parquet"
        schema = arrow.schema([(column, arrow.string()) for column in ("case", *columns)])
        parquet.write_table(arrow.Table.from_pylist(named, schema), file)
        session.read.parquet(str(file)).createOrReplaceTempView("cases")
        query = Query(day, "cases", columns, keep=["case"], checks=True)
        rows = {row["case"]: row for row in session.sql(sql.select(card, query, "spark")).collect()}
        for case in cases:
            result = get_engine(card).score(case.lead, day)
            row = rows[case.name]
            assert (row["ll:total"], row["recommendation"]) == (result.tenths, result.recommendation.verdict), case


AWKWARD = [
    "",
    "it's",
    "\\",
    "\\'",
    "'; DROP TABLE leads; --",
    '"',
    "`",
    "two\nlines",
    "\0",
    "\x0b\x7f",
    "é",
    "$",
    "{x}",
]
AWKWARD += ["${spark.app.name}", "%s", "\\u0041", "--", "/*"]


@slow
def test_awkward_texts_and_names_are_data(spark_local: str) -> None:
    """A text is a literal that comes back as it was, and a name a name, whatever a session makes of a backslash."""
    for settings in ({}, OTHERWISE):
        with spark.session(spark_local, **settings) as session:
            names = [text for text in AWKWARD if text and "${" not in text]
            selected = [f"{dialect.text(text)} AS t{i}" for i, text in enumerate(AWKWARD)]
            selected += [f"1 AS {dialect.name(name)}" for name in names]
            (row,) = session.sql(f"SELECT {', '.join(selected)}").collect()
            assert list(row)[: len(AWKWARD)] == AWKWARD
            assert list(row.asDict())[len(AWKWARD) :] == names


@pytest.mark.parametrize("name", ["", "${spark.app.name}", "a${b"])
def test_a_name_that_spark_would_change_is_refused(name: str) -> None:
    """Spark would put the value of a setting in its place."""
    with pytest.raises(PrinterError, match="Spark can't be asked for a name like"):
        dialect.name(name)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("pyspark.pandas.frame", r"a frame of pandas on Spark can't be scored; give its .to_spark\(\)"),
        ("pyspark.sql.connect.dataframe", "a DataFrame of Spark Connect can't be scored"),
    ],
)
def test_frames_that_only_look_like_it(module: str, words: str) -> None:
    """A frame of a kind that nobody has tried is refused."""
    with pytest.raises(DataError, match=words):
        score_frame(CARD, type("DataFrame", (), {"__module__": module})(), AS_OF)


@slow(seconds=45)
def test_a_list_becomes_a_folder(spark_master: str, tmp_path: Path) -> None:
    """The command scores a folder of CSV on the cluster: each row as DuckDB scores it, rejects with their reasons."""
    rows_of_list = [
        f"L{i},{'many' if i % 31 == 5 else i % 97},{('NO', 'SE', '')[i % 3]},2026-0{1 + i % 9}-11,{i % 3 == 0}\n"
        for i in range(200)
    ]
    header = "id,employees,country,seen,asked\n"
    (tmp_path / "leads.csv").write_text(header + "".join(rows_of_list), "utf-8")
    (tmp_path / "leads").mkdir()
    for i in range(3):
        part = "".join(rows_of_list[i::3]) + ("L1,2\n" if i == 1 else "")
        (tmp_path / "leads" / f"{i}.csv").write_text(header + part, "utf-8")
    card = str(tmp_path / "card.yaml")
    Path(card).write_text(STAGED, "utf-8")
    options = ["--card", card, "--as-of", "2026-07-01", "--explain", "--where", "employees > 20", "--prefix", "ll_"]
    options += ["--only", "promote,ask,nurture", "--json"]
    places = [str(tmp_path / "leads"), "-o", str(tmp_path / "out.parquet")]
    run = CliRunner().invoke(cli, ["score", *places, "--engine", "spark", "--master", spark_master, *options])
    assert (run.exit_code, run.stderr) == (0, ""), run.output
    result = json.loads(run.stdout)
    wanted = Wanted(explain=True, where="employees > 20", only=("promote", "ask", "nurture"), prefix="ll_")
    expected = score_list(
        load(Path(card)), tmp_path / "leads.csv", tmp_path / "other.parquet", date(2026, 7, 1), wanted
    ).to_dict()
    changed = ("rows", "rejected", "out", "rejects", "seconds")
    assert {k: v for k, v in result.items() if k not in changed} == {
        k: v for k, v in expected.items() if k not in changed
    }
    assert (result["rows"], result["rejected"]) == (201, expected["rejected"] + 1) == (201, 8)
    assert len(result["recommendations"]) > 2
    rows = duckdb.execute(f"SELECT * EXCLUDE (ll_questions) FROM '{tmp_path}/other.parquet' ORDER BY ALL")
    names = [column[0] for column in rows.description or ()]
    expected_rows = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    for row, expected_row in zip(read(tmp_path / "out.parquet"), expected_rows, strict=True):
        assert row.pop("ll_probability") == pytest.approx(expected_row.pop("ll_probability"), rel=1e-12)
        assert row == expected_row
    rejects = read(tmp_path / "out.rejects.csv")
    assert len({row["file"] for row in rejects}) > 1
    broken = [row for row in rejects if row["column"] is None]
    assert [(row["value"], row["id"]) for row in broken] == [("L1,2", None)]
    with (tmp_path / "other.rejects.csv").open(encoding="utf-8", newline="") as file:
        reasons = sorted((reject["column"], reject["value"], reject["reason"]) for reject in csv.DictReader(file))
    assert sorted((row["column"], row["value"], row["reason"]) for row in rejects if row not in broken) == reasons
    left = {path.name for path in tmp_path.iterdir()}
    left.remove("card.yaml")
    assert left == {"leads", "leads.csv", "out.parquet", "out.rejects.csv", "other.parquet", "other.rejects.csv"}


@slow
def test_texts_and_names_come_through_as_they_are(spark_local: str, tmp_path: Path) -> None:
    """Quotes, line ends, braces and white space in names and texts are data, from Parquet to CSV and back."""
    texts = ["a\\b'c", 'q"q', "two\nlines", " x ", "${spark.app.name}", "#x", "\r", "a,b;c\td", "é𝄞", ""]
    odd = ['{x} "; --', "Staff", "a.b", "${env:HOME}"]
    days = [datetime(2026, 1, 1, 23, 30, tzinfo=UTC), *[None] * 9]
    table = arrow.table(
        {
            "id": list(range(10)),
            HOSTILE: texts,
            **{column: texts[::-1] for column in odd},
            "employees": arrow.array([51.0, float("inf"), float("nan"), -0.0, *[None] * 6]),
            "seen": arrow.array(days, arrow.timestamp("us", "UTC")),
        }
    )
    parquet.write_table(table, tmp_path / "leads.parquet")
    result = score_folder(
        CARD, str(tmp_path / "leads.parquet"), str(tmp_path / "out.csv"), AS_OF, Wanted(), master=spark_local
    )
    assert (result.rows, result.scored, result.rejected, result.duplicates) == (10, 9, 1, 0)
    rows = {int(row["id"]): row for row in read(tmp_path / "out.csv")}
    assert sorted(rows) == [0, 2, 3, 4, 5, 6, 7, 8, 9]
    for i, row in rows.items():
        assert (row[HOSTILE] or "") == texts[i]
        assert {row[column] or "" for column in odd} == {texts[9 - i]}
    assert rows[0]["score"] == "76"
    (reject,) = read(tmp_path / "out.rejects.csv")
    assert reject["file"].endswith("/leads.parquet")
    assert (reject["row"], reject["id"], reject["column"], reject["value"]) == ("2", "1", "employees", "inf")
    assert reject["reason"] == "inf is not a finite number"


@slow
def test_words_for_nothing_new_values_and_odd_days_are_said(spark_local: str, tmp_path: Path) -> None:
    """The notes are those that a list has anywhere else."""
    leads = [dict(zip(noted_values.COLUMNS, row, strict=True)) for row in noted_values.ROWS]
    parquet.write_table(arrow.Table.from_pylist(leads), tmp_path / "leads.parquet")
    result = score_folder(
        noted_values.CARD, str(tmp_path / "leads.parquet"), str(tmp_path / "out.parquet"), AS_OF, master=spark_local
    )
    assert result.notes == noted_values.NOTES
    assert result.unseen == noted_values.UNSEEN


@slow
def test_a_frame_becomes_a_frame(spark_local: str) -> None:
    """A DataFrame of any types comes back with its scores, in whatever way the session is set."""
    leads = arrow.table(
        {
            "id": ["a", "b", "c", "d"],
            HOSTILE: ["a\\b'c", "x", "", "{y}"],
            "employees": arrow.array([Decimal("50.10"), Decimal("1.00"), None, Decimal("60.00")]),
            "country": [" no ", "SE", "XX", None],
            "seen": arrow.array([datetime(2026, 1, 1, 20, tzinfo=UTC), None, None, None], arrow.timestamp("us", "UTC")),
            "asked": arrow.array([1, 0, None, 2], arrow.int8()),
            "other.column": [[1], [2], [], None],
        }
    )
    expected = score_frame(CARD, leads, AS_OF, keep=["id", "other.column"], explain=True).to_pylist()
    for settings in ({}, OTHERWISE):
        with spark.session(spark_local, **settings) as session:
            frame = session.createDataFrame(leads)
            scored = score_frame(CARD, frame, AS_OF, keep=["id", "other.column"], explain=True)
            assert scored.columns == list(expected[0])
            rows = [row.asDict() for row in scored.orderBy("id").collect()]
            problems = [row.pop("problem") for row in rows]
            assert problems == [
                None,
                None,
                "country: is not one of: NO, SE",
                "asked: can't be read as yes or no",
            ]
            assert rows == [{k: v for k, v in row.items() if k != "problem"} for row in expected]
            every = score_frame(CARD, frame, AS_OF, prefix="x_")
            assert every.columns[:8] == [*leads.column_names, "x_score"]
            assert every.where("x_problem is not null").count() == 2
            for odd, words in (
                (frame.withColumnRenamed("other.column", "SCORE"), "has a column 'SCORE' already"),
                (frame.drop("country").withColumnRenamed("other.column", "country"), "has the type array<bigint>"),
                (frame.select("`other.column`"), "no column belongs to the card"),
            ):
                with pytest.raises(ScoringError, match=words):
                    score_frame(CARD, odd, AS_OF)


@slow
def test_large_tables_are_compiled(spark_local: str) -> None:
    """A card with seventy tables of many bins is compiled: Spark neither refuses nor interprets it."""
    numbers = {f"n{i}": Field(f"n{i}", "number") for i in range(40)}
    texts = {f"t{i}": Field(f"t{i}", "text") for i in range(30)}
    bins = NumberBins(tuple(float(edge) for edge in range(60)))
    levels = TextBins(tuple(f"level {i}" for i in range(40)))
    zeros = [0] * len(bins)
    tables = [Table(name, bins, tuple(range(len(bins))), tuple(zeros)) for name in numbers]
    tables += [Table(name, levels, tuple(range(len(levels))), tuple([0] * len(levels))) for name in texts]
    card = Scorecard(Card("large", fields=numbers | texts), Learned(terms=tuple(tables)))
    leads = [
        {**{name: str(17 * i % 61) for name in numbers}, **{name: f"Level {i}".lower() for name in texts}}
        for i in range(20)
    ]
    with spark.session(spark_local) as session:
        session.conf.set("spark.sql.optimizer.excludedRules", LOCAL_RULE)
        frame = session.createDataFrame(arrow.Table.from_pylist(leads)).repartition(1)
        points = [row["points"] for row in score_frame(card, frame, AS_OF, keep=[]).collect()]
    assert sorted(points) == sorted(get_engine(card).score(lead, AS_OF).points for lead in leads)


# By which Spark would work out a small table as it plans, without compiling anything.
LOCAL_RULE = "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation"


@slow
def test_what_can_t_be_scored(spark_local: str, tmp_path: Path) -> None:
    """A list that is missing or empty, a place that is taken, a wrong column: each is said, and nothing is left."""
    good = tmp_path / "good.csv"
    good.write_text("id,employees\n1,60\n2,5\n", "utf-8")
    (tmp_path / "empty.csv").write_text("id,employees\n", "utf-8")
    (tmp_path / "other.csv").write_text("a,b\n1,60\n", "utf-8")
    (tmp_path / "twice.csv").write_text("id,id\n1,60\n", "utf-8")
    (tmp_path / "list.xlsx").write_text("x", "utf-8")
    (tmp_path / "bad.parquet").write_text("x", "utf-8")
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "1.csv").write_text("id,employees\n1,60\n", "utf-8")
    (tmp_path / "mixed" / "2.csv").write_text("employees,id\n60,1\n", "utf-8")
    (tmp_path / "there.csv").mkdir()
    (tmp_path / ".half.csv.half").mkdir()
    cases = [
        ("nowhere.csv", "out.csv", {}, "nowhere.csv: there is no such file or folder"),
        ("empty.csv", "out.csv", {}, "empty.csv: has no rows"),
        ("other.csv", "out.csv", {}, "no column belongs to the card 'small', the first is 'a'"),
        ("twice.csv", "out.csv", {}, "twice.csv"),
        ("list.xlsx", "out.csv", {}, "is neither Parquet nor CSV"),
        ("bad.parquet", "out.csv", {}, "Spark: "),
        ("mixed", "out.csv", {}, "Spark: "),
        ("good.csv", "there.csv", {}, "there.csv: already exists; remove it, or name another folder"),
        ("good.csv", "half.csv", {}, "half.csv: another run is writing it, or was stopped halfway"),
        ("good.csv", "no/out.csv", {}, "there is no folder"),
        ("good.csv", "out.csv", {"columns": ("idd",)}, "there is no column 'idd' to write. Did you mean 'id'?"),
    ]
    before = sorted(path.name for path in tmp_path.iterdir())
    for data, out, wanted, words in cases:
        places = str(tmp_path / data), str(tmp_path / out)
        with pytest.raises(DataError) as caught:
            score_folder(CARD, *places, AS_OF, Wanted(**wanted), master=spark_local)  # type: ignore[arg-type]
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)
        assert sorted(path.name for path in tmp_path.iterdir()) == before
    result = score_folder(
        CARD, str(good), str(tmp_path / "out"), AS_OF, Wanted(columns=("score", "id")), master=spark_local
    )
    assert (result.scored, result.rejected) == (2, 0)
    lines = {line for part in (tmp_path / "out").glob("*.csv") for line in part.read_text("utf-8").splitlines()}
    assert lines == {"score,id", "70,1", "50,2"}


@slow
def test_a_session_of_one_s_own_is_left_alone(session: SparkSession, tmp_path: Path) -> None:
    """Where the process has a session, it is neither used nor stopped."""
    with pytest.raises(DataError, match="has a Spark session already; hand its DataFrame to"):
        score_folder(CARD, str(tmp_path), str(tmp_path / "out"), AS_OF)
    assert session.range(3).count() == 3


def test_no_master(tmp_path: Path) -> None:
    """A master that doesn't answer, or whose URL is none, is said in a line, and soon."""
    for url in ("spark://127.0.0.1:1", "spark://nobody", "spark://:99999"):
        with pytest.raises(DataError, match=f"^{url}: the master can't be reached: "):
            score_folder(CARD, str(tmp_path), str(tmp_path / "out"), AS_OF, master=url)


def test_what_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without pyspark, or without a Java, the message says what to install."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(spark_session, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="Spark needs Java 17 or later, and there is none here"):
        score_folder(CARD, str(tmp_path), str(tmp_path / "out"), AS_OF)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(DataError, match=r"scoring with Spark needs pyspark: pip install 'leadledger\[spark\]'"):
        score_folder(CARD, str(tmp_path), str(tmp_path / "out"), AS_OF)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--engine", "spark", "--top", "5"], "--top is not for --engine spark"),
        (["--engine", "spark", "--best-first"], "--best-first is not for --engine spark"),
        (["--engine", "spark", "--events-table", "x"], "--events-table is for tables in PostgreSQL"),
        (["--engine", "spark", "--into", "x"], "--into goes with a URL like postgresql://"),
        (["--master", "local[1]"], "--master goes with --engine spark"),
        (["--engine", "spark", "-o", "-"], "'-' is neither"),
        (["--engine", "flink"], "'flink' is not one of"),
    ],
)
def test_wrong_usage(options: list[str], words: str) -> None:
    """What is not for a cluster is wrong usage."""
    run = CliRunner().invoke(cli, ["score", "leads.csv", "-o", "out.csv", "--card", "card.yaml", *options])
    assert run.exit_code == 2
    assert words in run.output
