"""GET /docs."""

from __future__ import annotations

from fastapi.testclient import TestClient


def test_documentation_is_a_page(client: TestClient) -> None:
    """/docs shows the service in a browser, without anything from another host."""
    answer = client.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "This service is used with keys." in answer.text
    assert "://" not in answer.text
    assert "://" not in answer.headers["content-security-policy"]
