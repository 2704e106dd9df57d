"""From a raw event, in our words or as a system sends it, to a typed one, or to every mistake in it.

The properties of an event are cleaned like the fields of a lead. An event of a kind that the card doesn't know is no
mistake: it is counted under its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from leadledger.scoring.errors import BadValue, UnreadableValue, did_you_mean, quote
from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.events.event_time import EventTime, make_time_reader
from leadledger.scoring.events.property_reader import PropertyReader
from leadledger.scoring.events.systems import (
    PLAIN_MEMBERS,
    PLAIN_SYSTEM,
    WHOLE,
    EventSystem,
    find_part,
    find_system,
)
from leadledger.scoring.events.typed_event import TypedEvent
from leadledger.scoring.field import Field
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import WHITE_SPACE, key_of
from leadledger.scoring.tree import Typed

LONGEST_NAME = 200  # characters of the name of a kind, an id or a source
MOST_GUESSES = (
    10  # mistakes after which nothing more is guessed: a hostile event has a hundred thousand unknown members
)
WHOSE_MEMBERS = frozenset({"lead", "anonymous_id"})  # of events that are stored, which come without their lead
_SHAPE = 'an event is an object like {"kind": "visit", "time": "2026-01-31T10:00:00Z"}'


class KnownNames:
    """Which declared kind an event is of, by its system and the name of its kind there."""

    def __init__(self, kinds: Mapping[str, EventKind]) -> None:
        self.by_name: dict[tuple[str, str], str] = {}
        roots = [kind for kind in kinds.values() if kind.root == kind.name]
        for kind in roots:
            for system, name in (*kind.names, *kind.standard):
                self.by_name.setdefault((system, key_of(name)), kind.name)
        for kind in roots:
            self.by_name.setdefault(("", key_of(kind.name)), kind.name)

    def find(self, system: str, name: str) -> str | None:
        """The declared kind; None: the card doesn't know it."""
        key = key_of(name)
        return self.by_name.get((system, key)) or self.by_name.get(("", key))


class EventReader:
    """Reads the events of one card. `properties` are those of each kind, in the card's spelling."""

    def __init__(self, card: Card, properties: Mapping[str, Mapping[str, Field]]) -> None:
        self.names = KnownNames(card.events)
        self.read_time = make_time_reader(card.time_zone, card.zoned)
        summed = {
            (card.events[field.event_value.kind].root, field.event_value.property)
            for field in card.event_fields
            if field.event_value is not None and field.event_value.way == "sum"
        }
        self.readers = {
            kind: PropertyReader(fields, card.missing_texts, {name for root, name in summed if root == kind})
            for kind, fields in properties.items()
        }

    def read(self, raw: Any, path: str, problems: list[BadValue]) -> TypedEvent | str | None:
        """The typed event, or the name of a kind that the card doesn't know; None where there are problems.

        `path` leads to the event in the caller's input.
        """
        if not isinstance(raw, Mapping):
            place, _, member = path.rpartition(".")
            problems.append(BadValue("", member, raw, f"{quote(raw)} is no event; {_SHAPE}", place))
            return None
        system = PLAIN_SYSTEM if "kind" in raw else find_system(raw)
        if system is None:
            problems.append(BadValue("", "kind", None, f"is missing; {_SHAPE}", path))
            return None
        before = len(problems)
        if system is PLAIN_SYSTEM:
            for member in raw:
                if member not in PLAIN_MEMBERS:
                    hint = did_you_mean(str(member), PLAIN_MEMBERS) if len(problems) < MOST_GUESSES else ""
                    mend = "" if "Did you mean" in hint else " What the event tells stands in `properties`."
                    if member in WHOSE_MEMBERS:
                        hint, mend = " These events are those of the lead beside them; remove it.", ""
                    problems.append(BadValue("", str(member), None, f"unknown member of an event.{hint}{mend}", path))
        name = self._read_name(raw, system, path, problems)
        if len(problems) > before:
            return None
        kind = self.names.find("" if system is PLAIN_SYSTEM else system.name, name)
        if kind is None:
            return name
        time = self._read_time(raw, system, "time", path, problems)
        received = self._read_time(raw, system, "received", path, problems)
        source, event_id = (self._read_text(raw, system, member, path, problems) for member in ("source", "id"))
        values = self._read_properties(raw, system, kind, path, problems)
        if len(problems) > before or time is None:
            return None
        source = source or ("" if system is PLAIN_SYSTEM else system.name)
        identity = (
            (source, event_id)
            if event_id
            else (source, kind, time.day.toordinal(), time.instant, tuple(values.values()))
        )
        return TypedEvent(kind, time.day, time.instant, received and received.day, identity, values)

    def check_unknown(self, raw: Mapping[str, Any], path: str, problems: list[BadValue]) -> None:
        """Note what would keep an event of a kind that the card doesn't know from being counted by a later card."""
        system = find_system(raw) or PLAIN_SYSTEM
        for member in ("time", "received"):
            self._read_time(raw, system, member, path, problems)
        for member in ("source", "id"):
            self._read_text(raw, system, member, path, problems)
        self._find_properties(raw, system, path, problems)

    def _read_name(self, raw: Mapping[str, Any], system: EventSystem, path: str, problems: list[BadValue]) -> str:
        """The name of the kind, as the system has it."""
        name = next((part for member in system.kind if (part := find_part(raw, member)) is not None), None)
        if isinstance(name, str) and name.strip(WHITE_SPACE) and _is_short_text(name):
            return name.strip(WHITE_SPACE)
        reason = f"{quote(name)} is no name of a kind; a name is a text of at most {LONGEST_NAME} characters"
        problems.append(BadValue("", system.kind[0], name, reason, path))
        return ""

    def _read_time(
        self, raw: Mapping[str, Any], system: EventSystem, member: str, path: str, problems: list[BadValue]
    ) -> EventTime | None:
        """When the event happened or was received; None where that is not known. An event always happened once."""
        place: str = getattr(system, member)
        value = find_part(raw, place) if place else None
        if value is None or value == "":
            if member == "time":
                problems.append(
                    BadValue("", place, None, "is missing; an event needs the time at which it happened", path)
                )
            return None
        try:
            return self.read_time(value, system.unit)
        except UnreadableValue as reason:
            problems.append(BadValue("", place, value, str(reason), path))
            return None

    def _read_text(
        self, raw: Mapping[str, Any], system: EventSystem, member: str, path: str, problems: list[BadValue]
    ) -> str:
        """The id of an event, or its source; empty where it has none."""
        place: str = getattr(system, member)
        value = find_part(raw, place) if place else None
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            with suppress(ValueError):  # more digits than Python prints
                value = str(value)
        if not _is_short_text(value):
            reason = f"{quote(value)} must be a text of at most {LONGEST_NAME} characters, or a whole number"
            problems.append(BadValue("", place, value, reason, path))
            return ""
        return str(value).strip(WHITE_SPACE)

    def _read_properties(
        self, raw: Mapping[str, Any], system: EventSystem, kind: str, path: str, problems: list[BadValue]
    ) -> dict[str, Typed]:
        """The typed value of each property of the kind."""
        properties, reader = self._find_properties(raw, system, path, problems), self.readers[kind]
        if properties is None:
            return dict(reader.blank)
        return reader.read(properties, "" if system.properties == WHOLE else f"{system.properties}.", path, problems)

    def _find_properties(
        self, raw: Mapping[str, Any], system: EventSystem, path: str, problems: list[BadValue]
    ) -> Mapping[str, Any] | None:
        """The raw properties of an event; None where it has none."""
        properties = find_part(raw, system.properties)
        if properties is None or isinstance(properties, Mapping):
            return properties
        reason = f'{quote(properties)} must be an object like {{"path": "/pricing"}}'
        problems.append(BadValue("", system.properties, properties, reason, path))
        return None


def make_event_reader(
    kinds: Mapping[str, EventKind], fields: Mapping[str, Field], missing: tuple[str, ...], zone: tuple[str, bool]
) -> EventReader:
    """A reader for a card that is still being read; `zone` is its time zone, and whether it names one."""
    card = Card("", fields, missing=missing, events=kinds, time_zone=zone[0], zoned=zone[1])
    return EventReader(card, {name: kind.properties for name, kind in kinds.items() if kind.root == name})


def _is_short_text(value: Any) -> bool:
    """Whether a value is a text that every answer and database can hold."""
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # half a character
        return False
    return True
