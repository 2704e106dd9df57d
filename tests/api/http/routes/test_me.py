"""GET /v1/me."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from leadledger.api.service.keys import SCOPES
from tests.api.http.keyed_service import app_of, bearer


@pytest.fixture
def client(keyed_client: TestClient) -> TestClient:
    """A service with keys."""
    return keyed_client


@pytest.mark.slow
def test_me(client: TestClient, made: dict[str, str], tmp_path: Path) -> None:
    """/v1/me returns the caller's key and scopes; where no keys exist, all scopes."""
    answer = client.get("/v1/me", headers=bearer(made["read"])).json()
    assert answer == {
        "key": {"id": made["read"][3:11], "name": "read", "created": "2026-01-31T09:00:00+00:00"},
        "scopes": ["read"],
    }
    free = TestClient(app_of(tmp_path / "empty"))
    assert free.get("/v1/me").json() == {"key": None, "scopes": list(SCOPES)}
