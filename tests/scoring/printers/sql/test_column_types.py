"""Columns of every type, named or not known, in real engines; the cases are tests/cases/column_types.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import duckdb
import psycopg
import pytest

from leadledger.scoring.field import Field
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.cleaning import find_doubtful
from leadledger.scoring.printers.sql.dialects.by_name import DIALECTS
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Card, build_untrained
from tests import spark
from tests.case_files import read_cases
from tests.postgres import database, server

CASES = read_cases("column_types.yaml")
AS_OF = date(2026, 7, 1)
Ask = Callable[[str], Sequence[Any]]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server with types of its own, and a collation for which letters in either case are equal, if it has ICU."""
    with server() as url, database(url) as connection:
        connection.execute("CREATE TYPE land AS ENUM ('NO', 'SE'); CREATE TYPE answer AS ENUM ('yes', 'no')")
        try:
            options = "provider = icu, locale = 'und-u-ks-level2', deterministic = false"
            connection.execute(f"CREATE COLLATION blind ({options})")
        except psycopg.errors.FeatureNotSupported:  # the server is built without ICU: the cases still run
            connection.execute('CREATE COLLATION blind FROM "C"')
        yield url


@contextmanager
def duckdb_table(cases: Sequence[Mapping[str, Any]], zone: str) -> Iterator[Ask]:
    """A row of DuckDB with a column for each case."""
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{zone}'")
        columns = ", ".join(f"f{i} {case['type']}" for i, case in enumerate(cases))
        connection.execute(f"CREATE TABLE leads ({columns})")
        connection.execute(f"INSERT INTO leads VALUES ({', '.join(case['value'] for case in cases)})")

        def ask(query: str) -> Sequence[Any]:
            (row,) = connection.execute(query).fetchall()
            return row

        yield ask


@contextmanager
def postgres_table(url: str, cases: Sequence[Mapping[str, Any]], settings: str) -> Iterator[Ask]:
    """A row of PostgreSQL with a column for each case."""
    with database(url) as connection:
        connection.execute(settings)
        columns = ", ".join(f"f{i} {case.get('create', case['type'])}" for i, case in enumerate(cases))
        connection.execute(f"CREATE TEMP TABLE leads ({columns})")
        connection.execute(f"INSERT INTO leads VALUES ({', '.join(case['value'] for case in cases)})")

        def ask(query: str) -> Sequence[Any]:
            (row,) = connection.execute(query).fetchall()
            return row

        yield ask


def check(dialect: str, cases: Sequence[Mapping[str, Any]], ask: Ask) -> None:
    """Holds each case against what the printed SELECT reads, with its type and without."""
    fields = {f"f{i}": Field(f"f{i}", case["kind"]) for i, case in enumerate(cases)}
    card = build_untrained(Card("cases", fields=fields))
    read_type = DIALECTS[dialect].read_type
    wrong = []
    for named in (True, False):
        types = {f"f{i}": read_type(f"f{i}", case["type"] if named else None) for i, case in enumerate(cases)}
        marks = [f"bad:{column}" for column in find_doubtful(card.card, types, DIALECTS[dialect])]
        row = ask(sql.select_fields(card, Query(AS_OF, columns=types, keep=marks), dialect))
        bad = {mark for mark, value in zip(marks, row, strict=False) if value}
        for i, case in enumerate(cases):
            value = case.get("read")
            is_bad = case.get("bad", False)
            if not named and "unknown" in case:
                value, is_bad = case["unknown"], False
            cleaned = row[len(marks) + i]
            if (f"bad:f{i}" in bad) != is_bad or cleaned != value or type(cleaned) is not type(value):
                wrong.append(f"{'named' if named else 'unknown'}: {case}: {cleaned!r}, {bad & {f'bad:f{i}'}}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Tokyo"])
def test_columns_of_duckdb(zone: str) -> None:
    """A column is read as its type holds it, or by its text, in any session."""
    with duckdb_table(CASES["duckdb"], zone) as ask:
        check("duckdb", CASES["duckdb"], ask)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        "SET timezone = 'Asia/Tokyo'; SET datestyle = 'SQL, DMY'",
        "SET timezone = 'America/Los_Angeles'; SET datestyle = 'Postgres, MDY'; SET standard_conforming_strings = off;"
        " SET escape_string_warning = off",
    ],
)
def test_columns_of_postgres(url: str, settings: str) -> None:
    """A column is read as its type holds it, or by its text, in any session."""
    with postgres_table(url, CASES["postgres"], settings) as ask:
        check("postgres", CASES["postgres"], ask)


@pytest.mark.slow
def test_columns_of_spark(spark_local: str) -> None:
    """A column is read as its type holds it, or by its text, also in a session that is set otherwise than a new one."""
    cases = CASES["spark"]
    settings = {"spark.sql.ansi.enabled": "false", "spark.sql.session.timeZone": "America/Los_Angeles"}
    with spark.session(spark_local, **settings) as session:
        columns = ", ".join(f"CAST({case['value']} AS {case['type']}) AS f{i}" for i, case in enumerate(cases))
        session.sql(f"SELECT {columns}").createOrReplaceTempView("leads")

        def ask(query: str) -> Sequence[Any]:
            (row,) = session.sql(query).collect()
            return tuple(row)

        check("spark", cases, ask)
