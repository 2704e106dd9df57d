"""The service with a release that has steps up to a sale: its answers, and their shapes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.engine.score import score
from tests.api.answers import validator
from tests.scoring.step_cards import CARD_TEXT, LEARNED, SCORECARD

DAY = "2026-11-24"
LEAD = {"lead_id": "a", "need": "urgent", "met": "2026-11-10", "demo": True, "employees": 300, "deal_size": 12_345.67}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a service with such a release."""
    home = tmp_path_factory.mktemp("sales")
    created = datetime(2026, 1, 1, tzinfo=UTC)
    Releases(home).publish(CARD_TEXT, LEARNED, metrics={}, provenance={}, created=created)
    with TestClient(create_app(Settings(home=home, log="off"))) as client:
        yield client


@pytest.mark.parametrize("stage", [None, "opportunity", "customer"])
def test_an_answer_has_the_steps_ahead(client: TestClient, stage: str | None) -> None:
    """An answer is that of the core, in the shape that the document describes, whatever steps are left."""
    lead = LEAD | {"stage": stage}
    answer = client.post("/v1/score", json={"lead": lead, "as_of": DAY}).json()
    expected = score(SCORECARD, lead, date.fromisoformat(DAY)).to_dict()
    assert {key: answer[key] for key in expected if key != "release"} == {
        key: value for key, value in expected.items() if key != "release"
    }
    validator(client.get("/openapi.json").json(), "Result").validate(answer)
    for step in answer["steps"]:
        entries = [entry["points"] for entry in answer["step_ledger"] if entry["step"] == step["step"]]
        assert sum(round(points * 10) for points in entries) == round(step["points"] * 10)


def test_the_scorecard_shows_the_steps(client: TestClient) -> None:
    """The scorecard has what was learned of each step, in the shape that the document describes."""
    scorecard = client.get("/v1/scorecard").json()
    validator(client.get("/openapi.json").json(), "Scorecard").validate(scorecard)
    assert scorecard["amount"] == "deal_size"
    assert [(step["step"], step["within"], step["base_rate"], step["start"]) for step in scorecard["steps"]] == [
        ("lead", 60, 0.55, 50.3),
        ("opportunity", 90, 0.38, 47.8),
        ("customer", 180, 0.25, 50.0),
    ]
    assert [table["fields"] for table in scorecard["steps"][1]["tables"]] == [["demo", "employees"]]


def test_a_batch_has_them_too(client: TestClient) -> None:
    """Each result of a batch has the chance of a sale, with nothing where it isn't known."""
    leads = [LEAD, LEAD | {"deal_size": None}, {"stage": "customer"}]
    results = client.post("/v1/score/batch", json={"leads": leads, "as_of": DAY}).json()["results"]
    values = [
        (item["result"]["sale_probability"] is None, item["result"]["expected_value"] is None) for item in results
    ]
    assert values == [(False, False), (False, True), (True, True)]
