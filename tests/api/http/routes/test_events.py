"""POST /v1/events: bodies of each system, each event once, and every mistake with its path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from tests.api.http.routes.test_score_events import CARD

SPEC = Path(__file__).parents[5] / "shared" / "specs" / "cloudevents.json"
TIME = "2026-01-14T10:00:00Z"
VISIT = {"kind": "visit", "lead": "L1", "id": "1", "time": TIME, "properties": {"path": "/pricing"}}
CLOUD = {"specversion": "1.0", "type": "visit", "source": "web", "id": "c1", "subject": "L1", "time": TIME}
EMPTY: list[Any] = [0, False, []]  # what is false in Python is not nothing
PAGE = {"type": "page", "messageId": "p1", "userId": "L1", "timestamp": TIME, "properties": {"path": "/"}}
# A body as each system sends it, how many events it has, and the lead of the first.
BODIES: dict[str, tuple[Any, int, str]] = {
    "one": (VISIT, 1, "L1"),
    "a list": ([VISIT, {**VISIT, "id": "2"}], 2, "L1"),
    "in a member": ({"events": [VISIT, PAGE]}, 2, "L1"),
    "nothing": ({"events": []}, 0, ""),
    "of nobody known": ({"kind": "visit", "anonymous_id": "a1", "time": "2026-01-14"}, 1, "a1"),
    "a lead by number": ({**VISIT, "lead": 7}, 1, "7"),
    "an undeclared kind": ({**VISIT, "kind": "webinar"}, 1, "L1"),
    "Segment page": (PAGE, 1, "L1"),
    "Segment batch": ({"batch": [PAGE, {**PAGE, "type": "track", "event": "Paid"}], "sentAt": TIME}, 2, "L1"),
    "Segment, not known": ({"type": "track", "event": "visit", "anonymousId": "a1", "timestamp": TIME}, 1, "a1"),
    "Segment identify without another id": ({"type": "identify", "userId": "L1", "timestamp": TIME}, 1, "L1"),
    "CloudEvents": (CLOUD, 1, "L1"),
    "CloudEvents batch": ([CLOUD, {**CLOUD, "id": "c2", "data": {"path": "/"}}], 2, "L1"),
    "HubSpot": ({"eventType": "e_visited_page", "occurredAt": TIME, "objectId": 151, "id": "h"}, 1, "151"),
    "SendGrid": ([{"sg_event_id": "s", "event": "open", "timestamp": 1768384800, "email": "a@b.no"}], 1, "a@b.no"),
    "Mailgun": (
        {"event-data": {"event": "opened", "id": "m", "timestamp": 1768384800.5, "recipient": "a@b.no"}},
        1,
        "a@b.no",
    ),
    "Postmark": ({"RecordType": "Open", "MessageID": "m", "ReceivedAt": TIME, "Recipient": "a@b.no"}, 1, "a@b.no"),
    "Mautic": ({"event": "page.hit", "eventType": "x", "timestamp": TIME, "contactId": 5, "details": {}}, 1, "5"),
    "Salesforce": ({"attributes": {}, "ActivityDate": "2026-01-14", "TaskSubtype": "Call", "WhoId": "00Q"}, 1, "00Q"),
}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[TestClient]:
    """A client of a service whose card counts events, and which stores them."""
    card = tmp_path / "web.yaml"
    card.write_text(CARD)
    with TestClient(create_app(Settings(card=card, home=tmp_path))) as client:
        yield client


def send(client: TestClient, body: Any, media: str = "application/json", **headers: str) -> httpx2.Response:
    """The answer to a body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/v1/events", content=content, headers={"Content-Type": media, **named})


def rows_of(client: TestClient, lead: str) -> Any:
    """The stored events of a lead."""
    return client.app.state.service.decision_log.events.read([lead]).of(lead)  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("name", BODIES)
def test_bodies(web: TestClient, name: str) -> None:
    """A body of any system is stored, and sent again it changes nothing."""
    body, count, lead = BODIES[name]
    first, second = send(web, body), send(web, body)
    assert first.status_code == 200, first.json()
    answer = first.json()
    assert (answer["stored"], answer["repeated"], answer["refused"], answer["errors"]) == (count, 0, 0, [])
    assert (second.json()["stored"], second.json()["repeated"]) == (0, count)
    if lead:
        row = rows_of(web, lead)[0]
        assert row.time == ("2026-01-14" if len(row.time) == 10 else row.time)
        assert row.time.startswith("2026-01-14")
        assert row.received > "2026-02"  # by the service's own clock
    document = web.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/StoredEvents", "components": document["components"]}
    jsonschema.validate(answer, schema)


def test_cloud_events(web: TestClient) -> None:
    """CloudEvents come one by one, as a batch, or with their attributes in headers; all of them are the same event."""
    event = {**CLOUD, "data": {"path": "/pricing"}}
    if SPEC.exists():
        jsonschema.validate(event, json.loads(SPEC.read_text()))
    assert send(web, event, "application/cloudevents+json; charset=utf-8").json()["stored"] == 1
    assert send(web, [event], "application/cloudevents-batch+json").json()["repeated"] == 1
    attributes = {f"ce_{name}": value for name, value in CLOUD.items()}
    answer = send(web, {"path": "/pricing"}, **attributes).json()
    assert (answer["repeated"], answer["notes"]) == (1, [])
    mistakes = send(web, [{**event, "specversion": "0.3", "data_base64": "AA==", "id": ""}]).json()["errors"]
    assert [(mistake["path"], mistake["reason"]) for mistake in mistakes] == [
        ("$[0].specversion", "must be '1.0', the version of CloudEvents that is read"),
        ("$[0].id", "is missing; each event of CloudEvents has one"),
        ("$[0].data_base64", "can't be read; send `data`, an object"),
    ]


def test_unknown_kinds_are_counted(web: TestClient) -> None:
    """Kinds that the card doesn't declare are stored and counted by name; those that join ids aren't among them."""
    events = [{**VISIT, "kind": "webinar"}, {**VISIT, "kind": "webinar", "id": "2"}, {**VISIT, "kind": "fair"}]
    joining = {"kind": "identify", "lead": "L1", "anonymous_id": "a", "time": TIME}
    answer = send(web, [*events, joining]).json()
    assert answer["unknown_kinds"] == [{"kind": "fair", "events": 1}, {"kind": "webinar", "events": 2}]
    assert (answer["stored"], answer["joins"]) == (4, 1)


def test_good_events_are_stored_beside_bad_ones(web: TestClient) -> None:
    """Each event is stored or refused by itself, and the answer lists every mistake."""
    events = [
        *(VISIT, 3, {}, {"kind": "visit"}, {"kind": 5, "lead": "L1", "time": TIME}),
        {**VISIT, "time": "2026-01-14T10:00:00"},
        {**VISIT, "properties": {"seconds": "many"}},
        {**VISIT, "kind": "webinar", "properties": [], "time": "soon", "lead": {}},
        {**VISIT, "kind": "webinar", "id": []},
        {**VISIT, "lead": " ", "propertys": {}},
        {"type": "track", "event": "Paid", "timestamp": "x"},
        {"kind": "identify", "lead": "L1", "time": TIME},
        {"type": "alias", "userId": "L1", "timestamp": TIME},
        {**VISIT, "previous_id": "L2"},
        {**VISIT, "time": "0001-01-01T00:00:00+10:00", "id": "old"},
    ]
    answer = send(web, {"events": events}).json()
    assert (answer["stored"], answer["refused"]) == (1, 14)
    assert [error["path"] for error in answer["errors"]] == [
        *("$.events[1]", "$.events[2].kind", "$.events[3].time", "$.events[3].lead", "$.events[4].kind"),
        *("$.events[5].time", "$.events[6].properties.seconds"),
        *("$.events[7].time", "$.events[7].properties", "$.events[7].lead"),
        *("$.events[8].id", "$.events[9].propertys", "$.events[9].lead"),
        *("$.events[10].timestamp", "$.events[10].userId", "$.events[11].anonymous_id", "$.events[12].previousId"),
        *("$.events[13].previous_id", "$.events[14].time"),
    ]
    reasons = {error["path"]: error["reason"] for error in answer["errors"]}
    assert reasons["$.events[3].lead"] == (
        "is missing; an event names its lead, or somebody not yet known by an anonymous id"
    )
    assert reasons["$.events[11].anonymous_id"] == "is missing; `identify` joins two ids of one lead"
    assert reasons["$.events[5].time"].startswith("'2026-01-14T10:00:00' has no time zone; add Z or an offset")
    again = send(web, {"events": events[1:]})
    assert (again.status_code, again.json()["detail"]) == (422, "19 mistakes in the request; nothing was stored.")


@pytest.mark.parametrize(
    ("body", "path", "reason"),
    [
        ({"events": [VISIT] * 1001}, "$.events", "holds 1,001 events; send at most 1,000 at once"),
        ([VISIT] * 1001, "$", "holds 1,001 events; send at most 1,000 at once"),
        ({"events": {}}, "$.events", "is an object; send a list of events"),
        ({"events": [], "lead": "L1"}, "$.lead", "unknown key beside a list of events"),
        (
            b'{"kind": "visit", "lead": "L1", "time": "2026-01-14", "properties": {"seconds": NaN}}',
            "$.properties.seconds",
            "NaN is not a number; write it like 25000, 2.5 or 1e6",
        ),
        (b'{"events": [{"kind": "a", "lead": "L1", "time": "2026-01-14", "properties": {"x": NaN}}]}', "", ""),
        (b'{"events": [{"kind": "a", "lead": "L1", "time": "2026-01-14", "properties": {"x": 1e999}}]}', "", ""),
        (b'{"events": [{"kind": "a", "kind": "b", "lead": "L1", "time": "2026-01-14"}]}', "$.events[0].kind", ""),
        ("text", "$", ""),
        (
            {**VISIT, "properties": {str(number): 1 for number in range(2001)}},
            "$.properties",
            "has 2,001 names; send at most 2,000",
        ),
        ({**VISIT, **{str(number): 1 for number in range(2001)}}, "$", "has 2,006 names; send at most 2,000"),
        *(
            ({**VISIT, "properties": value}, "$.properties", f'{value!r} must be an object like {{"path": "/pricing"}}')
            for value in (*EMPTY, "")
        ),
        *(({**VISIT, "received": value}, "$.received", "") for value in (*EMPTY, {})),
    ],
)
def test_wrong_shapes(web: TestClient, body: Any, path: str, reason: str) -> None:
    """A body of another shape is refused with the path and the cure."""
    answer = send(web, body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == (path or "$.events[0].properties"), answer.json()
    assert error["reason"] == (reason or error["reason"])


def test_one_id_with_two_contents(web: TestClient) -> None:
    """Events that differ under one id are kept, the answer says so, and the one that was received first counts."""
    later = {**VISIT, "received": "2026-01-15T10:00:00Z"}
    first = {**VISIT, "received": "2026-01-14T12:00:00Z", "properties": {"path": "/"}}
    assert send(web, later).json()["notes"] == []
    assert send(web, first).json()["notes"] == [
        "1 of the ids came with different contents; where events of one lead share an id, the one that was received"
        " first counts."
    ]
    body = {"lead": {"lead_id": "L1"}, "as_of": "2026-01-20"}
    events = web.post("/v1/score", json=body).json()["events"]
    assert (events["counted"], events["repeated"], events["rules"][0]["events"]) == (1, 1, 0)


def test_no_log_no_events(tmp_path: Path) -> None:
    """Without a log, nothing can be stored, and the answer says so."""
    card = tmp_path / "web.yaml"
    card.write_text(CARD)
    answer = send(TestClient(create_app(Settings(card=card, home=tmp_path, log="off"))), VISIT)
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "Nothing is recorded: the service runs with its log off.",
    )
