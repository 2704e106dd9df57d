"""What several tests of the service share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import FlagBins, NumberBins
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table
from leadledger.scoring.scorecard import Learned
from tests.api.answers import CARD


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A client of a service with small limits, so that tests reach them."""
    with TestClient(create_app(Settings(log="off", card=CARD, max_batch=150, max_body=50_000))) as client:
        yield client


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    """The OpenAPI document of that service."""
    described: dict[str, Any] = client.get("/openapi.json").json()
    return described


@pytest.fixture
def two_releases(tmp_path: Path) -> Path:
    """A home with two releases; the first trusts the rules by half, and has a term of each kind."""
    releases = Releases(tmp_path)
    bins = NumberBins((10.0, 50.0))
    terms = (
        Table("employees", bins, (0, -30, 5, 20), (5, 10, 20, 30)),
        Pair(("employees", "newsletter"), (bins, FlagBins()), ((0, 1, 2),) * 4, ((1, 2, 3),) * 4, ((4, 5, 6),) * 4),
        Combination(
            ("employees", "newsletter", "competitor"),
            (bins, FlagBins(), FlagBins()),
            (
                Branch(
                    "employees",
                    (0, 1, 2),
                    Branch("newsletter", (2,), Branch("competitor", (2,), Leaf(-9, 4), Leaf(3, 5)), Leaf(1, 6)),
                    Leaf(0, 7),
                ),
            ),
            error=11,
        ),
    )
    for learned in (Learned(base_rate=0.2, trust=0.5, terms=terms), Learned(base_rate=0.3)):
        releases.publish(CARD.read_text(), learned, metrics={}, provenance={}, created=datetime(2026, 1, 1, tzinfo=UTC))
    return tmp_path
