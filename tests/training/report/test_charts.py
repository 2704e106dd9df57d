"""Charts of many bins, of none, and of a long ledger."""

from __future__ import annotations

from typing import Any

import pytest

from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.lookup import Pair, Table
from leadledger.training.report.charts import pair, table, waterfall


@pytest.mark.slow
def test_many_bins_and_no_leads_can_be_drawn() -> None:
    """A table of one bin, one of a hundred, a pair of empty cells: each is a picture, wide where it must be."""
    many = TextBins(tuple(f"level number {i} with a long name" for i in range(100)))
    assert not table(Table("a", many, (0,) * 102, (0,) * 102), "a").wide
    assert not table(Table("a", NumberBins(()), (0, 0), (0, 0), (0, 0)), "a").wide
    empty = Pair(("a", "b"), (FlagBins(), many), ((0,) * 102,) * 3, ((0,) * 102,) * 3)
    assert pair(empty, ("a", "b"), "a").wide
    assert "long name" in table(Table("a", TextBins(("has a long name",)), (1, 2, 3), (1, 2, 3)), "a").svg


@pytest.mark.slow
def test_a_long_ledger_is_cut(metrics: dict[str, Any]) -> None:
    """Of many entries the smallest are one bar of the waterfall, so that it can be read."""
    entries = [{"name": f"n{i}", "kind": "rule", "points": float(i), "reason": f"reason {i}."} for i in range(40)]
    drawn = waterfall({**metrics["examples"][0], "ledger": entries, "total": 780.0}, "a").svg
    assert "all smaller ones together" in drawn
    assert "reason 39." in drawn
    assert "reason 5." not in drawn
