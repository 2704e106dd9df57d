"""Refusals: the one shape of every one of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.http import problem
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.settings import Settings
from leadledger.scoring.engine.score import Engine
from tests.api.answers import BATCH, CARD, JSON, SCORE, read_problem

# The request, its status, the sentence.
REFUSALS: dict[str, tuple[str, str, dict[str, str], bytes, int, str]] = {
    "empty": ("POST", SCORE, JSON, b"", 400, "The body is not JSON: it is empty."),
    "blank": ("POST", SCORE, JSON, b" \n ", 400, "The body is not JSON: it is empty."),
    "cut off": (
        "POST",
        SCORE,
        JSON,
        b'{"lead": {"employees": 3}\n',
        400,
        "The body is not JSON: expecting ',' delimiter, at line 2, column 1.",
    ),
    "more after it": ("POST", SCORE, JSON, b"{} {}", 400, "The body is not JSON: extra data, at line 1, column 4."),
    "not UTF-8": ("POST", SCORE, JSON, b'{"lead": "\xff"}', 400, "The body is not JSON: byte 11 is not UTF-8 text."),
    "UTF-16": ("POST", SCORE, JSON, "{}".encode("utf-16"), 400, "The body is not JSON: byte 1 is not UTF-8 text."),
    "depths": ("POST", SCORE, JSON, b"[" * 49_000, 400, "The body is nested more than 32 levels deep."),
    "depths of objects": (
        "POST",
        BATCH,
        JSON,
        b'{"leads":' * 5_000,
        400,
        "The body is nested more than 32 levels deep.",
    ),
    "a level too many": (
        "POST",
        SCORE,
        JSON,
        b'{"lead": {"a": ' + b"[" * 31 + b"]" * 31 + b"}}",
        400,
        "The body is nested more than 32 levels deep.",
    ),
    "too large": (
        "POST",
        SCORE,
        JSON,
        b" " * 50_001,
        413,
        "The body is larger than 50,000 bytes; send fewer at once.",
    ),
    "a form": (
        "POST",
        SCORE,
        {"Content-Type": "application/x-www-form-urlencoded"},
        b"{}",
        415,
        "The body must be JSON; send it with the header `Content-Type: application/json`.",
    ),
    "no type": (
        "POST",
        BATCH,
        {},
        b"{}",
        415,
        "The body must be JSON; send it with the header `Content-Type: application/json`.",
    ),
    "compressed": (
        "POST",
        SCORE,
        {**JSON, "Content-Encoding": "gzip"},
        b"\x1f\x8b",
        415,
        "The body is compressed; send it as it is, without a Content-Encoding.",
    ),
    "no such path": ("GET", "/nope", {}, b"", 404, "Nothing is at this path. GET /docs lists the paths."),
    "a slash too many": ("POST", "/v1/score/", JSON, b"{}", 404, "Nothing is at this path. GET /docs lists the paths."),
    "GET for POST": ("GET", SCORE, {}, b"", 405, "This path accepts only POST."),
    "POST for GET": ("POST", "/v1/scorecard", JSON, b"{}", 405, "This path accepts only GET."),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(client: TestClient, name: str) -> None:
    """A request that isn't JSON, is too large, or goes astray is refused in the same shape."""
    method, path, headers, content, status, detail = REFUSALS[name]
    answer = client.request(method, path, content=content, headers=headers)
    problem = read_problem(answer, status)
    assert problem["detail"] == detail
    assert [mistake["path"] for mistake in problem["errors"]] == (["$"] if status == 400 else [])


def test_allowed_methods_are_listed(client: TestClient) -> None:
    """A method that a path doesn't take is answered with those that it does."""
    assert client.delete(SCORE).headers["allow"] == "POST"


def test_failure_reveals_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of our own is a problem too, and says nothing of what happened inside."""

    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    app = create_app(Settings(log="off", card=CARD))
    monkeypatch.setattr(Engine, "build_result", fail)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.post(SCORE, json={"lead": {}})
    assert read_problem(answer, 500)["errors"] == []
    assert "secret" not in answer.text


def test_caller_hangs_up(client: TestClient) -> None:
    """A caller that hangs up in the middle of a body is no failure of ours."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": SCORE,
        "raw_path": SCORE.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"100")],
    }
    messages = iter([{"type": "http.request", "body": b'{"le', "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(client.app(scope, receive, send))  # type: ignore[arg-type]  # the client's app has this signature
    assert sent[0]["status"] == 400


def test_refusals_say_when_and_what() -> None:
    """A refusal of a route may say when to retry, and have its own headers."""
    refusal = Refusal(503, "Later.", retry_after=7, headers={"X-Why": "full"})
    answer = problem.respond(refusal, "id")
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["x-why"] == "full"
    assert json.loads(bytes(answer.body))["retry_after"] == 7
