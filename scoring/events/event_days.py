"""What a lead did day by day, and what rules for each event have earned by it: on that day, and by a later one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from leadledger.scoring.events.column_reader import ReadEvents
from leadledger.scoring.events.counter import EventCounter
from leadledger.scoring.events.kind_events import NO_EVENTS, KindEvents
from leadledger.scoring.tree import Typed

MOST_VALUES_SHOWN = 3  # of a property, of the events of one kind on one day


class EarnedOnDay(NamedTuple):
    """What a rule has earned by the events of a day (tenths): `then` on that day itself, and `now`.

    `events` are those that count, within the limits of the kind; the limit of a day is taken off.
    """

    rule: str
    events: int
    then: int
    now: int


@dataclass(frozen=True, slots=True)
class EventDay:
    """The events of one kind on one day.

    `is_machine`: they are those of machines, and `earned` is what they would have earned. `values` are those of each
    property, at most MOST_VALUES_SHOWN of it, as pairs.
    """

    on: date
    kind: str
    events: int
    is_machine: bool
    values: tuple[tuple[str, Typed], ...]
    earned: tuple[EarnedOnDay, ...]


def list_event_days(counter: EventCounter, events: ReadEvents, as_of: date) -> tuple[EventDay, ...]:
    """The events that count on a day, by day, kind, and whether machines sent them; the newest first.

    What each rule has earned by the days of people adds up to what it has earned.
    """
    today = as_of.toordinal()
    people, machines = counter.sort_known(events, today)
    earned: dict[tuple[str, int, bool], list[EarnedOnDay]] = {}
    for earner in counter.earners:
        root = counter.card.events[earner.kind].root
        of_people = people.get(earner.kind, NO_EVENTS)
        for day, count in earner.count_left(of_people).items():
            limited = {day: count}
            on_day = EarnedOnDay(
                earner.name, earner.limit_events(count), earner.sum_up(limited, day), earner.sum_up(limited, today)
            )
            if on_day.then or on_day.now:
                earned.setdefault((root, day, False), []).append(on_day)
        for day, count in machines.get(earner.kind, NO_EVENTS).by_day.items():
            worth = earner.worth
            on_day = EarnedOnDay(earner.name, count, count * worth[0], count * worth[today - day])
            earned.setdefault((root, day, True), []).append(on_day)
    days = []
    for is_machine, by_kind in ((False, people), (True, machines)):
        for kind, of_kind in by_kind.items():
            if counter.card.events[kind].root != kind:
                continue
            values = _gather_values(of_kind)
            for day, count in of_kind.by_day.items():
                of_rules = tuple(earned.get((kind, day, is_machine), ()))
                days.append(EventDay(date.fromordinal(day), kind, count, is_machine, tuple(values[day]), of_rules))
    return tuple(sorted(days, key=lambda day: (-day.on.toordinal(), day.is_machine, day.kind)))


def _gather_values(events: KindEvents) -> dict[int, list[tuple[str, Typed]]]:
    """The values of each property, by day."""
    by_day: dict[int, list[tuple[str, Typed]]] = {day: [] for day in events.by_day}
    for name in events.columns.values:
        distinct: dict[int, dict[Typed, None]] = {}
        for day, value in zip(events.days, events.pick(name), strict=True):
            if value is not None:
                distinct.setdefault(day, {})[value] = None
        for day, values in distinct.items():
            by_day[day] += [(name, value) for value in list(values)[:MOST_VALUES_SHOWN]]
    return by_day
