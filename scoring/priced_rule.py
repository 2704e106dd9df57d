"""A rule with the points that it earns, trust included."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.scoring.decay import Steps
from leadledger.scoring.rule import Rule


@dataclass(frozen=True)
class PricedRule:
    """A rule with its points worked out (tenths): `points` at most, and the staircase of a rule that decays."""

    rule: Rule
    points: int
    steps: Steps | None
    askable: tuple[str, ...]
