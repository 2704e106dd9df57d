"""What the events of a lead come to on later days, if nothing happens: windows move on, and points fade.

Only the days on which something changes are worked out, and on each of them only what changes. Events that are dated
later, or were received later, count from that day on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TypeAlias

from leadledger.scoring.each_points import name_earned
from leadledger.scoring.events.column_reader import ReadEvents
from leadledger.scoring.events.counter import EventCounter, compute_value
from leadledger.scoring.events.kind_events import NO_EVENTS, KindEvents
from leadledger.scoring.tree import Typed

# By day, as `date.toordinal` counts them: the event fields that change, and what rules then earn (tenths), by name.
LaterCounts: TypeAlias = dict[int, dict[str, Typed]]


def find_later_counts(
    counter: EventCounter, events: ReadEvents, lead: Mapping[str, Typed], today: int, last: int
) -> LaterCounts:
    """What changes after `today`, up to `last`; `lead` has the typed values of the lead."""
    later: LaterCounts = defaultdict(dict)
    arrivals = sorted({day for day in _list_arrivals(events) if today < day <= last})
    for start, following in pairwise([today, *arrivals, last + 1]):
        people, _ = counter.sort_known(events, start)
        for name, day, value in _list_changes(counter, people, lead, start, following - 1):
            if day > today:
                later[day][name] = value
    return later


def _list_arrivals(events: ReadEvents) -> Iterator[int]:
    """The days from which on each event counts."""
    for columns in events.by_kind.values():
        yield from columns.days if columns.received is None else map(max, columns.days, columns.received)


def _list_changes(
    counter: EventCounter, people: Mapping[str, KindEvents], lead: Mapping[str, Typed], start: int, last: int
) -> Iterator[tuple[str, int, Typed]]:
    """The names with a day and the value from that day on, by day for each name: those of `start`, and later changes.

    From `start` to `last`, the same events count.
    """
    for name, value in counter.values.items():
        of_kind = people.get(value.kind, NO_EVENTS)
        complete = 1 if value.way == "last" else counter.find_complete(value.kind, value.window, lead)
        days = {start}
        if complete is not None and value.window is not None:
            days |= {complete, *(day + value.window for day in of_kind.by_day)}
        for day in _within(days, start, last):
            known = complete is not None and complete <= day
            yield name, day, compute_value(value, of_kind, day) if known else None
    for earner in counter.earners:
        left = earner.count_left(people.get(earner.kind, NO_EVENTS))
        name = name_earned(earner.name)
        days = {start, *(day + edge for day in left for edge in earner.edges)}
        for day in _within(days, start, last):
            yield name, day, earner.sum_up(left, day)


def _within(days: Iterable[int], start: int, last: int) -> list[int]:
    return sorted(day for day in days if start <= day <= last)
