"""Libraries of data frames: pandas, Polars and Arrow, and the few things that each spells in its own way.

None of them is imported here until a frame of it comes in: then its library is loaded already, and who has none
installed misses nothing. A series below is a column as its library keeps it: an array of pandas,
a Series of Polars, a ChunkedArray of Arrow.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadledger.scoring.errors import DataError


@dataclass(frozen=True)
class Library:
    """What one library spells in its own way.

    `columns` are the names of a frame. `series` takes one column out, `frame` puts some together: both share memory.
    `is_odd` tells a series that DuckDB would take for something else. `values` are the values of a series, as the
    library gives them to Python, `values_at` those of some rows (from 0), `make_series` a series of Python values of a
    kind (number, text, date; None: missing). `to_arrow` is a series as an array of Arrow, `result` the frame of a table
    of Arrow, `put_beside` puts the columns of a result behind those that are kept.
    """

    columns: Callable[[Any], list[Any]]
    series: Callable[[Any, str], Any]
    frame: Callable[[Mapping[str, Any]], Any]
    is_odd: Callable[[Any], bool]
    values: Callable[[Any], list[Any]]
    values_at: Callable[[Any, Sequence[int]], list[Any]]
    make_series: Callable[[list[Any], str], Any]
    to_arrow: Callable[[Any], Any]
    result: Callable[[Any], Any]
    put_beside: Callable[[Any, Sequence[str], Any], Any]


def find_library(frame: object) -> tuple[str, str]:
    """The library and the class of a frame: ("pandas", "DataFrame"). Raises DataError for what is none."""
    for parent in type(frame).__mro__:
        library = parent.__module__.partition(".")[0], parent.__name__
        if library in LIBRARIES or library == SPARK:
            return library
    raise DataError(
        f"a {type(frame).__name__} can't be scored as a frame; give a pandas, Polars or Spark DataFrame, a Polars"
        " LazyFrame, a pyarrow Table or a RecordBatchReader"
    )


# -- pandas -------------------------------------------------------------------------------------------------------


def _pandas() -> Any:
    return importlib.import_module("pandas")


def _odd_in_pandas(series: Any) -> bool:
    """Python objects, of which DuckDB looks at a sample; texts kept as such; categories that are no texts."""
    dtype = series.dtype
    if dtype.name == "category":
        return dtype.categories.inferred_type not in ("string", "empty")
    return dtype.name == "object" or getattr(dtype, "storage", "") == "python"


def _values_in_pandas(series: Any) -> list[Any]:
    """As a Series gives them: plain numbers, where an array may give those of NumPy."""
    return list(
        _pandas().Series(series, dtype=series.dtype, copy=False).tolist()
    )  # without a dtype, objects turn texts


def _typed_pandas(values: list[Any], kind: str) -> Any:
    # Seconds, since days of all years fit into them.
    dtype = {"number": "float64", "text": "string", "date": "datetime64[s]"}[kind]
    return _pandas().Series(values, dtype=dtype).array


def _result_in_pandas(table: Any) -> Any:
    """Types that don't depend on what is missing: whole numbers may be, and texts are texts even where all are."""
    pandas, arrow = _pandas(), _arrow()
    kinds = {arrow.int32(): pandas.Int32Dtype(), arrow.string(): pandas.Series(["a"]).dtype}
    return table.to_pandas(types_mapper=kinds.get, date_as_object=False)


def _beside_in_pandas(frame: Any, keep: Sequence[str], result: Any) -> Any:
    result.index = frame.index
    kept = frame if list(frame.columns) == list(keep) else frame[list(keep)]
    return _pandas().concat([kept, result], axis=1)


PANDAS = Library(
    columns=lambda frame: list(frame.columns),
    series=lambda frame, name: frame[name].array,
    frame=lambda series: _pandas().DataFrame(dict(series), copy=False),
    is_odd=_odd_in_pandas,
    values=_values_in_pandas,
    values_at=lambda series, rows: _values_in_pandas(series.take(rows)),
    make_series=_typed_pandas,
    to_arrow=lambda series: _arrow().Array.from_pandas(_pandas().Series(series, copy=False)),
    result=_result_in_pandas,
    put_beside=_beside_in_pandas,
)

# -- Polars -------------------------------------------------------------------------------------------------------


def _polars() -> Any:
    return importlib.import_module("polars")


def _typed_polars(values: list[Any], kind: str) -> Any:
    polars = _polars()
    dtype = {"number": polars.Float64, "text": polars.String, "date": polars.Date}[kind]
    return polars.Series(values, dtype=dtype)


POLARS = Library(
    columns=lambda frame: list(frame.columns),
    series=lambda frame, name: frame.get_column(name),
    frame=lambda series: _polars().DataFrame(dict(series)),
    is_odd=lambda series: False,
    values=lambda series: list(series.to_list()),
    values_at=lambda series, rows: list(series.gather(rows).to_list()),
    make_series=_typed_polars,
    to_arrow=lambda series: series.to_arrow(),
    result=lambda table: _polars().from_arrow(table),
    # A selection of no columns has no rows.
    put_beside=lambda frame, keep, result: frame.select(list(keep)).hstack(result.get_columns()) if keep else result,
)

# -- Arrow --------------------------------------------------------------------------------------------------------


def _arrow() -> Any:
    return importlib.import_module("pyarrow")


def _typed_arrow(values: list[Any], kind: str) -> Any:
    arrow = _arrow()
    dtype = {"number": arrow.float64(), "text": arrow.string(), "date": arrow.date32()}[kind]
    return arrow.chunked_array([arrow.array(values, dtype)])


def _beside_in_arrow(table: Any, keep: Sequence[str], result: Any) -> Any:
    if not keep:
        return result
    kept = table if table.column_names == list(keep) else table.select(list(keep))
    for name in result.column_names:
        kept = kept.append_column(name, result.column(name))
    return kept


ARROW = Library(
    columns=lambda table: list(table.column_names),
    series=lambda table, name: table.column(name),
    frame=lambda series: _arrow().table(dict(series)),
    is_odd=lambda series: False,
    values=lambda series: list(series.to_pylist()),
    values_at=lambda series, rows: [series[row].as_py() for row in rows],  # `take` lacks some types
    make_series=_typed_arrow,
    to_arrow=lambda series: series,
    result=lambda table: table,
    put_beside=_beside_in_arrow,
)

SPARK = ("pyspark", "DataFrame")  # no `Library`: its rows are on a cluster
LIBRARIES = {
    ("pandas", "DataFrame"): PANDAS,
    ("polars", "DataFrame"): POLARS,
    ("polars", "LazyFrame"): POLARS,
    ("pyarrow", "Table"): ARROW,
    ("pyarrow", "RecordBatchReader"): ARROW,
}
