"""Ids of every type, in a record, in frames of each library and in a Parquet file: one id, one score."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

import leadledger
from leadledger.api.lists.duckdb import score_list
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.scorecard import build_untrained

AS_OF = date(2026, 7, 1)
PLAIN = "8f14e45f-ceea-467f-a9d2-7a1c9f0c6f11"
CARD = build_untrained(
    parse_card(
        f"""
name: ids
fields:
  key: {{kind: id}}
  owner: {{kind: text}}
  amount: {{kind: number}}
rules:
  - {{name: mine, when: "owner in ('{PLAIN}', '12', '151')", points: 5, reason: Mine}}
  - {{name: low, when: amount <= 10.1, points: 3, reason: Low}}
"""
    )
)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (UUID(PLAIN), PLAIN),
        (12, "12"),
        (np.int64(12), "12"),
        (Decimal("12"), "12"),
        (Decimal("12.00"), "12"),
        (Decimal("1e2"), "100"),
        (Decimal(2**70), str(2**70)),
        (151.0, "151"),
        (np.float64(151), "151"),
    ],
)
def test_an_id_is_a_text_or_a_whole_number(raw: Any, read: str) -> None:
    """A record's id may be a UUID, or a whole number of any type."""
    assert get_engine(CARD).clean({"key": raw}).values["key"] == read


@pytest.mark.parametrize("raw", [True, 1.5, Decimal("12.5"), Decimal("Infinity"), float("inf"), 2.0**53, b"12", [12]])
def test_what_is_no_id(raw: Any) -> None:
    """A flag, a broken number or one that a double can't hold exactly is refused."""
    with pytest.raises(LeadError, match="is not a text"):
        get_engine(CARD).clean({"key": raw})


FRAMES = {
    "pandas UUIDs": pd.DataFrame({"owner": [UUID(PLAIN), None, "x"]}),
    "pandas decimals": pd.DataFrame({"owner": [Decimal(12), None, Decimal("7")]}),
    "pandas doubles": pd.DataFrame({"owner": [151.0, None, 7.0]}),
    "polars objects": pl.DataFrame({"owner": pl.Series([UUID(PLAIN), None, UUID(int=1)], dtype=pl.Object)}),
    "polars decimals": pl.DataFrame({"owner": pl.Series([Decimal(12), None, Decimal(7)], dtype=pl.Decimal(38, 0))}),
    "arrow UUIDs": pa.table({"owner": pa.array([UUID(PLAIN).bytes, None, UUID(int=1).bytes], pa.uuid())}),
    "arrow decimals": pa.table({"owner": pa.array([Decimal(12), None, Decimal(7)], pa.decimal128(10, 2))}),
    "arrow doubles": pa.table({"owner": pa.array([151.0, None, 7.0])}),
}


@pytest.mark.parametrize("name", FRAMES)
def test_ids_in_frames(name: str) -> None:
    """A frame's column of ids is read as a record's."""
    scored = leadledger.score_frame(CARD, FRAMES[name], AS_OF, keep=[])
    rows = scored.to_dict("list") if isinstance(scored, pd.DataFrame) else pl.DataFrame(scored).to_dict(as_series=False)
    assert rows["points"] == [55.0, 50.0, 50.0]


def test_ids_and_reals_in_a_parquet_file(tmp_path: Path) -> None:
    """UUIDs, decimals and reals of four bytes are read in a list as they were written."""
    leads = tmp_path / "leads.parquet"
    duckdb.execute(
        f"COPY (SELECT CAST('{PLAIN}' AS UUID) AS key, CAST(12 AS DECIMAL(38,0)) AS owner, CAST(10.1 AS REAL) AS amount"
        f" UNION ALL SELECT CAST('{UUID(int=1)}' AS UUID), 12.0, 10.2) TO '{leads}'"
    )
    result = score_list(CARD, leads, tmp_path / "out.csv", AS_OF)
    assert (result.scored, result.rejected) == (2, 0)
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT key, points FROM '{tmp_path / 'out.csv'}' ORDER BY points DESC").fetchall()
        assert [(str(key), points) for key, points in rows] == [(PLAIN, 58.0), (str(UUID(int=1)), 55.0)]
        connection.execute(f"CREATE TABLE leads AS FROM '{leads}'")
        printed = connection.execute(leadledger.to_sql(CARD, AS_OF, keep=["key"])).fetchall()
        assert sorted(row[2] for row in printed) == [55.0, 58.0]
