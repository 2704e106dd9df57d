"""BigQuery and Snowflake: printed, parsed and checked as far as that goes without the engines, which nobody has asked.

The SELECT is read by sqlglot's parser of the dialect, its functions are looked up in a list taken from the engine's
documentation, its columns are resolved and typed, and its translation into DuckDB's dialect is run on random leads. The
translation shows that the SELECT says what was meant, as sqlglot understands the dialect; it does not show how the
engine itself folds, casts, compares or rounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

import leadledger
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.errors import PrinterError
from leadledger.scoring.outputs import REASON_COLUMNS, list_names
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.by_name import DIALECTS
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Card, Scorecard, build_untrained
from leadledger.scoring.text_forms import BLANKS, INVISIBLE
from tests.effort import examples
from tests.golden_files import LEARNED, ROOT
from tests.strategies import AS_OF, LEADS, PLAIN, scorecards, scorecards_with_axes
from tests.test_backends_agree import TYPES, Engine, Rows, agree, agree_on_texts, draw_raw_leads, duckdb_rows
from tests.test_reasons_agree import expected

# The functions that the printers may call, each with a page of its own in the engine's reference:
# https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-all
# https://docs.snowflake.com/en/sql-reference/functions-all
DOCUMENTED = {
    "bigquery": """
        ABS CAST CHR COALESCE COLLATE DATE DATE_ADD DATE_DIFF DATE_SUB DIV ENDS_WITH EXP FLOOR GREATEST IS_NAN LEAST
        LENGTH LN NORMALIZE NULLIF OFFSET REGEXP_CONTAINS REGEXP_REPLACE REPLACE SAFE_CAST SQRT
        STARTS_WITH STRPOS SUBSTR TO_JSON_STRING TRANSLATE TRIM
    """,
    "snowflake": """
        ABS ARRAY_CONSTRUCT CAST CHR COALESCE COLLATE CONTAINS CONVERT_TIMEZONE DATEADD DATEDIFF ENDSWITH EXP FLOOR GET
        GREATEST LEAST LEFT LENGTH LN NULLIF REDUCE REGEXP_LIKE REGEXP_REPLACE REPLACE RIGHT SPLIT SQRT STARTSWITH
        SUBSTR TO_DATE TO_VARIANT TRANSLATE TRIM TRY_TO_DATE TRY_TO_DOUBLE TRY_TO_NUMBER TYPEOF
    """,
}
KEYWORDS = {"AND", "AS", "ELSE", "IN", "NOT", "OR", "THEN", "WHEN", "WHERE", "FROM", "SELECT", "BY", "CASE", "WITH"}
OURS = ["raw", "typed", "score"]
COLUMNS = {
    "flag": "BOOLEAN",
    "number": "DECIMAL(10,2)",
    "text": "VARCHAR",
    "date": "TIMESTAMP WITH TIME ZONE",
    "id": "BIGINT",
}


def printed(dialect: str) -> dict[str, str]:
    """SELECTs with all that can be asked, over texts, over columns of other types, and over typed columns."""
    card = Scorecard(read_card(ROOT / "examples" / "b2b-software" / "card.yaml"), LEARNED, "example")
    everything: dict[str, Any] = {"ledger": True, "checks": True, "fields": True, "plus_minus": True, "explain": True}
    fields = card.card.plain_fields
    return {
        "raw": sql.select(
            card, Query(AS_OF, columns={field.name: "VARCHAR" for field in fields}, **everything), dialect
        ),
        "typed": sql.select(
            card, Query(AS_OF, columns={field.name: COLUMNS[field.kind] for field in fields}, **everything), dialect
        ),
        "score": leadledger.to_sql(
            card, AS_OF, source="crm.leads", dialect=dialect, where="employees > 50", ledger=True, explain=True
        ),
    }


@pytest.fixture(params=DOCUMENTED)
def dialect(request: pytest.FixtureRequest) -> str:
    """Each of the two."""
    name: str = request.param
    return name


@pytest.mark.slow
@pytest.mark.parametrize("which", OURS)
def test_it_parses(dialect: str, which: str) -> None:
    """The parser of the dialect knows every word: no bare command, and no function that it takes for the user's own."""
    tree = sqlglot.parse_one(printed(dialect)[which], dialect=dialect)
    assert isinstance(tree, exp.Select)
    assert not list(tree.find_all(exp.Command))
    assert [call.name for call in tree.find_all(exp.Anonymous)] == []


@pytest.mark.parametrize("which", OURS)
def test_every_function_is_documented(dialect: str, which: str) -> None:
    """No function of another engine slips in."""
    bare = re.sub(r"--.*|r?'(?:[^'\\]|\\.|'')*'|`[^`]*`|\"(?:[^\"]|\"\")*\"", " ", printed(dialect)[which])
    called = {name.upper() for name in re.findall(r"\b([A-Za-z_]+)\(", bare.replace(" (", "  ("))}
    assert called - KEYWORDS - set(DOCUMENTED[dialect].split()) == set()
    assert "::" not in bare or dialect == "snowflake"


@pytest.mark.slow
@pytest.mark.parametrize("which", OURS)
def test_every_column_resolves_and_has_a_type(dialect: str, which: str) -> None:
    """Each step finds the columns it asks in the steps before it, and each output has a type."""
    card = read_card(ROOT / "examples" / "b2b-software" / "card.yaml")
    kinds = {"number": "DOUBLE", "text": "VARCHAR", "id": "VARCHAR", "flag": "BOOLEAN", "date": "DATE"}
    if which != "score":
        kinds = dict.fromkeys(kinds, "VARCHAR") if which == "raw" else COLUMNS
    columns = {DIALECTS[dialect].name(field.name): kinds[field.kind] for field in card.plain_fields}
    table: dict[str, Any] = {"crm": {"leads": columns}} if which == "score" else {"leads": columns}
    if dialect == "snowflake" and which == "score":
        table = {'"CRM"': {'"LEADS"': columns}}
    tree = qualify(sqlglot.parse_one(printed(dialect)[which], dialect=dialect), schema=table, dialect=dialect)
    typed = annotate_types(tree, schema=table, dialect=dialect)
    assert isinstance(typed, exp.Select)
    assert len(typed.selects) > 5
    assert [column.alias for column in typed.selects if column.type is None or column.type.is_type("unknown")] == []


def test_it_says_that_it_is_untested(dialect: str) -> None:
    """The first line says so."""
    note = {"bigquery": "not on BigQuery", "snowflake": "untested on the engine"}[dialect]
    for query in printed(dialect).values():
        assert query.split("\n")[0].endswith(note)


def translated(dialect: str) -> Iterator[Rows]:
    """DuckDB, asked in another dialect; plain names come back in small letters."""
    with duckdb_rows() as rows:

        def ask_duckdb(leads: list[dict[str, Any]], types: dict[str, str], query: str) -> list[dict[str, Any]]:
            return rows(leads, types, in_duckdb(query, dialect))

        yield ask_duckdb


def in_duckdb(query: str, dialect: str) -> str:
    """A SELECT in DuckDB's dialect.

    What sqlglot 30 leaves out is done here: a day moved by days is a day in both engines, and a time in DuckDB; lists
    count from 0, and from 1 in DuckDB; the operand of DIV needs brackets where `//` takes its place. Comments are left
    out: sqlglot puts them in `/* */`, where DuckDB takes `--` for the start of one, and then texts for code.
    """
    tree = sqlglot.parse_one(query, dialect=dialect)
    for moved in list(tree.find_all(exp.DateAdd, exp.DateSub)):
        moved.replace(exp.cast(moved.copy(), "DATE"))
    for item in tree.find_all(exp.Bracket):
        item.set("expressions", [at_one(item.expressions[0])])
        item.set("offset", 1)
    for got in tree.find_all(exp.GetExtract):
        got.set("expression", at_one(got.expression))
    for composed in list(tree.find_all(exp.Normalize)):
        composed.replace(exp.func("nfc_normalize", composed.this.copy()))
    for parsed in list(tree.find_all(exp.ParseJSON)):  # a VARIANT of an array, whose items become texts
        items = exp.TryCast(this=parsed.this.copy(), to=exp.DataType.build("JSON"))
        parsed.replace(exp.TryCast(this=items, to=exp.DataType.build("VARCHAR[]", dialect="duckdb")))
    for collated in list(tree.find_all(exp.Collate)):
        collated.replace(collated.this.copy())
    for quotient in tree.find_all(exp.IntDiv):
        quotient.set("this", exp.paren(quotient.this))
    for name in tree.find_all(exp.Identifier):
        if name.name.isupper() and ":" not in name.name:
            name.set("this", name.name.lower())
    return tree.sql("duckdb", comments=False)


def at_one(at: exp.Expression) -> exp.Expression:
    """A position from 0 as one from 1."""
    return exp.paren(at) + 1


@pytest.fixture
def rows(dialect: str) -> Iterator[Rows]:
    """What makes rows of leads."""
    yield from translated(dialect)


@pytest.mark.slow
def test_its_translation_agrees(dialect: str, rows: Rows) -> None:
    """Every entry, the total, the range, the criteria and the recommendation are those of Python, once translated."""
    engine = Engine(dialect, duckdb_rows, 15)

    @settings(max_examples=examples(engine.cards))
    @given(card=scorecards() | scorecards_with_axes(), leads=st.lists(LEADS, min_size=12, max_size=12))
    def every_card(card: Scorecard, leads: list[dict[str, Any]]) -> None:
        agree(card, leads, engine, rows)

    every_card()


@pytest.mark.slow
def test_raw_texts_become_the_same_values(dialect: str, rows: Rows) -> None:
    """A raw text is read, found missing or refused as in Python, once translated."""
    # DuckDB, which stands for the warehouse, has a year 0, and BigQuery has none.
    leads = [lead for lead in draw_raw_leads(15) if not any(text and "0000-" in text for text in lead.values())]
    agree_on_texts(leads, dialect, rows)


@pytest.mark.slow
def test_reasons_agree_with_the_ledger(dialect: str, rows: Rows) -> None:
    """The strongest entries of every lead are those of Python, word for word, once translated."""

    @settings(max_examples=examples(10))
    @given(card=scorecards(), leads=st.lists(LEADS, min_size=6, max_size=6))
    def every_card(card: Scorecard, leads: list[dict[str, Any]]) -> None:
        query = Query(AS_OF, columns={"row": "INTEGER", **TYPES}, keep=["row"], explain=True)
        for lead, row in zip(leads, rows(leads, TYPES, sql.select(card, query, dialect)), strict=True):
            assert tuple(row[name] for name in list_names(REASON_COLUMNS)) == expected(card, lead)

    every_card()


def test_awkward_texts_are_literals(dialect: str) -> None:
    """A quote, a backslash or a control character stays inside of its literal, and comes back as it was."""
    awkward = [
        "",
        "it's",
        "\\",
        "\\'",
        "'; DROP TABLE leads; --",
        "$$",
        "`",
        "tab\there",
        "two\nlines",
        "\0",
        "\x0b\x7f",
        "é",
    ]
    written = DIALECTS[dialect].text
    for text in awkward:
        query = in_duckdb(f"SELECT {written(text)} AS text", dialect)
        with duckdb.connect() as connection:
            assert connection.execute(query).fetchall() == [(text,)]


def test_blanks_stay_in_texts(dialect: str) -> None:
    """The comment at the head changes no sign of a text in the translation."""
    signs = DIALECTS[dialect].text(BLANKS + INVISIBLE)
    query = in_duckdb(f"-- small -- {DIALECTS[dialect].note}\nSELECT '\\n' AS line, {signs} AS text", dialect)
    with duckdb.connect() as connection:
        assert connection.execute(query).fetchall() == [("\n", BLANKS + INVISIBLE)]


def test_names(dialect: str) -> None:
    """A table has up to three parts; Snowflake keeps plain names in capitals, BigQuery refuses what no column has."""
    card = build_untrained(Card("small", fields={"n1": PLAIN["n1"]}))
    query = leadledger.to_sql(card, date(2026, 7, 1), source="my-project.crm.leads", dialect=dialect)
    if dialect == "bigquery":
        assert "FROM `my-project`.`crm`.`leads`" in query
        with pytest.raises(PrinterError, match="BigQuery has no name 'what\\?'"):
            leadledger.to_sql(card, date(2026, 7, 1), dialect=dialect, keep=["what?"])
    else:
        assert 'FROM "my-project"."CRM"."LEADS"' in query
