"""A service with the card of the recorded bodies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from tests.api.answers import CARD
from tests.api.crm.recorded import CASES


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A client of a service with the card of the recorded bodies."""
    with TestClient(create_app(Settings(log="off", card=CASES / "card.yaml", max_batch=150))) as client:
        yield client


@pytest.fixture(scope="module")
def b2b() -> Iterator[TestClient]:
    """A client of a service with the card of the example."""
    with TestClient(create_app(Settings(log="off", card=CARD))) as client:
        yield client
