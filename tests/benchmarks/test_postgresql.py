"""The benchmark of PostgreSQL runs, on a short list."""

from __future__ import annotations

import pytest

from benchmarks import postgresql


@pytest.mark.slow
def test_rates() -> None:
    """The scan, the SELECT and the whole runs are measured on the same rows."""
    rates = postgresql.measure(2_000, 1)
    assert [(rate.way, rate.rows) for rate in rates] == [(way, 2_000) for way in ("scan", "select", "into", "again")]
    assert all(rate.seconds > 0 for rate in rates)
