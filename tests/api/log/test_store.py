"""The log finds the scores and outcomes of a lead, and forgets them."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from leadledger.api.app import create_app
from leadledger.api.log import database, tables
from leadledger.api.log.record import new_id
from leadledger.api.log.store import LogStore
from leadledger.api.service.settings import Settings
from leadledger.scoring.errors import DataError
from tests.api.answers import CARD
from tests.api.hooks.decisions import subscribe
from tests.api.log.scored_leads import LEAD, count, scored
from tests.strategies import AS_OF


def store_of(client: TestClient) -> LogStore:
    """The log of the service that a client calls."""
    store: LogStore = client.app.state.service.decision_log.store  # type: ignore[attr-defined]
    return store


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


def list_events(lead: str) -> list[dict[str, Any]]:
    """Events of a lead, under two ids that are joined; and one of somebody else."""
    visit = {"kind": "visit", "time": "2026-01-01", "properties": {"by": lead}}
    joining = {"kind": "identify", "lead": lead, "anonymous_id": f"cookie of {lead}", "time": "2026-01-01"}
    return [
        {**visit, "lead": lead},
        {**visit, "anonymous_id": f"cookie of {lead}"},
        joining,
        {**visit, "lead": "L1", "properties": {}},
    ]


def add_what_follows(engine: Engine, lead: str) -> None:
    """What sales said of a lead, and a message that waits to be delivered, as if written by the service."""
    at = "2026-07-01T10:00:00.000000Z"
    said = {"verb": "reject", "reason": f"{lead} is no fit", "entry": "", "until": None, "on": "2026-07-01"}
    of_lead = {"lead_key": lead, "at": at}
    with engine.execution_options(**database.WRITES).begin() as connection:
        connection.execute(tables.feedback.insert(), {**of_lead, **said, "lead": lead, "score_id": "", "key": ""})
        message = {**of_lead, "id": new_id(), "kind": "lead.promoted", "body": f"about {lead}"}
        number = connection.execute(tables.messages.insert().returning(tables.messages.c.number), message).scalar_one()
        delivery = {"message": number, "subscription": "s", "lead_key": lead, "state": "waiting", "attempts": 0}
        connection.execute(tables.deliveries.insert(), {**delivery, "due": at, "status": None, "problem": ""})


def test_forget(client: TestClient, url: str, tmp_path: Path) -> None:
    """Forgetting erases a lead from the log and its files; its points stay for the statistics."""
    secret = "Zwetschgenknödel"
    body = {"lead": {**LEAD, "lead_id": secret, "job_title": f"{secret} officer"}}
    mine = client.post("/v1/score", json=body, headers={"Idempotency-Key": "forget"}).json()
    scored(client)
    client.post("/v1/outcomes", json={"lead": secret, "became": "lost", "on": "2026-01-01"})
    client.post("/v1/events", json=list_events(secret))
    opened = database.open_database(url, tmp_path)
    add_what_follows(opened, secret)
    add_what_follows(opened, f"cookie of {secret}")
    add_what_follows(opened, "L1")
    assert LogStore(opened).forget(secret) == (1, 3, 1, 2, 2)
    assert LogStore(opened).forget(secret) == (0, 0, 0, 0, 0)
    opened.dispose()
    assert client.get(f"/v1/scores/{mine['id']}").status_code == 410
    assert client.get(f"/v1/leads/{secret}/scores").status_code == 404
    assert count(url) == 2
    assert count(url, tables.outcomes) == 1
    assert (count(url, tables.events), count(url, tables.joins)) == (1, 0)
    for table in (tables.book, tables.feedback, tables.messages, tables.deliveries):
        assert count(url, table) == 1  # of L1
    if url.startswith("sqlite"):
        folder = Path(url.removeprefix("sqlite:///")).parent
        assert not any(secret.encode() in path.read_bytes() for path in folder.iterdir())


def test_days(client: TestClient) -> None:
    """The history of a lead is in the order of the answers, whatever their days."""
    for back in range(3):
        scored(client, (AS_OF - timedelta(days=back)).isoformat())
    days = [date.fromisoformat(score["as_of"]) for score in client.get("/v1/leads/L1/scores").json()["scores"]]
    assert days == [AS_OF - timedelta(days=back) for back in (2, 1, 0)]


@pytest.mark.slow
@pytest.mark.parametrize("lead", ["ACME/42", "a b", "a//b", "ends/scores", "ÅØ", "?x=1", "50%", "a#b"])
def test_odd_ids_have_a_history(client: TestClient, lead: str) -> None:
    """Any id can stand in the path, also one with a slash."""
    scored(client, lead_id=lead)
    answer = client.get(f"/v1/leads/{quote(lead, safe='')}/scores")
    assert (answer.status_code, answer.json()["lead"]) == (200, lead)


SHORT, LONG = "00QWU000004xYZa", "00QWU000004xYZa2AM"


@pytest.mark.parametrize(("logged", "asked"), [(SHORT, LONG), (LONG, SHORT)])
def test_both_spellings_of_salesforce_are_one_id(client: TestClient, url: str, logged: str, asked: str) -> None:
    """A lead that was scored under 15 signs is found, told of, and forgotten under 18, and the other way round."""
    scored(client, lead_id=logged)
    assert len(client.get(f"/v1/leads/{asked}/scores").json()["scores"]) == 1
    outcome = {"lead": asked, "became": "opportunity", "on": "2026-07-10"}
    assert client.post("/v1/outcomes", json=outcome).json()["notes"] == []
    assert len(client.get(f"/v1/leads/{logged}/scores").json()["outcomes"]) == 1
    assert store_of(client).forget(asked).scores == 1
    assert client.get(f"/v1/leads/{logged}/scores").status_code == 404


UNKNOWN_LEAD = "No score of this lead is in the log; training can't use the outcome. Is the id right?"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lead", "on", "notes"),
    [
        ("L1", "2026-07-02", []),
        (
            "never",
            "2026-07-02",
            ["No score of this lead is in the log; training can't use the outcome. Is the id right?"],
        ),
        ("L1", "2062-07-02", ["2062-07-02 lies in the future."]),
        (
            "L1",
            "1999-07-02",
            ["1999-07-02 lies before the lead's first score, of 2026-07-01; training leaves such leads out."],
        ),
    ],
)
def test_odd_outcomes_are_named(client: TestClient, lead: str, on: str, notes: list[str]) -> None:
    """An outcome of an unknown lead, or on a day that can't be, is recorded, and the answer says what is odd."""
    scored(client)
    body = {"lead": lead, "became": "opportunity", "on": on}
    assert client.post("/v1/outcomes", json=body).json() == {**body, "new": True, "notes": notes}


def test_similar_leads(client: TestClient, url: str) -> None:
    """An id that nobody has is near to those that differ in case or in a sign."""
    for lead in ("A-1001", "a-1002", "B-7"):
        scored(client, lead_id=lead)
    store = store_of(client)
    assert store.find_similar_leads("A-1002") == ["a-1002", "A-1001"]
    assert store.find_similar_leads("Z") == []


def test_a_refused_lead_is_forgotten_with_its_answer(client: TestClient, url: str) -> None:
    """A lead of which only a refusal was kept, under an Idempotency-Key, leaves no trace either."""
    leads = {"leads": [{"lead_id": "A-9", "need": "secret-9"}, LEAD]}
    client.post("/v1/score/batch", json=leads, headers={"Idempotency-Key": "k"})
    store = store_of(client)
    with store.engine.connect() as connection:
        (body,) = connection.execute(select(tables.answers.c.body)).scalars()
    assert "secret-9" in body
    store.forget("A-9")
    assert count(url, tables.answers) == 0


def test_prune_goes_in_steps(client: TestClient, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is older goes, however many steps it takes, but for a message that waits, and nothing else."""
    monkeypatch.setattr("leadledger.api.log.store.ROWS_PER_DELETE", 3)
    client.post("/v1/score/batch", json={"leads": [LEAD] * 7})
    store = store_of(client)
    assert store.prune("2000-01-01T00:00:00")["scores"] == 0
    client.post("/v1/events", json=list_events("L7"))
    assert set(store.prune("2000-01-01T00:00:00").values()) == {0}
    subscribe(store.engine, name="s")  # a message that is nobody's goes
    with store.engine.execution_options(**database.WRITES).begin() as connection:
        connection.execute(tables.subscriptions.update().values(held_until="2999-01-01T00:00:00.000000Z"))
    add_what_follows(store.engine, "L1")
    kept = {"answers": 0, "outcomes": 0, "deliveries": 0, "messages": 0}
    gone = {"scores": 7, "events": 4, "joins": 1, "book": 1, "feedback": 1}
    assert store.prune("2999-01-01T00:00:00") == {**gone, **kept}
    assert count(url) == 0
    with store.engine.execution_options(**database.WRITES).begin() as connection:
        connection.execute(tables.deliveries.update().values(state="dead"))
    assert sum(store.prune("2026-07-01T10:00:00").values()) == 0
    deleted = store.prune("2999-01-01T00:00:00")
    assert (deleted["deliveries"], deleted["messages"]) == (1, 1)


@pytest.mark.slow
def test_a_reader_holds_what_is_erased(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a reader keeps the old pages of SQLite, the lead is not yet forgotten, and that is an error."""
    monkeypatch.setattr("leadledger.api.log.store.CHECKPOINT_PATIENCE", 0.2)
    with TestClient(create_app(Settings(card=CARD, home=tmp_path))) as client:
        scored(client, lead_id="secret-7")
        store = store_of(client)
        reader = sqlite3.connect(tmp_path / database.LOG_FILE, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM scores").fetchone()
        with pytest.raises(DataError, match=r"keeps what they held in its write-ahead log; end it, and forget"):
            store.forget("secret-7")
        reader.execute("COMMIT")
        reader.close()
        assert store.forget("secret-7").scores == 0
    assert b"secret-7" not in (tmp_path / database.LOG_FILE).read_bytes()
