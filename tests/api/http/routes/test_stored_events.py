"""Scores count stored events and those that are sent, as of their day, and say which they left out."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient

from tests.api.http.routes.test_events import VISIT, send, web

__all__ = ["web"]  # the fixture
DAY = "2026-01-20"
KNOWN = {"received": "2026-01-14T12:00:00Z"}


def score(client: TestClient, lead: str = "L1", day: str = DAY, **more: Any) -> dict[str, Any]:
    """The score of a lead, by its id."""
    answer = client.post("/v1/score", json={"lead": {"lead_id": lead}, "as_of": day, **more})
    assert answer.status_code == 200, answer.json()
    result: dict[str, Any] = answer.json()
    return result


def without_id(result: dict[str, Any]) -> dict[str, Any]:
    """A result without its id."""
    return {**result, "id": ""}


def test_stored_or_sent(web: TestClient) -> None:
    """The result is the same whether events are stored, sent beside the lead, or both; a replay needs neither."""
    events = [{**VISIT, **KNOWN}, {**VISIT, **KNOWN, "id": "2", "properties": {"path": "/"}}]
    plain = [{name: value for name, value in event.items() if name != "lead"} for event in events]
    sent = score(web, events=plain)
    send(web, events)
    stored, both = score(web), score(web, events=plain)
    assert without_id(stored) == without_id(sent)
    assert stored["events"]["counted"] == 2
    assert both["events"].pop("repeated") == 2
    assert both["events"] == {name: value for name, value in stored["events"].items() if name != "repeated"}
    replayed = web.get(f"/v1/scores/{stored['id']}/replay").json()
    assert (replayed["identical"], replayed["result"]) == (True, stored)


def test_zero_is_not_unknown(web: TestClient) -> None:
    """From the first stored event on, a lead without events has none; before that, and without an id, nobody knows."""
    assert score(web)["events"]["known"] is False
    send(web, {**VISIT, **KNOWN})
    assert (score(web, "L9")["events"]["known"], score(web, "L9")["events"]["counted"]) == (True, 0)
    assert score(web, "L9", day="2026-01-13")["events"]["known"] is False
    assert web.post("/v1/score", json={"lead": {}, "as_of": DAY}).json()["events"]["known"] is False


def test_what_arrives_late(web: TestClient) -> None:
    """An event counts from the day on which it was received; a score of a day before says that it was late."""
    send(web, [{**VISIT, **KNOWN}, {**VISIT, "id": "2", "received": "2026-01-25T10:00:00Z"}])
    before, after = score(web)["events"], score(web, day="2026-01-25")["events"]
    assert (before["counted"], before["late"]) == (1, 1)
    assert (after["counted"], after["late"]) == (2, 0)


def test_a_batch(web: TestClient) -> None:
    """A batch counts stored events, and those that are sent for each lead in its order."""
    send(web, {**VISIT, **KNOWN})
    leads = [{"lead_id": "L1"}, {"lead_id": "L2"}, {}, {"lead_id": "L1"}, {}]
    visit = {"kind": "visit", "id": "7", "time": "2026-01-19"}
    events: list[Any] = [None, None, None, [visit, visit], [{"kind": "visit"}]]
    answer = web.post("/v1/score/batch", json={"leads": leads, "events": events, "as_of": DAY}).json()
    assert (answer["scored"], answer["refused"]) == (4, 1)
    assert [
        (item["result"]["events"]["known"], item["result"]["events"]["counted"]) for item in answer["results"][:4]
    ] == [(True, 1), (True, 0), (False, 0), (True, 2)]
    assert [error["path"] for error in answer["results"][4]["errors"]] == ["$.events[4][0].time"]
    assert without_id(answer["results"][0]["result"]) == without_id(score(web))


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (
            {},
            "is an object; send a list of events for each lead, in the same order, and null where it isn't known which",
        ),
        ([], "holds 0 lists for 1 lead; send a list of events for each lead, in the same order, and null where it"),
    ],
)
def test_events_of_a_batch_in_a_wrong_shape(web: TestClient, events: Any, reason: str) -> None:
    """Events of a batch that aren't a list for each lead are refused."""
    answer = web.post("/v1/score/batch", json={"leads": [{}], "events": events})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["path"], error["reason"][: len(reason)]) == (422, "$.events", reason)


def test_joins(web: TestClient) -> None:
    """What a visitor did before it was known counts for the lead from the day on which the two were joined."""
    page = {"type": "track", "event": "visit", "anonymousId": "cookie", "timestamp": "2026-01-14T10:00:00Z"}
    seen = {"receivedAt": "2026-01-14T10:00:00Z"}
    send(web, {"batch": [{**page, **seen, "messageId": "m1"}, {**page, **seen, "messageId": "m2"}]})
    assert score(web)["events"]["counted"] == 0
    joining = {"userId": "L1", "timestamp": "2026-01-16T10:00:00Z", "receivedAt": "2026-01-16T10:00:00Z"}
    answer = send(web, {"type": "identify", "anonymousId": "cookie", **joining}).json()
    assert (answer["joins"], answer["unknown_kinds"]) == (1, [])
    assert score(web)["events"]["counted"] == 2
    before = score(web, day="2026-01-15")["events"]
    assert (before["counted"], before["late"]) == (0, 2)
    send(web, {**VISIT, **KNOWN, "lead": "L0", "id": "9"})
    send(web, {"kind": "alias", "lead": "L1", "previous_id": "L0", "time": "2026-01-16", "received": "2026-01-17"})
    assert score(web)["events"]["counted"] == score(web, "L0")["events"]["counted"] == 3
    # Another lead at the same computer is not the same lead.
    send(
        web,
        {"kind": "identify", "lead": "L5", "anonymous_id": "cookie", "time": "2026-01-16", "received": "2026-01-17"},
    )
    assert score(web, "L5")["events"]["counted"] == 2


def test_both_spellings_of_salesforce(web: TestClient) -> None:
    """Events under an id of 15 signs are those of the lead with 18."""
    send(web, {**VISIT, **KNOWN, "lead": "00QWU000004xYZa"})
    assert score(web, "00QWU000004xYZa2AM")["events"]["counted"] == 1


def test_a_later_card_counts_what_was_kept(web: TestClient) -> None:
    """Events of a kind that no card knew are counted once one does; what it can't read is said, and stops no score."""
    kept = {"kind": "webinar", "lead": "L1", "time": "2026-01-14", **KNOWN}
    send(
        web, [{**kept, "id": "1", "properties": {"minutes": 5}}, {**kept, "id": "2", "properties": {"minutes": "many"}}]
    )
    assert score(web)["events"]["unknown_kinds"] == [{"kind": "webinar", "events": 2}]
    service = web.app.state.service  # type: ignore[attr-defined]
    card = service.settings.card
    card.write_text(card.read_text().replace("events:\n", "events:\n  webinar: {fields: {minutes: {kind: number}}}\n"))
    from leadledger.api.service.loaded import load

    service.loaded = load(service.settings)
    events = score(web)["events"]
    assert (events["counted"], events["unreadable"], events["unknown_kinds"]) == (1, 1, [])
    identical = web.get(f"/v1/scores/{score(web)['id']}/replay")
    assert identical.status_code == 409  # the log has only the card that the service started with
    wrong = web.post("/v1/score", json={"lead": {"lead_id": "L1"}, "events": [{"kind": "webinar"}]})
    assert [error["path"] for error in wrong.json()["errors"]] == ["$.events[0].time"]


def test_crm_bodies(web: TestClient) -> None:
    """A record of a CRM that has the id of a lead counts its stored events."""
    service = web.app.state.service  # type: ignore[attr-defined]
    card = service.settings.card
    card.write_text(
        card.read_text().replace(
            "lead_id: {kind: id}", "lead_id: {kind: id, from: {hubspot: hs_object_id}}\n  size: {kind: number}"
        )
    )
    from leadledger.api.service.loaded import load

    service.loaded = load(service.settings)
    send(web, {**VISIT, **KNOWN, "lead": "151"})
    body = json.dumps({"id": "151", "properties": {"size": "5"}})
    answer = web.post("/v1/score?as_of=" + DAY, content=body, headers={"Content-Type": "application/json"}).json()
    assert answer["events"]["counted"] == 1, answer


def test_what_arrived_late_is_named(web: TestClient) -> None:
    """Between two scores, what moved since an event arrived late has that cause; a replay stays as it was."""
    day = date.today()
    happened = (day - timedelta(days=3)).isoformat()
    visit = {"kind": "visit", "lead": "L1", "time": happened, "properties": {"path": "/pricing"}}
    send(web, {**visit, "id": "1"})
    first = score(web, day=day.isoformat())
    news = {**visit, "id": "2", "time": (day - timedelta(days=2)).isoformat()}
    send(web, [news, {**news, "kind": "webinar"}])  # nobody counts the second
    second = score(web, day=day.isoformat())
    third = score(web, day=(day + timedelta(days=30)).isoformat())
    assert [(found["events"]["counted"]) for found in (first, second, third)] == [1, 2, 2]
    newest, middle, oldest = web.get("/v1/leads/L1/scores").json()["scores"]
    assert [found["arrived_late"] for found in (newest, middle, oldest)] == [0, 1, 0]
    assert [(move["name"], move["cause"]) for move in middle["moved"]] == [("prices", "arrived_late")]
    assert {move["cause"] for move in newest["moved"]} == {"events", "time"}
    for newer, older in ((newest, middle), (middle, oldest)):
        moved = sum(round(move["moved"] * 10) for move in newer["moved"])
        assert moved == round(newer["points"] * 10) - round(older["points"] * 10)
    assert web.get(f"/v1/scores/{first['id']}/replay").json()["identical"]
    document = web.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/LeadScores", "components": document["components"]}
    jsonschema.validate(web.get("/v1/leads/L1/scores").json(), schema)


def test_what_arrived_after_its_day_is_named(web: TestClient) -> None:
    """Of two scores of past days, the later says which events of the earlier day were received since."""
    send(web, [{**VISIT, **KNOWN}, {**VISIT, "id": "2", "received": "2026-01-25T10:00:00Z"}])
    score(web)
    score(web, day="2026-01-26")
    newest, _ = web.get("/v1/leads/L1/scores").json()["scores"]
    assert newest["arrived_late"] == 1
    assert "arrived_late" in {move["cause"] for move in newest["moved"]}


def test_what_was_sent_beside_the_lead_is_not_called_late(web: TestClient) -> None:
    """Where a score counted events that aren't stored, what late ones moved can't be told from the rest."""
    visit = {"kind": "visit", "time": "2026-01-14", "properties": {"path": "/pricing"}}
    send(web, {**VISIT, **KNOWN, "lead": "L9"})
    score(web, events=[visit])
    send(web, {**VISIT, **KNOWN, "id": "7"})
    score(web)
    newest, _ = web.get("/v1/leads/L1/scores").json()["scores"]
    assert newest["arrived_late"] == 1
    assert {move["cause"] for move in newest["moved"]} <= {"events", "time", "data"}
