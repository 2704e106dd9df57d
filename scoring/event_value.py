"""Event values: fields that are counted from the events of a lead, such as `count(visit, 14 days)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

EventWay: TypeAlias = Literal["count", "days", "sum", "max", "first", "last"]
EVENT_WAYS: tuple[EventWay, ...] = get_args(EventWay)
WAYS_OF_PROPERTIES: tuple[EventWay, ...] = ("sum", "max")  # these ask a number of each event
WAYS_OF_DAYS: tuple[EventWay, ...] = ("first", "last")  # these are dates, and have no window
WAYS_FROM_ZERO: tuple[EventWay, ...] = ("count", "days", "sum")  # 0 where there is no event; the others are missing


@dataclass(frozen=True)
class EventValue:
    """What is counted: the events of a `kind`, all of them or those of a `window`.

    `count` is how many there are, `days` on how many days; `sum` and `max` are those of a number `property`; `first`
    and `last` are days. A window of N days is the day of scoring and the N - 1 days before; None: all days up to it.
    """

    way: EventWay
    kind: str
    property: str = ""
    window: int | None = None
