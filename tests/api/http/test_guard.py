"""The guard in front of every route: keys, scopes, limits; and behind it: headers and the program's log."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, HTTPException, Response
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.http import problem
from leadledger.api.http.access import ANY_KEY, NEEDS, OPEN, build_route_table, needs
from leadledger.api.http.direct import DirectRoute
from leadledger.api.http.problem import MEDIA_TYPE
from leadledger.api.http.rate_limit import BURST_SECONDS, RateLimiter
from leadledger.api.http.routes import score as score_routes
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service import keys
from leadledger.api.service.keys import KEY_FILE, SCOPES
from leadledger.api.service.settings import Settings
from leadledger.scoring.engine.score import Engine

ROOT = Path(__file__).parents[3]
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
SCORE, BATCH = "/v1/score", "/v1/score/batch"
JSON = {"Content-Type": "application/json"}
BODY = {"lead": {"need": "urgent"}, "as_of": "2026-01-01"}


def app_of(home: Path, **limits: Any) -> FastAPI:
    """A service of the example card, with the keys of a home."""
    return create_app(Settings(home=home, card=CARD, **limits))


def bearer(text: str) -> dict[str, str]:
    """The header that carries a key."""
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def made(tmp_path: Path) -> dict[str, str]:
    """A key for each scope alone, and one that is revoked."""
    texts: dict[str, str] = {scope: keys.add(tmp_path, scope, (scope,), NOW)[1] for scope in SCOPES}
    key, texts["revoked"] = keys.add(tmp_path, "revoked", SCOPES, NOW)
    keys.revoke(tmp_path, key.id, NOW)
    return texts


@pytest.fixture
def client(tmp_path: Path, made: dict[str, str]) -> Iterator[TestClient]:
    """A service with keys."""
    with TestClient(app_of(tmp_path)) as client:
        yield client


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the program has logged since the last look."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


# -- keys and scopes ---------------------------------------------------------------------------------------------------


def every_route(app: FastAPI) -> list[tuple[str, str, str]]:
    """Method, path and need of every route of a service, wherever it was added."""
    needed = []
    listed = build_route_table(app.routes)
    for entries in listed.by_path():
        for method, entry in entries.items():
            needed.append((method, re.sub(r"\{[^}]*\}", "1", entry.template), entry.needs))
    return needed


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


def test_me(client: TestClient, made: dict[str, str], tmp_path: Path) -> None:
    """/v1/me returns the caller's key and scopes; where no keys exist, all scopes."""
    answer = client.get("/v1/me", headers=bearer(made["read"])).json()
    assert answer == {
        "key": {"id": made["read"][3:11], "name": "read", "created": "2026-01-31T09:00:00+00:00"},
        "scopes": ["read"],
    }
    free = TestClient(app_of(tmp_path / "empty"))
    assert free.get("/v1/me").json() == {"key": None, "scopes": list(SCOPES)}


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
    with pytest.raises(ValueError, match="'rea' is not one of open, any, score, outcomes, read, admin"):
        needs("rea")
    assert set(NEEDS) == {OPEN, ANY_KEY, *SCOPES}


def test_a_late_route_without_a_need_is_not_served(tmp_path: Path) -> None:
    """A route that is added to a finished app without its need makes every request fail."""
    app = app_of(tmp_path)

    @app.get("/late")
    async def late(request: Any) -> Response:
        return Response("secret")

    with pytest.raises(TypeError, match="late"):
        TestClient(app).get("/late")


def test_a_path_with_a_part_that_varies(tmp_path: Path) -> None:
    """A lean route gets the parts of its path, and the log its template only."""
    app = app_of(tmp_path)

    @app.get("/things/{name}")
    @needs("read")
    async def thing(request: Any) -> Response:
        if request.path_params["name"] == "none":
            raise HTTPException(409, "Gone.", {"X-Why": "none"})
        return Response(request.path_params["name"])

    answer = TestClient(app).get("/things/none")
    assert (answer.status_code, answer.json()["detail"], answer.headers["x-why"]) == (409, "Gone.", "none")
    assert TestClient(app).get("/things/ann@example.org").text == "ann@example.org"


# -- without keys ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("127.0.0.1:8000", 200),
        ("127.1.2.3", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example:8000", 421),
        ("192.168.1.7:8000", 421),
        ("", 421),
    ],
)
def test_a_page_can_t_point_its_name_here(tmp_path: Path, host: str, status: int) -> None:
    """Without keys, the service answers only to names of this machine (DNS rebinding); health checks to any."""
    client = TestClient(app_of(tmp_path))
    assert client.post(SCORE, json=BODY, headers={"Host": host}).status_code == status
    assert client.get("/health/ready", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("address", ["http://192.168.1.7", "http://[2001:db8::1]"])
def test_other_addresses_need_keys(tmp_path: Path, address: str) -> None:
    """Without keys, a request at an address that others can reach is refused, whatever host it names."""
    client = TestClient(app_of(tmp_path), base_url=address)
    assert client.post(SCORE, json=BODY, headers={"Host": "localhost"}).status_code == 403
    assert client.get("/health/live").status_code == 200


def test_a_page_can_t_send_json_here(tmp_path: Path) -> None:
    """A browser gets no permission to send JSON to another site; what it may send without is refused."""
    client = TestClient(app_of(tmp_path))
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = client.options(SCORE, headers=asking)
    assert answer.status_code == 405
    plain = client.post(SCORE, content=json.dumps(BODY), headers={"Content-Type": "text/plain"})
    assert plain.status_code == 415
    for response in (answer, plain, client.get("/v1/scorecard", headers=asking)):
        assert not any(name.startswith("access-control-") for name in response.headers)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8000", 409),
        ("http://127.0.0.1", 409),
        ("http://[::1]:3000", 409),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("http://192.168.1.7", 403),
        ("null", 403),  # of a page in a frame without rights, or of a file
        ("", 403),
        ("evil://", 403),
    ],
)
def test_a_page_can_t_ask_what_needs_no_body(tmp_path: Path, origin: str, status: int) -> None:
    """A browser sends a POST without a body to another site unasked, and says whose page it is: it is refused.

    From a page of this machine it gets as far as the route, which refuses since a card is served alone.
    """
    client = TestClient(app_of(tmp_path))
    answer = client.post("/v1/releases/2026-01-01-001/use", headers={"Origin": origin})
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["detail"].startswith(
            "This request came from a web page of another site, and no keys exist."
        )


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded"])
def test_a_proxy_needs_keys(tmp_path: Path, name: str) -> None:
    """Without keys, a request through a proxy is refused: its caller may be elsewhere."""
    answer = TestClient(app_of(tmp_path)).post(SCORE, json=BODY, headers={name: "for=203.0.113.1"})
    assert (answer.status_code, answer.json()["detail"][:38]) == (403, "This request came through a proxy, and")


def test_with_keys_any_name_will_do(client: TestClient, made: dict[str, str]) -> None:
    """With keys, a service answers under whatever name it has, behind a proxy too."""
    headers = {"Host": "leads.example.org", "X-Forwarded-For": "203.0.113.1", **bearer(made["score"])}
    assert client.post(SCORE, json=BODY, headers=headers).status_code == 200


# -- limits ------------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("length", ["99999999999999999999", "50001"])
def test_a_large_body_is_not_read(tmp_path: Path, length: str) -> None:
    """A body that says that it is too large is refused before any of it is read."""
    app, sent = app_of(tmp_path, max_body=50_000), []
    scope = {
        "type": "http",
        "method": "POST",
        "path": SCORE,
        "headers": [(b"content-type", b"application/json"), (b"content-length", length.encode())],
    }

    async def receive() -> Any:
        raise AssertionError("read")

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 413


# -- headers, and the log ----------------------------------------------------------------------------------------------


def test_headers_are_on_every_answer(client: TestClient, made: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer, also a refusal or a failure, has the security headers and its request's id."""
    answers = [
        client.get("/health/live"),
        client.post(SCORE, json=BODY, headers=bearer(made["score"])),
        client.get("/docs"),
        client.get("/nope"),
        client.get("/nope", headers=bearer(made["score"])),
        client.post(SCORE, json=[], headers=bearer(made["score"])),
    ]
    monkeypatch.setattr(Engine, "build_result", lambda *_: 1 / 0)
    answers.append(client.post(SCORE, json=BODY, headers=bearer(made["score"])))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 401, 404, 422, 500]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in answer.headers
        if answer.status_code >= 400:
            assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


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


def test_the_page_lets_its_own_script_run_only(client: TestClient) -> None:
    """The policy of /docs allows its own script by hash and no other; the page reveals nothing about the card."""
    answer = client.get("/docs")
    policy = answer.headers["content-security-policy"]
    assert answer.headers.get_list("content-security-policy") == [policy]
    assert re.search(r"script-src https://\S+/ 'sha256-[A-Za-z0-9+/]{43}=';", policy)
    assert "unsafe-eval" not in policy
    assert "b2b" not in answer.text
    assert not re.search(r"<[^>]* on[a-z]+=", answer.text)


def test_lines(client: TestClient, made: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each request has a line with its route's template, status, time, key and bytes; health checks have none."""
    client.get("/health/ready")
    client.post(f"{SCORE}?as_of=2026-01-01", json=BODY, headers=bearer(made["score"]))
    client.get("/leads/ann@example.org", headers=bearer(made["score"]))
    client.put(SCORE, headers=bearer(made["score"]))
    client.get("/v1/me")
    logged = lines(capsys)
    assert [(line["method"], line["route"], line["status"]) for line in logged] == [
        ("POST", SCORE, 200),
        (None, None, 404),
        (None, SCORE, 405),
        ("GET", "/v1/me", 401),
    ]
    first = logged[0]
    assert list(first) == [
        *("time", "level", "event", "request_id", "method", "route", "status", "ms", "key", "received", "sent")
    ]
    assert (first["level"], first["event"], first["key"]) == ("info", "request", made["score"][3:11])
    assert datetime.fromisoformat(first["time"]).utcoffset() is not None
    assert first["received"] > 10
    assert first["sent"] > 100
    assert first["ms"] >= 0


def test_level(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A higher level logs only failures; the lowest logs health checks too."""
    quiet = TestClient(app_of(tmp_path, log_level="warning"))
    quiet.post(SCORE, json=BODY)
    quiet.get("/nope")
    assert lines(capsys) == []
    TestClient(app_of(tmp_path, log_level="debug")).get("/health/live")
    assert [line["level"] for line in lines(capsys)] == ["debug"]
    monkeypatch.setattr(Engine, "build_result", lambda *_: 1 / 0)
    quiet.post(SCORE, json=BODY)
    failure, request = lines(capsys)
    assert (failure["event"], failure["error"]) == ("failure", ["ZeroDivisionError"])
    assert failure["at"][-1].startswith("tests/api/http/test_guard.py:")
    assert failure["request_id"] == request["request_id"]
    with pytest.raises(ValueError, match="log_level is 'loud'; it must be one of debug, info, warning, error"):
        Settings(log_level="loud")


MARK = "Zebedee-Quux-7741"


@pytest.mark.parametrize("level", ["debug", "info", "error"])
def test_nothing_of_a_lead_is_logged(
    tmp_path: Path,
    made: dict[str, str],
    level: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever becomes of a lead, no text of it and no key's secret is logged, not even by an error's words."""
    client = TestClient(app_of(tmp_path, log_level=level), raise_server_exceptions=False)
    key = bearer(made["score"])
    lead = {"company": MARK, "industry": MARK, MARK: MARK}

    def send() -> list[int]:
        marked = {**key, "User-Agent": MARK, "Referer": f"https://{MARK}/", "X-Request-Id": f"{MARK}@x"}
        return [
            client.post(SCORE, json={"lead": lead}, headers=marked).status_code,
            client.post(BATCH, json={"leads": [lead, lead]}, headers=marked).status_code,
            client.post(SCORE, json={"lead": {**lead, "employees": MARK}}, headers=marked).status_code,
            client.post(SCORE, json={MARK: lead}, headers=marked).status_code,
            client.post(SCORE, content=f'{{"{MARK}', headers={**marked, "Content-Type": "text/json"}).status_code,
            client.post(SCORE, content=f'{{"{MARK}', headers={**marked, **JSON}).status_code,
            client.post(f"/{MARK}", json={"lead": lead}, headers=marked).status_code,
            client.request(MARK.upper().replace("-", "")[:7], SCORE, headers=marked).status_code,
            client.post(SCORE, json={"lead": lead}, headers=bearer(MARK)).status_code,
            client.post(f"{SCORE}?{MARK}={MARK}", json={"lead": lead}, headers=marked).status_code,
        ]

    assert send() == [200, 200, 422, 422, 415, 400, 404, 405, 401, 422]

    def fail(engine: Engine, values: dict[str, Any], *_: object) -> None:
        try:
            raise KeyError(MARK)
        except KeyError as error:
            raise RuntimeError(f"{MARK} {values}") from error

    monkeypatch.setattr(Engine, "build_result", fail)
    assert send()[:2] == [500, 500]
    monkeypatch.setattr(score_routes, "read_json", lambda _: fail(None, {}))  # type: ignore[arg-type]
    assert send()[:2] == [500, 500]
    output = capfd.readouterr()
    everything = output.out + output.err + caplog.text
    assert "failure" in output.err
    assert '"error": ["RuntimeError", "KeyError"]' in output.err
    assert MARK.lower() not in everything.lower()
    assert "Quux".lower() not in everything.lower()
    assert not any(text[12:] in everything for text in made.values())


def test_refusals_say_when_and_what() -> None:
    """A refusal of a route may say when to retry, and have its own headers."""
    refusal = Refusal(503, "Later.", retry_after=7, headers={"X-Why": "full"})
    answer = problem.respond(refusal, "id")
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["x-why"] == "full"
    assert json.loads(bytes(answer.body))["retry_after"] == 7
