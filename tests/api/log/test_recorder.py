"""Each answer is recorded, before it leaves or just after."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.log import database
from leadledger.api.service.settings import Settings
from tests.api.answers import CARD
from tests.api.log.scored_leads import DAY, LEAD, count, scored


def test_answers_are_recorded(client: TestClient, url: str) -> None:
    """The log holds each answer with its cleaned values and its day, under the id of the answer."""
    answer = scored(client, NumberOfEmployees="120", favourite="red")
    logged = client.get(f"/v1/scores/{answer['id']}").json()
    assert logged["result"] == answer
    assert (logged["id"], logged["lead"], logged["as_of"], logged["points"]) == (
        answer["id"],
        "L1",
        DAY,
        answer["points"],
    )
    assert {value["field"]: value["value"] for value in logged["input"]} == {
        "lead_id": "L1",
        "need": "urgent",
        "budget": "25000.0",
        "last_activity": "2026-06-20",
        "employees": "120.0",
    }
    assert count(url) == 1


def test_batches_are_recorded(client: TestClient, url: str) -> None:
    """Each scored lead of a batch is in the log; a refused one is not."""
    leads = [{"lead_id": "A"}, {"lead_id": "B", "employees": "x"}, {"need": "clear"}]
    answer = client.post("/v1/score/batch?explain=none", json={"leads": leads, "as_of": DAY}).json()
    assert (answer["scored"], answer["refused"]) == (2, 1)
    first, _, third = answer["results"]
    assert first["result"]["ledger"] == []
    logged = client.get(f"/v1/scores/{first['result']['id']}").json()
    assert logged["lead"] == "A"
    assert logged["result"]["ledger"] != []
    assert client.get(f"/v1/scores/{third['result']['id']}").json()["lead"] == ""
    assert count(url) == 2


def test_without_a_log(tmp_path: Path) -> None:
    """With the log off, scores have no id and there is no history."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path, log="off"))) as client:
        answer = client.post("/v1/score", json={"lead": LEAD}, headers={"Idempotency-Key": "k"})
        assert answer.json()["id"] == ""
        for path in ("/v1/scores/x", "/v1/leads/L1/scores"):
            answer = client.get(path)
            assert (answer.status_code, "log off" in answer.json()["detail"]) == (404, True)
    assert list(tmp_path.iterdir()) == []


def test_async_records_all_at_the_end(tmp_path: Path) -> None:
    """With `async` an answer does not wait for its record, and stopping the service loses none."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path, log="async"))) as client:
        for _ in range(50):
            scored(client)
    assert count(f"sqlite:///{tmp_path}/{database.LOG_FILE}") == 50
