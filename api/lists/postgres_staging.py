"""The temporary table into which a table of PostgreSQL is scored, and what is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadledger.scoring.printers.sql.dialects.postgres import name
from leadledger.scoring.printers.sql.query import BAD

if TYPE_CHECKING:
    import psycopg

KEY = "ll:key"
STAGED = 'pg_temp."ll_scored"'


@dataclass(frozen=True)
class StagedCounts:
    """How many rows have each recommendation and each grade, how many have a bad value, and how many have no id."""

    recommendations: Mapping[str, int]
    grades: Mapping[str, int]
    bad: int = 0
    nameless: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return sum(self.recommendations.values())


def count_staged(connection: psycopg.Connection[Any]) -> StagedCounts:
    """Count the rows, in one pass over them."""
    rows = connection.execute(
        f"SELECT recommendation, grade, count(*), count(*) FILTER (WHERE {name(BAD)}), count(*) - count({name(KEY)})"
        f" FROM {STAGED} GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    recommendations, grades = Counter[str](), Counter[str]()
    for recommendation, grade, count, _, _ in rows:
        recommendations[str(recommendation)] += count
        grades[str(grade)] += count
    bad, nameless = (sum(row[i] for row in rows) for i in (3, 4))
    return StagedCounts(dict(recommendations), dict(sorted(grades.items())), bad, nameless)
