"""Exclusions: named conditions that disqualify a lead."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.scoring.tree import Condition


@dataclass(frozen=True)
class Exclusion:
    """A condition that disqualifies, whatever the points.

    `uses_protected` is why it may read protected fields; empty where it reads none.
    """

    name: str
    when: Condition
    reason: str
    uses_protected: str = ""
