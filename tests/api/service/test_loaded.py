"""What a service loads, and that it refuses to start without."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import ReleaseError, ScorecardError


def test_current_release_is_served(two_releases: Path) -> None:
    """Without a card, the current release is served, and says its name."""
    client = TestClient(create_app(Settings(log="off", home=two_releases)))
    assert client.get("/health/ready").json()["release"] == Releases(two_releases).current()
    assert client.post("/v1/score", json={"lead": {}}).json()["release"] == Releases(two_releases).current()


def test_nothing_to_serve(tmp_path: Path) -> None:
    """Without a release, or with a card that has mistakes, there is no service."""
    with pytest.raises(ReleaseError):
        create_app(Settings(home=tmp_path))
    bad = tmp_path / "card.yaml"
    bad.write_text("name: x\n")
    with pytest.raises(ScorecardError, match=r"card\.yaml:1:1: "):
        create_app(Settings(card=bad))
