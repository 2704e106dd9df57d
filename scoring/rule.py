"""Rules: conditions and events that earn points, and the groups that cap them. Points are whole tenths."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from leadledger.scoring.axis import AxisOrNone
from leadledger.scoring.decay import HalfLife
from leadledger.scoring.tree import Condition


@dataclass(frozen=True)
class Rule:
    """A condition and the points it earns where it is true, as declared in the card (tenths).

    `uses_protected` is why it may read protected fields, as its author says; empty where it reads none. `axis` is the
    one that it belongs to; empty: the card has no axes.
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
    axis: AxisOrNone = ""


@dataclass(frozen=True)
class EachRule:
    """Points (tenths) for each event of a kind.

    They count in full on the day of the event. With `half_life`, half of them is left after every so many days; with
    `within`, they count for so many days, that of the event among them; one of the two is set. `per_day` (tenths) is
    the most that the events of one day earn together, or cost, and fades with them; None: no limit.
    """

    name: str
    each: str
    points: int
    reason: str
    why: str = ""
    since: date | None = None
    half_life: int | None = None
    within: int | None = None
    per_day: int | None = None
    group: str = ""
    axis: AxisOrNone = ""


@dataclass(frozen=True)
class Group:
    """Rules that share limits on their sum (tenths; None: no limit), or of which only the best counts.

    `axis` is that of all its rules; empty: the card has no axes.
    """

    name: str
    maximum: int | None = None
    minimum: int | None = None
    best_of: bool = False
    axis: AxisOrNone = ""
