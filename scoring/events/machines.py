"""Events of machines: what a card's `machine:` says, and the shipped rule for mail scanners.

The rule marks an event by itself, where a program sent it (its agent, its method) or nobody can have been so quick
after delivery, and by the other events of one mail, where several links were followed within seconds, or every link
within minutes. It needs properties with usual names (`machines.yaml`); without them it marks nothing. A marked event
earns nothing and isn't counted; it is kept, and shown with what it would have earned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.events.known_results import KnownResults
from leadledger.scoring.events.systems import read_machine_signs
from leadledger.scoring.events.typed_event import TypedEvent
from leadledger.scoring.field import Field
from leadledger.scoring.text_forms import fold
from leadledger.scoring.tree import Typed

MICROSECONDS = 1_000_000


class ScannerRule:
    """The shipped rule, for the events of one kind."""

    def __init__(self, kind: EventKind) -> None:
        signs = read_machine_signs()
        self.agent, self.method, self.mail, self.link = (
            _find_property(kind.properties, names) for names in (signs.agent, signs.method, signs.mail, signs.link)
        )
        numbers = {name: field for name, field in kind.properties.items() if field.kind == "number"}
        self.links, self.delay = (_find_property(numbers, names) for names in (signs.links, signs.delay))
        self.signs = signs
        self.agents = tuple(map(fold, signs.agents))
        self.methods = frozenset(signs.methods)
        self.is_known = KnownResults(self._is_known)
        self.asks_links = bool(self.mail and self.link)
        self.asks_alone = bool(self.agent or self.method or self.delay)

    def _is_known(self, agent: object) -> bool:
        """Whether an agent is a scanner or another program."""
        folded = fold(str(agent))
        return any(part in folded for part in self.agents)

    def mark(self, events: Iterable[TypedEvent]) -> None:
        """Mark the events of machines among all events of a lead that are of the kind."""
        if not self.asks_alone and not self.asks_links:
            return
        by_mail: dict[Any, list[TypedEvent]] = defaultdict(list)
        for event in events:
            if self.asks_alone and self._is_machine(event.values):
                event.is_machine = True
            if self.asks_links and event.instant is not None and event.values[self.link] is not None:
                by_mail[event.values[self.mail]].append(event)
        by_mail.pop(None, None)
        for followed in by_mail.values():
            if len(followed) > 1:
                self._mark_rapid(followed)
                self._mark_run(followed)

    def _is_machine(self, values: Mapping[str, Typed]) -> bool:
        """Whether an event is one of a program by what it tells itself."""
        if self.agent and (agent := values[self.agent]) is not None and self.is_known[agent]:
            return True
        if self.method and (method := values[self.method]) is not None and fold(str(method)) in self.methods:
            return True
        delay = values[self.delay] if self.delay else None
        return isinstance(delay, float) and delay <= self.signs.delivery_seconds

    def _mark_rapid(self, followed: list[TypedEvent]) -> None:
        """Mark the events on links of one mail that have another link near them."""
        followed.sort(key=lambda event: event.instant or 0)
        span = self.signs.seconds * MICROSECONDS
        for i, event in enumerate(followed):
            for other in followed[i + 1 :]:
                if (other.instant or 0) - (event.instant or 0) > span:
                    break
                if other.values[self.link] != event.values[self.link]:
                    event.is_machine = other.is_machine = True

    def _mark_run(self, followed: list[TypedEvent]) -> None:
        """Mark the first events on each link of one mail where they are on all of its links, soon after each other.

        Only the first: a person who follows a link later, after the gateway, is none. `followed` is in order of time.
        """
        counts = [count for event in followed if self.links and isinstance(count := event.values[self.links], float)]
        if not counts or len(followed) < (links := max(counts)) or links < self.signs.fewest_links:
            return
        first: dict[Typed, int] = {}
        for event in followed:
            first.setdefault(event.values[self.link], event.instant or 0)
        span = max(first.values()) - min(first.values())
        if len(first) < links or span > self.signs.run_seconds * MICROSECONDS:
            return
        for event in followed:
            if event.instant == first[event.values[self.link]]:
                event.is_machine = True


def _find_property(properties: Mapping[str, Field], names: Sequence[str]) -> str:
    return next((name for name in names if name in properties), "")
