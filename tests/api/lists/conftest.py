"""Short lists of the tests are scored as long ones are."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def scored_as_long_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists in files are scored as arrays, however short they are, where nothing else speaks against it."""
    monkeypatch.setattr("leadledger.api.lists.duckdb.FEWEST_BYTES", 0)
