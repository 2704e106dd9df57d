"""A lead that tests score, and the number of rows that the log then has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import func, select

from leadledger.api.log import database, tables

LEAD = {"lead_id": "L1", "need": "urgent", "budget": 25000, "last_activity": "2026-06-20"}
DAY = "2026-07-01"


def count(url: str, table: Any = tables.scores) -> int:
    """The rows of a table."""
    engine = database.open_database(url, Path())
    try:
        with engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()
    finally:
        engine.dispose()


def scored(client: TestClient, day: str = DAY, **changes: Any) -> dict[str, Any]:
    """The answer to a lead."""
    answer = client.post("/v1/score", json={"lead": {**LEAD, **changes}, "as_of": day})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result
