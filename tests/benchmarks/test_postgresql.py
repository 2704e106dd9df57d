"""The benchmark of PostgreSQL runs, on a short list."""

from __future__ import annotations

import pytest

from benchmarks import postgresql


@pytest.mark.slow
def test_rates() -> None:
    """The scan, the SELECT and the whole run are measured on the same rows."""
    rates = postgresql.measure(2_000, 1)
    assert [(rate.way, rate.rows) for rate in rates] == [("scan", 2_000), ("select", 2_000), ("into", 2_000)]
    assert all(rate.seconds > 0 for rate in rates)
