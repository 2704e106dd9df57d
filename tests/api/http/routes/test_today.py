"""GET /v1/today and the explained list: what a day at the desk begins with, and why each lead stands where it does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from leadledger.api.service.today import find_last_working_day
from tests.logs import DATABASES, database_of

CARD = """
name: small
time_zone: UTC
fields:
  lead_id: {kind: id}
  company: {kind: text}
  need: {kind: text, values: [none, clear, urgent], ask: What do they need?}
  called: {kind: date}
  decides: {kind: date}
  owner: {kind: text, learn: no}
  stage: {kind: text}
  left: {kind: number, is: days_until(decides)}
criteria:
  has_need: {met: need = 'urgent'}
  in_time: {met: left between 0 and 60, label: a decision within 60 days}
rules:
  - {name: urgent, when: need = 'urgent', points: 20, reason: Needs it now}
  - {name: called, when: called is not null, points: 16, half_life: 14 days of called, reason: Was called}
stages:
  - {name: contact}
  - {name: lead, requires: [has_need]}
  - {name: opportunity, requires: [in_time], points: 75}
base_rate: 0.1
"""
TODAY = date.today()


def on(days: int) -> str:
    """A day so many days after today."""
    return (TODAY + timedelta(days=days)).isoformat()


# Above the threshold and staying; about to fall below it; one day to be in time; to be asked; put off; rejected; and a
# contact that may be called a lead, with fewer points than a call needs.
LEADS = [
    {"lead_id": "L1", "company": "Larch AS", "need": "urgent", "called": on(0), "decides": on(59), "owner": "Ann"},
    {"lead_id": "L2", "company": "Møller, Berg & Co", "need": "urgent", "called": on(-12), "decides": on(50)},
    {"lead_id": "L3", "company": "L'Étoile", "need": "urgent", "decides": on(90), "called": on(0), "owner": "Bo"},
    {"lead_id": "L4", "need": "urgent", "called": on(-1)},
    {"lead_id": "L5", "company": "Polder", "need": "urgent", "called": on(0), "decides": on(40), "owner": "Ann"},
    {"lead_id": "L6", "company": "Polder", "need": "urgent", "called": on(0), "decides": on(40), "owner": "Ann"},
    {"lead_id": "L7", "company": "Contact GmbH", "stage": "contact", "need": "urgent"},
]


@pytest.fixture(scope="module", params=DATABASES)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service that has known seven leads since nine days."""
    home = tmp_path_factory.mktemp("home")
    card = home / "card.yaml"
    card.write_text(CARD, encoding="utf-8")
    with (
        database_of(request.param, home) as url,
        TestClient(create_app(Settings(card=card, home=home, log_url=url))) as client,
    ):
        for days in (-9, 0):
            known = [{**lead, "need": "urgent" if days == 0 else "clear"} for lead in LEADS]
            assert client.post("/v1/score/batch", json={"leads": known, "as_of": on(days)}).json()["refused"] == 0
        client.post("/v1/leads/L5/feedback", json={"verb": "snooze", "until": on(3)})
        client.post("/v1/leads/L6/feedback", json={"verb": "reject", "reason": "no_need"})
        yield client


def get(client: TestClient, path: str) -> dict[str, Any]:
    """What a path answers."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    answered: dict[str, Any] = answer.json()
    return answered


@pytest.mark.slow
def test_today_counts_each_view_as_the_list_shows_it(client: TestClient) -> None:
    """Leads that sales has rejected, or put off, are to be found among those that come back, and all, alone."""
    answer = get(client, "/v1/today")
    views = {view["view"]: view["leads"] for view in answer["views"]}
    assert (answer["leads"], answer["as_of"], answer["owners"]) == (7, on(0), ["Ann", "Bo"])
    awake = "snoozed=false&rejected=false"
    for view, query in {
        "act": f"recommendation=promote,ask,demote&{awake}",
        "call": f"recommendation=promote&to=opportunity&{awake}",
        "ask": f"recommendation=ask&{awake}",
        "back": f"back_by={answer['back_by']}",
        "all": "",
    }.items():
        assert len(get(client, f"/v1/leads?{query}")["leads"]) == views[view], view
    assert views == {"act": 4, "call": 2, "ask": 1, "back": 1, "all": 7}


def test_today_names_who_is_new_who_waits_and_who_leaves(client: TestClient) -> None:
    """Each figure is that of a list, and the day on which a lead leaves is that of its forecast."""
    answer = get(client, "/v1/today")
    new, waiting, leaving = answer["new"], answer["waiting"], answer["leaving"]
    assert new["since"] == find_last_working_day(TODAY).isoformat()
    listed = get(client, f"/v1/leads?recommendation=promote&to=opportunity&new_since={new['since']}")["leads"]
    assert [lead["lead"] for lead in listed] == ["L6", "L5", "L1", "L2"]
    assert new["leads"] == len(listed)
    assert (answer["to"], answer["threshold"]) == (["opportunity"], 75.0)
    assert all(lead["distance"] >= 0 for lead in listed)
    assert [lead["lead"] for lead in new["best"]] == [lead["lead"] for lead in listed[:3]]
    assert (waiting["leads"], [lead["lead"] for lead in waiting["longest"]]) == (3, ["L1", "L2", "L7"])
    assert get(client, "/v1/leads?recommendation=promote&waits=false")["leads"][0]["answered_on"] == on(0)
    assert {lead["lead"] for lead in leaving["leads"]} >= {"L2"}
    assert (leaving["looked_at"], get(client, "/v1/leads?recommendation=promote&to=lead")["leads"][0]["lead"]) == (
        4,
        "L7",
    )
    for lead in leaving["leads"]:
        (change,) = get(client, f"/v1/leads/{lead['lead']}/forecast?days=14")["recommendation_changes"]
        assert (lead["on"], lead["recommendation"]) == (change["on"], change["recommendation"])


def test_details_have_the_time_of_what_is_recommended_since_today(client: TestClient) -> None:
    """It is that of the first score of the day that recommended it, however often the lead is scored again."""
    again = client.post("/v1/score", json={"lead": LEADS[0], "as_of": on(0)})
    assert again.status_code == 200
    for lead in get(client, "/v1/leads?details=true")["leads"]:
        scores = [
            score for score in get(client, f"/v1/leads/{lead['lead']}/scores")["scores"] if score["as_of"] == on(0)
        ]
        assert len(scores) == 1 + (lead["lead"] == "L1")
        assert lead["details"][0]["since_at"] == (scores[-1]["at"] if lead["since"] == on(0) else "")


def test_details_explain_each_lead(client: TestClient) -> None:
    """They are those of its result and its forecast; what moved adds up to the change; and the place is in the book."""
    answer = get(client, "/v1/leads?details=true")
    for place, lead in enumerate(answer["leads"], start=1):
        (details,) = lead["details"]
        whole = get(client, f"/v1/leads/{lead['lead']}")
        result = whole["result"]
        assert {name: details[name] for name in ("criteria", "reasons", "questions")} == {
            name: result[name] for name in ("criteria", "reasons", "questions")
        }
        assert round(sum(entry["difference"] for entry in details["moved"]), 1) == lead["change"] != 0
        better = sum(other["points"] > lead["points"] for other in answer["leads"])
        assert details["place"] == better + 1 <= place
        turns = get(client, f"/v1/leads/{lead['lead']}/forecast?days=366")["recommendation_changes"]
        assert details["changes"] == (turns if lead["recommendation"] in ("promote", "nurture") else [])
    titles = {lead["lead"]: lead["details"][0]["title"] for lead in answer["leads"]}
    assert titles == {lead["lead_id"]: lead.get("company", "") for lead in LEADS}
    assert get(client, "/v1/leads")["leads"][0]["details"] == []


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        *[
            ("search=larch", ["L1"]),
            ("search=BERG%20co", ["L2"]),
            ("search=etoile", ["L3"]),
            ("search=polder", ["L5", "L6"]),
        ],
        *[
            ("search=L4", ["L4"]),
            ("search=erg", []),
            ("search=%25", []),
            ("search=", ["L1", "L2", "L3", "L4", "L5", "L6", "L7"]),
        ],
        ("rejected=true", ["L6"]),
        ("back_by={in_three_days}", ["L5"]),
        ("back_by={in_two_days}", []),
        ("new_since={tomorrow}", []),
        ("waits=false", ["L5", "L6"]),
        ("to=lead", ["L7"]),
        ("to=lead,opportunity&recommendation=ask", ["L4"]),
    ],
)
def test_a_list_is_narrowed(client: TestClient, query: str, ids: list[str]) -> None:
    """By words of the title or the start of the id, and by what sales said."""
    query = query.format(tomorrow=on(1), in_two_days=on(2), in_three_days=on(3))  # no day names a test
    assert sorted(lead["lead"] for lead in get(client, f"/v1/leads?{query}")["leads"]) == ids


@pytest.mark.parametrize(
    ("query", "path", "reason"),
    [
        ("new_since=yesterday", "?new_since", "is not a day like 2026-01-31"),
        ("back_by=2026-02-30", "?back_by", "is not a day like 2026-01-31"),
        ("waits=perhaps", "?waits", "isn't one of its values."),
        ("to=customer", "?to", "isn't one of its values."),
        ("details=yes", "?details", "isn't one of its values."),
        (f"search={'x' * 2000}", "?search", "is longer than"),
    ],
)
def test_mistakes_are_named(client: TestClient, query: str, path: str, reason: str) -> None:
    """Each wrong parameter is refused with its reason."""
    answer = client.get(f"/v1/leads?{query}")
    assert answer.status_code == 422
    (mistake,) = answer.json()["errors"]
    assert mistake["path"] == path
    assert reason in mistake["reason"]


@pytest.mark.parametrize(
    ("day", "before"),
    [
        ("2026-11-30", "2026-11-27"),
        ("2026-11-29", "2026-11-27"),
        ("2026-11-28", "2026-11-27"),
        ("2026-11-27", "2026-11-26"),
    ],
)
def test_the_last_working_day_is_no_day_of_a_weekend(day: str, before: str) -> None:
    """Of a Monday it is the Friday."""
    assert find_last_working_day(date.fromisoformat(day)) == date.fromisoformat(before)
