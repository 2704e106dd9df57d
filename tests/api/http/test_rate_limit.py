"""Each key may send requests at a steady rate, and a few at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from leadledger.api.http.rate_limit import BURST_SECONDS, RateLimiter
from tests.api.answers import SCORE
from tests.api.http.keyed_service import BODY, app_of, bearer


def test_rate() -> None:
    """A bucket holds two seconds' worth, fills steadily, each caller's by itself; a refused request isn't counted."""
    rates = RateLimiter(10)
    assert [rates.wait("a", 100.0) for _ in range(int(10 * BURST_SECONDS))] == [0.0] * 20
    assert rates.wait("a", 100.0) == pytest.approx(0.1)
    assert rates.wait("a", 100.05) == pytest.approx(0.05)
    assert rates.wait("b", 100.05) == 0.0
    assert rates.wait("a", 100.11) == 0.0
    assert sum(not rates.wait("a", 1000 + at / 1000) for at in range(10_000)) == pytest.approx(10 * 10 + 20, abs=1)
    slow = RateLimiter(0.01)
    assert [slow.wait("a", 0.0), round(slow.wait("a", 0.0))] == [0.0, 100]
    assert all(RateLimiter(None).wait("a", 0.0) == 0.0 for _ in range(1000))


def test_a_key_that_asks_too_often(tmp_path: Path, made: dict[str, str]) -> None:
    """A key beyond its rate gets 429 with a time to retry, in the header and in the body; other keys are served."""
    client = TestClient(app_of(tmp_path, max_rate=1))
    answers = [client.post(SCORE, json=BODY, headers=bearer(made["score"])) for _ in range(10)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:2] == [200, 200]
    assert statuses.count(429) >= 5
    last = next(answer for answer in reversed(answers) if answer.status_code == 429)
    assert last.json()["retry_after"] == int(last.headers["retry-after"]) >= 1
    assert list(last.json()) == ["type", "title", "status", "detail", "errors", "request_id", "retry_after"]
    assert client.get("/v1/me", headers=bearer(made["read"])).status_code == 200
    assert client.get("/health/live").status_code == 200


def test_leads_of_a_repeatable_batch_count(tmp_path: Path, made: dict[str, str]) -> None:
    """A batch with an Idempotency-Key counts as many requests as it has leads, one without it as one."""
    client = TestClient(app_of(tmp_path, max_rate=10))
    batch = {"leads": [{"need": "urgent"}] * 50, "as_of": "2026-01-01"}
    for _ in range(3):
        assert client.post(f"{SCORE}/batch", json=batch, headers=bearer(made["score"])).status_code == 200
    headers = {**bearer(made["score"]), "Idempotency-Key": "k"}
    with client:  # the log runs
        assert client.post(f"{SCORE}/batch", json=batch, headers=headers).status_code == 200
        answer = client.post(SCORE, json=BODY, headers=headers)
    assert answer.status_code == 429
    assert 2 <= answer.json()["retry_after"] <= 5
