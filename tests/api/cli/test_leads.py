"""`leadledger leads`: what it prints of known leads, and that it answers as the service does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from tests.api.http.routes.test_known_leads import CARD, DAY, LEADS, VISIT
from tests.command_line import run


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A service over the home that the commands read, which knows four leads."""
    card = tmp_path / "card.yaml"
    card.write_text(CARD, encoding="utf-8")
    with TestClient(create_app(Settings(card=card, home=tmp_path))) as client:
        for name, lead in LEADS.items():
            body: dict[str, Any] = {"lead": {"lead_id": name, **lead}, "as_of": DAY}
            if name == "visitor":
                body["events"] = [VISIT]
            assert client.post("/v1/score", json=body).status_code == 200
        yield client


def lines(home: Path, *words: object) -> list[str]:
    """What a command prints, none of it wider than a terminal."""
    done = run("leads", *words, "--home", home, "--card", home / "card.yaml")
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    printed = done.stdout.splitlines()
    assert max(map(len, printed)) <= 80
    return printed


def test_the_best_leads_are_listed(client: TestClient, tmp_path: Path) -> None:
    """Without a subcommand the best come first; options choose and order."""
    done = run("leads", "--home", tmp_path)
    assert done.stdout.splitlines() == [
        "lead             points  grade  recommendation  since       change",
        "visitor            70.0  A      promote lead    2026-03-01     new",
        "L1                 66.0  A      promote lead    2026-03-01     new",
        "ACME/42            54.3  B      nurture lead    2026-03-01     new",
        "00QWU000004xYZa    50.0  C      nurture lead    2026-03-01     new",
    ]
    chosen = json.loads(
        run("leads", "list", "--recommendation", "promote", "--limit", 1, "--home", tmp_path, "--json").stdout
    )
    assert ([lead["lead"] for lead in chosen["leads"]], chosen["more"]) == (["visitor"], True)
    ordered = run("leads", "list", "--order", "id", "--home", tmp_path, "--json").stdout
    assert next(lead["lead"] for lead in json.loads(ordered)["leads"]) == "00QWU000004xYZa"
    assert run("leads", "list", "--recommendation", "keep", "--home", tmp_path).stdout == "The book has no such lead.\n"


def test_two_leads_are_compared(client: TestClient, tmp_path: Path) -> None:
    """The entries that differ stand beside each other, with what could turn the order round."""
    assert lines(tmp_path, "compare", "L1", "ACME/42", "--as-of", DAY) == [
        "As of 2026-03-01, by the rules of 'small'",
        "",
        "                     L1  ACME/42  difference",
        "points             66.0     54.3       −11.7",
        "grade                 A        B",
        "recommendation  promote  nurture",
        "",
        "Needs it now        9.0      0.0        −9.0",
        "Was called          7.0      4.3        −2.7",
        "",
        "No answers could turn the order round.",
    ]


def test_a_forecast(client: TestClient, tmp_path: Path) -> None:
    """The day, what it brings, and the entries that move until then."""
    printed = lines(tmp_path, "forecast", "L1", "--as-of", DAY)
    assert printed[0] == "L1: promote, 66.0 points, grade A (as of 2026-03-01, by the rules of 'small')"
    assert printed[1].startswith("2026-")
    assert "the recommendation will be nurture to lead, with 59." in printed[1]
    assert printed[2].split() == ["now", "then", "moved"]
    assert printed[3].startswith("  Was called")
    assert lines(tmp_path, "forecast", "visitor", "--days", 5, "--as-of", DAY)[2:] == [
        "The recommendation stays for 5 days if nothing happens.",
        "The grade stays for 5 days if nothing happens.",
        "The events of visitor came beside it and are not stored: what they came to at",
        "  its last score, of 2026-03-01, stays.",
    ]


def test_feedback(client: TestClient, tmp_path: Path) -> None:
    """What sales thinks is recorded once a day, and stands in the summary."""
    words = ("feedback", "L1", "reject", "--reason", "no_budget", "--entry", "rule:urgent")
    text = "L1 is rejected (no budget) and rule:urgent is called wrong."
    assert lines(tmp_path, *words) == [text]
    assert lines(tmp_path, *words) == [f"{text} That was recorded", "  already today."]
    until = datetime.now(UTC).date() + timedelta(days=5)
    assert lines(tmp_path, "feedback", "visitor", "snooze", "--until", until) == [f"visitor is put off until {until}."]
    assert client.get("/v1/leads/L1").json()["rejected_on"] == str(datetime.now(UTC).date())
    printed = lines(tmp_path, "summary")
    assert printed[-3:] == [
        f"Sales since {datetime.now(UTC).date() - timedelta(days=90)}: 0 accepted, 1 rejected, 1 put off.",
        "Rejected (no budget): 1",
        "The rule 'urgent' was called wrong 1 time.",
    ]


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["feedback", "L1", "reject"], 2, "--reason is missing. Use one of: no_budget, no_need"),
        (["feedback", "L1", "accept", "--reason", "other"], 2, "--reason goes with `reject`, not with `accept`"),
        (["feedback", "L1", "accept", "--entry", "rule:x"], 2, "--entry is no entry of the lead's ledger."),
        (["feedback", "l1", "accept"], 1, "the book has no lead 'l1'. There are: 'L1'."),
        (["compare", "L1", "l1"], 1, "the book has no lead 'l1'. There are: 'L1'."),
        (["forecast", "L1", "--days", "367"], 2, "367 is not in the range 1<=x<=366"),
        (["questions", "--leads", "0"], 2, "0 is not in the range 1<=x<=10000"),
    ],
)
def test_refusals(client: TestClient, tmp_path: Path, words: list[str], status: int, text: str) -> None:
    """Wrong usage and unknown leads are refused in a sentence."""
    done = run("leads", *words, "--home", tmp_path, "--card", tmp_path / "card.yaml")
    assert done.exit_code == status
    assert text in done.stderr


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (["compare", "L1", "ACME/42", "--as-of", DAY], f"/v1/leads/compare?a=L1&b=ACME%2F42&as_of={DAY}"),
        (["forecast", "visitor", "--days", "40", "--as-of", DAY], f"/v1/leads/visitor/forecast?days=40&as_of={DAY}"),
        (["questions"], "/v1/questions"),
        (["summary"], "/v1/summary"),
    ],
)
def test_commands_answer_as_the_service(client: TestClient, tmp_path: Path, words: list[str], path: str) -> None:
    """With --json, a command prints what the route answers."""
    printed = run("leads", *words, "--home", tmp_path, "--card", tmp_path / "card.yaml", "--json").stdout
    answer, ours = client.get(path).json(), json.loads(printed)
    for content in (answer, ours):
        content.pop("at", None)
    assert ours == answer
