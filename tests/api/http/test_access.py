"""Each route needs what it declares of its caller, and no route is without a need."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from leadledger.api.http.access import ANY_KEY, NEEDS, OPEN, SIGNED, build_route_table, needs
from leadledger.api.http.direct import DirectRoute
from leadledger.api.http.problem import MEDIA_TYPE
from leadledger.api.service.keys import SCOPES
from tests.api.answers import BATCH, SCORE
from tests.api.http.keyed_service import app_of, bearer


@pytest.fixture
def client(keyed_client: TestClient) -> TestClient:
    """A service with keys."""
    return keyed_client


def every_route(app: FastAPI) -> list[tuple[str, str, str]]:
    """Method, path and need of every route of a service but its pages, wherever it was added."""
    needed = []
    listed = build_route_table(app.routes)
    for entries in listed.by_path():
        for method, entry in entries.items():
            if entry.is_page:  # see tests/api/pages/test_sessions.py
                continue
            needed.append((method, re.sub(r"\{[^}]*\}", "1", entry.template), entry.needs))
    return needed


@pytest.mark.slow
def test_every_route_is_guarded(client: TestClient, made: dict[str, str]) -> None:
    """No key, a guessed, revoked or malformed one, and one without the right scope are refused everywhere."""
    routes = every_route(client.app)  # type: ignore[arg-type]  # a FastAPI
    closed = {path for _, path, need in routes if need != OPEN}
    assert {SCORE, BATCH, "/v1/me", "/v1/scorecard", "/openapi.json"} <= closed
    assert {path for _, path, need in routes if need == OPEN} == {"/docs", "/health/live", "/health/ready"}
    guessed = made["score"][:12] + "A" * 43
    strangers: list[dict[str, str]] = [
        {},
        bearer(made["revoked"]),
        bearer(guessed),
        bearer(""),
        bearer(made["score"] + " " + made["score"]),
        {"Authorization": made["score"]},
        {"Authorization": f"Basic {made['score']}"},
        {"X-API-Key": guessed},
        {"X-API-Key": f"Bearer {made['score']}"},
        {"X-API-Key": "é".encode("latin-1").decode("latin-1") * 55},
        {"Cookie": f"key={made['score']}"},
    ]
    for method, path, need in routes:
        if need == OPEN:
            assert client.request(method, path).status_code == 200
            continue
        if need == SIGNED:  # no key helps; see tests/api/sync/test_incoming.py
            for headers in (*strangers, *(bearer(made[scope]) for scope in SCOPES)):
                raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
                answer = client.request(method, path, headers=raw, json={})
                assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Signature"), (path, headers)
            continue
        for headers in strangers:
            raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            answer = client.request(method, path, headers=raw)
            assert (answer.status_code, answer.headers["content-type"]) == (401, MEDIA_TYPE), (method, path, headers)
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert client.request(method, f"{path}?key={made['score']}").status_code == 401
        for scope in SCOPES:
            answer = client.request(method, path, headers=bearer(made[scope]))
            if need in (scope, ANY_KEY):
                assert answer.status_code not in (401, 403, 405), (method, path, scope)
            else:
                assert answer.status_code == 403, (method, path, scope)
                assert f"lacks the scope `{need}`; it has: {scope}." in answer.json()["detail"]


def test_open_paths_ask_for_no_key(client: TestClient) -> None:
    """A wrong method at an open path is a 405 without a key, too."""
    answer = client.delete("/health/live")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_route_says_what_it_needs() -> None:
    """A route that declares no need can't be served, and only known needs can be declared."""
    app = FastAPI(openapi_url=None)
    app.router.route_class = DirectRoute

    @app.get("/declared/{name}")
    @needs("read")
    async def declared(request: Any) -> None:
        return None

    by_method = build_route_table(app.routes).find("/declared/x")
    assert {route.needs for route in by_method.values()} == {"read"}

    @app.get("/undeclared")
    async def undeclared(request: Any) -> None:
        return None

    with pytest.raises(TypeError, match=r"undeclared.* doesn't declare what it needs"):
        build_route_table(app.routes)
    with pytest.raises(
        ValueError, match="'rea' is not one of open, any, signed, score, outcomes, events, read, hooks, admin"
    ):
        needs("rea")
    assert set(NEEDS) == {OPEN, ANY_KEY, SIGNED, *SCOPES}


def test_a_late_route_without_a_need_is_not_served(tmp_path: Path) -> None:
    """A route that is added to a finished app without its need makes every request fail."""
    app = app_of(tmp_path)

    @app.get("/late")
    async def late(request: Any) -> Response:
        return Response("secret")

    with pytest.raises(TypeError, match="late"):
        TestClient(app).get("/late")
