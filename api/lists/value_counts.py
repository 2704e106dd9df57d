"""How often each value of a column comes, gathered from the blocks of a list, and what aggregates of SQL give of that.

The condition of an aggregate is asked once for each distinct value of a block; only the few values that it counts are
kept, and at the end laid out row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as arrow  # type: ignore[import-untyped]

from leadledger.api.lists.csv_blocks import OddText
from leadledger.scoring.arrays.text_numbers import NumberedTexts
from leadledger.scoring.arrays.text_words import find_first_bytes
from leadledger.scoring.printers.sql.column_aggregate import ColumnAggregate
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.text_counts import PlainTexts

MOST_WAITING = 500_000  # values of a column for which the conditions have not been asked
MOST_NOTICED = 1_000_000  # values that aggregates count
NO_TEXTS = PlainTexts()
_VALUES, _ROWS, _PLACE = "ll_values", "ll:rows", "ll:place"


@dataclass(frozen=True)
class NumberedCounts:
    """How many rows have each of the first texts of a column, by the number of the text."""

    counts: npt.NDArray[np.int64]
    texts: Sequence[str | None]

    def add(self, before: NumberedCounts | None) -> NumberedCounts:
        """Those of more rows of the column."""
        if before is None:
            return self
        short, long = sorted((before.counts, self.counts), key=len)
        long[: len(short)] += short
        return NumberedCounts(long, self.texts)

    def make_table(self, name: str, plain: PlainTexts) -> arrow.Table:
        """The texts that any row has and that are not plain, and how many rows have each."""
        counted = [
            (text, count)
            for text, count in zip(self.texts, self.counts.tolist(), strict=False)
            if count and text is not None and not plain.includes(text)
        ]
        texts, counts = ([pair[place] for pair in counted] for place in range(2))
        return arrow.table({name: arrow.array(texts, arrow.string()), _ROWS: arrow.array(counts, arrow.int64())})


BlockCounts: TypeAlias = NumberedCounts | arrow.Table


class ValueCounts:
    """The values of the columns that some aggregates read, with how many rows have each."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        aggregates: Sequence[ColumnAggregate],
        plain: Mapping[str, PlainTexts] | None = None,
    ) -> None:
        """`plain` are texts of some columns that no aggregate counts."""
        self._connection = connection.cursor()
        self._aggregates, self._plain = aggregates, plain or {}
        self.columns = tuple(dict.fromkeys(aggregate.column for aggregate in aggregates))
        self._waiting: dict[str, list[arrow.Table]] = {column: [] for column in self.columns}
        self._noticed: dict[str, list[arrow.Table]] = {column: [] for column in self.columns}
        self._numbered: dict[str, NumberedCounts] = {}

    def add(self, counts: Sequence[BlockCounts]) -> None:
        """Add what `count_values` gives of the columns in a block. Raises OddText where too much is to be kept."""
        for column, counted in zip(self.columns, counts, strict=True):
            if isinstance(counted, NumberedCounts):
                self._numbered[column] = counted.add(self._numbered.get(column))
                continue
            waiting = self._waiting[column]
            waiting.append(counted)
            if sum(table.num_rows for table in waiting) > MOST_WAITING:
                self._notice(column)

    def measure(self) -> list[Any]:
        """What the aggregates give of all rows, in their order; None where they count no value."""
        measured: dict[str, list[Any]] = {}
        for column in self.columns:
            if column in self._numbered:
                self._waiting[column].append(
                    self._numbered.pop(column).make_table(column, self._plain.get(column, NO_TEXTS))
                )
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
        if not values.num_rows:
            return
        self._connection.register(_VALUES, values.append_column(_PLACE, arrow.array(np.arange(len(values)))))
        conditions = dict.fromkeys(aggregate.condition for aggregate in self._aggregates if aggregate.column == column)
        counted = " OR ".join(f"({condition})" for condition in conditions)
        query = f"SELECT {quoted(_PLACE)} FROM {_VALUES} WHERE {counted}"
        noticed = self._noticed[column]
        noticed.append(values.take(self._connection.execute(query).fetchnumpy()[_PLACE]))
        if sum(table.num_rows for table in noticed) > MOST_NOTICED:
            raise OddText("too many values are to be counted")


def count_values(
    name: str, column: Any, chosen: npt.NDArray[np.bool_] | None, plain: PlainTexts = NO_TEXTS
) -> BlockCounts:
    """The values of a column in some rows (None: all) with how many rows have each; one value may come again.

    Plain texts may be left out, which no aggregate counts.
    """
    if isinstance(column, NumberedTexts):
        codes = column.codes if chosen is None else column.codes[chosen]
        return NumberedCounts(np.bincount(codes, minlength=column.size), column.texts)
    if chosen is not None:
        column = column.filter(arrow.array(chosen))
    if not isinstance(column, arrow.DictionaryArray):
        if plain.starts and column.type == arrow.string():
            column = column.filter(arrow.array(~np.isin(find_first_bytes(column), [*plain.starts.encode()])))
        return arrow.table({name: column, _ROWS: np.ones(len(column), np.int64)})
    size = len(column.dictionary)
    counts = np.bincount(column.indices.fill_null(size).to_numpy(), minlength=size)[:size]
    table = arrow.table({name: column.dictionary, _ROWS: counts})
    return table if counts.all() else table.filter(arrow.array(counts > 0))


def find_value_type(kind: arrow.DataType) -> arrow.DataType:
    """The type of the values of a column, which may be numbered."""
    return kind.value_type if arrow.types.is_dictionary(kind) else kind
