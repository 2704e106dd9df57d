"""Events of machines: what a card's `machine:` says, and the shipped rule for mail scanners.

The rule marks an event whose agent is a known one (`machines.yaml`), and events that followed several links of one mail
within seconds. It needs properties with usual names, such as `agent`, `mail` and `link`; without them it marks nothing.
A marked event earns nothing and isn't counted; it is kept, and shown with what it would have earned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.events.known_results import KnownResults
from leadledger.scoring.events.systems import read_machine_signs
from leadledger.scoring.events.typed_event import TypedEvent
from leadledger.scoring.text_forms import fold

MICROSECONDS = 1_000_000


class ScannerRule:
    """The shipped rule, for the events of one kind."""

    def __init__(self, kind: EventKind) -> None:
        signs = read_machine_signs()
        self.agent, self.mail, self.link = (
            _find_property(kind.properties, names) for names in (signs.agent, signs.mail, signs.link)
        )
        self.agents = tuple(map(fold, signs.agents))
        self.is_known = KnownResults(self._is_known)
        self.span = signs.seconds * MICROSECONDS
        self.asks_links = bool(self.mail and self.link)

    def _is_known(self, agent: object) -> bool:
        """Whether an agent is a scanner or another program."""
        folded = fold(str(agent))
        return any(part in folded for part in self.agents)

    def mark(self, events: Iterable[TypedEvent]) -> None:
        """Mark the events of machines among all events of a lead that are of the kind."""
        if not self.agent and not self.asks_links:
            return
        by_mail: dict[Any, list[TypedEvent]] = defaultdict(list)
        for event in events:
            agent = event.values[self.agent] if self.agent else None
            if agent is not None and self.is_known[agent]:
                event.is_machine = True
            if self.asks_links and event.instant is not None and event.values[self.link] is not None:
                by_mail[event.values[self.mail]].append(event)
        by_mail.pop(None, None)
        for followed in by_mail.values():
            if len(followed) > 1:
                self._mark_rapid(followed)

    def _mark_rapid(self, followed: list[TypedEvent]) -> None:
        """Mark the events on links of one mail that have another link near them."""
        followed.sort(key=lambda event: event.instant or 0)
        for i, event in enumerate(followed):
            for other in followed[i + 1 :]:
                if (other.instant or 0) - (event.instant or 0) > self.span:
                    break
                if other.values[self.link] != event.values[self.link]:
                    event.is_machine = other.is_machine = True


def _find_property(properties: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((name for name in names if name in properties), "")
