"""Memos change nothing: what is looked up is what would have been worked out, whatever is in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Scorecard
from tests.effort import examples
from tests.strategies import AS_OF, LEADS, RAW_LEADS, scorecards, scorecards_with_axes, scorecards_with_steps
from tests.test_backends_agree import TEXTS, TYPES

ALL = Query(AS_OF, keep=["row"], ledger=True, checks=True, fields=True, plus_minus=True, explain=True)
FEW = Query(AS_OF, keep=["row"])


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB, embedded."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
        yield connection


def both(
    duck: duckdb.DuckDBPyConnection,
    card: Scorecard,
    leads: Sequence[dict[str, Any]],
    types: dict[str, str],
    query: Query,
    memos: Sequence[str],
) -> tuple[list[Any], list[Any]]:
    """The rows without memos, and with memos of some columns that know the values of every other lead."""
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in types.items())
    duck.execute(f"CREATE OR REPLACE TEMP TABLE leads (row INTEGER, {columns})")
    marks = ", ".join("?" * (len(types) + 1))
    duck.executemany(
        f"INSERT INTO leads VALUES ({marks})", [[i, *map(lead.get, types)] for i, lead in enumerate(leads)]
    )
    query = replace(query, columns={"row": "INTEGER", **types}, sale=card.predicts_sales)
    known, statements = sql.with_memos(card, query, dict.fromkeys(memos, "(FROM leads WHERE row % 2 = 0)"))
    for statement in statements:
        duck.execute(statement)
    without, remembered = (
        duck.execute(f"FROM ({sql.select(card, each)}) ORDER BY row").fetchall() for each in (query, known)
    )
    return without, remembered


@pytest.mark.slow
@settings(max_examples=examples(20))
@given(
    card=scorecards() | scorecards_with_steps() | scorecards_with_axes(),
    leads=st.lists(LEADS, min_size=12, max_size=12),
    memos=st.sets(st.sampled_from(list(TYPES)), min_size=1),
    query=st.sampled_from([ALL, FEW]),
)
def test_memos_of_typed_columns(
    duck: duckdb.DuckDBPyConnection, card: Scorecard, leads: list[dict[str, Any]], memos: set[str], query: Query
) -> None:
    """Scores, entries, ranges and reasons are the same with and without memos."""
    without, remembered = both(duck, card, leads, TYPES, query, sorted(memos))
    assert remembered == without


@pytest.mark.slow
@settings(max_examples=examples(15))
@given(
    card=scorecards() | scorecards_with_axes(),
    leads=st.lists(RAW_LEADS, min_size=24, max_size=24),
    query=st.sampled_from([ALL, FEW]),
)
def test_memos_of_raw_texts(
    duck: duckdb.DuckDBPyConnection, card: Scorecard, leads: list[dict[str, Any]], query: Query
) -> None:
    """Texts that can't be read are refused as before, though memos leave them out."""
    without, remembered = both(duck, card, leads, TEXTS, query, list(TEXTS))
    assert remembered == without
