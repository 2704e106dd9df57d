"""Values that a long list repeats: their part of the score is worked out once and looked up, in tables called memos.

The first rows of a list show which columns are worth a memo, and which values they have; of dates, all days near the
day of scoring are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from leadledger.scoring.column_fit import find_homes
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.training.sources.scan import Scan, estimate_rows, forget_rejects

FEWEST_ROWS = 500_000  # a shorter list is scored sooner without memos
ROWS_SAMPLED = 50_000
# The largest share of sampled rows whose value occurs once: about as many later rows have a value without a memo.
MOST_UNIQUE = 0.05
DAYS_AROUND = 1000  # days before and after the day of scoring
_SAMPLE = "ll_sample"


def add_memos(connection: duckdb.DuckDBPyConnection, card: Scorecard, query: Query, scan: Scan) -> Query:
    """The query with memos, which are made in `connection`; that of a short list stays as it is."""
    if estimate_rows(connection, scan) < FEWEST_ROWS:
        return query
    columns = [*find_homes(card.card, scan.columns)]  # not those of objects, which hold several fields
    listed = ", ".join(map(quoted, columns))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_SAMPLE} AS SELECT {listed} FROM {scan.sql} LIMIT {ROWS_SAMPLED}"
    )
    forget_rejects(connection)
    repeated = _find_repeated(connection, columns)
    values = {column: _values_of(card.card, query, column, scan.columns[column]) for column in repeated}
    query, statements = sql.with_memos(card, query, values)
    for statement in statements:
        connection.execute(statement)
    connection.execute(f"DROP TABLE {_SAMPLE}")
    return query


def _find_repeated(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> list[str]:
    """The columns of which few rows have a value that no other row has."""
    unique = [
        f"(SELECT count(*) FROM (SELECT {quoted(column)} FROM {_SAMPLE} GROUP BY 1 HAVING count(*) = 1))"
        for column in columns
    ]
    selected = ", ".join([f"(SELECT count(*) FROM {_SAMPLE})", *unique])
    ((rows, *counts),) = connection.execute(f"SELECT {selected}").fetchall()
    return [column for column, count in zip(columns, counts, strict=True) if count <= rows * MOST_UNIQUE]


def _values_of(card: Card, query: Query, column: str, kind: str) -> str:
    """The FROM item of the values of a column, of the SQL type `kind`, that get a memo."""
    is_day = find_homes(card, [column])[column].kind == "date" and kind in ("VARCHAR", "DATE")
    if not is_day or not isinstance(query.as_of, date):
        return _SAMPLE
    near = f"range(DATE '{query.as_of}' - {DAYS_AROUND}, DATE '{query.as_of}' + {DAYS_AROUND}, INTERVAL 1 DAY)"
    day = f"CAST(CAST(unnest({near}) AS DATE) AS {kind})"
    return f"(SELECT {quoted(column)} FROM {_SAMPLE} UNION ALL SELECT {day})"
