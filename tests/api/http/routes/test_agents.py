"""POST /mcp stands behind the guard like every route: keys, limits, headers, and no other page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.api.http.routes import agents
from tests.api.http.keyed_service import app_of, bearer
from tests.effort import examples

PATH = "/mcp"
NAMES = ("name", "arguments", "lead", "_meta", "protocolVersion", "cursor", "requestId", "uri")
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
TAKES_JSON = {"Accept": "application/json, text/event-stream"}


@pytest.fixture
def client(keyed_client: TestClient) -> TestClient:
    """A service with keys."""
    return keyed_client


def test_an_answer_has_the_headers_of_every_answer(client: TestClient, made: dict[str, str]) -> None:
    """The security headers and the request's id are there, and the answer is JSON that needs no session."""
    answer = client.post(PATH, json=LIST, headers=bearer(made["read"]) | TAKES_JSON | {"X-Request-Id": "a1"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert (answer.headers["x-request-id"], answer.headers["x-content-type-options"]) == ("a1", "nosniff")
    assert answer.headers["cache-control"] == "no-store"
    assert "mcp-session-id" not in answer.headers


def test_only_post(client: TestClient, made: dict[str, str]) -> None:
    """There is no stream to open and no session to end."""
    for method in ("GET", "DELETE", "OPTIONS"):
        answer = client.request(method, PATH, headers=bearer(made["read"]))
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://testserver", 200),
        ("http://TESTSERVER", 200),
        ("https://testserver", 200),  # a proxy speaks TLS
        ("http://testserver:81", 403),
        ("http://evil.example", 403),
        ("http://[", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_no_page_of_another_site(client: TestClient, made: dict[str, str], origin: str, status: int) -> None:
    """A browser names the site of a page, and only the service's own may call."""
    answer = client.post(PATH, json=LIST, headers=bearer(made["read"]) | TAKES_JSON | {"Origin": origin})
    assert answer.status_code == status
    if status == 403:
        detail = "This request came from a web page of another site; agents send no Origin."
        assert answer.json()["detail"] == detail


def test_without_keys_it_is_open_on_this_machine_only(tmp_path: Path) -> None:
    """As for every route: no other name of this machine, no proxy."""
    with TestClient(app_of(tmp_path)) as client:
        local = TAKES_JSON | {"Host": "localhost"}
        answer = client.post(PATH, json=LIST, headers=local)
        assert len(answer.json()["result"]["tools"]) > 1
        assert client.post(PATH, json=LIST, headers=local | {"Host": "evil.example"}).status_code == 421
        assert client.post(PATH, json=LIST, headers=local | {"Via": "1.1 proxy"}).status_code == 403


@pytest.mark.parametrize(
    ("content", "kind", "status", "reason"),
    [
        (b"{}", "text/plain", 415, "The body must be JSON; send it with the header `Content-Type: application/json`."),
        (b"{", "application/json", 400, "The body is not JSON: expecting property name enclosed in double quotes,"),
        (b"[" * 40 + b"]" * 40, "application/json", 400, "The body is nested more than 32 levels deep."),
        (b" " * 2_000_001, "application/json", 413, "The body is larger than 2,000,000 bytes; send fewer at once."),
    ],
)
def test_a_body_that_is_none(
    client: TestClient, made: dict[str, str], content: bytes, kind: str, status: int, reason: str
) -> None:
    """What is no JSON, too deep or too large is refused as everywhere."""
    headers = bearer(made["read"]) | TAKES_JSON | {"Content-Type": kind}
    answer = client.post(PATH, content=content, headers=headers)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(reason)


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28", "1999-01-01"])
def test_a_message_that_is_none(client: TestClient, made: dict[str, str], version: str) -> None:
    """JSON that is no message of the protocol is refused by the protocol's own error."""
    headers = bearer(made["read"]) | TAKES_JSON | {"MCP-Protocol-Version": version}
    for message in (1, [], {}, [LIST], {"jsonrpc": "2.0", "id": {}}, {"id": 1}):
        answer = client.post(PATH, json=message, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] in range(-32800, -31999)


METHODS = ("tools/call", "tools/list", "initialize", "ping", "server/discover", "notifications/cancelled", "x")
JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=10), st.sampled_from(("score_lead", *METHODS))),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner)),
    max_leaves=6,
)
PARTS = {"jsonrpc": st.just("2.0"), "id": JSON_VALUES, "method": st.sampled_from(METHODS), "params": JSON_VALUES}
MESSAGES = st.fixed_dictionaries({}, optional=PARTS)


def test_no_message_makes_it_fail(client: TestClient, made: dict[str, str]) -> None:
    """Whatever JSON comes, in whatever version of the protocol, the answer is no failure, and is JSON or empty."""

    @settings(max_examples=examples(80))
    @given(st.one_of(MESSAGES, JSON_VALUES), st.sampled_from(["", "2025-06-18", "2026-07-28", "9999-01-01", "x"]))
    def send(message: object, version: str) -> None:
        headers = bearer(made["score"]) | TAKES_JSON | ({"MCP-Protocol-Version": version} if version else {})
        answer = client.post(PATH, json=message, headers=headers)
        assert answer.status_code < 500
        assert answer.text == "" or isinstance(answer.json(), dict)

    send()


def test_rates_count(tmp_path: Path, made: dict[str, str]) -> None:
    """A key that sends too much waits."""
    with TestClient(app_of(tmp_path, max_rate=1)) as client:
        statuses = [
            client.post(PATH, content=json.dumps(LIST), headers=bearer(made["read"])).status_code for _ in range(4)
        ]
    assert statuses == [415, 415, 429, 429]


def test_the_protocol_is_an_extra(client: TestClient, made: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its package, the route says how to install it."""
    monkeypatch.setattr(agents, "is_installed", lambda: False)
    answer = client.post(PATH, json=LIST, headers=bearer(made["read"]))
    assert answer.status_code == 501
    assert answer.json()["detail"] == (
        "Tools for agents need the package mcp. Install it on the server: pip install 'leadledger[mcp]'."
    )
