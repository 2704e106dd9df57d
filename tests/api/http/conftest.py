"""Keys of every kind, and a service with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from leadledger.api.service import keys
from leadledger.api.service.keys import SCOPES
from tests.api.http.keyed_service import NOW, app_of


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
