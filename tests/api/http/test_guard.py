"""The guard finds the caller's key, refuses what may not pass, and limits the requests in progress."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import Response
from fastapi.testclient import TestClient

from leadledger.api.http.access import needs
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service import keys
from leadledger.api.service.keys import KEY_FILE
from leadledger.scoring.engine.score import Engine
from tests.api.answers import BATCH, JSON, SCORE
from tests.api.http.keyed_service import BODY, NOW, app_of, bearer, lines


@pytest.fixture
def client(keyed_client: TestClient) -> TestClient:
    """A service with keys."""
    return keyed_client


def test_either_header_carries_a_key(client: TestClient, made: dict[str, str]) -> None:
    """A key may come as a bearer token or by itself; if both come, the one by itself counts."""
    for headers in (
        bearer(made["score"]),
        {"Authorization": f"bearer {made['score']}"},
        {"X-API-Key": made["score"]},
        {"X-API-Key": made["score"], "Authorization": "Basic dXNlcjpwYXNz"},
    ):
        assert client.post(SCORE, json=BODY, headers=headers).status_code == 200
    assert client.post(SCORE, json=BODY, headers={"X-API-Key": "x", **bearer(made["score"])}).status_code == 401


def test_strangers_learn_nothing(client: TestClient, made: dict[str, str]) -> None:
    """Without a key, a path that is there and one that isn't look the same; with one, they don't."""
    for method, path in (("GET", "/nope"), ("DELETE", SCORE), ("OPTIONS", SCORE), ("GET", "/v1/scorecard")):
        assert client.request(method, path).status_code == 401
    assert client.get("/nope", headers=bearer(made["read"])).status_code == 404
    answer = client.delete(SCORE, headers=bearer(made["read"]))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_running_service_sees_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first key ends open access, a new one works at once, a revoked one stops; damage ends all access."""
    monkeypatch.setattr(keys.Keyring, "LOOK_INTERVAL", 0.0)  # a look for each request, not once a second
    client = TestClient(app_of(tmp_path))
    assert client.post(SCORE, json=BODY).status_code == 200
    key, text = keys.add(tmp_path, "crm", ("score",), NOW)
    assert client.post(SCORE, json=BODY).status_code == 401
    assert client.post(SCORE, json=BODY, headers=bearer(text)).status_code == 200
    monkeypatch.setattr(keys.Keyring, "LOOK_INTERVAL", 3600.0)
    assert client.post(SCORE, json=BODY, headers=bearer(text)).status_code == 200
    _, second = keys.add(tmp_path, "other", ("score",), NOW)
    assert client.post(SCORE, json=BODY, headers=bearer(second)).status_code == 200
    monkeypatch.setattr(keys.Keyring, "LOOK_INTERVAL", 0.0)
    keys.revoke(tmp_path, key.id, NOW)
    assert (
        client.post(SCORE, json=BODY, headers=bearer("x")).status_code == 401
    )  # an unknown key triggers a look at the file
    assert client.post(SCORE, json=BODY, headers=bearer(text)).status_code == 401
    assert client.post(SCORE, json=BODY, headers=bearer(second)).status_code == 200
    whole = (tmp_path / KEY_FILE).read_text()
    (tmp_path / KEY_FILE).write_text(whole[:-9])
    answer = client.post(SCORE, json=BODY, headers=bearer(second))
    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        "The keys can't be read, so nobody has access. The server's log says why.",
    )
    assert client.get("/health/live").status_code == 200
    (tmp_path / KEY_FILE).unlink()
    assert client.post(SCORE, json=BODY).status_code == 503
    (tmp_path / KEY_FILE).write_text(whole)
    assert client.post(SCORE, json=BODY, headers=bearer(second)).status_code == 200


def test_a_path_with_a_part_that_varies(tmp_path: Path) -> None:
    """A lean route gets the parts of its path, and the log its template only."""
    app = app_of(tmp_path)

    @app.get("/things/{name}")
    @needs("read")
    async def thing(request: Any) -> Response:
        if request.path_params["name"] == "none":
            raise Refusal(409, "Gone.", headers={"X-Why": "none"})
        return Response(request.path_params["name"])

    answer = TestClient(app).get("/things/none")
    assert (answer.status_code, answer.json()["detail"], answer.headers["x-why"]) == (409, "Gone.", "none")
    assert TestClient(app).get("/things/ann@example.org").text == "ann@example.org"


def test_too_many_at_once(tmp_path: Path) -> None:
    """Of many requests at once, as many as are taken are answered, the rest get 503; health is, in the midst of it."""
    app = app_of(tmp_path, max_waiting=5)

    async def flood() -> tuple[list[httpx2.Response], httpx2.Response]:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
            requests = [http.post(BATCH, json={"leads": [{}] * 50}) for _ in range(30)]
            *answers, health = await asyncio.gather(*requests, http.get("/health/ready"))
            answers.append(await http.post(SCORE, json=BODY))
            return answers, health

    answers, health = asyncio.run(flood())
    assert health.status_code == 200
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses[:-1]) == [200] * 5 + [503] * 25
    assert statuses[-1] == 200  # places are given back
    last = next(answer for answer in answers if answer.status_code == 503)
    assert (last.headers["retry-after"], last.json()["retry_after"]) == ("1", 1)


@pytest.mark.parametrize(("size", "accepted"), [(9_000, 8), (11_000, 4), (50_000, 4)])
def test_large_requests_take_more_places(tmp_path: Path, size: int, accepted: int) -> None:
    """A body counts once for each 10,000 bytes, and the largest for a quarter of what is taken at once."""
    app = app_of(tmp_path, max_waiting=8)
    body = json.dumps({"leads": [{}] * 50}).encode().ljust(size)

    async def flood() -> list[int]:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
            requests = [http.post(BATCH, content=body, headers=JSON) for _ in range(20)]
            return [answer.status_code for answer in await asyncio.gather(*requests)]

    assert asyncio.run(flood()).count(200) == accepted


def test_a_failure_gives_its_place_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that fail or are refused hold no place."""
    client = TestClient(app_of(tmp_path, max_waiting=1), raise_server_exceptions=False)
    with monkeypatch.context() as patched:
        patched.setattr(Engine, "build_result", lambda *_: 1 / 0)
        assert [client.post(SCORE, json=BODY).status_code for _ in range(3)] == [500] * 3
    assert [client.post(SCORE, content=b"{").status_code for _ in range(3)] == [415] * 3
    assert client.post(SCORE, json=BODY).status_code == 200


def test_a_slow_body_holds_no_place(tmp_path: Path) -> None:
    """A request whose body is still to come takes no place from others."""
    app = app_of(tmp_path, max_waiting=1)

    async def slow() -> list[int]:
        go = asyncio.Event()

        async def body() -> Any:
            yield b'{"lead": {}'
            await go.wait()
            yield b"}"

        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
            headers = {"Content-Type": "application/json"}
            waiting = [asyncio.create_task(http.post(SCORE, content=body(), headers=headers)) for _ in range(3)]
            await asyncio.sleep(0.01)
            quick = (await http.post(SCORE, json=BODY)).status_code
            go.set()
            return [quick, *sorted(answer.status_code for answer in await asyncio.gather(*waiting))]

    assert asyncio.run(slow()) == [200, 200, 503, 503]  # those that then arrive at once are too many, as ever


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kept", "sent"),
    [(True, "a"), (True, "00f0-17.3_x:1"), (True, "x" * 64), *((False, sent) for sent in ("x" * 65, "a b", "a@b", ""))],
)
def test_request_id(client: TestClient, kept: bool, sent: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A request keeps the caller's id if it is short and plain; else it gets a new one."""
    answer = client.get("/nope", headers={"X-Request-Id": sent})
    assert (answer.headers["x-request-id"] == sent) is kept
    (line,) = lines(capsys)
    assert line["request_id"] == answer.json()["request_id"] == answer.headers["x-request-id"]
