"""Memos for the columns of a long list: what a card makes of values that come again and again, worked out beforehand.

The first rows of a list tell which columns are worth one, and which values they have; of days, all near the day of
scoring are taken in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import duckdb

from scoring.printers import sql
from scoring.printers.cleaning import used
from scoring.printers.literals import name as quoted
from scoring.scorecard import Card, Scorecard
from training.lists import Scan, about
from training.rejects import forget

LONG = 500_000  # rows; a shorter list is scored sooner without memos
SAMPLE = 50_000  # rows that are looked at
RARE = 0.05  # of the rows of a sample, the most whose value comes once: about so many of the next rows have a new one
DAYS = 3650  # before and after the day of scoring
_ROWS = "ll_sample"


def remembered(
    connection: duckdb.DuckDBPyConnection, card: Scorecard, query: sql.Query, scan: Scan
) -> tuple[sql.Query, int]:
    """The query with memos that are made in `connection`, and how many rows they have; as it is for a short list."""
    if about(connection, scan) < LONG:
        return query, 0
    columns = [one for names in used(card.card, scan.columns).values() for one in names]
    listed = ", ".join(map(quoted, columns))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_ROWS} AS SELECT {listed} FROM {scan.sql} LIMIT {SAMPLE}")
    forget(connection)
    worth = _worth_it(connection, columns)
    query = replace(query, memos={column: f"ll_memo_{i}" for i, column in enumerate(worth)})
    selects = sql.memos(card, query, {one: _values(card.card, query, one, scan.columns[one]) for one in worth})
    rows = 0
    for column, body in selects.items():
        table = query.memos[column]
        ((count,),) = connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {body}").fetchall()
        rows += count
    connection.execute(f"DROP TABLE {_ROWS}")
    # How long a list is DuckDB guesses, and might keep the list, of all things, in memory to look the memos up in it.
    connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    return replace(query, memos={one: query.memos[one] for one in selects}), rows


def _worth_it(connection: duckdb.DuckDBPyConnection, columns: Iterable[str]) -> list[str]:
    """The columns of which few rows have a value that no other row has."""
    once = "(SELECT count(*) FROM (SELECT {0} FROM {1} GROUP BY 1 HAVING count(*) = 1))"
    asked = ", ".join([f"(SELECT count(*) FROM {_ROWS})", *(once.format(quoted(one), _ROWS) for one in columns)])
    ((rows, *rare),) = connection.execute(f"SELECT {asked}").fetchall()
    return [column for column, few in zip(columns, rare, strict=True) if few <= rows * RARE]


def _values(card: Card, query: sql.Query, column: str, kind: str) -> str:
    """The FROM item of the values of a column that are worth remembering."""
    days = {one for field in card.plain if field.kind == "date" for one in field.columns}
    if column not in days or kind not in ("VARCHAR", "DATE") or not isinstance(query.as_of, date):
        return _ROWS
    near = f"range(DATE '{query.as_of}' - {DAYS}, DATE '{query.as_of}' + {DAYS}, INTERVAL 1 DAY)"
    day = f"CAST(CAST(unnest({near}) AS DATE) AS {kind})"
    return f"(SELECT {quoted(column)} FROM {_ROWS} UNION ALL SELECT {day})"
