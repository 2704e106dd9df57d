"""Bodies as CRMs send them, and what tests ask with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from leadledger.api.http.problem import MEDIA_TYPE
from tests.api.answers import BATCH, DAY, JSON, SCORE

CASES = Path(__file__).parents[2] / "cases" / "crm"
BODIES = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(CASES.glob("*.json"))}
SYSTEM = {name: name.partition("_")[0] for name in BODIES if name != "plain"}


def score_body(client: TestClient, body: Any, query: str = "", path: str = SCORE) -> Any:
    """The answer to a body, on a day, which must be a good one."""
    answer = client.post(f"{path}?as_of={DAY}{query}", content=json.dumps(body), headers=JSON)
    assert answer.status_code == 200, answer.text
    return answer.json()


def list_mistakes(client: TestClient, body: Any, query: str = "", path: str = SCORE) -> list[tuple[str, str]]:
    """The path and the reason of each mistake in a body, which must be refused."""
    answer = client.post(f"{path}?{query}", content=json.dumps(body), headers=JSON)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    return [(mistake["path"], mistake["reason"]) for mistake in answer.json()["errors"]]


def score_batch(client: TestClient, body: Any, query: str = "") -> list[dict[str, Any]]:
    """The results of a batch, which must all be good ones."""
    items = score_body(client, body, query, BATCH)["results"]
    assert {item["status"] for item in items} == {200}
    return [item["result"] for item in items]


def drop_ids(result: dict[str, Any]) -> dict[str, Any]:
    """A result without its id, and without the names that no field uses, of which a CRM sends many."""
    return {key: value for key, value in result.items() if key not in ("id", "ignored")}
