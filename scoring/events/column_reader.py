"""From the raw events of a lead to columns of typed ones, a kind at a time.

Events that are written in our own words and alike, as a program writes them, are read together. What is out of the
usual is split off and read one by one by the `EventReader`, which also finds every mistake; both read an event alike.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from leadledger.scoring.errors import BadValue, LeadError, UnreadableValue
from leadledger.scoring.events.event_columns import ALWAYS, EventColumns, join_columns, make_columns
from leadledger.scoring.events.event_reader import LONGEST_NAME, EventReader
from leadledger.scoring.events.property_reader import pick_column
from leadledger.scoring.events.systems import PLAIN_MEMBERS
from leadledger.scoring.events.time_columns import TimeColumns
from leadledger.scoring.events.typed_event import TypedEvent
from leadledger.scoring.known_results import KnownResults
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import WHITE_SPACE

_MEMBERS = frozenset(PLAIN_MEMBERS)
_PLAIN = re.compile("[!-~]+")  # ASCII without blanks
_FEW = 16  # events that aren't worth splitting


@dataclass(frozen=True, slots=True)
class ReadEvents:
    """The events of a lead: columns of each kind of which there are any, and how many are of each unknown kind."""

    by_kind: Mapping[str, EventColumns]
    unknown_kinds: dict[str, int]


class ColumnReader:
    """Reads the events of the leads of one card. `thorough` reads a single one."""

    def __init__(self, card: Card, thorough: EventReader) -> None:
        self.thorough = thorough
        self.find_kind = KnownResults(lambda name: thorough.names.find("", name))
        self.times = TimeColumns(card.time_zone, thorough.read_time)

    def read(self, events: Sequence[Any], path: str) -> ReadEvents:
        """The raw events as columns. Raises LeadError with every mistake; `path` leads to the events."""
        by_name, odd = _group(events)
        by_kind: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        unknown: Counter[str] = Counter()
        for name, raws in by_name.items():
            if not (isinstance(name, str) and _is_plain_name(name)):
                odd += raws
            elif (kind := self.find_kind[name]) is not None:
                by_kind[kind] += raws
            elif set[str]().union(*raws) <= _MEMBERS:
                unknown[name] += len(raws)
            else:
                odd += raws
        parts = {kind: self._read_kind(kind, raws, odd) for kind, raws in by_kind.items()}
        typed: defaultdict[str, list[TypedEvent]] = defaultdict(list)
        for raw in odd:
            problems: list[BadValue] = []
            event = self.thorough.read(raw, path, problems)
            if isinstance(event, TypedEvent):
                typed[event.kind].append(event)
            elif event is not None:
                unknown[event] += 1
            else:
                raise LeadError(self._list_problems(events, path))
        for kind, several in typed.items():
            parts.setdefault(kind, []).append(make_columns(several, self.thorough.readers[kind].fields))
        return ReadEvents(
            {kind: join_columns(columns) for kind, columns in parts.items() if columns}, dict(sorted(unknown.items()))
        )

    def _list_problems(self, events: Sequence[Any], path: str) -> list[BadValue]:
        """Every mistake in the events, in their order."""
        problems: list[BadValue] = []
        for number, raw in enumerate(events):
            self.thorough.read(raw, f"{path}[{number}]", problems)
        return problems

    def _read_kind(self, kind: str, raws: list[dict[str, Any]], odd: list[Any]) -> list[EventColumns]:
        """The events of one kind; those out of the usual are added to `odd`, found by halving."""
        columns = self._read_alike(kind, raws)
        if columns is not None:
            return [columns]
        if len(raws) <= _FEW:
            odd += raws
            return []
        half = len(raws) // 2
        return [*self._read_kind(kind, raws[:half], odd), *self._read_kind(kind, raws[half:], odd)]

    def _read_alike(self, kind: str, raws: list[dict[str, Any]]) -> EventColumns | None:
        """Events that are all of the usual form; None where one is not."""
        try:
            members = set[str]().union(*raws)
            if not members <= _MEMBERS:
                return None
            days, instants = self.times.read(pick_column(raws, "time"))
            received = self._read_received(pick_column(raws, "received")) if "received" in members else None
            properties = pick_column(raws, "properties") if "properties" in members else [{}] * len(raws)
            if set(map(type, properties)) != {dict}:
                properties = [{} if part is None else part for part in properties]
                if set(map(type, properties)) != {dict}:
                    return None
            values = self.thorough.readers[kind].read_columns(properties)
            if values is None:
                return None
            sources = pick_column(raws, "source") if "source" in members else [""]
            ids = pick_column(raws, "id") if "id" in members else []
            columns = EventColumns(days, instants, received, [], None, values)
            return columns if _identify(columns, kind, sources, ids) else None
        except (KeyError, TypeError, ValueError, OverflowError, UnreadableValue):
            return None

    def _read_received(self, raws: list[Any]) -> list[int]:
        """The days on which events were received; without one, an event always was."""
        if None not in raws:
            return self.times.read(raws)[0]
        return [ALWAYS if raw is None else self.times.read([raw])[0][0] for raw in raws]


def _group(events: Sequence[Any]) -> tuple[Mapping[Any, list[Any]], list[Any]]:
    """The events by the name of their kind, and those that don't say it in our words."""
    by_name: defaultdict[Any, list[Any]] = defaultdict(list)
    if set(map(type, events)) <= {dict}:
        try:
            for event in events:
                by_name[event["kind"]].append(event)
        except (KeyError, TypeError):
            by_name.clear()
        else:
            return by_name, []
    odd = []
    for event in events:
        if type(event) is dict and isinstance(name := event.get("kind"), str):
            by_name[name].append(event)
        else:
            odd.append(event)
    return by_name, odd


def _identify(columns: EventColumns, kind: str, sources: list[Any], ids: list[Any]) -> bool:
    """Give events their identities: source and id or, without ids, all that they tell. False: out of the usual."""
    several = set(sources)
    if None in several:
        sources = ["" if source is None else source for source in sources]
        several = set(sources)
    if not all(source == "" or (len(source) <= LONGEST_NAME and _PLAIN.fullmatch(source)) for source in several):
        return False
    if set(map(type, ids)) - {str}:
        ids = [str(name) if type(name) is int else name for name in ids]
    named = ids if all(ids) else [name for name in ids if name is not None]
    if named and not (_PLAIN.fullmatch("".join(named)) and all(named) and max(map(len, named)) <= LONGEST_NAME):
        return False
    if len(named) == len(columns) and len(several) == 1:
        columns.identities, columns.source = named, sources[0]
        return True
    all_sources = repeat(sources[0]) if len(several) == 1 else sources
    told = zip(*columns.values.values(), strict=True) if columns.values else repeat(())
    contents = zip(all_sources, repeat(kind), columns.days, columns.instants, told, strict=False)
    columns.identities = [
        content if name is None else (content[0], name)
        for name, content in zip(ids or repeat(None), contents, strict=False)
    ]
    return True


def _is_plain_name(name: str) -> bool:
    """Whether the name of a kind is read as it is."""
    return 0 < len(name) <= LONGEST_NAME and name.isascii() and name == name.strip(WHITE_SPACE)
