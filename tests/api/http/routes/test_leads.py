"""GET /v1/leads and /v1/leads/{id}: the known leads, in pages, and one with its ledger."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.log import database, tables
from leadledger.api.service.settings import Settings
from tests.api.answers import read_problem
from tests.logs import DATABASES, database_of

CARD = """
name: small
time_zone: UTC
fields:
  lead_id: {kind: id}
  stage: {kind: text, values: [contact, lead], learn: no}
  need: {kind: text, values: [none, clear, urgent], ask: What do they need?}
  employees: {kind: number}
  country: {kind: text}
  tags: {kind: choices}
  met: {kind: flag}
  created: {kind: date}
  owner: {kind: text, learn: no}
criteria:
  has_need: {met: "need in ('clear', 'urgent')", label: Has a need}
rules:
  - {name: urgent, when: need = 'urgent', points: 30, reason: Needs it now}
  - {name: big, when: employees >= 100, points: 10, reason: Is big}
stages:
  - {name: contact}
  - {name: lead, requires: [has_need], points: 70}
base_rate: 0.1
"""
LEADS = [
    {"lead_id": "L1", "need": "urgent", "employees": 250, "country": "SE", "owner": "Ann", "met": True},
    {"lead_id": "L2", "need": "urgent", "employees": 25, "country": "NO", "owner": "Bo", "created": "2026-01-31"},
    {"lead_id": "ACME/42", "need": "clear", "country": "SE", "owner": "Ann", "tags": "crm;erp"},
    {"lead_id": "m 1", "need": "none", "country": 'S"E'},
]
DAY = "2026-03-01"


@pytest.fixture(scope="module", params=DATABASES)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service that knows four leads."""
    home = tmp_path_factory.mktemp("home")
    card = home / "card.yaml"
    card.write_text(CARD, encoding="utf-8")
    with (
        database_of(request.param, home) as url,
        TestClient(create_app(Settings(card=card, home=home, log_url=url))) as client,
    ):
        answer = client.post("/v1/score/batch", json={"leads": LEADS, "as_of": DAY})
        assert answer.json()["scored"] == len(LEADS)
        yield client


def list_ids(client: TestClient, query: str = "") -> list[str]:
    """The ids of the leads that a query lists."""
    answer = client.get(f"/v1/leads?{query}")
    assert answer.status_code == 200, answer.text
    return [lead["lead"] for lead in answer.json()["leads"]]


@pytest.mark.slow
def test_the_best_come_first(client: TestClient) -> None:
    """Without parameters the leads come by their points, each with what the book knows of it."""
    answer = client.get("/v1/leads").json()
    assert [lead["lead"] for lead in answer["leads"]] == ["L1", "L2", "m 1", "ACME/42"]
    assert answer["next"] == ""
    result = client.get("/v1/leads/L1").json()["result"]
    first = answer["leads"][0]
    same = ("card", "release", "as_of", "score", "points", "probability", "grade", "recommendation", "from", "to")
    assert {name: first[name] for name in same} == {name: result[name] for name in same}
    assert (first["since"], first["change"], first["change_since"], first["owner"]) == (DAY, 0.0, None, "Ann")
    assert first["distance"] == result["points"] - result["line"]
    assert (first["rejected_on"], first["snoozed_until"], first["percentile"], first["axis_grades"]) == (
        *(None, None, None),
        "",
    )


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("owner=Ann", ["L1", "ACME/42"]),
        ("owner=", ["m 1"]),
        ("owner=ann", []),
        ("q=L", ["L1", "L2"]),
        ("q=ACME%2F", ["ACME/42"]),
        ("q=%25", []),
        ("field.country=SE", ["L1", "ACME/42"]),
        ("field.country=S%22E", ["m 1"]),
        ("field.employees=250", ["L1"]),
        ("field.employees=2.5e1", ["L2"]),
        ("field.employees=", ["m 1", "ACME/42"]),
        ("field.met=yes", ["L1"]),
        ("field.created=2026-01-31", ["L2"]),
        ("field.tags=crm;erp", ["ACME/42"]),
        ("field.need=URGENT&field.country=NO", ["L2"]),
        ("snoozed=true", []),
        ("snoozed=false&order=id", ["ACME/42", "L1", "L2", "m 1"]),
        ("order=id&direction=desc", ["m 1", "L2", "L1", "ACME/42"]),
        ("order=points&direction=asc&limit=1", ["ACME/42"]),
        ("recommendation=promote,+disqualify", ["L1", "L2"]),
        ("grade=A,D&stage=contact&order=since", ["L1", "L2"]),
        ("recommendation=&grade=&stage=&after=&q=", ["L1", "L2", "m 1", "ACME/42"]),
    ],
)
def test_filters_and_orders(client: TestClient, query: str, ids: list[str]) -> None:
    """A list has the leads that its parameters ask for, in their order."""
    assert list_ids(client, query) == ids


@pytest.mark.parametrize("order", ["points", "probability", "change", "since", "id"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_pages_follow_each_other(client: TestClient, order: str, direction: str) -> None:
    """`next` leads from page to page to the end, in every order."""
    whole = list_ids(client, f"order={order}&direction={direction}")
    paged, after = list[str](), ""
    while True:
        query = f"order={order}&direction={direction}&limit=1" + (f"&after={after}" if after else "")
        answer = client.get(f"/v1/leads?{query}").json()
        paged += [lead["lead"] for lead in answer["leads"]]
        after = answer["next"]
        if not after:
            break
    assert paged == whole
    assert len(whole) == len(LEADS)


@pytest.mark.parametrize(
    ("query", "path", "reason"),
    [
        ("recommendation=promot", "?recommendation", "isn't one of its values. Did you mean 'promote'?"),
        ("grade=A,X", "?grade", "isn't one of its values. Use one of: A, B, C, D."),
        ("stage=led", "?stage", "Did you mean 'lead'?"),
        ("snoozed=maybe", "?snoozed", "isn't one of its values. Use one of: true, false."),
        ("order=point", "?order", "isn't one of its values. Did you mean 'points'?"),
        ("direction=up", "?direction", "isn't one of its values. Use one of: asc, desc."),
        ("limit=0", "?limit", "is not a number from 1 to 200"),
        ("limit=201", "?limit", "is not a number from 1 to 200"),
        ("limit=1&limit=2", "?limit", "is given more than once; send it once"),
        ("q=" + "x" * 201, "?q", "is longer than 200 characters, as no id is"),
        ("owner=%00", "?owner", "holds half a character, or a NUL"),
        ("field.employees=many", "?field.employees", "is not a number"),
        ("field.need=some", "?field.need", "none, clear, urgent"),
        ("field.contry=SE", "?field.contry", "unknown parameter. Did you mean 'field.country'?"),
        ("field.met=null", "?field.met", "is a word for nothing; leave it empty instead"),
    ],
)
def test_mistakes_have_their_path(client: TestClient, query: str, path: str, reason: str) -> None:
    """A wrong parameter is refused with its path and what to send instead."""
    problem = read_problem(client.get(f"/v1/leads?{query}"), 422)
    assert problem["detail"] == "1 mistake in the request; nothing was listed."
    (mistake,) = problem["errors"]
    assert mistake["path"] == path
    assert reason in mistake["reason"]


def forge(*content: Any) -> str:
    """A cursor with some content."""
    return urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        *("x", "%00", "Å", "....", "e30", "W10", urlsafe_b64encode(b"[" * 5000).decode(), "A" * 4000),
        forge(),
        forge("points", 1, 5),
        forge("points", 1, 5, 5),
        forge("points", 1, "5", "L1"),
        forge("points", 1, 5.5, "L1"),
        forge("points", 1, True, "L1"),
        forge("points", 1, 10**30, "L1"),
        forge("points", 1, None, "L1"),
        forge("points", 0, 5, "L1"),
        forge("points", 1, 5, "\0"),
        forge("points", 1, 5, "\ud800"),
        forge("points", 1, 5, "x" * 201),
        forge("id", 1, "L1", "L1"),
        forge("'; DROP TABLE book; --", 1, 5, "L1"),
    ],
)
def test_forged_cursors_are_refused(client: TestClient, cursor: str) -> None:
    """A cursor that no page of this list has is refused, whatever it holds."""
    problem = read_problem(client.get("/v1/leads", params={"after": cursor}), 422)
    assert [mistake["path"] for mistake in problem["errors"]] == ["?after"]


@pytest.mark.parametrize(
    ("order", "value"),
    [
        ("probability", "NaN"),
        ("probability", "1e999"),
        ("probability", "2.0"),
        ("probability", "1"),
        ("since", '"soon"'),
        ("id", '"\\ud800"'),
    ],
)
def test_forged_places_are_refused(client: TestClient, order: str, value: str) -> None:
    """The value in a cursor is checked for its order."""
    content = f'["{order}", 1, {value}, "L1"]'
    cursor = urlsafe_b64encode(content.encode()).decode()
    problem = read_problem(client.get(f"/v1/leads?order={order}&direction=desc&after={cursor}"), 422)
    assert [mistake["path"] for mistake in problem["errors"]] == ["?after"]


@pytest.mark.parametrize("lead", ["L1", "L2", "ACME/42", "m 1"])
def test_one_lead(client: TestClient, lead: str) -> None:
    """A lead has its whole result, the same as it was answered, and its values."""
    known = client.get(f"/v1/leads/{quote(lead, safe='')}").json()
    logged = client.get(f"/v1/scores/{known['score_id']}").json()
    assert known["result"] == logged["result"]
    assert known["input"] == logged["input"]
    assert (known["lead"], known["feedback"]) == (lead, [])


@pytest.mark.parametrize(
    ("lead", "near"),
    [("l1", " There are: 'L1'."), ("acme/4", " There are: 'ACME/42'."), ("nobody", ""), ("L%00", "")],
)
def test_an_unknown_lead(client: TestClient, lead: str, near: str) -> None:
    """Of a lead that the book doesn't know, the answer names those like it."""
    problem = read_problem(client.get(f"/v1/leads/{lead}"), 404)
    if near:
        assert problem["detail"] == f"The book has no lead of this id.{near}"
    else:
        assert problem["detail"].startswith("The book has no lead of this id.")


def test_what_sales_said(client: TestClient) -> None:
    """Feedback comes with the lead, the newest first, and a snoozed lead is in the list of those."""
    service = client.app.state.service  # type: ignore[attr-defined]
    row = {"lead_key": "L2", "lead": "L2", "reason": "no fit", "entry": "rule:big", "on": DAY, "key": "k"}
    at = "2026-03-02T10:00:00.000000Z"
    with service.decision_log.store.engine.execution_options(**database.WRITES).begin() as connection:
        for verb, until in (("reject", None), ("snooze", "2999-01-01")):
            connection.execute(
                tables.feedback.insert(), {**row, "verb": verb, "until": until, "score_id": "", "at": at}
            )
        connection.execute(tables.book.update().where(tables.book.c.key == "L2").values(snoozed_until="2999-01-01"))
    known = client.get("/v1/leads/L2").json()
    assert [said["verb"] for said in known["feedback"]] == ["snooze", "reject"]
    assert known["feedback"][1] == {
        **{"verb": "reject", "reason": "no fit", "entry": "rule:big", "until": None},
        **{"on": DAY, "at": at, "key": "k"},
    }
    assert known["snoozed_until"] == "2999-01-01"
    assert list_ids(client, "snoozed=true") == ["L2"]
    assert "L2" not in list_ids(client, "snoozed=false")


def test_without_a_log_there_is_no_book(tmp_path: Path) -> None:
    """A service with its log off knows no leads."""
    card = tmp_path / "card.yaml"
    card.write_text(CARD, encoding="utf-8")
    client = TestClient(create_app(Settings(card=card, home=tmp_path, log="off")))
    for path in ("/v1/leads", "/v1/leads/L1"):
        problem = read_problem(client.get(path), 404)
        assert problem["detail"] == "Nothing is recorded: the service runs with its log off."
