"""What a printed SELECT reads and brings back: types, names, filters, and how many columns."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

import leadledger
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError, PrinterError
from leadledger.scoring.scorecard import build_untrained

AS_OF = date(2026, 7, 1)
CARD = build_untrained(
    parse_card(
        """
name: small
fields:
  lead_id: {kind: id}
  employees: {kind: number}
  created: {kind: date}
rules:
  - {name: small, when: employees <= 10, points: 3, reason: Small}
  - {name: fresh, when: days_since(created) <= 3, points: 7, reason: Fresh}
"""
    )
)


@pytest.mark.parametrize(
    ("dialect", "kinds"),
    [
        ("bigquery", ["INT64", "FLOAT64", "STRING(20)", "NUMERIC(10, 2)", "BIGNUMERIC"]),
        ("snowflake", ["NUMBER(38,0)", "FLOAT", "TEXT", "VARCHAR(16777216)", "varchar(10) collate 'en-ci'"]),
        ("postgres", ["int4", "float8", "varchar(20)", "numeric(10, 0)", "citext", "enum", "public.citext"]),
        ("spark", ["BIGINT", "DOUBLE", "STRING COLLATE UTF8_LCASE", "DECIMAL(38,0)"]),
        ("duckdb", ["INTEGER", "UBIGINT", "DECIMAL(18,3)", "TEXT", "HUGEINT", "ENUM('a', 'b')", "VARCHAR"]),
    ],
)
def test_types_by_the_names_of_their_engine(dialect: str, kinds: list[str]) -> None:
    """A number field takes each of an engine's own names of types, in either case."""
    for kind in kinds:
        for name in (kind, kind.lower()):
            leadledger.to_sql(CARD, AS_OF, columns={"employees": name}, dialect=dialect)


@pytest.mark.parametrize(
    ("dialect", "kind", "instant"),
    [
        ("bigquery", "TIMESTAMP", "DATE(`created`, 'UTC')"),
        ("bigquery", "DATETIME", "CAST(`created` AS DATE)"),
        ("snowflake", "TIMESTAMP_TZ(9)", "CONVERT_TIMEZONE('UTC', \"CREATED\")"),
        ("snowflake", "TIMESTAMP_NTZ", 'CAST("CREATED" AS DATE)'),
        ("postgres", "timestamptz", "\"created\" AT TIME ZONE 'UTC'"),
        ("spark", "TIMESTAMP", "unix_seconds(`created`)"),
        ("spark", "TIMESTAMP_NTZ", "CAST(`created` AS DATE)"),
    ],
)
def test_times_by_the_names_of_their_engine(dialect: str, kind: str, instant: str) -> None:
    """A name of a type means what the engine means by it: some TIMESTAMPs are instants."""
    assert instant in leadledger.to_sql(CARD, AS_OF, columns={"created": kind}, dialect=dialect)


@pytest.mark.parametrize(
    ("dialect", "kind", "message"),
    [
        (
            "snowflake",
            "TIMESTAMP",
            "column 'created' has the type TIMESTAMP, which a setting makes one of these; write TIMESTAMP_NTZ,"
            " TIMESTAMP_LTZ or TIMESTAMP_TZ",
        ),
        (
            "bigquery",
            "DATETIMES",
            "column 'created' has the type DATETIMES, which is none that is read in BigQuery; write one of STRING,"
            " INT64, INTEGER, INT, SMALLINT, BIGINT, TINYINT, BYTEINT, FLOAT64, FLOAT, NUMERIC, BIGNUMERIC, DECIMAL,"
            " BIGDECIMAL, BOOL, BOOLEAN, DATE, DATETIME, TIMESTAMP. Did you mean 'DATETIME'?",
        ),
    ],
)
def test_types_that_are_none(dialect: str, kind: str, message: str) -> None:
    """A name that is no type, or that may be one of two, is refused with what to write."""
    with pytest.raises(PrinterError) as caught:
        leadledger.to_sql(CARD, AS_OF, columns={"created": kind}, dialect=dialect)
    assert str(caught.value) == message


@pytest.mark.parametrize("kind", ["INTEGER[]", "STRUCT(a INTEGER)", "BLOB", "JSON[]", "TIME", "ENUM('a')[]"])
def test_types_of_several_values(kind: str) -> None:
    """A list, a struct or bytes hold no single value of a field."""
    with pytest.raises(PrinterError, match=r"^column 'created' has the type .*, which (is none that is read|holds no)"):
        leadledger.to_sql(CARD, AS_OF, columns={"created": kind})


KEPT = "column {!r} can't be kept: the SELECT has a column of this name itself; rename it in the table, or leave it out"


@pytest.mark.parametrize(
    ("dialect", "keep", "message"),
    [
        ("duckdb", ["score"], KEPT.format("score")),
        ("duckdb", ["lead_id", "Grade"], KEPT.format("Grade")),
        ("snowflake", ["SCORE"], KEPT.format("SCORE")),
        ("postgres", ["points"], KEPT.format("points")),
        ("spark", ["lead_id", "lead_id"], "column 'lead_id' is kept twice; name it once"),
    ],
)
def test_two_columns_of_one_name(dialect: str, keep: list[str], message: str) -> None:
    """No SELECT has two columns of one name, of which nobody knows which is meant."""
    with pytest.raises(PrinterError) as caught:
        leadledger.to_sql(CARD, AS_OF, keep=keep, dialect=dialect)
    assert str(caught.value) == message


def test_names_that_differ_in_case() -> None:
    """PostgreSQL tells `Grade` from `grade`; Snowflake tells them apart only where names are quoted."""
    assert '"Grade"' in leadledger.to_sql(CARD, AS_OF, keep=["Grade"], dialect="postgres")
    with pytest.raises(PrinterError) as caught:
        leadledger.to_sql(CARD, AS_OF, keep=["Owner", "owner"], dialect="snowflake")
    assert str(caught.value) == (
        "the columns 'Owner' and 'owner' have one name in Snowflake; if the table has both, print with --quoted-names"
    )
    leadledger.to_sql(CARD, AS_OF, keep=["Owner", "owner"], dialect="snowflake", quoted_names=True)
    with pytest.raises(DataError):
        leadledger.to_sql(CARD, AS_OF, columns={"Employees": "INTEGER", "employees": "INTEGER"}, quoted_names=False)


def test_names_in_quotes() -> None:
    """A table that a program made has its names in small letters: all of them, or only that of the table."""
    query = leadledger.to_sql(CARD, AS_OF, source="crm.leads", keep=["lead_id"], dialect="snowflake", quoted_names=True)
    assert 'FROM "crm"."leads"' in query
    assert 'CAST("employees" AS VARCHAR)' in query
    query = leadledger.to_sql(CARD, AS_OF, source='crm."leads"', dialect="snowflake")
    assert 'FROM "CRM"."leads"' in query
    assert 'CAST("EMPLOYEES" AS VARCHAR)' in query
    with pytest.raises(PrinterError) as caught:
        leadledger.to_sql(CARD, AS_OF, quoted_names=True)
    assert str(caught.value) == "quoted names are for Snowflake: DuckDB finds every name as it is written"


def test_a_filter_beside_from() -> None:
    """A filter in the engine's SQL chooses the rows that are read, before any of the card is worked out."""
    query = leadledger.to_sql(
        CARD, AS_OF, source="crm.leads", row_filter="_PARTITIONDATE >= '2026-01-01' -- this year", dialect="bigquery"
    )
    assert "FROM (SELECT * FROM `crm`.`leads` WHERE _PARTITIONDATE >= '2026-01-01' -- this year\n) AS leads" in query
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE leads (lead_id INTEGER, employees INTEGER, created DATE)")
        connection.execute("INSERT INTO leads SELECT i, i, NULL FROM range(4) AS numbers (i)")
        rows = connection.execute(leadledger.to_sql(CARD, AS_OF, row_filter="lead_id > 1 OR employees = 0")).fetchall()
        assert len(rows) == 3


@pytest.mark.parametrize("row_filter", ["TRUE /* don't ask */", r"'its' <> E'it\'s'"])
def test_a_filter_changes_no_blank_of_a_text(row_filter: str) -> None:
    """DuckDB takes texts behind such a filter for code, where it turns blanks into plain spaces."""
    card = build_untrained(
        parse_card(
            r"""
name: cities
fields:
  city: {kind: text, values: ["New\u00a0York", "Rio\u3000Claro"]}
rules:
  - {name: big, when: "city in ('New\u00a0York', 'Rio\u3000Claro')", points: 10, reason: Big}
"""
        )
    )
    query = leadledger.to_sql(card, AS_OF, columns={"city": "VARCHAR"}, ledger=True, row_filter=row_filter)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE leads AS SELECT unnest(['new york', 'rio claro']) AS city")
        assert [row[-1] for row in connection.execute(query).fetchall()] == [100, 100]


@pytest.mark.parametrize(
    "row_filter", ["a = 1) OR (b = 2", "a = 1) AS x; DROP TABLE leads --", "a = 1; SELECT 2", "a ="]
)
def test_a_filter_that_is_none(row_filter: str) -> None:
    """Half a condition, or more than one, is refused before anybody runs it."""
    with pytest.raises(PrinterError) as caught:
        leadledger.to_sql(CARD, AS_OF, row_filter=row_filter)
    assert str(caught.value) == (
        f"the filter '{row_filter}' is no condition of DuckDB's SQL; write what follows WHERE, as in created_on >="
        " '2026-01-01'"
    )


def many_rules(count: int) -> Any:
    """A card with some rules."""
    rules = "".join(
        f"  - {{name: r{i}, when: employees > {i}, points: {1 if i % 2 else -1}, reason: R}}\n" for i in range(count)
    )
    return build_untrained(parse_card(f"name: many\nfields: {{employees: {{kind: number}}}}\nrules:\n{rules}"))


def test_more_columns_than_postgres_takes() -> None:
    """A SELECT that PostgreSQL could not run is not printed; the message says what to leave out."""
    card = many_rules(900)
    with pytest.raises(PrinterError) as caught:
        leadledger.to_sql(card, AS_OF, dialect="postgres", explain=True)
    assert str(caught.value) == (
        "the SELECT has a step of 1,803 columns, and PostgreSQL takes at most 1,664; leave out --explain or --ledger,"
        " or print a card with fewer rules and tables"
    )
    leadledger.to_sql(card, AS_OF, dialect="postgres")
    leadledger.to_sql(card, AS_OF, dialect="duckdb", explain=True)
