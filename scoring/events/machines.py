"""Events of machines: what a card's `machine:` says, and the shipped rule for mail scanners.

The rule marks an event by itself, where a program sent it (its agent, its method) or nobody can have been so quick
after delivery, and by the other events of one mail, where several links were followed within seconds, or every link
within minutes. It needs properties with usual names (`machines.yaml`); without them it marks nothing. A marked event
earns nothing and isn't counted; it is kept, and shown with what it would have earned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import TypeAlias

from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.events.event_columns import EventColumns
from leadledger.scoring.events.systems import read_machine_signs
from leadledger.scoring.field import Field
from leadledger.scoring.known_results import KnownResults
from leadledger.scoring.text_forms import fold
from leadledger.scoring.tree import Typed

Followed: TypeAlias = tuple[datetime, Typed, int]  # a link that was followed: when, which, and the row of the event
MUCH = 1.0  # seconds, more than a time loses as a float


class ScannerRule:
    """The shipped rule, for the events of one kind."""

    def __init__(self, kind: EventKind) -> None:
        signs = read_machine_signs()
        agent, method, self.mail, self.link = (
            _find_property(kind.properties, names) for names in (signs.agent, signs.method, signs.mail, signs.link)
        )
        numbers = {name: field for name, field in kind.properties.items() if field.kind == "number"}
        self.links, delay = (_find_property(numbers, names) for names in (signs.links, signs.delay))
        self.signs = signs
        agents, methods = tuple(map(fold, signs.agents)), frozenset(signs.methods)

        def is_known(agent: Typed) -> bool:
            folded = fold(str(agent))
            return any(part in folded for part in agents)

        def is_early(delay: Typed) -> bool:
            return isinstance(delay, float) and delay <= signs.delivery_seconds

        # What an event tells by itself: whether a value of a property is one of a program.
        tests: list[tuple[str, Callable[[Typed], bool]]] = [
            (agent, KnownResults(is_known).__getitem__),
            (method, lambda method: fold(str(method)) in methods),
            (delay, is_early),
        ]
        self.alone = [(name, test) for name, test in tests if name]

    def find(self, columns: EventColumns) -> set[int]:
        """The rows of the events of machines, among all events of a lead that are of the kind."""
        rows: set[int] = set()
        for name, test in self.alone:
            column = columns.values[name]
            machines = {value for value in set(column) if value is not None and test(value)}
            if machines:
                rows.update(row for row, value in enumerate(column) if value in machines)
        if self.mail and self.link:
            for followed in self._list_near(columns):
                rows |= self._find_rapid(followed)
                if self.links:
                    rows |= self._find_run(followed, columns.values[self.links])
        return rows

    def _list_near(self, columns: EventColumns) -> Iterator[list[Followed]]:
        """The links that were followed of each mail, in order of time, where two are so near that it needs a look."""
        mails, links, instants = columns.values[self.mail], columns.values[self.link], columns.instants
        seconds = [0.0 if instant is None else instant.timestamp() for instant in instants]
        reach = (self.signs.run_seconds if self.links else self.signs.seconds) + MUCH
        by_mail: dict[Typed, list[int]] = defaultdict(list)
        for row in sorted(range(len(columns)), key=seconds.__getitem__):
            by_mail[mails[row]].append(row)
        by_mail.pop(None, None)
        for rows in by_mail.values():
            if any([seconds[later] - seconds[row] <= reach for row, later in pairwise(rows)]):
                followed = [
                    (instant, link, row)
                    for row in rows
                    if (instant := instants[row]) is not None and (link := links[row]) is not None
                ]
                yield sorted(followed, key=itemgetter(0))

    def _find_rapid(self, followed: Sequence[Followed]) -> set[int]:
        """The events that have one on another link near them."""
        span = timedelta(seconds=self.signs.seconds)
        rows: set[int] = set()
        for i, (instant, link, row) in enumerate(followed):
            for j in range(i + 1, len(followed)):
                later, other_link, other_row = followed[j]
                if later - instant > span:
                    break
                if other_link != link:
                    rows |= {row, other_row}
        return rows

    def _find_run(self, followed: Sequence[Followed], counts: Sequence[Typed]) -> set[int]:
        """The first events on each link where they are on all links of the mail, soon after each other.

        Only the first: a person who follows a link later, after the gateway, is none. `counts` has of each row how many
        links the mail has.
        """
        numbers = [count for *_, row in followed if isinstance(count := counts[row], float)]
        first: dict[Typed, datetime] = {}
        for instant, link, _ in followed:
            first.setdefault(link, instant)
        if not numbers or len(first) < (links := max(numbers)) or links < self.signs.fewest_links:
            return set()
        if max(first.values()) - min(first.values()) > timedelta(seconds=self.signs.run_seconds):
            return set()
        return {row for instant, link, row in followed if instant == first[link]}


def _find_property(properties: Mapping[str, Field], names: Sequence[str]) -> str:
    return next((name for name in names if name in properties), "")
