"""Ids that a list has more than once."""

from __future__ import annotations

import duckdb

from leadledger.scoring.printers.sql.dialects.literals import quoted

EXAMPLES = 5  # duplicate ids that are named


def count(column: str) -> str:
    """The SQL of how many rows have an id that a row before had; a missing id is none."""
    return f"count({_ident(column)}) - count(DISTINCT hash({_ident(column)})) FILTER ({_ident(column)} IS NOT NULL)"


def examples(connection: duckdb.DuckDBPyConnection, source: str, column: str) -> tuple[str, ...]:
    """Some ids that a FROM item has more than once, the most frequent first."""
    found = connection.execute(
        f"SELECT {_ident(column)}, count(*) FROM {source} WHERE {_ident(column)} IS NOT NULL"
        f" GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT {EXAMPLES}"
    ).fetchall()
    return tuple(str(row[0]) for row in found)


def _ident(column: str) -> str:
    return f"nullif(trim(CAST({quoted(column)} AS VARCHAR)), '')"
