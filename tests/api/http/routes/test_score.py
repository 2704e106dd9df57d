"""POST /v1/score and /v1/score/batch: what they answer."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from leadledger.api.service import batch
from tests.api.answers import BATCH, DAY, JSON, LEAD, SCORE, score_directly

FLAT = "a lead is flat: each value is a text, a number, true, false or null"


def test_score_is_the_core_s(client: TestClient) -> None:
    """One lead gets the result that the core gives it, with the names of a CRM too."""
    answer = client.post("/v1/score", json={"lead": LEAD, "as_of": DAY})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == score_directly(LEAD)
    assert answer.json()["ignored"] == []


def test_ledger_adds_up(client: TestClient) -> None:
    """The entries of the ledger add up to the points, to the last tenth."""
    answer = client.post("/v1/score", json={"lead": LEAD, "as_of": DAY}).json()
    assert sum(round(entry["points"] * 10) for entry in answer["ledger"]) == round(answer["points"] * 10)


def test_batch_keeps_the_order(client: TestClient) -> None:
    """A batch has one result a lead, in the order of the leads."""
    leads = [{"employees": number, "need": ("clear", "urgent", None)[number % 3]} for number in range(45)]
    answer = client.post("/v1/score/batch", json={"leads": leads, "as_of": DAY})
    assert answer.status_code == 200
    items = [{"status": 200, "errors": [], "result": score_directly(lead)} for lead in leads]
    assert answer.json() == {"scored": 45, "refused": 0, "results": items}


@pytest.mark.parametrize("body", [{"lead": {}}, {"lead": {}, "as_of": None}])
def test_no_day_is_today(client: TestClient, body: dict[str, Any]) -> None:
    """A request without a day is scored as of today, in UTC."""
    before = datetime.now(UTC).date()
    day = date.fromisoformat(client.post("/v1/score", json=body).json()["as_of"])
    assert before <= day <= datetime.now(UTC).date()


def test_day_of_a_batch(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """All leads of a batch are scored as of the same day, whenever midnight comes."""
    days = iter([date(2026, 1, 1), date(2026, 1, 2)])
    monkeypatch.setattr(batch, "today", lambda time_zone: next(days))
    items = client.post("/v1/score/batch", json={"leads": [{}, {}]}).json()["results"]
    assert [item["result"]["as_of"] for item in items] == ["2026-01-01", "2026-01-01"]


def test_unused_names_are_listed(client: TestClient) -> None:
    """Names that no field uses are ignored and listed, whatever alphabet they are in."""
    answer = client.post(
        "/v1/score", json={"lead": {**LEAD, "favourite_color": "red", "größe": 3, "Name 2": None}}
    ).json()
    assert answer["ignored"] == ["favourite_color", "größe", "Name 2"]


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.crm+json"])
def test_json_by_any_name(client: TestClient, media: str) -> None:
    """Whatever media type says JSON is taken, with a byte order mark too."""
    content = b"\xef\xbb\xbf" + json.dumps({"lead": LEAD, "as_of": DAY}).encode()
    assert client.post("/v1/score", content=content, headers={"Content-Type": media}).json() == score_directly(LEAD)


def test_chunked_body(client: TestClient) -> None:
    """A body that comes in pieces, without its length, is read; and refused as soon as it is too large."""
    whole = json.dumps({"lead": LEAD, "as_of": DAY}).encode()
    assert client.post("/v1/score", content=iter([whole[:50], whole[50:]]), headers=JSON).json() == score_directly(LEAD)
    endless = iter(b" " * 1000 for _ in range(1000))
    assert client.post("/v1/score", content=endless, headers=JSON).status_code == 413


def test_a_bad_lead_spoils_no_other(client: TestClient) -> None:
    """In a batch each lead has its result or its mistakes, in order."""
    bad: dict[int, tuple[Any, list[tuple[str, str]]]] = {
        1: (7, [("$.leads[1]", 'is a number; a lead is an object like {"employees": 120}')]),
        2: (True, [("$.leads[2]", 'is true; a lead is an object like {"employees": 120}')]),
        40: (
            {"employees": "many", "need": "dire"},
            [
                ("$.leads[40].employees", "'many' is not a number; write it like 25000, 2.5 or 1e6"),
                ("$.leads[40].need", "'dire' is not one of: none, vague, clear, urgent"),
            ],
        ),
        70: ({"created": "soon"}, [("$.leads[70].created", "'soon' is not a date; write it like 2026-01-31")]),
        71: (
            {f"name {number}": [] for number in range(50)},
            [(f'$.leads[71]["name {number}"]', f"is a list; {FLAT}") for number in range(10)],
        ),
    }
    leads = [bad[number][0] if number in bad else {"need": "clear"} for number in range(100)]
    answer = client.post(BATCH, json={"leads": leads, "as_of": DAY}).json()
    assert (answer["scored"], answer["refused"]) == (95, 5)
    for number, item in enumerate(answer["results"]):
        if number in bad:
            assert item["status"] == 422
            assert "result" not in item
            assert [(mistake["path"], mistake["reason"]) for mistake in item["errors"]] == bad[number][1]
        else:
            assert item == {"status": 200, "errors": [], "result": score_directly({"need": "clear"})}


@pytest.mark.parametrize("path", [SCORE, BATCH])
@pytest.mark.parametrize("explain", ["none", "top", "full"])
def test_how_much_is_explained(client: TestClient, path: str, explain: str) -> None:
    """`explain` trims the ledger, the reasons and the questions, and nothing else."""
    body = {"lead": LEAD} if path == SCORE else {"leads": [LEAD]}
    answer = client.post(f"{path}?explain={explain}&as_of={DAY}", json=body).json()
    result = answer if path == SCORE else answer["results"][0]["result"]
    whole = score_directly(LEAD)
    if explain == "none":
        whole |= {"reasons": [], "questions": [], "ledger": []}
    if explain == "top":
        entries = sorted(
            (entry for entry in whole["ledger"] if entry["kind"] != "start"), key=lambda entry: entry["points"]
        )
        best = [
            *[entry for entry in entries if entry["points"] < 0][:3],
            *[entry for entry in entries if entry["points"] > 0][-3:],
        ]
        assert len(entries) > len(best) >= 3
        whole["ledger"] = [entry for entry in whole["ledger"] if entry in best]
    assert result == whole


def test_turns_are_taken(client: TestClient) -> None:
    """A large batch lets other requests pass while it is scored."""
    done: list[str] = []

    async def ask(http: httpx2.AsyncClient, name: str, path: str, body: Any) -> None:
        await http.post(path, json=body)
        done.append(name)

    async def race() -> None:
        transport = httpx2.ASGITransport(client.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
            await asyncio.gather(
                ask(http, "batch", BATCH, {"leads": [{}] * 150}), ask(http, "score", SCORE, {"lead": {}})
            )

    asyncio.run(race())
    assert done == ["score", "batch"]
