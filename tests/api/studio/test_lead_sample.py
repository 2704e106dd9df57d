"""The known leads that previews try a draft on: read once, and before anybody waits for them."""

from __future__ import annotations

import time

import pytest
from fastapi.testclient import TestClient

from tests.serving import PATIENCE


@pytest.mark.parametrize("page", ["/studio", "/studio/drafts/new"])
def test_opening_the_studio_reads_them(client: TestClient, page: str) -> None:
    """Whoever opens the studio, or a draft that changes nothing yet, finds the leads read at the first preview."""
    client.post("/v1/drafts", json={"name": "new"})
    sample = client.app.state.studio.sample  # type: ignore[attr-defined]  # a FastAPI
    assert not sample.is_ready
    assert client.get(page).status_code == 200
    until = time.monotonic() + PATIENCE
    while not sample.is_ready:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert client.post("/v1/drafts/new/preview", json={}).json()["leads"] == 300
