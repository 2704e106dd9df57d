"""Counting: from the raw events of a lead to the values of event fields and what event rules earn, as of a day.

What an event counts is a formula over the log, never a running sum: of events with one identity one counts, whatever
the order in which they came, and nothing that happened or was received after the day of scoring does. Points are whole
tenths, and sums of a property are whole millionths inside, so that no order of adding makes a difference.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import chain
from typing import Any, TypeAlias

from leadledger.scoring.event_counts import EarnedByEvents, EventCounts
from leadledger.scoring.event_value import EventValue
from leadledger.scoring.events.column_reader import ColumnReader, ReadEvents
from leadledger.scoring.events.earning import RuleEarner
from leadledger.scoring.events.event_columns import EventColumns
from leadledger.scoring.events.event_reader import EventReader
from leadledger.scoring.events.kind_events import NO_EVENTS, KindEvents
from leadledger.scoring.events.machines import ScannerRule
from leadledger.scoring.events.subsets import SubsetFinder
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed

MILLIONTHS = 1e6  # in which a property is added up
ByKind: TypeAlias = Mapping[str, EventColumns]


class EventCounter:
    """Counts the events of leads for one scorecard, whose conditions over properties it has compiled."""

    def __init__(self, scorecard: Scorecard) -> None:
        card = self.card = scorecard.card
        roots = [kind for kind in card.events.values() if kind.root == kind.name]
        self.subsets = {kind.name: SubsetFinder(kind, card) for kind in roots}
        self.scanners = {kind.name: ScannerRule(kind) for kind in roots if kind.spots_scanners}
        self.reader = ColumnReader(
            card, EventReader(card, {name: finder.fields for name, finder in self.subsets.items()})
        )
        self.values = {field.name: field.event_value for field in card.event_fields if field.event_value}
        self.earners = [RuleEarner(priced, card.events[priced.rule.each]) for priced in scorecard.each_rules]
        self.unknown = EventCounts(
            dict.fromkeys(self.values), tuple(EarnedByEvents(earner.name, None) for earner in self.earners)
        )

    def count(
        self, events: Iterable[Any] | None, as_of: date, lead: Mapping[str, Typed], path: str = "$.events"
    ) -> EventCounts:
        """What the raw events of a lead come to on a day; None: it isn't known which events there are.

        `lead` has its typed values. Raises LeadError with every problem; `path` leads to the events.
        """
        if events is None:
            return self.unknown
        return self.count_read(self.read(events, path), as_of, lead)

    def read(self, events: Iterable[Any], path: str = "$.events") -> ReadEvents:
        """The raw events of a lead, read once, to be counted as of several days. Raises LeadError."""
        return self.reader.read(events if isinstance(events, list) else list(events), path)

    def count_read(self, events: ReadEvents, as_of: date, lead: Mapping[str, Typed]) -> EventCounts:
        """What the events of a lead come to on a day; `lead` has its typed values."""
        today = as_of.toordinal()
        happened = {kind: columns.keep_until(today) for kind, columns in events.by_kind.items()}
        known = {kind: columns.keep_known(today) for kind, columns in happened.items()}
        kept = _keep_first(known)
        people, machines, of_machines = self._sort(kept)
        rules = tuple(
            [
                earner.earn(
                    people.get(earner.kind, NO_EVENTS),
                    machines.get(earner.kind, NO_EVENTS),
                    today,
                    not self.is_complete(earner.kind, earner.longest, today, lead),
                )
                for earner in self.earners
            ]
        )
        amounts = {
            name: compute_value(value, people.get(value.kind, NO_EVENTS), today) for name, value in self.values.items()
        }
        values, at_least = self._keep_complete(amounts, today, lead)
        all_read, all_happened, all_known, counted = map(_count, (events.by_kind, happened, known, kept))
        return EventCounts(
            values,
            rules,
            at_least,
            True,
            counted,
            of_machines,
            all_known - counted,
            all_read - all_happened,
            all_happened - all_known,
            events.unknown_kinds,
        )

    def sort_known(self, events: ReadEvents, today: int) -> tuple[dict[str, KindEvents], dict[str, KindEvents]]:
        """The events of people that count on a day, by each kind and subset, and those of machines."""
        happened = {kind: columns.keep_until(today) for kind, columns in events.by_kind.items()}
        known = {kind: columns.keep_known(today) for kind, columns in happened.items()}
        people, machines, _ = self._sort(_keep_first(known))
        return people, machines

    def bound(self, counts: EventCounts, as_of: date, lead: Mapping[str, Typed]) -> EventCounts:
        """Counts that somebody else made, of all events, with what is unknown because tracking began too late."""
        today = as_of.toordinal()
        values, at_least = self._keep_complete(counts.values, today, lead)
        rules = tuple(
            replace(earned, is_least=not self.is_complete(earner.kind, earner.longest, today, lead))
            for earner, earned in zip(self.earners, counts.rules, strict=True)
        )
        return replace(counts, values=values, rules=rules, at_least=at_least)

    def _keep_complete(
        self, amounts: Mapping[str, Typed], today: int, lead: Mapping[str, Typed]
    ) -> tuple[dict[str, Typed], dict[str, float]]:
        """The values of the event fields, and the lower bounds of those that are unknown, out of what was counted."""
        values: dict[str, Typed] = {}
        at_least: dict[str, float] = {}
        for name, value in self.values.items():
            amount = amounts[name]
            if value.way == "last" or self.is_complete(value.kind, value.window, today, lead):
                values[name] = amount
                continue
            values[name] = None
            if isinstance(amount, float):
                at_least[name] = amount
        return values, at_least

    def list_days(self, events: ReadEvents) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        """The days of all events of people and of machines, by kind and subset, without repeats.

        Days are as `date.toordinal` counts them; when events were received makes no difference.
        """
        people, machines, _ = self._sort(_keep_first(events.by_kind))
        by_people, by_machines = ({kind: list(found.days) for kind, found in of.items()} for of in (people, machines))
        return by_people, by_machines

    def _sort(self, by_kind: ByKind) -> tuple[dict[str, KindEvents], dict[str, KindEvents], int]:
        """The events of people and those of machines, by each kind and subset; how many are of machines."""
        people: dict[str, KindEvents] = {}
        machines: dict[str, KindEvents] = {}
        of_machines = 0
        for kind, columns in by_kind.items():
            met = self.subsets[kind].find(columns)
            rows = self.scanners[kind].find(columns) if kind in self.scanners else set()
            by_condition = met.pop(kind, ())
            rows.update([row for row, is_machine in enumerate(by_condition) if is_machine])
            people[kind] = KindEvents(columns)
            if rows:
                of_machines += len(rows)
                by_program = [row in rows for row in range(len(columns))]
                by_person = [not is_machine for is_machine in by_program]
                people[kind], machines[kind] = KindEvents(columns, by_person), KindEvents(columns, by_program)
                for name, chosen in met.items():
                    machines[name] = KindEvents(columns, [a and b for a, b in zip(chosen, by_program, strict=True)])
                met = {name: [a and b for a, b in zip(chosen, by_person, strict=True)] for name, chosen in met.items()}
            for name, chosen in met.items():
                people[name] = KindEvents(columns, chosen)
        return people, machines, of_machines

    def is_complete(self, kind: str, window: int | None, today: int, lead: Mapping[str, Typed]) -> bool:
        """Whether all events of a kind in a window are known."""
        first = self.find_complete(kind, window, lead)
        return first is not None and first <= today

    def find_complete(self, kind: str, window: int | None, lead: Mapping[str, Typed]) -> int | None:
        """The first day on which all events of a kind in a window are known, the first of all days where they always
        are; None: they never are.
        """
        since = self.card.events[self.card.events[kind].root].tracked_since
        if since is None:
            return 1
        first = lead.get(since) if isinstance(since, str) else since
        if window is None or not isinstance(first, date):
            return None
        return first.toordinal() + window - 1


def _count(by_kind: ByKind) -> int:
    return sum(map(len, by_kind.values()))


def _keep_first(by_kind: ByKind) -> ByKind:
    """The events without repeats: of those with one identity, the one that was known first."""
    if len({columns.source for columns in by_kind.values()}) > 1:
        for columns in by_kind.values():
            columns.qualify()
    identities = chain.from_iterable([columns.identities for columns in by_kind.values()])
    if len(set(identities)) == _count(by_kind):
        return by_kind
    first: dict[Hashable, tuple[str, int]] = {}
    for kind, columns in by_kind.items():
        for row, identity in enumerate(columns.identities):
            other_kind, other = first.setdefault(identity, (kind, row))
            if columns.rank(row, kind) < by_kind[other_kind].rank(other, other_kind):
                first[identity] = kind, row
    kept = set(first.values())
    return {
        kind: columns.keep([(kind, row) in kept for row in range(len(columns))]) for kind, columns in by_kind.items()
    }


def compute_value(value: EventValue, events: KindEvents, today: int) -> Typed:
    """The value of an event field, from all events of its kind up to the day."""
    first = 0 if value.window is None else today - value.window + 1
    match value.way:
        case "count":
            return float(sum([count for day, count in events.by_day.items() if day >= first]))
        case "days":
            return float(len([day for day in set(events.days) if day >= first]))
        case "first":
            return date.fromordinal(min(events.days)) if events.days else None
        case "last":
            return date.fromordinal(max(events.days)) if events.days else None
    pairs = zip(events.days, events.pick(value.property), strict=True)
    amounts = [amount for day, amount in pairs if day >= first and isinstance(amount, float)]
    if value.way == "max":
        return max(amounts) + 0.0 if amounts else None  # -0.0 is 0, whichever of the two came first
    return float(sum(math.floor(amount * MILLIONTHS + 0.5) for amount in amounts)) / MILLIONTHS
