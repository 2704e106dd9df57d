"""`?from=record`: the record of a system that we don't know."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.crm.recorded import score_body

LEAD = {"id": "L1", "employees": 120, "Company": "Firm", "created_at": "2026-11-01T10:00:00Z"}


@pytest.mark.parametrize(
    "body",
    [
        LEAD,
        {"lead": LEAD},
        {"lead": LEAD, "meta": {"type": "lead"}},
        {"data": {**LEAD, "tags": ["a"], "address": {"line1": None}}, "meta": {"type": "lead"}},
        {"success": True, "data": {**LEAD, "person_id": {"name": "Ida", "value": 7}, "label_ids": []}},
        {"data": {"type": "Lead", "id": "L1", "attributes": {**LEAD}, "relationships": {}}},
        {"data": {"lead": {**LEAD, "name": {"firstName": "Ida"}}}},
        {"id": "evt-9", "event": "lead.updated", "record": LEAD},
        [{**LEAD, "tags": []}],
        {"count": 1, "next": None, "results": [{**LEAD, "tags": []}]},
        {**LEAD, "emailAddressData": [{"emailAddress": "a@b.example", "primary": True}], "teamsNames": {}},
    ],
)
def test_any_record(client: TestClient, body: Any) -> None:
    """Whatever wraps it and whatever else it holds, its fields count, and names that no field uses are ignored."""
    answer = score_body(client, body, "&from=record")
    expected = score_body(client, {"lead": {"employees": 120, "lead_id": "L1"}})
    assert answer["points"] == expected["points"]
    assert "Company" in answer["ignored"] or "company" not in answer["ignored"]


def test_a_list_of_records(client: TestClient) -> None:
    """A list is a batch."""
    body = {"results": [LEAD, {**LEAD, "id": "L2"}]}
    answer = client.post("/v1/score/batch?from=record", json=body).json()
    assert (answer["scored"], answer["refused"]) == (2, 0)
