"""The figures of a large book, which are there before somebody looks at the desk."""

from __future__ import annotations

from pathlib import Path
from time import monotonic, sleep

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.pages import desk_readiness
from leadledger.api.service.service import SECONDS_KEPT
from leadledger.api.service.settings import Settings
from tests.serving import CARD


def count_leads(client: TestClient) -> int:
    """How many leads the desk knows of."""
    return int(client.get("/v1/today").json()["leads"])


def test_costly_figures_are_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they take long, they are renewed before those of a moment ago have had their time."""
    monkeypatch.setattr(desk_readiness, "START_DELAY", 0.0)
    monkeypatch.setattr(desk_readiness, "COSTLY", 0.0)
    monkeypatch.setattr(desk_readiness, "RENEWAL_INTERVAL", 0.05)
    with TestClient(create_app(Settings(card=CARD, home=tmp_path))) as client:
        end = monotonic() + SECONDS_KEPT * 0.8
        assert count_leads(client) == 0
        assert client.post("/v1/score", json={"lead": {"lead_id": "L1"}}).status_code == 200
        while count_leads(client) == 0:
            assert monotonic() < end
            sleep(0.05)


def test_a_log_that_is_off_has_no_figures(tmp_path: Path) -> None:
    """A service without a log starts and stops as ever."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path, log="off"))) as client:
        assert client.get("/v1/today").status_code == 404
