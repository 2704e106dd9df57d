"""What several tests of the service share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service import keys
from leadledger.api.service.keys import SCOPES
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import FlagBins, NumberBins
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table
from leadledger.scoring.scorecard import Learned
from tests.api.answers import CARD
from tests.api.http.keyed_service import NOW, app_of


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


@pytest.fixture
def made(tmp_path: Path) -> dict[str, str]:
    """A key for each scope alone, and one that is revoked."""
    texts: dict[str, str] = {scope: keys.add(tmp_path, scope, (scope,), NOW)[1] for scope in SCOPES}
    key, texts["revoked"] = keys.add(tmp_path, "revoked", SCOPES, NOW)
    keys.revoke(tmp_path, key.id, NOW)
    return texts


@pytest.fixture
def keyed_client(tmp_path: Path, made: dict[str, str]) -> Iterator[TestClient]:
    """A service with keys."""
    with TestClient(app_of(tmp_path)) as client:
        yield client
