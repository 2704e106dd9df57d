"""Memos for the columns of a long list: what a card makes of values that come again and again, worked out beforehand.

The first rows of a list tell which columns are worth one, and which values they have; of days, all near the day of
scoring are taken in.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import duckdb

from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.cleaning import used
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.training.sources.scan import Scan, estimate_rows, forget_rejects

LONG = 500_000  # rows; a shorter list is scored sooner without memos
SAMPLE = 50_000  # rows that are looked at
RARE = 0.05  # of the rows of a sample, the most whose value comes once: about so many of the next rows have a new one
DAYS = 1000  # before and after the day of scoring
_ROWS = "ll_sample"


def remembered(connection: duckdb.DuckDBPyConnection, card: Scorecard, query: Query, scan: Scan) -> Query:
    """The query with memos that are made in `connection`; that of a short list stays as it is."""
    if estimate_rows(connection, scan) < LONG:
        return query
    columns = [one for names in used(card.card, scan.columns).values() for one in names]
    listed = ", ".join(map(quoted, columns))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_ROWS} AS SELECT {listed} FROM {scan.sql} LIMIT {SAMPLE}")
    forget_rejects(connection)
    values = {one: _values(card.card, query, one, scan.columns[one]) for one in _worth_it(connection, columns)}
    query, statements = sql.with_memos(card, query, values)
    for one in statements:
        connection.execute(one)
    connection.execute(f"DROP TABLE {_ROWS}")
    return query


def _worth_it(connection: duckdb.DuckDBPyConnection, columns: Iterable[str]) -> list[str]:
    """The columns of which few rows have a value that no other row has."""
    once = "(SELECT count(*) FROM (SELECT {0} FROM {1} GROUP BY 1 HAVING count(*) = 1))"
    asked = ", ".join([f"(SELECT count(*) FROM {_ROWS})", *(once.format(quoted(one), _ROWS) for one in columns)])
    ((rows, *rare),) = connection.execute(f"SELECT {asked}").fetchall()
    return [column for column, few in zip(columns, rare, strict=True) if few <= rows * RARE]


def _values(card: Card, query: Query, column: str, kind: str) -> str:
    """The FROM item of the values of a column that are worth remembering."""
    days = {one for field in card.plain_fields if field.kind == "date" for one in field.columns}
    if column not in days or kind not in ("VARCHAR", "DATE") or not isinstance(query.as_of, date):
        return _ROWS
    near = f"range(DATE '{query.as_of}' - {DAYS}, DATE '{query.as_of}' + {DAYS}, INTERVAL 1 DAY)"
    day = f"CAST(CAST(unnest({near}) AS DATE) AS {kind})"
    return f"(SELECT {quoted(column)} FROM {_ROWS} UNION ALL SELECT {day})"
