"""GET /metrics: what is counted is what happened, of all workers, and nothing of a lead."""

from __future__ import annotations

import os
import signal
import struct
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event

from leadledger.api.app import create_app
from leadledger.api.service import service
from leadledger.api.service.metrics import FEWEST_RECENT, FOLDER_VARIABLE, collect_workers
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.models.stability import EDGES, bin_of, index, moved
from leadledger.scoring.errors import DataError
from leadledger.scoring.scorecard import Learned
from tests.api.http.routes.test_releases import CARD, LEAD, ONE, TWO, children, publish
from tests.serving import PATIENCE, commanded

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
AVERAGE = 500  # tenths, of a lead of which nothing is known


def parse(text: str) -> Samples:
    """Every value, by its name and its labels."""
    families = text_string_to_metric_families(text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(client: TestClient | httpx2.Client, name: str, **labels: str) -> float | None:
    """One value; None: it isn't there."""
    return parse(client.get("/metrics").text).get((name, frozenset(labels.items())))


def until(true: Callable[[], Any]) -> None:
    """Wait until something is true. It must stay so: a busy machine may look late, when scores have faded a little."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RELEASE_INTERVAL", 0.01)


def released(home: Path, points: list[int]) -> TestClient:
    """A service of a release whose training had so many leads in each bin."""
    Releases(home).publish(
        CARD,
        Learned(base_rate=0.1),
        metrics={"points": points},
        provenance={},
        created=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return TestClient(create_app(Settings(home=home, log="off")))


def test_requests_and_scores_are_counted(tmp_path: Path) -> None:
    """Each answer by its route and status, each score by its recommendation, each lead that is refused."""
    publish(tmp_path, 30)
    with TestClient(create_app(Settings(home=tmp_path))) as client:
        for _ in range(3):
            verdict = client.post("/v1/score", json=LEAD).json()["recommendation"]
        named = {**LEAD, "lead": {**LEAD["lead"], "lead_id": "who-is-it@example.com"}}
        for _ in range(2):  # the second is the first again
            client.post("/v1/score", json=named, headers={"Idempotency-Key": "k"})
        client.post("/v1/score", json={"lead": {"a": "perhaps"}})
        client.post("/v1/score/batch", json={"leads": [{"a": True}, {"a": "perhaps"}, {"a": 7}]})
        client.post("/v1/score/batch?reply=hubspot", json={"leads": [{"lead_id": "L", "a": True}, {"a": "perhaps"}]})
        client.get("/v1/leads/who-is-it@example.com/scores")
        client.get("/nowhere/who-is-it@example.com")
        text = client.get("/metrics").text
        samples = parse(text)

    def counted(name: str, **labels: str) -> float:
        return samples[name, frozenset(labels.items())]

    assert counted("leadledger_scores_total", release=ONE, recommendation=verdict) == 6
    assert counted("leadledger_leads_rejected_total") == 4
    requests = {
        (labels["method"], labels["route"], labels["status"]): counts
        for labels, counts in (
            (dict(labels), counts) for (name, labels), counts in samples.items() if "requests" in name
        )
        if "method" in labels and name_of(samples, labels, counts)
    }
    assert requests == {
        ("POST", "/v1/score", "200"): 5,
        ("POST", "/v1/score", "422"): 1,
        ("POST", "/v1/score/batch", "200"): 2,
        ("GET", "/v1/leads/{id}/scores", "200"): 1,
        ("", "", "404"): 1,
    }
    assert counted("leadledger_request_seconds_count", route="/v1/score") == 6
    assert "who-is-it" not in text


def name_of(samples: Samples, labels: dict[str, str], counts: float) -> bool:
    """Whether a value is the number of requests, and not when it began to be counted."""
    return samples.get(("leadledger_requests_total", frozenset(labels.items()))) == counts


@pytest.mark.slow
def test_the_release_and_the_log(tmp_path: Path) -> None:
    """Which release is served, whether the current one is refused, and whether scores can be recorded."""
    publish(tmp_path, 30)
    publish(tmp_path, 50)
    app = create_app(Settings(home=tmp_path))
    pages = [1_000_000]

    @event.listens_for(app.state.service.decision_log.store.engine, "begin")
    def limited(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages[0]}")

    with TestClient(app) as client:
        assert value(client, "leadledger_serving", card="small", release=TWO) == 1
        client.post(f"/v1/releases/{ONE}/use")
        until(lambda: value(client, "leadledger_serving", card="small", release=ONE) == 1)
        assert value(client, "leadledger_serving", card="small", release=TWO) == 0
        assert value(client, "leadledger_release_refused") == 0
        other = publish(tmp_path, 70, CARD.replace("name: small", "name: other"))
        until(lambda: value(client, "leadledger_serving", card="other", release=other) == 1)
        assert value(client, "leadledger_serving", card="small", release=ONE) == 0
        (tmp_path / "current").write_text("2026-01-01-009")
        until(lambda: value(client, "leadledger_release_refused") == 1)
        assert [value(client, f"leadledger_log_{gauge}") for gauge in ("waiting", "lag_seconds", "failing")] == [
            0,
            0,
            0,
        ]
        pages[0] = 1
        for _ in range(200):
            client.post("/v1/score", json=LEAD)
        until(lambda: value(client, "leadledger_log_failing") == 1)
        pages[0] = 1_000_000
        client.post("/v1/score", json=LEAD)
        until(lambda: value(client, "leadledger_log_failing") == 0)


@pytest.mark.parametrize(
    ("shares", "expected"), [({AVERAGE: 1000}, 0.0), ({AVERAGE: 900, 700: 100}, None), ({300: 1000}, None)]
)
def test_drift(tmp_path: Path, shares: dict[int, int], expected: float | None) -> None:
    """The recent scores beside those of training, bin by bin; it is shown once there are enough."""
    trained = [0] * (len(EDGES) + 1)
    for tenths, leads in shares.items():
        trained[bin_of(tenths)] += leads
    recent = [0] * len(trained)
    recent[bin_of(AVERAGE)] = FEWEST_RECENT + 4
    with released(tmp_path, trained) as client:
        client.post("/v1/score/batch", json={"leads": [{}] * (FEWEST_RECENT - 1)})
        until(
            lambda: (
                value(client, "leadledger_points_recent", release=ONE, bin="50")
                == pytest.approx(FEWEST_RECENT - 1, rel=1e-3)
            )
        )
        assert value(client, "leadledger_score_drift", release=ONE) is None
        client.post("/v1/score/batch", json={"leads": [{}] * 5})
        until(lambda: value(client, "leadledger_score_drift", release=ONE) is not None)
        drift = value(client, "leadledger_score_drift", release=ONE)
    assert drift == pytest.approx(
        moved(trained, recent) if expected is None else expected, abs=1e-3
    )  # they fade a little
    assert drift is not None
    assert (drift > 0.1) == (expected is None)


@pytest.mark.parametrize(
    "points", [[], [1, 2], "many", {"a": 1}, None, [0] * (len(EDGES) + 1), ["1"] * (len(EDGES) + 1)]
)
def test_no_distribution_no_drift(tmp_path: Path, points: Any) -> None:
    """A release without the distribution of its training shows no drift, and is served."""
    with released(tmp_path, points) as client:
        client.post("/v1/score/batch", json={"leads": [{}] * FEWEST_RECENT})
        until(
            lambda: (
                value(client, "leadledger_points_recent", release=ONE, bin="50")
                == pytest.approx(FEWEST_RECENT, rel=1e-3)
            )
        )
        assert value(client, "leadledger_score_drift", release=ONE) is None


def test_recent_scores_fade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A score counts half after `HALF_LIFE` seconds, and another release begins anew."""
    monkeypatch.setattr("leadledger.api.service.metrics.HALF_LIFE", 0.05)
    publish(tmp_path, 30)
    publish(tmp_path, 50)
    with TestClient(create_app(Settings(home=tmp_path, log="off"))) as client:
        client.post("/v1/score/batch", json={"leads": [{}] * 500})
        until(lambda: 0 < (value(client, "leadledger_points_recent", release=TWO, bin="50") or 0) < 100)
        monkeypatch.setattr("leadledger.api.service.metrics.HALF_LIFE", 1e9)
        client.post("/v1/score/batch", json={"leads": [{}] * 500})
        client.post(f"/v1/releases/{ONE}/use")
        until(lambda: value(client, "leadledger_points_recent", release=TWO, bin="50") == 0)
        assert value(client, "leadledger_points_recent", release=ONE, bin="50") == 0


def test_a_folder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is left over from something else ends the start with a message."""
    publish(tmp_path, 30)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(DataError) as refused:
        create_app(Settings(home=tmp_path, log="off"))
    assert str(refused.value) == (
        f"{FOLDER_VARIABLE} names {tmp_path}/none, which is not a folder; unset it, for `leadledger serve` makes its"
        " own"
    )


def test_bins() -> None:
    """The same edges wherever scores are binned: by training with numpy, by the service one at a time."""
    import numpy as np

    tenths = range(-120, 1200, 7)
    assert [bin_of(tenths_of) for tenths_of in tenths] == np.searchsorted(EDGES, list(tenths), side="right").tolist()
    assert moved([5, 0, 5], [50, 0, 50]) == 0
    assert moved([60, 30, 10], [40, 30, 30]) == pytest.approx(index([60, 30, 10], [40, 30, 30]) - 0.04)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_a_file_that_a_worker_begins_is_read_again(tmp_path: Path) -> None:
    """Where a worker has made its file and written nothing yet, its counters are looked for a moment later."""
    begun = tmp_path / "counter_1.db"
    begun.touch()
    with pytest.raises(struct.error):
        list(MultiProcessCollector(None, str(tmp_path)).collect())
    threading.Timer(0.01, begun.unlink).start()
    assert collect_workers(tmp_path) == []


@pytest.mark.slow
def test_all_workers_are_shown_together(tmp_path: Path) -> None:
    """Whichever worker answers, it shows the sum; what a worker counted stays when it is killed."""
    publish(tmp_path, 30)
    with commanded(tmp_path, "--workers", "2") as (process, address):
        answered = 0

        def ask(number: int) -> None:
            nonlocal answered
            for _ in range(number):  # each on a connection of its own, so that both workers get some
                answered += httpx2.post(f"{address}/v1/score", json=LEAD, timeout=PATIENCE).status_code == 200

        ask(40)
        for _ in range(10):
            with httpx2.Client(base_url=address, timeout=PATIENCE) as client:
                counted = value(client, "leadledger_requests_total", method="POST", route="/v1/score", status="200")
                assert counted == answered == 40
        with httpx2.Client(base_url=address, timeout=PATIENCE) as client:
            until(lambda: value(client, "leadledger_serving", card="small", release=ONE) == 2)
        before = children(process.pid)
        os.kill(before[0], signal.SIGKILL)
        until(lambda: len(set(children(process.pid)) - {before[0]}) == 2)
        with httpx2.Client(base_url=address, timeout=PATIENCE) as client:
            until(lambda: value(client, "leadledger_serving", card="small", release=ONE) == 2)
            ask(10)
            counted = value(client, "leadledger_requests_total", method="POST", route="/v1/score", status="200")
            assert counted == answered == 50
