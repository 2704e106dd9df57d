"""The routes that come once the service answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.http.access import build_route_table
from leadledger.api.service.settings import Settings
from tests.serving import CARD

LOCAL = ("127.0.0.1", 50_000)


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    """An app as a process that has just started has it."""
    return create_app(Settings(card=CARD, home=tmp_path), late=True)


def list_paths(app: FastAPI) -> list[str]:
    """The path of each route, in order."""
    return [route.path for route in app.routes]  # type: ignore[attr-defined]  # a Route


def test_a_late_route_is_found_at_once(app: FastAPI) -> None:
    """Whoever asks for a page or a lead right after the start gets it; until then only scoring is there."""
    early = list_paths(app)
    assert "/v1/score" in early
    assert "/v1/leads" not in early
    with TestClient(app, base_url="http://127.0.0.1", client=LOCAL) as client:
        assert client.post("/v1/score", json={"lead": {}}).status_code == 200
        assert list_paths(app) == early
        assert client.get("/v1/leads").json()["leads"] == []
        assert client.get("/studio").status_code == 200
        assert client.get("/v1/no-such-thing").status_code == 404
        assert client.put("/v1/leads").status_code == 405
        assert client.post("/v1/score", json={"lead": {}}).status_code == 200


def test_late_routes_are_added_once(app: FastAPI) -> None:
    """However many ask for them, they are added once, and are those of an app that has them from the start."""
    with TestClient(app, base_url="http://127.0.0.1", client=LOCAL) as client:
        client.get("/v1/leads")
        client.get("/v1/leads")
    full = create_app(Settings(card=CARD, home=app.state.service.settings.home))
    assert list_paths(app) == list_paths(full)
    full.state.service.close()


def test_no_early_route_takes_the_path_of_a_late_one(app: FastAPI) -> None:
    """A path is that of early routes alone, or of late ones alone: else a late method would be a wrong one (405)."""
    table, early = build_route_table(app.routes), len(app.routes)
    app.state.service.close()
    full = create_app(Settings(card=CARD, home=app.state.service.settings.home))
    full.state.service.close()
    late = list_paths(full)[early:]
    assert len(late) > early
    assert [path for path in late if table.find(re.sub(r"{[^}]*}", "x", path))] == []
