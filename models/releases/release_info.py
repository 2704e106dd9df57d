"""A release in the list of releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ReleaseInfo:
    """A line of the list of releases.

    `metrics` are the numbers at the top of metrics.json. `problem` is empty, or says why only the name of the release
    can be listed; `created` is None then. The list doesn't check every file: `Releases.open` does.
    """

    name: str
    current: bool
    created: datetime | None = None
    card: str = ""
    note: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "name": self.name,
            "current": self.current,
            "created": None if self.created is None else self.created.isoformat(),
            "card": self.card,
            "note": self.note,
            "metrics": dict(self.metrics),
            "problem": self.problem,
        }
