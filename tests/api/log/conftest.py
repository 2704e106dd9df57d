"""An empty log on each database, and a service that records in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.log import tables
from leadledger.api.service.settings import Settings
from tests import logs
from tests.api.answers import CARD


@pytest.fixture(scope="session", params=logs.DATABASES)  # a server starts in a second, and the files share it
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty database of each kind."""
    with logs.database_of(request.param, tmp_path_factory.mktemp("log")) as address:
        yield address


@pytest.fixture
def client(url: str, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a service that records what it answers, in an empty log."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path, log_url=url))) as client:
        with client.app.state.service.decision_log.store.engine.begin() as connection:  # type: ignore[attr-defined]
            for table in set(tables.metadata.sorted_tables) - {tables.cards}:  # it was kept at the start
                connection.execute(table.delete())
        yield client
