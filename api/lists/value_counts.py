"""How often each value of a column comes, gathered from the blocks of a list, and what aggregates of SQL give of that.

The condition of an aggregate is asked once for each distinct value of a block; only the few values that it counts are
kept, and at the end laid out row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as arrow  # type: ignore[import-untyped]

from leadledger.api.lists.csv_blocks import OddText
from leadledger.scoring.printers.sql.column_aggregate import ColumnAggregate
from leadledger.scoring.printers.sql.dialects.literals import quoted

MOST_WAITING = 500_000  # values of a column for which the conditions have not been asked
MOST_NOTICED = 1_000_000  # values that aggregates count
_VALUES, _ROWS, _PLACE = "ll_values", "ll:rows", "ll:place"


class ValueCounts:
    """The values of the columns that some aggregates read, with how many rows have each."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, aggregates: Sequence[ColumnAggregate]) -> None:
        self._connection = connection.cursor()
        self._aggregates = aggregates
        self.columns = tuple(dict.fromkeys(aggregate.column for aggregate in aggregates))
        self._waiting: dict[str, list[arrow.Table]] = {column: [] for column in self.columns}
        self._noticed: dict[str, list[arrow.Table]] = {column: [] for column in self.columns}

    def add(self, counts: Sequence[arrow.Table]) -> None:
        """Add what `count_values` gives of the columns in a block. Raises OddText where too much is to be kept."""
        for column, counted in zip(self.columns, counts, strict=True):
            waiting = self._waiting[column]
            waiting.append(counted)
            if sum(table.num_rows for table in waiting) > MOST_WAITING:
                self._notice(column)

    def measure(self) -> list[Any]:
        """What the aggregates give of all rows, in their order; None where they count no value."""
        measured: dict[str, list[Any]] = {}
        for column in self.columns:
            self._notice(column)
            own = [aggregate.sql for aggregate in self._aggregates if aggregate.column == column]
            measured[column] = [None] * len(own)
            if sum(table.num_rows for table in self._noticed[column]):
                self._connection.register(_VALUES, arrow.concat_tables(self._noticed[column]))
                rows = f"SELECT {quoted(column)}, unnest(range({quoted(_ROWS)})) FROM {_VALUES}"
                measured[column] = [*self._connection.execute(f"SELECT {', '.join(own)} FROM ({rows})").fetchall()[0]]
        return [measured[aggregate.column].pop(0) for aggregate in self._aggregates]

    def _notice(self, column: str) -> None:
        """Keep the values that an aggregate counts, of those that wait."""
        waiting, self._waiting[column] = self._waiting[column], []
        if not waiting:
            return
        values = arrow.concat_tables(waiting)
        self._connection.register(_VALUES, values.append_column(_PLACE, arrow.array(np.arange(len(values)))))
        conditions = dict.fromkeys(aggregate.condition for aggregate in self._aggregates if aggregate.column == column)
        counted = " OR ".join(f"({condition})" for condition in conditions)
        query = f"SELECT {quoted(_PLACE)} FROM {_VALUES} WHERE {counted}"
        noticed = self._noticed[column]
        noticed.append(values.take(self._connection.execute(query).fetchnumpy()[_PLACE]))
        if sum(table.num_rows for table in noticed) > MOST_NOTICED:
            raise OddText("too many values are to be counted")


def count_values(name: str, column: arrow.Array, chosen: npt.NDArray[np.bool_] | None) -> arrow.Table:
    """The values of a column in some rows (None: all) with how many rows have each; one value may come again."""
    if chosen is not None:
        column = column.filter(arrow.array(chosen))
    if not isinstance(column, arrow.DictionaryArray):
        return arrow.table({name: column, _ROWS: np.ones(len(column), np.int64)})
    size = len(column.dictionary)
    counts = np.bincount(column.indices.fill_null(size).to_numpy(), minlength=size)[:size]
    table = arrow.table({name: column.dictionary, _ROWS: counts})
    return table if counts.all() else table.filter(arrow.array(counts > 0))


def find_value_type(kind: arrow.DataType) -> arrow.DataType:
    """The type of the values of a column, which may be numbered."""
    return kind.value_type if arrow.types.is_dictionary(kind) else kind
