"""The benchmark of lists with events, in the small."""

from __future__ import annotations

import pytest

from benchmarks.list_events import EventRun, lines, measure


@pytest.mark.slow
def test_it_measures_and_says_what_is_over_its_limit() -> None:
    """A hundred leads are scored, and the ratio stands beside its limit."""
    measured = measure(100, 1)
    assert (measured.leads, measured.events) == (100, 2000)
    assert measured.ours > 0 < measured.baseline
    _, ratio, memory = lines(EventRun(10, 200, 6.0, 2.0, 2_000_000_000))
    assert ratio == "ours 6.00 s, DuckDB's own counts 2.00 s, ratio 3.00  over 2.5"
    assert memory == "2.00 GB at most, over 1.5 GB"
