"""The service logs one line for each request, and nothing of any lead."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.http.routes import score as score_routes
from leadledger.api.service.settings import Settings
from leadledger.scoring.engine.score import Engine
from tests.api.answers import BATCH, JSON, SCORE
from tests.api.http.keyed_service import BODY, app_of, bearer, lines

MARK = "Zebedee-Quux-7741"


@pytest.fixture
def client(keyed_client: TestClient) -> TestClient:
    """A service with keys."""
    return keyed_client


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
        *("time", "level", "event", "request_id", "method", "route", "status", "ms", "key", "client", "received"),
        "sent",
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
    assert failure["at"][-1].startswith("tests/api/http/test_program_log.py:")
    assert failure["request_id"] == request["request_id"]
    with pytest.raises(ValueError, match="log_level is 'loud'; it must be one of debug, info, warning, error"):
        Settings(log_level="loud")


@pytest.mark.slow
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
    arguments = [{"lead": lead}, {"lead": {**lead, "employees": MARK}}, {MARK: lead}]
    calls = [
        {"jsonrpc": "2.0", "id": MARK, "method": "tools/call", "params": {"name": name, "arguments": members}}
        for name, members in (*(("score_lead", members) for members in arguments), (MARK, {}))
    ]

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
            *(client.post("/mcp", json=call, headers=marked).status_code for call in calls),
        ]

    assert send() == [200, 200, 422, 422, 415, 400, 404, 405, 401, 422, 200, 200, 200, 200]

    def fail(engine: Engine, values: dict[str, Any], *_: object) -> None:
        try:
            raise KeyError(MARK)
        except KeyError as error:
            raise RuntimeError(f"{MARK} {values}") from error

    monkeypatch.setattr(Engine, "build_result", fail)
    statuses = send()
    assert (statuses[:2], statuses[10:]) == ([500, 500], [200] * 4)  # the failure of a tool is its answer
    monkeypatch.setattr(score_routes, "read_json", lambda _: fail(None, {}))  # type: ignore[arg-type]
    assert send()[:2] == [500, 500]
    output = capfd.readouterr()
    everything = output.out + output.err + caplog.text
    assert "failure" in output.err
    assert '"error": ["RuntimeError", "KeyError"]' in output.err
    assert MARK.lower() not in everything.lower()
    assert "Quux".lower() not in everything.lower()
    assert not any(text[12:] in everything for text in made.values())
