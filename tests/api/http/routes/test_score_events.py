"""POST /v1/score with events: what they come to, what the log keeps, and every mistake in them with its path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient

import leadledger
from leadledger.api.app import create_app
from leadledger.api.requests.lead_events import MOST_EVENTS
from leadledger.api.service.settings import Settings
from leadledger.scoring.engine.score import NO_EVENTS

DAY = "2026-01-15"
CARD = """
name: web
events:
  visit: {fields: {path: {kind: text}, seconds: {kind: number}, tags: {kind: choices}}}
  price_visit: {of: visit, when: "contains(path, '/pricing')"}
fields:
  lead_id: {kind: id}
  visits: {kind: number, is: "count(visit, 14 days)"}
  last_visit: {kind: date, is: last(visit)}
  silent: {kind: number, is: days_since(last_visit)}
rules:
  - {name: silent, when: silent > 7, points: -4, reason: Was not seen for a week}
  - {name: prices, each: price_visit, points: 3, half_life: 14 days, per_day: 4, reason: Reads the prices}
"""
EVENTS = [
    {"kind": "visit", "id": "1", "time": "2026-01-14T10:00:00Z", "properties": {"path": "/pricing", "seconds": 4}},
    {"kind": "visit", "id": "2", "time": "2026-01-14T11:00:00Z", "properties": {"path": "/pricing"}},
    {"kind": "visit", "id": "2", "time": "2026-01-14T11:00:00Z", "properties": {"path": "/pricing"}},
    {"type": "page", "messageId": "m", "timestamp": "2026-01-14T11:00:00Z", "properties": {}},
]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[TestClient]:
    """A client of a service whose card counts events, and which records what it answers."""
    card = tmp_path / "web.yaml"
    card.write_text(CARD)
    with TestClient(create_app(Settings(card=card, home=tmp_path))) as client:
        yield client


def ask(client: TestClient, events: Any, day: str = DAY, **lead: Any) -> dict[str, Any]:
    """The answer to a lead with events."""
    answer: dict[str, Any] = client.post("/v1/score", json={"lead": lead, "events": events, "as_of": day}).json()
    return answer


def test_events_beside_a_lead(web: TestClient, tmp_path: Path) -> None:
    """The answer is that of the core, and fits the description of the service."""
    answer = ask(web, EVENTS, lead_id="L1")
    card = leadledger.load(tmp_path / "web.yaml")
    result = leadledger.score(card, {"lead_id": "L1"}, date.fromisoformat(DAY), events=EVENTS)
    assert answer == {"id": answer["id"], **json.loads(json.dumps(result.to_dict()))}
    assert (answer["events"]["counted"], answer["events"]["repeated"]) == (2, 1)
    assert answer["events"]["unknown_kinds"] == [{"kind": "page", "events": 1}]
    assert [entry["kind"] for entry in answer["ledger"]] == ["start", "rule", "cap"]
    document = web.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/Result", "components": document["components"]}
    jsonschema.validate(answer, schema)
    request = {"$ref": "#/components/schemas/ScoreRequest", "components": document["components"]}
    jsonschema.validate({"lead": {}, "events": EVENTS}, request)
    for older in ("/openapi-3.0.json", "/swagger-2.0.json"):
        assert web.get(older).status_code == 200


def test_no_events_are_not_zero_events(web: TestClient) -> None:
    """Without events, what is counted is unknown; an empty list says that there were none."""
    unknown = web.post("/v1/score", json={"lead": {}, "as_of": DAY}).json()
    assert (unknown["events"]["known"], unknown["events"]["rules"][0]["points"]) == (False, None)
    none = ask(web, [])
    assert (none["events"]["known"], none["events"]["rules"][0]["points"]) == (True, 0)


def test_a_replay_needs_no_event(web: TestClient) -> None:
    """The log keeps what was counted, and gives the same answer, byte for byte; its input has the counted values."""
    for events in (EVENTS, [], None):
        body = {"lead": {"lead_id": "L1"}, "as_of": DAY} | ({} if events is None else {"events": events})
        score = web.post("/v1/score", json=body).json()
        replayed = web.get(f"/v1/scores/{score['id']}/replay").json()
        assert (replayed["identical"], replayed["result"]) == (True, score)
    logged = web.get(f"/v1/scores/{ask(web, EVENTS, lead_id='L1')['id']}").json()
    assert {"field": "visits", "value": "2.0"} in logged["input"]


def test_the_history_says_what_events_moved(web: TestClient) -> None:
    """From one score to the next, what rules for events earn moves because of the events; all moves add up."""
    ask(web, EVENTS, lead_id="L1")
    ask(web, EVENTS, "2026-01-28", lead_id="L1")
    newest, oldest = web.get("/v1/leads/L1/scores").json()["scores"]
    causes = {(move["kind"], move["name"]): move["cause"] for move in newest["moved"]}
    assert causes == {("rule", "silent"): "time", ("rule", "prices"): "events", ("cap", "prices per day"): "events"}
    tenths = sum(round(move["moved"] * 10) for move in newest["moved"])
    assert tenths == round(newest["points"] * 10) - round(oldest["points"] * 10)


def test_every_mistake_has_its_path(web: TestClient) -> None:
    """All mistakes in events are listed, each with its path."""
    events: list[Any] = [
        *(
            3,
            None,
            [],
            {},
            {"kind": 5, "time": DAY},
            {"kind": "visit"},
            {"kind": "visit", "time": "2026-01-14T10:00:00"},
        ),
        {"kind": "visit", "time": DAY, "properties": {"seconds": "many", "path": {"a": 1}}},
        {"kind": "visit", "time": DAY, "properties": 7},
        {"kind": "visit", "time": DAY, "id": {}, "propertys": {}},
        {"type": "page", "messageId": "m", "timestamp": 5},
        {"kind": "visit", "time": DAY, "properties": {"tags": ["a", 5]}},
        {"specversion": "1.0", "type": "visit", "time": "soon", "data": {"seconds": [1]}},
    ]
    answer = web.post("/v1/score", json={"lead": {}, "events": events, "as_of": DAY})
    assert answer.status_code == 422
    paths = [error["path"] for error in answer.json()["errors"]]
    assert paths == [
        *("$.events[0]", "$.events[1]", "$.events[2]", "$.events[3].kind", "$.events[4].kind", "$.events[5].time"),
        *("$.events[6].time", "$.events[7].properties.seconds", "$.events[7].properties.path"),
        *("$.events[8].properties", "$.events[9].propertys", "$.events[12].time", "$.events[12].data.seconds"),
    ]


@pytest.mark.parametrize(
    ("events", "path", "reason"),
    [
        ({}, "$.events", "is an object; send a list of events"),
        (None, "$.events", "is null; send a list of events"),
        ([{}] * 1001, "$.events", "holds 1,001 events; send at most 1,000, the newest"),
        ([{"kind": "visit", "time": 1e400}], "$.events[0].time", ""),
        ([{"kind": "visit", "time": DAY, "properties": {"seconds": 1e400}}], "$.events[0].properties.seconds", ""),
        ([{"kind": "visit", "time": DAY, "properties": {"path": "\ud800"}}], "$.events[0].properties.path", ""),
        ([{"kind": "visit", "time": DAY, "id": "\ud800"}], "$.events[0].id", ""),
    ],
)
def test_wrong_shapes(web: TestClient, events: Any, path: str, reason: str) -> None:
    """Events of another shape, or too many, are refused with the path and the cure."""
    assert MOST_EVENTS == 1000
    body = json.dumps({"lead": {}, "events": events}).replace("Infinity", "1e400")
    answer = web.post("/v1/score", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.json()
    (error,) = answer.json()["errors"]
    assert error["path"] == path
    assert error["reason"] == (reason or error["reason"])


def test_odd_kinds_are_kept(web: TestClient) -> None:
    """A kind that nobody declared may have any name, and the answer repeats it."""
    answer = ask(web, [{"kind": "é 😀", "time": "x"}])
    assert answer["events"]["unknown_kinds"] == [{"kind": "é 😀", "events": 1}]


def test_repeated_names(web: TestClient) -> None:
    """A name that stands twice in an event is refused."""
    twice = '{"path": "a", "path": "b"}'
    body = f'{{"lead": {{}}, "events": [{{"kind": "visit", "time": "{DAY}", "properties": {twice}}}]}}'
    answer = web.post("/v1/score", content=body, headers={"Content-Type": "application/json"})
    assert [error["path"] for error in answer.json()["errors"]] == ["$.events[0].properties.path"]


def test_a_card_without_events_refuses_them(client: TestClient) -> None:
    """A card that declares no kinds can't count any, and says so; nothing is dropped without a word."""
    answer = client.post("/v1/score", json={"lead": {}, "events": []})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"path": "$.events", "reason": NO_EVENTS}]
    assert "events" not in client.post("/v1/score", json={"lead": {}}).json()


def test_the_card_is_described(web: TestClient) -> None:
    """GET /v1/scorecard has the kinds of events, and the rules for them among the others, in words."""
    scorecard = web.get("/v1/scorecard").json()
    visit, price_visit = scorecard["events"]
    assert (visit["name"], visit["of"], visit["names"]) == ("visit", "", ["visit"])
    assert visit["properties"][:2] == [{"name": "path", "kind": "text"}, {"name": "seconds", "kind": "number"}]
    assert (price_visit["of"], price_visit["names"]) == ("visit", [])
    assert price_visit["is"] == "visit when contains(path, '/pricing')"
    fields = {field["name"]: field for field in scorecard["fields"]}
    assert (fields["visits"]["is"], fields["visits"]["columns"]) == ("count(visit, 14 days)", [])
    rules = scorecard["rules"]
    assert [(rule["name"], rule["when"]) for rule in rules] == [
        ("silent", "silent > 7"),
        ("prices", "for each price_visit, halved every 14 days, at most 4.0 points a day"),
    ]
