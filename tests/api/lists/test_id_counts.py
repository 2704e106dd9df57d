"""Ids that come twice: arrays count as DuckDB's aggregate does."""

from __future__ import annotations

import duckdb
import pyarrow as arrow  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.api.lists.duplicate_ids import count_duplicates
from leadledger.api.lists.id_counts import IdCounts, hash_ids
from tests.effort import examples

TEXTS = st.none() | st.sampled_from(["", " ", "a", " a", "a ", "  a  ", "A", "ü", "1", "x" * 64, "x" * 65, "x" * 300])
IDS = st.lists(TEXTS, max_size=8) | st.lists(st.none() | st.integers(0, 5), max_size=8)


@settings(max_examples=examples(200))
@given(IDS, st.integers(0, 8))
def test_duplicates(ids: list[str | int | None], cut: int) -> None:
    """Spaces around an id don't count, a missing one is no duplicate, and blocks count together."""
    kind = arrow.int64() if any(isinstance(value, int) for value in ids) else arrow.string()
    counts = IdCounts()
    for part in (ids[:cut], ids[cut:]):
        counts.add(hash_ids(arrow.array(part, kind)))
    listed = arrow.table({"id": arrow.array(ids, kind)})
    connection = duckdb.connect()
    connection.register("listed", listed)
    assert (
        counts.count_duplicates() == connection.execute(f"SELECT {count_duplicates('id')} FROM listed").fetchall()[0][0]
    )
