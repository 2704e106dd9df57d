"""Ids that a list has more than once."""

from __future__ import annotations

import duckdb

from leadledger.scoring.printers.sql.dialects.literals import quoted

MOST_EXAMPLES = 5  # duplicate ids that are named


def count_duplicates(column: str) -> str:
    """The SQL aggregate of how many rows have an id that an earlier row had; a missing id is none."""
    return f"count({_id(column)}) - count(DISTINCT {hash_id(column)}) FILTER ({_id(column)} IS NOT NULL)"


def hash_id(column: str) -> str:
    """The SQL of the hash of an id, by which duplicates are counted; of a missing id it is `hash(NULL)`."""
    return f"hash({_id(column)})"


def find_examples(connection: duckdb.DuckDBPyConnection, source: str, column: str) -> tuple[str, ...]:
    """Some ids that a FROM item has more than once, the most frequent first."""
    rows = connection.execute(
        f"SELECT {_id(column)}, count(*) FROM {source} WHERE {_id(column)} IS NOT NULL"
        f" GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT {MOST_EXAMPLES}"
    ).fetchall()
    return tuple(str(row[0]) for row in rows)


def _id(column: str) -> str:
    return f"nullif(trim(CAST({quoted(column)} AS VARCHAR)), '')"
