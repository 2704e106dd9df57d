"""The whole book at a glance: its figures, and the questions that settle most."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert

from leadledger.api.app import create_app
from leadledger.api.log import database, tables
from leadledger.api.log.book_summary import find_period_start
from leadledger.api.service.settings import Settings
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.gate import Capacity
from leadledger.scoring.scorecard import build_untrained
from tests.api.answers import read_problem, validator
from tests.logs import DATABASES, database_of, outcome, score

CARD = """
name: small
fields:
  lead_id: {kind: id}
  stage: {kind: text, values: [contact, lead, customer], learn: no}
  need: {kind: text, values: [none, clear, urgent], ask: What do they need?}
  budget: {kind: number, ask: "Which budget?"}
  created: {kind: date}
grades: {A: 65, B: 50}
rules:
  - {name: urgent, when: need = 'urgent', points: 12, reason: Needs it now}
  - {name: none, when: need = 'none', points: -55, reason: Needs nothing}
  - {name: rich, when: budget >= 1000, points: 45, reason: Has a budget}
  - {name: poor, when: budget < 10, points: -2, reason: Has none}
stages: [{name: contact}, {name: lead, points: 61}, {name: customer}]
outcome: {became: {field: became_on, kind: date}, since: created, within: 30 days}
base_rate: 0.1
"""
ENGINE = get_engine(build_untrained(parse_card(CARD)))
LEADS: dict[str, dict[str, Any]] = {
    "L1": {"need": "urgent", "budget": 100},  # 62: promoted
    "L2": {"need": "urgent", "budget": 5000},  # 107: promoted
    "L3": {"need": "urgent", "budget": 1},  # 60: to nurture
    "L4": {},  # 50: to ask
    "L5": {"need": "clear"},  # 50: to ask
    "L6": {"need": "none", "budget": 20},  # -5: to nurture
}


@pytest.fixture(params=DATABASES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty log."""
    with database_of(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def client(address: str, tmp_path: Path) -> Iterator[TestClient]:
    """A service that knows six leads, five of them since today."""
    card = tmp_path / "card.yaml"
    card.write_text(CARD, encoding="utf-8")
    with TestClient(create_app(Settings(card=card, home=tmp_path, log_url=address))) as client:
        for name, lead in LEADS.items():
            body: dict[str, Any] = {"lead": {"lead_id": name, **lead}}
            if name == "L2":
                body["as_of"] = "2026-03-01"
            assert client.post("/v1/score", json=body).status_code == 200
        yield client


def get(client: TestClient, path: str) -> Any:
    """An answer, which is kept for a moment."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert client.get(path).content == answer.content
    return answer.json()


@pytest.mark.slow
def test_the_book_in_figures(client: TestClient) -> None:
    """The summary counts points, grades and recommendations, those of today, and the leads near the threshold."""
    summary = get(client, "/v1/summary")
    validator(client.get("/openapi.json").json(), "Summary").validate(summary)
    assert summary["leads"] == 6
    bins = {part["from"]: part["leads"] for part in summary["points"]}
    assert bins == {**dict.fromkeys(range(0, 100, 10), 0), 0: 1, 50: 2, 60: 2, 90: 1}
    assert summary["grades"] == [{"grade": "A", "leads": 1}, {"grade": "B", "leads": 4}, {"grade": "C", "leads": 1}]
    counted = {part["recommendation"]: (part["leads"], part["today"]) for part in summary["recommendations"]}
    assert {name: pair for name, pair in counted.items() if any(pair)} == {
        **{"promote": (2, 1), "ask": (2, 2), "nurture": (2, 2)},
    }
    assert (summary["stage"], summary["threshold"]) == ("lead", 61.0)
    assert (summary["about_to_leave"], summary["about_to_enter"], summary["held"]) == (1, 1, 0)
    assert (summary["capacity"], summary["conversion"], summary["conversion_since"]) == ([], [], None)
    assert summary["feedback"] == {
        **{"since": summary["feedback"]["since"], "accept": 0, "reject": 0, "snooze": 0},
        **{"reasons": [], "wrong_entries": []},
    }


@pytest.mark.slow
def test_conversion_by_grade(client: TestClient, address: str) -> None:
    """Of leads whose horizon had passed when the last outcome was recorded, the summary says how many converted."""
    firsts = [
        ("C1", "A", "2026-01-01"),
        ("C2", "A", "2026-01-02"),
        ("C3", "B", "2026-01-03"),
        ("C4", "B", "2026-05-01"),
    ]
    became = [("C1", "2026-01-20"), ("C2", "2026-02-20"), ("C4", "2026-05-02")]  # C2 too late, C4 too young
    scores = [{**score(lead, day, {}, card="small"), "grade": grade} for lead, grade, day in firsts]
    engine = database.open_database(address, Path())
    with engine.begin() as connection:
        connection.execute(insert(tables.scores), scores)
        connection.execute(insert(tables.outcomes), [outcome(lead, "lead", day) for lead, day in became])
    engine.dispose()
    summary = get(client, "/v1/summary")
    assert summary["conversion"] == [
        {"grade": "A", "leads": 2, "converted": 1, "share": 0.5},
        {"grade": "B", "leads": 1, "converted": 0, "share": 0.0},
    ]
    assert (summary["conversion_since"], summary["conversion_until"]) == ("2026-01-01", "2026-01-03")


@pytest.mark.slow
def test_rules_that_were_called_wrong_are_counted(client: TestClient) -> None:
    """The summary says how often sales called an entry of a ledger wrong, and for which reasons it rejected leads."""
    bodies = [
        ("L1", {"verb": "reject", "reason": "no_budget", "entry": "rule:urgent"}),
        ("L3", {"verb": "reject", "reason": "no_budget", "entry": "rule:poor"}),
        ("L2", {"verb": "accept", "entry": "rule:urgent"}),
        ("L4", {"verb": "snooze", "until": str(datetime.now(UTC).date() + timedelta(days=3))}),
    ]
    for lead, body in bodies:
        assert client.post(f"/v1/leads/{lead}/feedback", json=body).status_code == 200
    feedback = get(client, "/v1/summary")["feedback"]
    assert (feedback["accept"], feedback["reject"], feedback["snooze"]) == (1, 2, 1)
    assert feedback["reasons"] == [{"reason": "no_budget", "times": 2}]
    assert feedback["wrong_entries"] == [
        {"kind": "rule", "name": "urgent", "times": 2},
        {"kind": "rule", "name": "poor", "times": 1},
    ]


@pytest.mark.slow
def test_capacity_is_compared_with_those_promoted_in_the_period(address: str, tmp_path: Path) -> None:
    """A stage that says how many leads can be taken care of says how many were promoted since the period began."""
    card = tmp_path / "card.yaml"
    capacity = "{name: lead, points: 61}, {name: customer, capacity: 40 per week}"
    card.write_text(CARD.replace("{name: lead, points: 61}, {name: customer}", capacity), encoding="utf-8")
    with TestClient(create_app(Settings(card=card, home=tmp_path, log_url=address))) as client:
        client.post("/v1/score", json={"lead": {"lead_id": "L1", "stage": "lead"}})
        (used,) = get(client, "/v1/summary")["capacity"]
    assert (used["stage"], used["leads"], used["period"]) == ("customer", 40, "week")
    assert date.fromisoformat(used["since"]).weekday() == 0


@pytest.mark.parametrize(
    ("period", "today", "start"),
    [
        ("day", "2026-03-05", "2026-03-05"),
        ("week", "2026-03-05", "2026-03-02"),
        ("week", "2026-03-02", "2026-03-02"),
        ("month", "2026-03-05", "2026-03-01"),
    ],
)
def test_periods_begin(period: str, today: str, start: str) -> None:
    """A week begins on Monday, a month on its first day."""
    assert find_period_start(Capacity(5, period), date.fromisoformat(today)).isoformat() == start


@pytest.mark.slow
def test_questions_over_the_book(client: TestClient) -> None:
    """Each question says how many leads have it open, and how many recommendations it is expected to settle."""
    answer = get(client, "/v1/questions")
    validator(client.get("/openapi.json").json(), "BookQuestions").validate(answer)
    assert (answer["asked"], answer["looked_at"]) == (2, 2)
    day = datetime.now(UTC).date()
    expected: dict[str, float] = {}
    for lead in ("L4", "L5"):
        for question in ENGINE.score(LEADS[lead], day).recommendation.questions:
            expected[question.field] = expected.get(question.field, 0) + question.settles
    assert {part["field"]: part["settles"] for part in answer["questions"]} == {
        name: round(settles, 1) for name, settles in expected.items()
    }
    budget = next(part for part in answer["questions"] if part["field"] == "budget")
    assert (budget["question"], budget["leads"]) == ("Which budget?", 2)
    assert get(client, "/v1/questions?leads=1")["looked_at"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "parameter", "reason"),
    [
        ("/v1/questions?leads=0", "?leads", "is not a number from 1 to 10,000"),
        ("/v1/questions?leads=10001", "?leads", "is not a number from 1 to 10,000"),
        ("/v1/questions?lead=5", "?lead", "unknown parameter. Did you mean 'leads'?"),
        ("/v1/summary?day=1", "?day", "unknown parameter."),
    ],
)
def test_wrong_parameters(client: TestClient, path: str, parameter: str, reason: str) -> None:
    """A wrong parameter is refused."""
    (mistake,) = read_problem(client.get(path), 422)["errors"]
    assert (mistake["path"], mistake["reason"]) == (parameter, reason)
