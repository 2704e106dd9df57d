"""Releases with measures, for tests of their pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from leadledger.models.releases.rules_alone import release_rules
from leadledger.models.releases.store import Releases
from leadledger.training.runs.earlier_releases import open_earlier
from leadledger.training.runs.train import train
from tests.training.crm_history import CARD, make_history

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
FIRST, EDITED, RULES = "2026-01-31-001", "2026-02-01-001", "2026-02-02-001"


def make_releases(home: Path) -> Releases:
    """Three releases: `FIRST`, the current one; `EDITED`, trained with edited rules; `RULES`, of rules alone."""
    home.mkdir(parents=True, exist_ok=True)
    releases = Releases(home)
    history = make_history()
    edited = CARD.replace("points: 10", "points: 4") + "grades: {A: 70, B: 50, C: 30}\n"
    edited = edited.replace(
        "rules:\n", "rules:\n  - {name: large, when: employees >= 250, points: 6, reason: Is large}\n"
    )
    for number, text in enumerate((CARD, edited)):
        card = home / "card.yaml"
        card.write_text(text, "utf-8")
        training = train(card, history, current=open_earlier(releases) if number else None)
        training.publish(releases, NOW + timedelta(days=number), draft=number > 0)
    release_rules(card, releases, NOW + timedelta(days=2), draft=True)
    return releases
