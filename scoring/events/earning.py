"""What a rule for each event earns from the events of a lead, and what its limits take away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from leadledger.scoring.each_points import PricedEachRule
from leadledger.scoring.event_counts import EarnedByEvents
from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.events.kind_events import KindEvents
from leadledger.scoring.known_results import KnownResults
from leadledger.scoring.text_forms import key_of
from leadledger.scoring.tree import Typed


class RuleEarner:
    """One rule, for the events of its `kind`."""

    def __init__(self, priced: PricedEachRule, kind: EventKind) -> None:
        self.name, self.kind = priced.rule.name, kind.name
        self.once_per = kind.once_per
        self.folds = (
            bool(kind.once_per)
            and kind.properties[kind.once_per].kind == "text"
            and not (kind.properties[kind.once_per].exact)
        )
        self.has_limit = kind.per_day is not None or priced.most is not None
        edges = priced.steps.edges
        self.longest = max(edges[-1], 1) if edges else 1  # from this day on, an event earns nothing
        self.worth = KnownResults(priced.steps.at)  # tenths by the days since an event
        most = self.most = kind.per_day

        def limit(day: tuple[int, int]) -> int:
            count, age = day
            return priced.earn(count if most is None else min(count, most), age)

        # Days since an event on which it may earn less.
        self.edges = tuple(sorted({*priced.steps.edges, *priced.rest.edges}))
        self.limited = KnownResults(limit)  # tenths by how many events there were on a day, and the days since

    def earn(self, people: KindEvents, machines: KindEvents, today: int, is_least: bool) -> EarnedByEvents:
        """What it earns on a day. `is_least`: events from before they were tracked may be missing."""
        worth = self.worth
        full = events = 0
        for day, count in people.by_day.items():
            tenths = worth[today - day]
            if tenths:
                full += count * tenths
                events += count
        left, after_once = people.by_day, full
        if self.once_per and people.days:
            left = self._count_one_each(people)
            after_once = sum([count * worth[today - day] for day, count in left.items()])
        tenths = self.sum_up(left, today) if self.has_limit else after_once
        of_machines = [points for day in machines.days if (points := worth[today - day])]
        return EarnedByEvents(
            self.name,
            tenths,
            events,
            full,
            after_once - full,
            tenths - after_once,
            len(of_machines),
            sum(of_machines),
            is_least,
        )

    def limit_events(self, count: int) -> int:
        """How many of so many events of a day count."""
        return count if self.most is None else min(count, self.most)

    def count_left(self, people: KindEvents) -> Mapping[int, int]:
        """How many events of each day earn points, before the limit of a day."""
        return self._count_one_each(people) if self.once_per and people.days else people.by_day

    def sum_up(self, left: Mapping[int, int], today: int) -> int:
        """What so many events of each day earn on a day (tenths), within the limit of a day."""
        if self.has_limit:
            limited = self.limited
            return sum([limited[count, today - day] for day, count in left.items()])
        worth = self.worth
        return sum([count * worth[today - day] for day, count in left.items()])

    def _count_one_each(self, events: KindEvents) -> Mapping[int, int]:
        """How many events of each day are left: of those with one value, the latest, which has most points left."""
        latest: dict[Typed, int] = {}
        kept: list[int] = []
        for value, day in zip(events.pick(self.once_per), events.days, strict=True):
            if value is None:
                kept.append(day)
            elif day > latest.get(value, 0):
                latest[value] = day
        if self.folds:
            by_key: dict[Typed, int] = {}
            for value, day in latest.items():
                key = key_of(str(value))
                by_key[key] = max(day, by_key.get(key, 0))
            latest = by_key
        return Counter([*kept, *latest.values()])
