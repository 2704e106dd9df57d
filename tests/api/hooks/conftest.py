"""An empty log on each database, and a receiver of hooks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests import logs
from tests.api.hooks.receiver import Receiver, receiving


@pytest.fixture(scope="session", params=logs.DATABASES)  # a server starts in a second, and the files share it
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database of each kind."""
    with logs.database_of(request.param, tmp_path_factory.mktemp("hooks")) as address:
        yield address


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An empty log."""
    with logs.opened(url) as log:
        yield log.engine


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes all that it gets."""
    with receiving() as server:
        yield server
