"""A small release for the tests of releases: how to publish it, and how to damage it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadledger.models.releases.manifest import MANIFEST, digest_of
from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import NumberBins
from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned

CARD_TEXT = """\
# Ærlig talt: comments and signs stay as they are
name: small
fields:
  employees: {kind: number}
  demo: {kind: flag}
rules:
  - {name: large, when: employees >= 100, points: 8, reason: Is large}
stages:
  - {name: contact}
  - {name: opportunity, points: 80}
"""
LEARNED_THINGS = Learned(
    base_rate=0.09,
    start=483,
    trust=0.75,
    terms=(Table("employees", NumberBins((10.0,)), (-5, 0, 12), (3, 4, 5)),),
    thresholds={"opportunity": Threshold(712)},
)
DAY = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def publish(home: Path, **changes: Any) -> str:
    """Publish a small release."""
    parts: dict[str, Any] = {
        "card_text": CARD_TEXT,
        "learned": LEARNED_THINGS,
        "metrics": {"auc": 0.81, "rows": 1200, "deciles": [1, 2]},
        "provenance": {"data": "history.csv"},
        "created": DAY,
    }
    parts |= changes
    card_text, learned = parts.pop("card_text"), parts.pop("learned")
    return Releases(home).publish(card_text, learned, **parts)


def overwrite(path: Path, content: bytes) -> None:
    """Change a published file, as somebody who insists can."""
    path.chmod(0o644)
    path.write_bytes(content)


def reseal(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a manifest and its own digest."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    del manifest["digest"]
    change(manifest)
    manifest["digest"] = digest_of(manifest)
    overwrite(folder / MANIFEST, json.dumps(manifest).encode())


def refusal(run: Callable[[], object]) -> str:
    """The text of the ReleaseError that a call must raise."""
    with pytest.raises(ReleaseError) as caught:
        run()
    return str(caught.value)
