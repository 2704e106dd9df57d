"""Exclusions: named conditions that disqualify a lead."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.scoring.tree import Condition


@dataclass(frozen=True)
class Exclusion:
    """A condition that disqualifies, whatever the points."""

    name: str
    when: Condition
    reason: str
