"""Counting: from the raw events of a lead to the values of event fields and what event rules earn, as of a day.

What an event counts is a formula over the log, never a running sum: of events with one identity one counts, whatever
the order in which they came, and nothing that happened or was received after the day of scoring does. Points are whole
tenths, and sums of a property are whole millionths inside, so that no order of adding makes a difference.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from leadledger.scoring.criterion import Criterion
from leadledger.scoring.each_points import PricedEachRule
from leadledger.scoring.errors import BadValue, LeadError
from leadledger.scoring.event_counts import EarnedByEvents, EventCounts
from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.event_value import WAYS_FROM_ZERO, EventValue
from leadledger.scoring.events.event_reader import EventReader
from leadledger.scoring.events.known_results import LONGEST_REMEMBERED, MOST_REMEMBERED, KnownResults
from leadledger.scoring.events.machines import ScannerRule
from leadledger.scoring.events.typed_event import TypedEvent
from leadledger.scoring.field import Field
from leadledger.scoring.printers.python.module import TallyFunction, compile_card
from leadledger.scoring.scorecard import Card, Learned, Scorecard
from leadledger.scoring.text_forms import key_of
from leadledger.scoring.tree import Condition, Days, Typed, walk_tree

MILLIONTHS = 1e6  # in which a property is added up
Aged: TypeAlias = tuple[int, TypedEvent]  # the days since an event, and the event


@dataclass(frozen=True, slots=True)
class ReadEvents:
    """The events of a lead, typed, and how many there are of each kind that the card doesn't declare."""

    typed: Sequence[TypedEvent]
    unknown_kinds: Mapping[str, int]


class EventCounter:
    """Counts the events of leads for one scorecard, whose conditions over properties it has compiled."""

    def __init__(self, scorecard: Scorecard) -> None:
        self.card = scorecard.card
        self.rules = scorecard.each_rules
        roots = [kind for kind in self.card.events.values() if kind.root == kind.name]
        self.sorters = {kind.name: _Sorter(kind, self.card) for kind in roots}
        self.reader = EventReader(self.card, {name: sorter.fields for name, sorter in self.sorters.items()})
        self.values = {field.name: field.event_value for field in self.card.event_fields if field.event_value}
        self.unknown = EventCounts(
            dict.fromkeys(self.values), tuple(EarnedByEvents(priced.rule.name, None) for priced in self.rules)
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
        typed: list[TypedEvent] = []
        unknown_kinds: Counter[str] = Counter()
        problems: list[BadValue] = []
        for number, raw in enumerate(events):
            event = self.reader.read(raw, f"{path}[{number}]", problems)
            if isinstance(event, str):
                unknown_kinds[event] += 1
            elif event is not None:
                typed.append(event)
        if problems:
            raise LeadError(problems)
        return ReadEvents(typed, dict(sorted(unknown_kinds.items())))

    def count_read(self, events: ReadEvents, as_of: date, lead: Mapping[str, Typed]) -> EventCounts:
        """What the events of a lead come to on a day; `lead` has its typed values."""
        typed = events.typed
        for event in typed:
            event.is_machine = False  # what is known on another day may mark others
        happened = [event for event in typed if event.day <= as_of]
        known = [event for event in happened if event.received is None or event.received <= as_of]
        kept = _keep_first(known)
        people, machines = self._sort(kept, as_of)
        rules = tuple(self._earn(priced, people, machines, as_of, lead) for priced in self.rules)
        values: dict[str, Typed] = {}
        at_least: dict[str, float] = {}
        for name, value in self.values.items():
            amount = _compute(value, people.get(value.kind, ()))
            if value.way == "last" or self._is_complete(value.kind, value.window, as_of, lead):
                values[name] = amount
                continue
            values[name] = None
            if isinstance(amount, float):
                at_least[name] = amount
        return EventCounts(
            values,
            rules,
            at_least,
            True,
            len(kept),
            sum(event.is_machine for event in kept),
            len(known) - len(kept),
            len(typed) - len(happened),
            len(happened) - len(known),
            events.unknown_kinds,
        )

    def _sort(
        self, events: Sequence[TypedEvent], as_of: date
    ) -> tuple[Mapping[str, list[Aged]], Mapping[str, list[Aged]]]:
        """The events of people and those of machines, by each kind and subset that they are of, with their ages."""
        by_root: dict[str, list[TypedEvent]] = defaultdict(list)
        for event in events:
            by_root[event.kind].append(event)
        people: dict[str, list[Aged]] = defaultdict(list)
        machines: dict[str, list[Aged]] = defaultdict(list)
        ages = KnownResults[int](lambda day: (as_of - day).days)
        for root, of_kind in by_root.items():
            for event, names in zip(of_kind, self.sorters[root].find_subsets(of_kind), strict=True):
                aged = (ages[event.day], event)
                lists = machines if event.is_machine else people
                for name in names:
                    lists[name].append(aged)
        return people, machines

    def _is_complete(self, kind: str, window: int | None, as_of: date, lead: Mapping[str, Typed]) -> bool:
        """Whether all events of a kind in a window are known."""
        since = self.card.events[self.card.events[kind].root].tracked_since
        if since is None:
            return True
        first = lead.get(since) if isinstance(since, str) else since
        if window is None or not isinstance(first, date):
            return False
        return first.toordinal() <= as_of.toordinal() - window + 1

    def _earn(
        self,
        priced: PricedEachRule,
        people: Mapping[str, Sequence[Aged]],
        machines: Mapping[str, Sequence[Aged]],
        as_of: date,
        lead: Mapping[str, Typed],
    ) -> EarnedByEvents:
        """What a rule earns, and what its limits take away: once for each object, then of each day."""
        kind, steps = self.card.events[priced.rule.each], priced.steps
        events = people.get(kind.name, ())
        worth = KnownResults[int](steps.at)
        ages = Counter([age for age, _ in events])
        full = sum(count * worth[age] for age, count in ages.items())
        one_each = _keep_one_each(events, kind.properties[kind.once_per]) if kind.once_per else events
        left = Counter([age for age, _ in one_each])
        after_once = sum(count * worth[age] for age, count in left.items())
        tenths = sum(
            priced.earn(count if kind.per_day is None else min(count, kind.per_day), age) for age, count in left.items()
        )
        machine = [worth[age] for age, _ in machines.get(kind.name, ()) if worth[age]]
        longest = steps.edges[-1] if steps.edges else 0  # from this day on, an event earns nothing
        is_least = not self._is_complete(kind.name, max(longest, 1), as_of, lead)
        return EarnedByEvents(
            priced.rule.name,
            tenths,
            sum(count for age, count in ages.items() if worth[age]),
            full,
            after_once - full,
            tenths - after_once,
            len(machine),
            sum(machine),
            is_least,
        )


class _Sorter:
    """Tells which events of a kind are of which subset, and which are those of machines.

    The conditions over properties are those of a little card, so that they are spelt and compiled as all others.
    """

    def __init__(self, kind: EventKind, card: Card) -> None:
        subsets = [other for other in card.events.values() if other.root == kind.name and other.when is not None]
        conditions: dict[str, Condition] = {other.name: other.when for other in subsets if other.when is not None}
        if kind.machine is not None:
            conditions[kind.name] = kind.machine
        self.name = kind.name
        self.order = list(conditions)
        criteria = tuple(Criterion(name, condition) for name, condition in conditions.items())
        small = Scorecard(
            Card(kind.name, kind.properties, criteria, missing=card.missing, time_zone=card.time_zone), Learned()
        )
        self.fields = small.card.fields
        self.tally: TallyFunction | None = compile_card(small) if conditions else None
        self.scanners = ScannerRule(kind) if kind.spots_scanners else None
        self.make_key = _make_key_reader(list(conditions.values()))
        self.memo: dict[Any, tuple[bool, tuple[str, ...]]] = {}  # by all that the conditions ask of an event

    def find_subsets(self, events: Sequence[TypedEvent]) -> list[tuple[str, ...]]:
        """The kinds that each event is of, its own first; marks the events of machines."""
        names = []
        for event in events:
            found = self.memo.get(key := self.make_key(event))
            if found is None:
                found = self._remember(key, event)
            is_machine, of = found
            if is_machine:
                event.is_machine = True
            names.append(of)
        if self.scanners is not None:
            self.scanners.mark(events)
        return names

    def _remember(self, key: Any, event: TypedEvent) -> tuple[bool, tuple[str, ...]]:
        """Whether a condition says that an event is of a machine, and the kinds that it is of."""
        criteria: tuple[bool | None, ...] = ()
        if self.tally is not None:
            *_, criteria, _ = self.tally(event.values, event.day)
        met = [name for name, holds in zip(self.order, criteria, strict=True) if holds]
        found = self.name in met, (self.name, *(name for name in met if name != self.name))
        if len(self.memo) >= MOST_REMEMBERED:
            self.memo.clear()
        if all(not isinstance(value, str) or len(value) <= LONGEST_REMEMBERED for value in event.values.values()):
            self.memo[key] = found
        return found


def _make_key_reader(conditions: Sequence[Condition]) -> Callable[[TypedEvent], Any]:
    """The function that gives all that some conditions ask of an event: its properties, and its day."""
    asked = list(dict.fromkeys(name for condition in conditions for name in condition.fields))
    parts = [part for condition in conditions for part in walk_tree(condition.tree)]
    if any(isinstance(part, Days) for part in parts):  # these count from the day of the event
        return lambda event: (event.day, *[event.values[name] for name in asked])
    if len(asked) == 1:
        (only,) = asked
        return lambda event: event.values[only]
    return lambda event: tuple([event.values[name] for name in asked])


def _keep_first(events: Iterable[TypedEvent]) -> list[TypedEvent]:
    """The events without repeats: of those with one identity, the one that was known first."""
    kept: dict[tuple[Any, ...], TypedEvent] = {}
    for event in events:
        first = kept.setdefault(event.identity, event)
        if first is not event and event.rank < first.rank:
            kept[event.identity] = event
    return list(kept.values())


def _keep_one_each(events: Sequence[Aged], of: Field) -> list[Aged]:
    """Of the events with one value of a property, the latest, which has most points left; all those without a value."""
    latest: dict[object, Aged] = {}
    kept: list[Aged] = []
    is_folded = of.kind == "text" and not of.exact
    for aged in events:
        value = aged[1].values[of.name]
        if value is None:
            kept.append(aged)
            continue
        key = key_of(str(value)) if is_folded else value
        if key not in latest or aged[0] < latest[key][0]:
            latest[key] = aged
    return [*kept, *latest.values()]


def _compute(value: EventValue, events: Sequence[Aged]) -> Typed:
    """The value of an event field, from all events of its kind up to the day."""
    if value.window is not None:
        events = [aged for aged in events if aged[0] < value.window]
    if not events:
        return 0.0 if value.way in WAYS_FROM_ZERO else None
    match value.way:
        case "count":
            return float(len(events))
        case "days":
            return float(len({age for age, _ in events}))
        case "first":
            return min(event.day for _, event in events)
        case "last":
            return max(event.day for _, event in events)
    amounts = [amount for _, event in events if isinstance(amount := event.values[value.property], float)]
    if value.way == "max":
        return max(amounts) + 0.0 if amounts else None  # -0.0 is 0, whichever of the two came first
    return float(sum(math.floor(amount * MILLIONTHS + 0.5) for amount in amounts)) / MILLIONTHS
