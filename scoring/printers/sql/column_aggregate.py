"""An aggregate over one column of a list."""

from __future__ import annotations

from typing import NamedTuple


class ColumnAggregate(NamedTuple):
    """An aggregate of SQL: the one column that it reads, its text, and the condition on a value that it counts."""

    column: str
    sql: str
    condition: str
