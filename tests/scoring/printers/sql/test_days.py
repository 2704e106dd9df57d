"""Days in printed SQL: each engine reads them as Python does, in any time zone of the session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import psycopg
import pytest

from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.errors import UnreadableValue
from leadledger.scoring.field import Field
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Card, Scorecard, build_untrained
from tests import spark
from tests.case_files import read_cases
from tests.postgres import database, server

CASES = read_cases("cleaning.yaml")["cases"]
TEXTS = [case for case in CASES if case["kind"] == "date" and isinstance(case["raw"], str)]
SESSIONS = ["America/Los_Angeles", "Asia/Tokyo", "Asia/Kolkata"]
# With summer time in both halves of the world, half hours, and days that were left out; none whose rules are still
# being changed, since engines have lists of zones of their own, of other years.
ZONES = ["UTC", "Europe/Oslo", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland", "America/Sao_Paulo"]
ZONES += ["Australia/Lord_Howe", "Pacific/Apia", "Europe/Dublin"]


def make_card(fields: Mapping[str, Mapping[str, Any]]) -> Scorecard:
    """A card of date fields."""
    made = {
        name: Field(
            name,
            "date",
            day_format=more.get("day_format", ""),
            time_zone=more.get("time_zone", "UTC"),
            missing=tuple(more.get("missing", ())),
        )
        for name, more in fields.items()
    }
    return build_untrained(Card("days", fields=made, missing=("", "n/a")))


def clean(card: Scorecard, name: str, raw: Any) -> tuple[date | None, bool]:
    """The day of a raw value in Python, and whether it can't be read."""
    try:
        return make_cleaner(card.card.fields[name], card.card.missing_texts)(raw), False  # type: ignore[return-value]
    except UnreadableValue:
        return None, True


class Duck:
    """DuckDB in a time zone."""

    dialect = "duckdb"
    instant = "TIMESTAMP WITH TIME ZONE"
    time = "TIMESTAMP"

    def __init__(self, zone: str) -> None:
        self.connection = duckdb.connect()
        self.connection.execute(f"SET TimeZone = '{zone}'")

    def run(self, table: str, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query over a new table of leads."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE leads AS {table}")
        return self.connection.execute(query).fetchall()


class Postgres:
    """PostgreSQL in a time zone."""

    dialect = "postgres"
    instant = "timestamptz"
    time = "timestamp"

    def __init__(self, connection: psycopg.Connection[Any], zone: str) -> None:
        self.connection = connection
        connection.execute(f"SET TimeZone = '{zone}'")

    def run(self, table: str, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query over a new table of leads."""
        self.connection.execute(f"DROP TABLE IF EXISTS leads; CREATE TEMP TABLE leads AS {table}")
        return self.connection.execute(query).fetchall()


class Spark:
    """Spark in a time zone."""

    dialect = "spark"
    instant = "timestamp"
    time = "timestamp_ntz"

    def __init__(self, session: Any, zone: str, folder: Path) -> None:
        self.session = session
        self.file = str(folder / "leads.parquet")
        session.conf.set("spark.sql.session.timeZone", zone)

    def run(self, table: str, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query over a new file of leads; Spark would work out literals as it plans, row by row."""
        self.session.sql(table).write.mode("overwrite").parquet(self.file)
        self.session.read.parquet(self.file).createOrReplaceTempView("leads")
        return [tuple(row) for row in self.session.sql(query).collect()]


@contextmanager
def connected(engine: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """What opens an engine in a time zone."""
    if engine == "duckdb":
        yield Duck
    elif engine == "postgres":
        with server() as url, database(url) as connection:
            yield lambda zone: Postgres(connection, zone)
    else:
        folder = request.getfixturevalue("tmp_path_factory").mktemp("days")
        with spark.session(request.getfixturevalue("spark_local")) as session:
            yield lambda zone: Spark(session, zone, folder)


@pytest.fixture(
    scope="module",
    params=[
        "duckdb",
        pytest.param("postgres", marks=pytest.mark.slow),
        pytest.param("spark", marks=pytest.mark.slow),
    ],
)
def engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Each engine in turn: what opens it in a time zone."""
    with connected(request.param, request) as open_in:
        yield open_in


def quote_text(text: str) -> str:
    """A literal of a text without backslashes."""
    return "'" + text.replace("'", "''") + "'"


@pytest.mark.slow
def test_forms_are_read_alike(engine: Any) -> None:
    """Every text of a day among the cases of cleaning is read, found missing or refused in each engine as in Python."""
    opened = engine(SESSIONS[0])
    ways = {str(case.get("field")): case.get("field", {}) for case in TEXTS}
    names = {way: f"day{i}" for i, way in enumerate(ways)}  # a field for each, in one query: an engine plans it once
    card = make_card({names[way]: more for way, more in ways.items()})
    raws = [(names[str(case.get("field"))], case["raw"]) for case in TEXTS if "\\" not in case["raw"]]
    values = ", ".join(f"({i}, '{name}', {quote_text(raw)})" for i, (name, raw) in enumerate(raws))
    columns = ", ".join(f"CASE WHEN name = '{name}' THEN raw END AS {name}" for name in names.values())
    table = f"SELECT row, {columns} FROM (VALUES {values}) AS raws(row, name, raw)"
    query = Query(date(2026, 7, 1), columns={"row": "BIGINT", **dict.fromkeys(names.values(), "VARCHAR")}, keep=["row"])
    rows = {row[0]: row[1:] for row in opened.run(table, sql.select_fields(card, query, opened.dialect))}
    wrong = []
    for i, (name, raw) in enumerate(raws):
        day, bad = clean(card, name, raw)
        expected = (*(day if name == other else None for other in names.values()), bad)
        wrong += [(name, raw, rows[i], expected)] if rows[i] != expected else []
    assert not wrong


def list_edges(zone: str) -> list[datetime]:
    """Instants around midnight in a zone, on days of each year from 1970 to 2037 and where its offset moves."""
    local = ZoneInfo(zone)
    edges = []
    for year in range(1970, 2038):
        day = datetime(year, 1, 1, tzinfo=UTC)
        moved = [day + timedelta(days=i) for i in range(365) if _offset(day, i, local) != _offset(day, i + 1, local)]
        for at in [*moved, datetime(year, 1, 15, tzinfo=UTC), datetime(year, 7, 15, tzinfo=UTC)]:
            for days in (0, 1, 2):
                midnight = datetime(at.year, at.month, at.day, tzinfo=local).astimezone(UTC) + timedelta(days=days)
                edges += [midnight - timedelta(minutes=1), midnight, midnight + timedelta(hours=1)]
    return [edge.replace(second=0) for edge in edges]


def _offset(day: datetime, days: int, zone: ZoneInfo) -> timedelta | None:
    return (day + timedelta(days=days)).astimezone(zone).utcoffset()


@pytest.mark.slow
@pytest.mark.parametrize("session", SESSIONS)
def test_the_day_of_an_instant(engine: Any, session: str) -> None:
    """An instant, typed or as a text, is on the same day in each engine as in Python, in any session."""
    opened = engine(session)
    for zone in ZONES if session == SESSIONS[0] else ZONES[:3]:
        edges = list_edges(zone)
        card = make_card({"typed": {"time_zone": zone}, "text": {"time_zone": zone}, "local": {"time_zone": zone}})
        west = timezone(timedelta(hours=-7))
        values = ", ".join(
            f"({i}, '{edge:%Y-%m-%dT%H:%M:%S}Z', '{edge.astimezone(west):%Y-%m-%d %H:%M:%S-07:00}')"
            for i, edge in enumerate(edges)
        )
        table = (
            f"SELECT row, CAST(utc AS {opened.instant}) AS typed, text,"
            f" CAST(substr(utc, 1, 19) AS {opened.time}) AS local FROM (VALUES {values}) AS edges(row, utc, text)"
        )
        columns = {"row": "BIGINT", "typed": "TIMESTAMP WITH TIME ZONE", "text": "VARCHAR", "local": "TIMESTAMP"}
        query = Query(date(2026, 7, 1), columns=columns, keep=["row"])
        rows = opened.run(table, sql.select_fields(card, query, opened.dialect))
        days = {row[0]: row[1:] for row in rows}
        wrong = [
            (zone, edge, days[i])
            for i, edge in enumerate(edges)
            if days[i] != (*[edge.astimezone(ZoneInfo(zone)).date()] * 2, edge.date(), False)
            or clean(card, "text", edge) != (days[i][0], False)
        ]
        assert not wrong[:5]
