"""The benchmark of the service, in the small: the load counts what comes back, and checks the targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import soak
from benchmarks.api import BARE, OFF, PIPELINE, POSTGRESQL, SQLITE, ServerRate, lines
from benchmarks.load import Latency, Load, LoadResult, get, run_load
from benchmarks.servers import REQUEST, ours


@pytest.mark.slow
def test_load(tmp_path: Path) -> None:
    """Answers are counted by status; a rate is kept; refusals without Retry-After or a problem document are counted."""
    with ours(tmp_path, "--log", "off") as served:
        closed = run_load(Load(served.port, REQUEST, connections=4, seconds=0.5))
        assert (closed.errors, list(closed.statuses)) == (0, [200])
        assert closed.count(200) > 20
        assert 0 < closed.statuses[200].median <= closed.statuses[200].p99 <= closed.statuses[200].most
        steady = run_load(Load(served.port, REQUEST, connections=50, seconds=1.0, rate=50))
        assert steady.count(200) + steady.unsent == 50
        wrong = run_load(Load(served.port, get("/nothing"), connections=1, seconds=0.1))
        assert wrong.errors == wrong.untold == wrong.count(404) > 0
    gone = run_load(Load(served.port, REQUEST, connections=1, seconds=0.1))
    assert (gone.statuses, gone.rate) == ({}, 0)


def test_what_is_asked_is_said() -> None:
    """Each target is printed with the ratio that was measured, and whether that is enough."""
    rates = [
        ServerRate(BARE, 1000, 1.0, 0),
        ServerRate(OFF, 800, 2.0, 0),
        ServerRate(SQLITE, 300, 3.0, 2),
        ServerRate(POSTGRESQL, 480, 3.0, 0),
        ServerRate(PIPELINE, 10, 90.0, 0),
    ]
    *servers, off, sync, postgresql, model = lines(rates)
    assert " ".join(servers[1].split()) == "ours, log off 800 requests/s p99 2.00 ms 0.80 × bare FastAPI"
    assert servers[2].endswith("2 ERRORS")
    assert off == "ours, log off: 0.80 × bare FastAPI, asked 0.8: met"
    assert sync == "ours, log sync, SQLite: 0.30 × bare FastAPI, asked 0.5: NOT met"
    assert postgresql == "ours, log sync, PostgreSQL: 0.48 × bare FastAPI, asked 0.48: met"
    assert model.endswith("80.00 × FastAPI and joblib, asked 30.0: met")


def test_what_a_soak_must_hold() -> None:
    """Memory that grows is a failure, and so is a wrong answer."""
    good = LoadResult(60.0, {200: Latency(1000, 1.0, 2.0, 3.0)})
    bad = LoadResult(60.0, {200: Latency(999, 1.0, 2.0, 3.0), 503: Latency(1, 1.0, 1.0, 1.0)})
    assert soak.failures(soak.SoakResult(90.0, 95.0, 95.5, 0.1, [good, good])) == []
    assert soak.failures(soak.SoakResult(90.0, 95.0, 105.0, 60.0, [good, bad])) == ["1 errors", "memory grows"]
