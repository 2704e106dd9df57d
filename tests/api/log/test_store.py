"""The log finds the scores and outcomes of a lead, and forgets them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.log import database, tables
from tests.api.log.scored_leads import LEAD, count, scored
from tests.strategies import AS_OF


def test_page_after_an_unknown_score(client: TestClient) -> None:
    """If the log lacks the score that `before` names, the answer says so; it is not a failure."""
    scored(client)
    answer = client.get("/v1/leads/L1/scores?before=none")
    assert (answer.status_code, answer.json()["detail"]) == (404, "The score that `before` names is not in the log.")


def test_unknown_and_forgotten(client: TestClient) -> None:
    """Scores and leads that are not in the log are not found."""
    assert client.get("/v1/scores/nothing").status_code == 404
    assert client.get("/v1/leads/nobody/scores").status_code == 404


@pytest.mark.parametrize(
    ("body", "mistakes"),
    [
        ({"lead": "L", "became": "lost", "on": "2026-01-01", "x": 1}, ["$.x"]),
        ({}, ["$.lead", "$.became", "$.on"]),
        ({"lead": "", "became": "opportunty", "on": "soon"}, ["$.lead", "$.became", "$.on"]),
        ({"lead": [], "became": 1, "on": None}, ["$.lead", "$.became", "$.on"]),
        ([], ["$"]),
    ],
)
def test_outcomes_with_mistakes(client: TestClient, body: Any, mistakes: list[str]) -> None:
    """An invalid outcome is refused with all of its mistakes."""
    answer = client.post("/v1/outcomes", json=body)
    assert answer.status_code == 422
    assert list(dict.fromkeys(error["path"] for error in answer.json()["errors"])) == mistakes


def test_outcomes_are_noted_once(client: TestClient, url: str) -> None:
    """The same outcome is recorded once, however often it arrives."""
    body = {"lead": 7, "became": "lost", "on": "2026-01-01"}
    answers = [client.post("/v1/outcomes", json=body).json() for _ in range(3)]
    assert [answer["new"] for answer in answers] == [True, False, False]
    assert answers[0]["lead"] == "7"
    assert count(url, tables.outcomes) == 1


def test_forget(client: TestClient, url: str, tmp_path: Path) -> None:
    """Forgetting erases a lead from the log and its files; its points stay for the statistics."""
    secret = "Zwetschgenknödel"
    body = {"lead": {**LEAD, "lead_id": secret, "job_title": f"{secret} officer"}}
    mine = client.post("/v1/score", json=body, headers={"Idempotency-Key": "forget"}).json()
    scored(client)
    client.post("/v1/outcomes", json={"lead": secret, "became": "lost", "on": "2026-01-01"})
    from leadledger.api.log.store import LogStore

    opened = database.open_database(url, tmp_path)
    assert LogStore(opened).forget(secret) == 1
    assert LogStore(opened).forget(secret) == 0
    opened.dispose()
    assert client.get(f"/v1/scores/{mine['id']}").status_code == 410
    assert client.get(f"/v1/leads/{secret}/scores").status_code == 404
    assert count(url) == 2
    assert count(url, tables.outcomes) == 1
    if url.startswith("sqlite"):
        folder = Path(url.removeprefix("sqlite:///")).parent
        assert not any(secret.encode() in path.read_bytes() for path in folder.iterdir())


def test_days(client: TestClient) -> None:
    """The history of a lead is in the order of the answers, whatever their days."""
    for back in range(3):
        scored(client, (AS_OF - timedelta(days=back)).isoformat())
    days = [date.fromisoformat(score["as_of"]) for score in client.get("/v1/leads/L1/scores").json()["scores"]]
    assert days == [AS_OF - timedelta(days=back) for back in (2, 1, 0)]
