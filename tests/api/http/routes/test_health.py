"""GET /health/live and /health/ready."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health(client: TestClient, path: str) -> None:
    """Both health checks answer GET and HEAD, once the card is loaded."""
    assert client.get(path).json()["status"] == path.removeprefix("/health/")
    assert client.head(path).status_code == 200
