"""Every answer has headers that tell browsers what they must not do with it."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode

import pytest
from fastapi.testclient import TestClient

from leadledger.scoring.engine.score import Engine
from tests.api.answers import SCORE
from tests.api.http.keyed_service import BODY, bearer


@pytest.fixture
def client(keyed_client: TestClient) -> TestClient:
    """A service with keys."""
    return keyed_client


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


def test_the_page_lets_its_own_script_run_only(client: TestClient) -> None:
    """The policy of /docs allows its own script by hash and no other; the page reveals nothing about the card."""
    answer = client.get("/docs")
    policy = answer.headers["content-security-policy"]
    assert answer.headers.get_list("content-security-policy") == [policy]
    for part, tag in (("script-src", "script"), ("style-src", "style")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{part} 'sha256-{digest}';" in policy
    assert "://" not in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "b2b" not in answer.text
    assert not re.search(r"<[^>]* on[a-z]+=", answer.text)
