"""Rules: named conditions that earn points, and the groups that cap them. Points are whole tenths."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from leadledger.scoring.decay import HalfLife
from leadledger.scoring.tree import Condition


@dataclass(frozen=True)
class Rule:
    """A condition and the points it earns where it is true, as declared in the card (tenths).

    `uses_protected` is why it may read protected fields, as its author says; empty where it reads none.
    """

    name: str
    when: Condition
    points: int
    reason: str
    why: str = ""
    since: date | None = None
    half_life: HalfLife | None = None
    group: str = ""
    uses_protected: str = ""


@dataclass(frozen=True)
class Group:
    """Rules that share limits on their sum (tenths; None: no limit), or of which only the best counts."""

    name: str
    maximum: int | None = None
    minimum: int | None = None
    best_of: bool = False
