"""A service with releases, keys of two people, and known leads, whose card is edited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service import keys
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import NumberBins
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
CARD = """\
name: small
fields:
  lead_id: {kind: id}
  job: {kind: text}
  size: {kind: number}
  visits: {kind: number}
rules:
  # who decides
  - name: decider
    when: job = 'CEO'
    points: 8
    reason: Decides
  - name: large
    when: size > 100
    points: 10
    reason: Is large
stages:
  - {name: lead}
  - {name: opportunity, points: 60}
grades: {A: 70, B: 60, C: 50}
cases:
  - name: a large firm
    as_of: 2026-01-01
    lead: {size: 500}
    expect: {points: 60, grade: B, fires: [large]}
"""
LEARNED = Learned(
    base_rate=0.2,
    trust=0.5,
    terms=(Table("visits", NumberBins((3.0,)), (0, -20, 60), (5, 5, 5)),),
    thresholds={"opportunity": Threshold(600, promise="at least 70% become one")},
)
JOBS = ("ceo", "CEO", "clerk", None)
Ask = Callable[..., httpx2.Response]


def publish(home: Path, card: str = CARD, learned: Learned = LEARNED, **more: Any) -> str:
    """A release of the card with what was learned; it is the current one."""
    metrics = {"audit": {"leads": 15, "won": 3, "rules": []}, "auc": 0.7}
    return Releases(home).publish(
        card, learned, metrics=metrics, provenance={"data": "history.csv"}, created=CREATED, note="trained", **more
    )


def make_leads(count: int) -> list[dict[str, Any]]:
    """Leads of all kinds."""
    return [{"lead_id": f"L{at:04}", "job": JOBS[at % 4], "size": at % 7 * 40, "visits": at % 6} for at in range(count)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a release."""
    publish(tmp_path)
    return tmp_path


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    """A service that knows some leads."""
    with TestClient(create_app(Settings(home=home, log_level="error"))) as service:
        answer = service.post("/v1/score/batch", json={"leads": make_leads(300)})
        assert answer.json()["scored"] == 300
        yield service


@pytest.fixture
def people(home: Path, client: TestClient) -> dict[str, dict[str, str]]:
    """The headers of people by their names: Lena and Mads may do all, Rita may read."""
    scopes: dict[str, tuple[Any, ...]] = {"Lena": keys.SCOPES, "Mads": keys.SCOPES, "Rita": ("read",)}
    made = {name: keys.add(home, name, allowed, CREATED)[1] for name, allowed in scopes.items()}
    client.app.state.keys.look(0.0)  # type: ignore[attr-defined]  # a FastAPI
    return {name: {"X-API-Key": key} for name, key in made.items()}
