"""What the document says of the bodies of CRMs: the examples work."""

from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient

from leadledger.scoring.card.crm_names import SYSTEMS
from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES
from tests.api.answers import BATCH, SCORE
from tests.api.crm.recorded import drop_ids


@pytest.mark.parametrize("path", [SCORE, BATCH])
def test_described_bodies_work(client: TestClient, path: str) -> None:
    """The example of each CRM can be sent as it is, under its media type, and scores as the plain example."""
    api = client.get("/openapi.json").json()
    bodies = api["paths"][path]["post"]["requestBody"]["content"]
    plain = api["components"]["schemas"]["Result"]["examples"][0]
    assert list(bodies["application/vnd.crm+json"]["examples"]) == list(SYSTEMS)
    for system, example in bodies["application/vnd.crm+json"]["examples"].items():
        for media in ("application/vnd.crm+json", "application/json"):
            answer = client.post(
                f"{path}?as_of={plain['as_of']}", content=json.dumps(example["value"]), headers={"Content-Type": media}
            )
            result = answer.json()["results"][0]["result"] if path == BATCH else answer.json()
            assert drop_ids(result) == drop_ids(plain), system


def test_described_parameters(client: TestClient) -> None:
    """Each parameter is described once, with what it may be."""
    api = client.get("/openapi.json").json()
    for path in (SCORE, BATCH):
        parameters = {parameter["name"]: parameter for parameter in api["paths"][path]["post"]["parameters"]}
        assert {"from", "as_of"} <= set(parameters)
        assert parameters["from"]["schema"]["enum"] == [*SYSTEMS, "record"]
        assert all(f"`reply={system}`" in api["paths"][path]["post"]["description"] for system in DEFAULT_PROPERTIES)
        assert all(parameter["description"] and not parameter["required"] for parameter in parameters.values())
        assert [name for name, parameter in parameters.items() if parameter["in"] != "query"] == ["Idempotency-Key"]
