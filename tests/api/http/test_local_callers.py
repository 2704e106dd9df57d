"""Without keys, only programs on this machine may call the service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from tests.api.answers import SCORE
from tests.api.http.keyed_service import BODY, app_of, bearer


@pytest.fixture
def client(keyed_client: TestClient) -> TestClient:
    """A service with keys."""
    return keyed_client


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "X-Forwarded-For",
        "Forwarded",
        "Via",
        "X-Real-IP",
        "CF-Connecting-IP",
        "True-Client-IP",
        "X-Forwarded-Host",
        "x-client-ip",
    ],
)
def test_a_proxy_needs_keys(tmp_path: Path, name: str) -> None:
    """Without keys, a request through a proxy is refused: its caller may be elsewhere."""
    answer = TestClient(app_of(tmp_path)).post(SCORE, json=BODY, headers={name: "for=203.0.113.1"})
    assert (answer.status_code, answer.json()["detail"][:38]) == (403, "This request came through a proxy, and")


@pytest.mark.parametrize(("version", "status"), [("1.0", 403), ("1.1", 409), ("2", 409)])
def test_a_proxy_that_adds_no_header_needs_keys(tmp_path: Path, version: str, status: int) -> None:
    """Without keys, HTTP/1.0 counts as a proxy's: nginx speaks it, and no browser or library of today does."""
    app = app_of(tmp_path)

    async def speak(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "http_version": version}, receive, send)

    answer = TestClient(speak).post("/v1/releases/2026-01-01-001/use")
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("site", "origin", "status"),
    [
        ("cross-site", None, 403),
        ("cross-site", "http://127.0.0.1:3000", 200),  # a page of this machine, under another name
        ("same-site", None, 200),
        ("same-origin", None, 200),
        ("none", None, 200),  # typed by the user
        (None, None, 200),
    ],
)
def test_a_page_of_another_site_can_t_read(tmp_path: Path, site: str | None, origin: str | None, status: int) -> None:
    """Without keys, what a browser asks for a page of another site is refused, even where it sends no Origin."""
    headers = {name: value for name, value in (("Sec-Fetch-Site", site), ("Origin", origin)) if value is not None}
    client = TestClient(app_of(tmp_path))
    assert client.get("/v1/scorecard", headers=headers).status_code == status
    assert client.get("/health/ready", headers=headers).status_code == 200


def test_with_keys_any_name_will_do(client: TestClient, made: dict[str, str]) -> None:
    """With keys, a service answers under whatever name it has, behind a proxy too."""
    headers = {"Host": "leads.example.org", "X-Forwarded-For": "203.0.113.1", **bearer(made["score"])}
    assert client.post(SCORE, json=BODY, headers=headers).status_code == 200
