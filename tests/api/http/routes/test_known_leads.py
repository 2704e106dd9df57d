"""Known leads compared, forecast, tried out with answers, and what sales says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, select

from leadledger.api.app import create_app
from leadledger.api.log import tables
from leadledger.api.log.book_store import BookStore
from leadledger.api.log.feedback import Feedback
from leadledger.api.log.feedback_store import FeedbackStore
from leadledger.api.log.store import LogStore
from leadledger.api.service.settings import Settings
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.comparison import ComparedLead, compare
from leadledger.scoring.engine.forecast import forecast
from leadledger.scoring.engine.score import get_engine, score
from leadledger.scoring.scorecard import build_untrained
from tests.api.answers import read_problem, validator
from tests.logs import DATABASES, database_of

CARD = """
name: small
events: {visit: {}}
fields:
  lead_id: {kind: id}
  need: {kind: text, values: [none, clear, urgent], from: {salesforce: Need__c}, ask: What do they need?}
  budget: {kind: number, ask: "Which budget?"}
  last_call: {kind: date}
  visits: {kind: number, is: "count(visit, 14 days)"}
grades: {A: 60, B: 52}
rules:
  - {name: urgent, when: need = 'urgent', points: 9, reason: Needs it now}
  - {name: rich, when: budget >= 1000, points: 5, reason: Has a budget}
  - {name: called, when: last_call is not null, points: 8, half_life: 10 days of last_call, reason: Was called}
  - {name: visited, when: visits >= 1, points: 6, reason: Came by}
stages: [{name: contact}, {name: lead, points: 60}]
base_rate: 0.1
"""
DAY = "2026-03-01"
LEADS: dict[str, dict[str, Any]] = {
    "L1": {"need": "urgent", "budget": 10, "last_call": "2026-02-27"},
    "ACME/42": {"need": "clear", "last_call": "2026-02-20"},
    "visitor": {"need": "urgent", "budget": 1500},
    "00QWU000004xYZa": {"budget": 5},
}
VISIT = {"kind": "visit", "id": "v1", "time": "2026-02-25T10:00:00Z"}
SCORECARD = build_untrained(parse_card(CARD))
ENGINE = get_engine(SCORECARD)


@contextmanager
def serving(kind: str, home: Path) -> Iterator[TestClient]:
    """A service that knows four leads, one of which came with an event, on a database of a kind."""
    card = home / "card.yaml"
    card.write_text(CARD, encoding="utf-8")
    with (
        database_of(kind, home) as url,
        TestClient(create_app(Settings(card=card, home=home, log_url=url))) as client,
    ):
        for name, lead in LEADS.items():
            body: dict[str, Any] = {"lead": {"lead_id": name, **lead}, "as_of": DAY}
            if name == "visitor":
                body["events"] = [VISIT]
            assert client.post("/v1/score", json=body).status_code == 200
        yield client


@pytest.fixture(params=DATABASES)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestClient]:
    """A service of its own for a test that changes something."""
    with serving(request.param, tmp_path) as client:
        yield client


@pytest.fixture(scope="module", params=DATABASES)
def unchanged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service that is shared by the tests that change nothing."""
    with serving(request.param, tmp_path_factory.mktemp("home")) as client:
        yield client


def get(client: TestClient, path: str) -> Any:
    """The answer to a question, which fits its description."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.slow
def test_two_leads_are_compared(unchanged: TestClient) -> None:
    """The answer is that of the core, with the lead of each side, and ids may hold slashes."""
    answer = get(unchanged, f"/v1/leads/compare?a=L1&b={quote('ACME/42', safe='')}&as_of={DAY}")
    first, second = (ComparedLead(ENGINE.clean({"lead_id": name, **LEADS[name]}).values) for name in ("L1", "ACME/42"))
    expected = compare(ENGINE, first, second, date.fromisoformat(DAY)).to_dict()
    assert {**answer, "a": answer["a"]["points"], "b": answer["b"]["points"], "notes": []} == {**expected, "notes": []}
    assert (answer["a"]["lead"], answer["b"]["lead"], answer["notes"]) == ("L1", "ACME/42", [])
    assert round(sum(entry["difference"] for entry in answer["entries"]), 1) == answer["difference"] == -11.7
    validator(unchanged.get("/openapi.json").json(), "LeadComparison").validate(answer)


def test_a_forecast_is_that_of_the_core(unchanged: TestClient) -> None:
    """Over HTTP the forecast names the day that the core names."""
    answer = get(unchanged, f"/v1/leads/L1/forecast?days=60&as_of={DAY}")
    expected = forecast(SCORECARD, {"lead_id": "L1", **LEADS["L1"]}, date.fromisoformat(DAY), 60)
    assert answer == {"lead": "L1", **json.loads(json.dumps(expected.to_dict())), "notes": []}
    assert answer["recommendation_changes"][0]["on"] == "2026-03-30"
    validator(unchanged.get("/openapi.json").json(), "LeadForecast").validate(answer)
    slashed = get(unchanged, f"/v1/leads/{quote('ACME/42', safe='')}/forecast?as_of={DAY}")
    assert (slashed["lead"], slashed["recommendation_changes"]) == ("ACME/42", [])


def test_what_a_lead_did_is_told_by_day(client: TestClient) -> None:
    """Stored events are told by day; of those that came beside a lead no day is known; ids may hold slashes."""
    assert get(client, f"/v1/leads/visitor/events?as_of={DAY}")["source"] == "last_score"
    stored = client.post("/v1/events", json={"events": [{**VISIT, "lead": "ACME/42", "id": "w1"}]})
    assert stored.status_code == 200, stored.text
    answer = get(client, f"/v1/leads/{quote('ACME/42', safe='')}/events")
    assert (answer["lead"], answer["source"], answer["notes"]) == ("ACME/42", "stored", [])
    assert answer["days"] == [
        {"on": "2026-02-25", "kind": "visit", "events": 1, "machine": False, "properties": [], "earned": []}
    ]
    validator(client.get("/openapi.json").json(), "LeadEvents").validate(answer)
    refused = client.get("/v1/leads/L1/events?as_of=soon&days=3")
    assert {mistake["path"] for mistake in read_problem(refused, 422)["errors"]} == {"?as_of", "?days"}


def test_events_that_are_not_stored_stay_as_they_were(client: TestClient) -> None:
    """Events that came beside a lead aren't in the log, so what they came to stays; stored ones leave their windows."""
    note = (
        "The events of visitor came beside it and are not stored: what they came to at its last score, of 2026-03-01,"
        " stays."
    )
    answer = get(client, f"/v1/leads/visitor/forecast?as_of={DAY}")
    assert (answer["points"], answer["grade_changes"], answer["notes"]) == (70.0, [], [note])
    stored = client.post(
        "/v1/events", json={"events": [{**VISIT, "lead": "visitor", "received": "2026-02-25T10:00:01Z"}]}
    )
    assert stored.json()["stored"] == 1, stored.text
    lead = {"lead_id": "visitor", **LEADS["visitor"]}
    assert client.post("/v1/score", json={"lead": lead, "as_of": DAY, "events": [VISIT]}).status_code == 200
    answer = get(client, f"/v1/leads/visitor/forecast?as_of={DAY}&days=366")
    assert (answer["points"], answer["notes"]) == (70.0, [])
    assert answer["grade_changes"] == []
    assert get(client, "/v1/leads/visitor/forecast?as_of=2026-03-11")["points"] == 64.0


def test_answers_are_tried_out(unchanged: TestClient) -> None:
    """What-if shows both results and what moves, under any name of a field, and records nothing."""
    rows = count_rows(unchanged, tables.scores)
    body = {"answers": {"Need__c": "none", "budget": "2000"}, "as_of": DAY}
    answer = unchanged.post("/v1/leads/L1/what-if", json=body)
    assert answer.status_code == 200, answer.text
    content = answer.json()
    lead = {"lead_id": "L1", **LEADS["L1"]}
    now = score(SCORECARD, lead, date.fromisoformat(DAY)).to_dict()
    then = score(SCORECARD, {**lead, "need": "none", "budget": 2000}, date.fromisoformat(DAY)).to_dict()
    assert content["now"] == {"id": "", **json.loads(json.dumps(now))}
    assert content["then"] == {"id": "", **json.loads(json.dumps(then))}
    assert content["difference"] == -4.0 == sum(entry["difference"] for entry in content["moved"])
    validator(unchanged.get("/openapi.json").json(), "WhatIf").validate(content)
    assert count_rows(unchanged, tables.scores) == rows
    unknown = unchanged.post("/v1/leads/L1/what-if", json={"answers": {"budget": None}, "as_of": DAY}).json()
    assert unknown["then"]["high"] > unknown["now"]["high"]


def engine_of(client: TestClient) -> Engine:
    """The database of a service."""
    engine: Engine = client.app.state.service.decision_log.store.engine  # type: ignore[attr-defined]  # a FastAPI
    return engine


def count_rows(client: TestClient, table: Any) -> int:
    """How many rows a table has."""
    with engine_of(client).connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answers", "path", "reason"),
    [
        ({"budget": "much"}, "$.answers.budget", "'much' is not a number; write it like 25000, 2.5 or 1e6"),
        ({"bugdet": 5}, "$.answers.bugdet", "no field of the card uses this name. Did you mean 'budget'?"),
        (
            {"need": {}},
            "$.answers.need",
            "is an object; a lead is flat: each value is a text, a number, true, false or null",
        ),
    ],
)
def test_answers_with_mistakes(unchanged: TestClient, answers: Any, path: str, reason: str) -> None:
    """An answer that can't be read, or has no field, is refused with its path."""
    problem = read_problem(unchanged.post("/v1/leads/L1/what-if", json={"answers": answers}), 422)
    assert problem["errors"][0]["path"] == path
    assert problem["errors"][0]["reason"] == reason
    assert problem["detail"] == "1 mistake in the request; nothing was worked out."


def test_an_unknown_lead_is_refused_with_ids_like_it(unchanged: TestClient) -> None:
    """Whatever is asked of a lead that the book doesn't know, the refusal names ids that may be meant."""
    answers = [
        unchanged.get("/v1/leads/l1/forecast"),
        unchanged.get("/v1/leads/compare?a=L1&b=l1"),
        unchanged.post("/v1/leads/l1/what-if", json={"answers": {}}),
        unchanged.post("/v1/leads/l1/feedback", json={"verb": "accept"}),
    ]
    for answer in answers:
        assert read_problem(answer, 404)["detail"] == "The book has no lead of this id. There are: 'L1'."


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "path", "reason"),
    [
        ("a=L1", "?b", "is missing; send the id of a lead"),
        ("a=L1&b=L1&b=L2", "?b", "is given more than once; send it once"),
        ("a=L1&b=L1&as_of=soon", "?as_of", "is not a date; write it like 2026-01-31"),
        ("a=L1&b=L1&days=3", "?days", "unknown parameter. Use one of: a, b, as_of."),
    ],
)
def test_comparisons_with_mistakes(unchanged: TestClient, query: str, path: str, reason: str) -> None:
    """A wrong parameter of a comparison is refused."""
    (mistake,) = read_problem(unchanged.get(f"/v1/leads/compare?{query}"), 422)["errors"]
    assert (mistake["path"], mistake["reason"]) == (path, reason)


@pytest.mark.slow
@pytest.mark.parametrize("days", ["0", "367", "-1", "1e2", "٣", "", "9999999999"])
def test_forecasts_of_too_many_days(unchanged: TestClient, days: str) -> None:
    """A forecast is of 1 to 366 days."""
    (mistake,) = read_problem(unchanged.get(f"/v1/leads/L1/forecast?days={quote(days)}"), 422)["errors"]
    assert (mistake["path"], mistake["reason"]) == ("?days", "is not a number from 1 to 366")


# -- feedback ----------------------------------------------------------------------------------------------------------


def give(client: TestClient, lead: str = "L1", **body: Any) -> dict[str, Any]:
    """The answer to feedback, which fits its description."""
    answer = client.post(f"/v1/leads/{quote(lead, safe='')}/feedback", json=body)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    validator(client.get("/openapi.json").json(), "Feedback").validate(content)
    return content


def test_feedback_changes_the_book(client: TestClient) -> None:
    """A rejection and a snooze stand in the lead's row at once, and accepting takes both back."""
    today = datetime.now(UTC).date()
    later = str(today + timedelta(days=9))
    answer = give(client, verb="reject", reason="no_budget", entry="rule:urgent")
    assert answer == {
        **{"lead": "L1", "verb": "reject", "reason": "no_budget", "entry": "rule:urgent", "until": None},
        **{"on": str(today), "new": True},
    }
    assert get(client, "/v1/leads/L1")["rejected_on"] == str(today)
    assert give(client, verb="snooze", until=later)["until"] == later
    row = get(client, "/v1/leads/L1")
    assert (row["rejected_on"], row["snoozed_until"]) == (str(today), later)
    give(client, verb="accept")
    row = get(client, "/v1/leads/L1")
    assert (row["rejected_on"], row["snoozed_until"]) == (None, None)
    assert [item["verb"] for item in row["feedback"]] == ["accept", "snooze", "reject"]
    give(client, "ACME/42", verb="reject", reason="other")
    assert get(client, f"/v1/leads/{quote('ACME/42', safe='')}")["rejected_on"] == str(today)


def test_the_same_feedback_of_a_day_is_recorded_once(client: TestClient) -> None:
    """A repeated request records nothing, whichever spelling the Salesforce id has; another reason is new."""
    assert give(client, "00QWU000004xYZa", verb="reject", reason="no_need")["new"]
    assert not give(client, "00QWU000004xYZa", verb="reject", reason="no_need")["new"]
    assert not give(client, "00QWU000004xYZa2AM", verb="reject", reason="no_need")["new"]
    assert give(client, "00QWU000004xYZa", verb="reject", reason="other")["new"]
    assert count_rows(client, tables.feedback) == 2


def test_the_same_feedback_at_once_is_recorded_once(client: TestClient) -> None:
    """Of many requests with the same feedback at one moment, one records it."""
    engine = engine_of(client)
    row = BookStore(engine).read_lead("L1")
    assert row is not None
    feedback = Feedback("snooze", DAY, until="2026-03-09")
    with ThreadPoolExecutor(8) as pool:
        news = list(pool.map(lambda _: FeedbackStore(engine).add(row, feedback, ""), range(24)))
    assert sum(news) == count_rows(client, tables.feedback) == 1


def test_feedback_outlives_a_new_score(client: TestClient) -> None:
    """A lead that is scored again stays rejected."""
    give(client, verb="reject", reason="competitor")
    assert client.post("/v1/score", json={"lead": {"lead_id": "L1", "need": "clear"}}).status_code == 200
    assert get(client, "/v1/leads/L1")["rejected_on"] == str(datetime.now(UTC).date())


REASONS = "no_budget, no_need, no_authority, bad_timing, wrong_contact, competitor, duplicate, other"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "path", "reason"),
    [
        ({}, "$.verb", "is missing"),
        ({"verb": "rejct"}, "$.verb", "is no verb of feedback. Did you mean 'reject'?"),
        ({"verb": ["reject"]}, "$.verb", "is no verb of feedback. Use one of: accept, reject, snooze."),
        ({"verb": "reject"}, "$.reason", f"is missing. Use one of: {REASONS}."),
        (
            {"verb": "reject", "reason": "no_buget"},
            "$.reason",
            "is no reason to reject a lead. Did you mean 'no_budget'?",
        ),
        ({"verb": "accept", "reason": "other"}, "$.reason", "goes with `reject`, not with `accept`; leave it out"),
        ({"verb": "snooze"}, "$.until", "is missing; send the day on which the lead comes back, like 2026-01-31"),
        ({"verb": "snooze", "until": "May"}, "$.until", "is not a date; write it like 2026-01-31"),
        ({"verb": "accept", "until": "2099-01-01"}, "$.until", "goes with `snooze`, not with `accept`; leave it out"),
        (
            {"verb": "accept", "entry": "rule:urgnt"},
            "$.entry",
            "is no entry of the lead's ledger. Did you mean 'rule:urgent'?",
        ),
        (
            {"verb": "accept", "entry": 5},
            "$.entry",
            "is no entry of a ledger; send its kind and name, like rule:no_budget",
        ),
        (
            {"verb": "accept", "entry": "cap:rich"},
            "$.entry",
            "is no entry of the lead's ledger. Use one of: start:start, rule:urgent, rule:called.",
        ),
        ({"verb": "accept", "when": 1}, "$.when", "unknown key. Use one of: verb, reason, entry, until."),
        ([], "$", 'is a list; send an object like {"verb": "reject", "reason": "no_budget"}'),
    ],
)
def test_feedback_with_mistakes(unchanged: TestClient, body: Any, path: str, reason: str) -> None:
    """Feedback with a mistake is refused with its path, and nothing is recorded."""
    problem = read_problem(unchanged.post("/v1/leads/L1/feedback", json=body), 422)
    assert problem["detail"].endswith("nothing was recorded.")
    first = problem["errors"][0]
    assert (first["path"], first["reason"]) == (path, reason)
    assert count_rows(unchanged, tables.feedback) == 0


def test_a_lead_is_not_put_off_to_the_past_or_for_ever(unchanged: TestClient) -> None:
    """A lead is put off to a day after today, and within a year."""
    today = datetime.now(UTC).date()
    for days in (0, -3, 367):
        body = {"verb": "snooze", "until": str(today + timedelta(days=days))}
        (mistake,) = read_problem(unchanged.post("/v1/leads/L1/feedback", json=body), 422)["errors"]
        assert mistake["reason"] == f"is not a day after today, {today}, and within 366 days of it"


def test_a_large_body_is_no_feedback(unchanged: TestClient) -> None:
    """Feedback needs a hundred bytes; a body of ten thousand is refused."""
    answer = unchanged.post("/v1/leads/L1/feedback", json={"verb": "accept", "entry": "x" * 10_000})
    assert read_problem(answer, 413)["detail"] == "The body is larger than 10,000 bytes, and feedback needs a hundred."


def test_forgetting_a_lead_erases_its_feedback(client: TestClient) -> None:
    """What sales said of a lead is forgotten with it."""
    give(client, verb="reject", reason="no_budget")
    LogStore(engine_of(client)).forget("L1")
    assert count_rows(client, tables.feedback) == 0
    assert client.get("/v1/leads/L1/forecast").status_code == 404


def test_without_a_log_there_is_no_book(tmp_path: Path) -> None:
    """A service that records nothing knows no lead."""
    card = tmp_path / "card.yaml"
    card.write_text(CARD, encoding="utf-8")
    client = TestClient(create_app(Settings(card=card, home=tmp_path, log="off")))
    for path in ("/v1/leads/L1/forecast", "/v1/leads/compare?a=1&b=2", "/v1/summary", "/v1/questions"):
        detail = read_problem(client.get(path), 404)["detail"]
        assert detail == "Nothing is recorded: the service runs with its log off."
