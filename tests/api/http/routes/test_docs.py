"""GET /docs."""

from __future__ import annotations

from fastapi.testclient import TestClient


def test_documentation_is_a_page(client: TestClient) -> None:
    """/docs shows the service in a browser."""
    assert "swagger" in client.get("/docs").text
