"""Releases of rules alone: a card that goes live without a history."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.scorecard import Card, build_untrained

NOTE = "rules alone"


@dataclass(frozen=True)
class RulesRelease:
    """A release of rules alone. `held_back` says why it isn't the current one; empty where it is, or is a draft."""

    name: str
    card: Card
    current: bool
    held_back: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "release": self.name,
            "card": self.card.name,
            "current": self.current,
            "held_back": self.held_back,
            "base_rate": self.card.base_rate,
        }


def release_rules(
    card: Path | str, releases: Releases, created: datetime, *, draft: bool = False, force: bool = False
) -> RulesRelease:
    """Release a card as it stands: points as declared, nothing learned. Raises ScorecardError, ReleaseError.

    It becomes the current release, unless it is a `draft`, or the current one has learned from a history, which rules
    alone would throw away; `force` overrules.
    """
    path = Path(card)
    contents = read_card(path)
    held_back = "" if draft or force else _find_reason_to_hold_back(releases)
    current = not draft and not held_back
    text = path.read_bytes().decode("utf-8")
    name = releases.publish(
        text,
        build_untrained(contents).learned,
        metrics={},
        provenance={
            "card_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "versions": {"python": platform.python_version(), "leadledger": version("leadledger")},
        },
        created=created,
        note="; ".join([NOTE, *(["draft"] if draft else []), *(["held back"] if held_back else [])]),
        current=current,
    )
    return RulesRelease(name, contents, current, held_back)


def _find_reason_to_hold_back(releases: Releases) -> str:
    """Why rules alone should not follow the current release; empty: nothing speaks against it."""
    try:
        current = releases.current()
        learned = current is not None and bool(releases.open(current).learned.terms)
    except ReleaseError:  # a damaged release serves nobody
        return ""
    return f"the current release {current} has learned from a history, which rules alone forget" if learned else ""
