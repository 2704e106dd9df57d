"""What tests of the service ask, and the shapes that every answer has."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator

import leadledger
from leadledger.api.http.problem import MEDIA_TYPE

ROOT = Path(__file__).parents[2]
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
DAY = "2026-01-01"
JSON = {"Content-Type": "application/json"}
SCORE, BATCH = "/v1/score", "/v1/score/batch"
LEAD = {"stage": "lead", "need": "urgent", "budget": "25000", "NumberOfEmployees": 120, "last_activity": "2025-12-20"}
SCORECARD = leadledger.load(CARD)
PROBLEM_KEYS = ["type", "title", "status", "detail", "errors", "request_id"]


def score_directly(lead: dict[str, Any], day: str = DAY) -> dict[str, Any]:
    """The core's result of a lead, as JSON carries it."""
    result = leadledger.score(SCORECARD, lead, date.fromisoformat(day)).to_dict()
    answer: dict[str, Any] = json.loads(json.dumps({"id": "", **result}))
    return answer


def read_problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """The mistake shape of every refusal (RFC 9457):

    {"type": "about:blank", "title": the status in words, "status": the status, "detail": a sentence,
     "errors": [{"path": "$.lead.employees", "reason": what is wrong and how to mend it, "value"?: a text, shortened}],
     "request_id": that of the answer's header}
    """
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem: dict[str, Any] = json.loads(answer.text, parse_constant=pytest.fail)
    assert list(problem) == PROBLEM_KEYS
    assert (answer.status_code, problem["status"], problem["type"]) == (status, status, "about:blank")
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["title"] in (
        "Bad Request",
        "Not Found",
        "Method Not Allowed",
        "Content Too Large",
        "Unsupported Media Type",
        "Unprocessable Content",
        "Internal Server Error",
    )
    assert "Traceback" not in answer.text
    for mistake in problem["errors"]:
        assert list(mistake)[:2] == ["path", "reason"]
        assert set(mistake) <= {"path", "reason", "value"}
        assert isinstance(mistake.get("value", ""), str)
        assert len(mistake["path"]) < 150
        assert len(mistake["reason"]) < 300
        assert len(mistake.get("value", "")) <= 40
    return problem


def validator(document: dict[str, Any], name: str) -> Draft202012Validator:
    """A validator for a schema of an OpenAPI document."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})
