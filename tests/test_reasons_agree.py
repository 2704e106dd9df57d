"""The reasons that SQL words are those of the ledger, word for word."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import LeadError, Scorecard
from scoring.condition import Known, parse
from scoring.engine import REASONS, engine, said
from scoring.field import Field
from scoring.printers import cleaning, sql
from scoring.printers.literals import name as quoted
from scoring.printers.reasons import LARGEST
from scoring.rule import Rule
from scoring.scorecard import Card, untrained
from tests.strategies import AS_OF, LEADS, PLAIN, scorecards

TYPES = {name: cleaning.KINDS[field.kind] for name, field in PLAIN.items()}


@pytest.fixture(scope="module")
def duck() -> duckdb.DuckDBPyConnection:
    """One embedded DuckDB for the file."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET threads = 1")
    return connection


def told(
    duck: duckdb.DuckDBPyConnection, card: Scorecard, leads: list[dict[str, Any]], types: dict[str, str] = TYPES
) -> list[tuple[str | None, ...]]:
    """What SQL says of each lead, in their order: the gains, then the losses."""
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in types.items())
    duck.execute(f"CREATE OR REPLACE TEMP TABLE leads (row INTEGER, {columns})")
    marks = ", ".join("?" * (len(types) + 1))
    duck.executemany(
        f"INSERT INTO leads VALUES ({marks})", [[i, *(lead[name] for name in types)] for i, lead in enumerate(leads)]
    )
    query = sql.select(card, sql.Query(AS_OF, columns={"row": "INTEGER", **types}, explain=True, keep=["row"]))
    selected = ", ".join(sql.EXPLAINED)
    found: list[tuple[str | None, ...]] = duck.execute(f"SELECT {selected} FROM ({query}) ORDER BY row").fetchall()
    return found


def expected(card: Scorecard, lead: dict[str, Any]) -> tuple[str | None, ...]:
    """What the ledger says: the largest and the lowest entries but the start and the groups; ties in its order."""
    try:
        ledger = engine(card).result(engine(card).clean(lead).values, AS_OF).ledger
    except LeadError:
        return (None,) * len(sql.EXPLAINED)
    entries = [one for one in ledger if one.kind not in ("start", "group")]
    gains = sorted((one for one in entries if one.tenths > 0), key=lambda one: -one.tenths)
    losses = sorted((one for one in entries if one.tenths < 0), key=lambda one: one.tenths)
    texts: list[str | None] = []
    for side in (gains, losses):
        found = [said(one.tenths, one.reason) for one in side[:REASONS]]
        texts += [*found, *[None] * (REASONS - len(found))]
    return tuple(texts)


@given(card=scorecards(), leads=st.lists(LEADS, min_size=12, max_size=12))
def test_reasons_agree_with_the_ledger(
    duck: duckdb.DuckDBPyConnection, card: Scorecard, leads: list[dict[str, Any]]
) -> None:
    """The strongest entries of every lead are named in SQL as in Python; a lead that can't be read has none."""
    assert told(duck, card, leads) == [expected(card, lead) for lead in leads]


@given(card=scorecards(), leads=st.lists(LEADS, min_size=4, max_size=4))
def test_recommendations_name_the_same_entries(
    duck: duckdb.DuckDBPyConnection, card: Scorecard, leads: list[dict[str, Any]]
) -> None:
    """All that SQL names stands among the reasons of the recommendation too, unless the lead is excluded."""
    for lead, found in zip(leads, told(duck, card, leads), strict=True):
        try:
            advice = engine(card).score(lead, AS_OF).recommendation
        except LeadError:
            continue
        if advice.verdict != "disqualify":
            assert {one for one in found if one} <= set(advice.reasons)


def rules(points: list[int]) -> Scorecard:
    """A card whose rules all hold where `known` is true, with so many tenths each."""
    when = parse("known", {"known": Known("flag")})
    made = tuple(Rule(f"r{i}", when, one, f"Rule {i}") for i, one in enumerate(points))
    return untrained(Card("many", fields={"known": Field("known", "flag")}, rules=made))


# The last: as large as they fit the integers that points are, while their keys do not.
POINTS: list[list[int]] = [
    [],
    [5],
    [-5],
    [5, -5],
    [5] * 4,
    [-1, -2, -1, -2],
    [1, 2, 3, 4, -4, -3, -2, -1],
    [7] * 30,
    [-7] * 30,
]
POINTS += [[LARGEST // 4, LARGEST // 4 - 1, LARGEST // 4, -1, -LARGEST // 4]]


@pytest.mark.parametrize("points", POINTS)
def test_few_many_and_ties(duck: duckdb.DuckDBPyConnection, points: list[int]) -> None:
    """With fewer entries than reasons the rest is NULL, and of entries that tie the first of the card is named."""
    card = rules(points)
    leads: list[dict[str, Any]] = [{"known": True}, {"known": False}, {"known": None}]
    assert told(duck, card, leads, {"known": "BOOLEAN"}) == [expected(card, lead) for lead in leads]
