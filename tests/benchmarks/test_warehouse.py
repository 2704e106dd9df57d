"""The benchmark of PostgreSQL runs, on a short list."""

from __future__ import annotations

import pytest

from benchmarks import warehouse


@pytest.mark.slow
def test_rates() -> None:
    """The scan, the SELECT and the whole run are measured on the same rows."""
    found = warehouse.measure(2_000, 1)
    assert [(one.way, one.rows) for one in found] == [("scan", 2_000), ("select", 2_000), ("into", 2_000)]
    assert all(one.seconds > 0 for one in found)
