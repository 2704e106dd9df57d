"""From a raw event, in our words or as a system sends it, to a typed one, or to every mistake in it.

The properties of an event are cleaned like the fields of a lead. An event of a kind that the card doesn't know is no
mistake: it is counted under its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.column_names import name_key
from leadledger.scoring.errors import BadValue, UnreadableValue, did_you_mean, quote
from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.events.event_time import EventTime, make_time_reader
from leadledger.scoring.events.known_results import LONGEST_REMEMBERED, MOST_REMEMBERED, KnownResults
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

LARGEST_SUMMED = 1e12  # so that a sum of whole millionths stays exact in every engine
LONGEST_NAME = 200  # characters of the name of a kind, an id or a source
_MEMBERS = frozenset(PLAIN_MEMBERS)
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
        self.times = KnownResults(self.read_time)
        self.readers = {
            kind: _PropertyReader(fields, card.missing_texts, {name for root, name in summed if root == kind})
            for kind, fields in properties.items()
        }

    def read(self, raw: Any, path: str, problems: list[BadValue]) -> TypedEvent | str | None:
        """The typed event, or the name of a kind that the card doesn't know; None where there are problems.

        `path` leads to the event in the caller's input.
        """
        return self._read_usual(raw) or self._read_any(raw, path, problems)

    def _read_usual(self, raw: Any) -> TypedEvent | None:
        """The event that most raw ones are, read in a fraction of the time; None where anything is out of the usual."""
        try:
            if type(raw) is not dict or not raw.keys() <= _MEMBERS:
                return None
            kind = raw["kind"]
            reader = self.readers[kind]
            source, event_id = raw.get("source", ""), raw["id"]
            if not (len(source) <= LONGEST_NAME >= len(event_id) and source.isascii() and event_id.isascii()):
                return None
            time = self.times[raw["time"]]
            received = raw.get("received")
            received_day = None if received is None else self.times[received].day
            values = reader.read_usual(raw.get("properties") or {})
        except (KeyError, TypeError, AttributeError, UnreadableValue):
            return None
        if values is None or not event_id.strip(WHITE_SPACE):
            return None
        identity = (source.strip(WHITE_SPACE), event_id.strip(WHITE_SPACE))
        return TypedEvent(kind, time.day, time.instant, received_day, identity, values)

    def _read_any(self, raw: Any, path: str, problems: list[BadValue]) -> TypedEvent | str | None:
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
                    hint = did_you_mean(str(member), PLAIN_MEMBERS)
                    mend = "" if "Did you mean" in hint else " What the event tells stands in `properties`."
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
        identity = (source, event_id) if event_id else (source, kind, *time, tuple(values.values()))
        return TypedEvent(kind, time.day, time.instant, received and received.day, identity, values)

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
        properties = find_part(raw, system.properties)
        reader = self.readers[kind]
        if properties is None:
            return dict(reader.blank)
        if not isinstance(properties, Mapping):
            reason = f'{quote(properties)} must be an object like {{"path": "/pricing"}}'
            problems.append(BadValue("", system.properties, properties, reason, path))
            return {}
        return reader.read(properties, "" if system.properties == WHOLE else f"{system.properties}.", path, problems)


def make_event_reader(
    kinds: Mapping[str, EventKind], fields: Mapping[str, Field], missing: tuple[str, ...], zone: tuple[str, bool]
) -> EventReader:
    """A reader for a card that is still being read; `zone` is its time zone, and whether it names one."""
    card = Card("", fields, missing=missing, events=kinds, time_zone=zone[0], zoned=zone[1])
    return EventReader(card, {name: kind.properties for name, kind in kinds.items() if kind.root == name})


class _PropertyReader:
    """Cleans the properties of one kind. `summed` are those that the card adds up."""

    def __init__(self, fields: Mapping[str, Field], missing: frozenset[str], summed: set[str]) -> None:
        self.blank: dict[str, Typed] = dict.fromkeys(fields)
        self.fields = fields
        self.cleaners: dict[str, Callable[[Any], Typed]] = {}
        self.homes: dict[str, str] = {}
        keys: dict[str, str] = {}
        for name, field in fields.items():
            clean = make_cleaner(field, missing)
            self.cleaners[name] = _limited(clean) if name in summed else clean
            self.homes |= dict.fromkeys(field.columns, name)
            for column in field.columns:
                keys.setdefault(name_key(column), name)
        self.memo: dict[tuple[str, type, Any], tuple[str, Typed] | None] = {}  # what columns and raw values are read as
        self.find_alike = lru_cache(maxsize=256)(lambda column: keys.get(name_key(column)))

    def read_usual(self, properties: dict[str, Any]) -> dict[str, Typed] | None:
        """The typed values; None where a property comes twice. Raises TypeError, UnreadableValue for unusual ones."""
        values, memo = self.blank.copy(), self.memo
        for column, raw in properties.items():
            key = (column, raw.__class__, raw)
            pair = memo[key] if key in memo else self._remember(key)
            if pair is not None:
                name, value = pair
                if values[name] is not None:
                    return None
                values[name] = value
        return values

    def _remember(self, key: tuple[str, type, Any]) -> tuple[str, Typed] | None:
        """The property of a column and its typed value; None: no property, or a missing value."""
        column, _, raw = key
        name = self.homes.get(column) or self.find_alike(column)
        value = None if name is None else self.cleaners[name](raw)
        pair = None if name is None or value is None else (name, value)
        if len(self.memo) >= MOST_REMEMBERED:
            self.memo.clear()
        if not isinstance(raw, str) or len(raw) <= LONGEST_REMEMBERED:
            self.memo[key] = pair
        return pair

    def read(self, properties: Mapping[str, Any], place: str, path: str, problems: list[BadValue]) -> dict[str, Typed]:
        """The typed values; `place` is what stands before a property's name in the path of a mistake."""
        values = dict(self.blank)
        columns: dict[str, str] = {}
        for column, raw in properties.items():
            name = self.homes.get(column) or (self.find_alike(column) if isinstance(column, str) else None)
            if name is None:
                continue
            try:
                value = self.cleaners[name](raw)
            except UnreadableValue as reason:
                problems.append(BadValue(name, f"{place}{column}", raw, str(reason), path))
                continue
            if value is None:
                continue
            if columns.setdefault(name, column) != column and not self.fields[name].are_same(values[name], value):
                clash = f"'{name}' has another value under '{columns[name]}'; send one of the two"
                problems.append(BadValue(name, f"{place}{column}", raw, clash, path))
                continue
            values[name] = value
        return values


def _is_short_text(value: Any) -> bool:
    """Whether a value is a text that every answer and database can hold."""
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # half a character
        return False
    return True


def _limited(clean: Callable[[Any], Typed]) -> Callable[[Any], Typed]:
    """A cleaner of numbers that are added up."""

    def clean_summed(raw: Any) -> Typed:
        value = clean(raw)
        if isinstance(value, float) and abs(value) > LARGEST_SUMMED:
            raise UnreadableValue(f"{quote(raw)} can't be added up exactly; a number that is summed is at most 1e12")
        return value

    return clean_summed
