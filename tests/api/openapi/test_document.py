"""The OpenAPI document: it describes every answer, and its examples work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from tests.api.answers import BATCH, LEAD, SCORE, SCORECARD, validator


def list_references(node: Any) -> Iterator[str]:
    """All `$ref` of a JSON document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from list_references(value)
    elif isinstance(node, list):
        for value in node:
            yield from list_references(value)


def test_references_resolve(document: dict[str, Any]) -> None:
    """Every schema that a route names is there, and none is idle."""
    names = {reference.removeprefix("#/components/schemas/") for reference in list_references(document)}
    assert names == set(document["components"]["schemas"])


def test_answers_are_as_described(client: TestClient, document: dict[str, Any], two_releases: Path) -> None:
    """Each answer has the shape that /openapi.json describes, nothing more and nothing less."""
    released = TestClient(create_app(Settings(log="off", home=two_releases, release=Releases(two_releases).names()[0])))
    answers = {
        "Result": client.post(SCORE, json={"lead": LEAD}),
        "BatchResult": released.post(BATCH, json={"leads": [LEAD, {}, {"employees": "x"}]}),
        "Scorecard": released.get("/v1/scorecard"),
        "Me": client.get("/v1/me"),
        "Live": client.get("/health/live"),
        "Ready": client.get("/health/ready"),
        "Problem": client.post(SCORE, json={"lead": {"employees": "x"}}),
    }
    for name, answer in answers.items():
        validator(document, name).validate(answer.json())
    validator(document, "Scorecard").validate(client.get("/v1/scorecard").json())


def test_answers_of_a_release_are_as_described(two_releases: Path) -> None:
    """With learned terms of each kind, the score and the scorecard still have the shapes that are described."""
    client = TestClient(create_app(Settings(log="off", home=two_releases, release=Releases(two_releases).names()[0])))
    document = client.get("/openapi.json").json()
    answer = client.post("/v1/score", json={"lead": {"employees": 5, "newsletter": "yes"}}).json()
    assert {entry["kind"] for entry in answer["ledger"]} >= {"start", "table", "pair", "combination"}
    assert answer["plus_minus"] == 1.3  # the root of 6² + 11², in tenths
    for name, described in (("Result", answer), ("Scorecard", client.get("/v1/scorecard").json())):
        validator(document, name).validate(described)


@pytest.mark.parametrize(("path", "name"), [(SCORE, "ScoreRequest"), (BATCH, "BatchRequest")])
def test_examples_work(client: TestClient, document: dict[str, Any], path: str, name: str) -> None:
    """The example of a body can be sent as it is, and brings the example of the answer."""
    for example in document["components"]["schemas"][name]["examples"]:
        validator(document, name).validate(example)
        answer = client.post(path, json=example)
        assert answer.status_code == 200
        result = "Result" if path == SCORE else "BatchResult"
        (described,) = document["components"]["schemas"][result]["examples"]
        (described if path == SCORE else described["results"][0]["result"])["id"] = ""  # nothing is recorded here
        assert answer.json() == described


def test_lead_is_described(document: dict[str, Any]) -> None:
    """The lead is described field by field, from the card that is served."""
    lead = document["components"]["schemas"]["Lead"]["properties"]
    assert list(lead) == [field.name for field in SCORECARD.card.plain_fields]
    assert lead["employees"].pop("pattern").endswith("|n/a|Select)?[ \\t\\n\\r\\f\\v]*$")
    assert lead["employees"] == {
        "type": ["number", "string", "null"],
        "title": "employees",
        "description": "How many people work for you? "
        "Also as `NumberOfEmployees` (salesforce), `numberofemployees` (hubspot), `No_of_Employees` (zoho).",
    }


def test_paths_are_described(document: dict[str, Any]) -> None:
    """Every path has its summary, its body and all its answers."""
    operations = {
        (path, method): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert set(operations) == {
        (SCORE, "post"),
        (BATCH, "post"),
        ("/v1/outcomes", "post"),
        ("/v1/events", "post"),
        ("/v1/scores/{id}", "get"),
        ("/v1/scores/{id}/replay", "get"),
        ("/v1/leads/{id}/scores", "get"),
        ("/v1/leads", "get"),
        ("/v1/leads/{id}", "get"),
        ("/v1/leads/compare", "get"),
        ("/v1/leads/{id}/forecast", "get"),
        ("/v1/leads/{id}/events", "get"),
        ("/v1/leads/{id}/what-if", "post"),
        ("/v1/leads/{id}/feedback", "post"),
        ("/v1/questions", "get"),
        ("/v1/summary", "get"),
        ("/v1/today", "get"),
        ("/v1/scorecard", "get"),
        ("/v1/releases", "get"),
        ("/v1/releases/{id}/use", "post"),
        ("/v1/releases/history", "get"),
        ("/v1/releases/{id}", "get"),
        ("/v1/releases/{id}/compare", "get"),
        ("/v1/shadow", "get"),
        ("/v1/shadow", "post"),
        ("/v1/shadow", "delete"),
        ("/v1/rules/findings", "get"),
        ("/v1/check", "post"),
        ("/v1/drafts", "get"),
        ("/v1/drafts", "post"),
        ("/v1/drafts/{id}", "get"),
        ("/v1/drafts/{id}", "delete"),
        ("/v1/drafts/{id}/change", "post"),
        ("/v1/drafts/{id}/accept", "post"),
        ("/v1/drafts/{id}/undo", "post"),
        ("/v1/drafts/{id}/merge", "post"),
        ("/v1/drafts/{id}/preview", "post"),
        ("/v1/drafts/{id}/trials", "get"),
        ("/v1/drafts/{id}/trials", "post"),
        ("/v1/drafts/{id}/compare", "get"),
        ("/v1/drafts/{id}/publish", "post"),
        ("/v1/views", "get"),
        ("/v1/views", "post"),
        ("/v1/views/{id}", "delete"),
        ("/v1/hooks", "post"),
        ("/v1/hooks", "get"),
        ("/v1/hooks/sample", "get"),
        ("/v1/hooks/{id}", "delete"),
        ("/v1/hooks/{id}", "post"),
        ("/v1/hooks/{id}/test", "post"),
        ("/v1/hooks/{id}/rotate", "post"),
        ("/v1/hooks/{id}/end_old_secrets", "post"),
        ("/v1/hooks/{id}/deliveries", "get"),
        ("/v1/hooks/{id}/resend", "post"),
        ("/v1/me", "get"),
        ("/metrics", "get"),
        ("/health/live", "get"),
        ("/health/ready", "get"),
    }
    assert all(
        operation["summary"] and operation["description"] and operation["tags"] for operation in operations.values()
    )
    assert list(operations[SCORE, "post"]["responses"]) == [
        *("200", "400", "401", "403", "408", "413", "415", "422", "429", "500", "503")
    ]
    assert "requestBody" in operations[BATCH, "post"]
