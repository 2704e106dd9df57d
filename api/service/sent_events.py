"""From a raw event that is to be stored to the rows of the log, or to every mistake in it with its path.

What an event tells is kept as it came; its times are written in one form, so that they sort. An event of a kind that
the card doesn't know is kept too: a later card may count it.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from leadledger.api.log.event_rows import EventRow, JoinRow
from leadledger.api.log.record import make_storable
from leadledger.api.requests.body import MOST_NAMES, is_encodable
from leadledger.api.requests.json_text import name_kind
from leadledger.api.requests.lead_events import note_repeats
from leadledger.api.requests.mistakes import NOTHING, Mistakes, Path
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import BadValue, UnreadableValue
from leadledger.scoring.events.event_reader import LONGEST_NAME
from leadledger.scoring.events.event_time import EventTime, format_time
from leadledger.scoring.events.systems import (
    LEAD,
    PLAIN,
    PLAIN_MEMBERS,
    PLAIN_SYSTEM,
    EventSystem,
    find_part,
    find_system,
)
from leadledger.scoring.known_results import KnownResults
from leadledger.scoring.lead_ids import LONGEST_ID
from leadledger.scoring.text_forms import WHITE_SPACE

IDENTIFY, ALIAS = "identify", "alias"  # kinds of events, in our words and Segment's, that join ids
CLOUD_EVENTS = "cloudevents"
_EXAMPLE = 'an event is an object like {"kind": "visit", "lead": "L1", "time": "2026-01-31T10:00:00Z"}'
_NO_LEAD = "is missing; an event names its lead, or somebody not yet known by an anonymous id"
_USUAL_MEMBERS = frozenset((*PLAIN_MEMBERS, LEAD))
_PLAIN = re.compile("[!-~]+")  # ASCII without blanks
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass
class SentEvents:
    """The events of one request: rows for the log, and kinds that the card doesn't declare, counted by name."""

    events: list[EventRow] = field(default_factory=list)
    joins: list[JoinRow] = field(default_factory=list)
    unknown_kinds: Counter[str] = field(default_factory=Counter)


class SentEventReader:
    """Reads events for the card that is served."""

    def __init__(self, engine: Engine) -> None:
        self.reader = engine.event_reader
        self.times = KnownResults[str](lambda raw: format_time(self.reader.read_time(raw)))
        self.kinds = KnownResults[str | None](lambda name: self.reader.names.find("", name))

    def read_all(
        self, events: Sequence[Any], paths: Sequence[Path], at: str, key: str, sent: SentEvents, mistakes: Mistakes
    ) -> int:
        """Add events to those sent, or note their mistakes. Returns how many have some.

        `at` is the present time, `key` the id of the API key. Those of the usual form, as a program writes them in our
        words, are read together, in a third of the time.
        """
        rows = [self._read_usual(raw, at, key) for raw in events]
        by_kind: defaultdict[str, list[int]] = defaultdict(list)
        for number, row in enumerate(rows):
            if row is not None and (kind := self.kinds[row.kind]) is not None:
                by_kind[kind].append(number)
        for kind, numbers in by_kind.items():
            if not self._can_read(kind, [events[number].get("properties") or {} for number in numbers]):
                for number in numbers:
                    rows[number] = None
        refused = 0
        for raw, row, path in zip(events, rows, paths, strict=True):
            if row is None:
                before = mistakes.count
                self.read(raw, path, at, key, sent, mistakes)
                refused += mistakes.count > before
                continue
            sent.events.append(row)
            if self.kinds[row.kind] is None:
                sent.unknown_kinds[row.kind] += 1
        return refused

    def _can_read(self, kind: str, properties: list[dict[str, Any]]) -> bool:
        """Whether the properties of events of one kind have no mistake and are of the usual form."""
        try:
            return self.reader.readers[kind].read_columns(properties) is not None
        except (TypeError, ValueError, OverflowError, UnreadableValue):
            return False

    def _read_usual(self, raw: Any, at: str, key: str) -> EventRow | None:
        """The row of an event of the usual form, whose properties are yet to be checked; None for any other."""
        try:
            if type(raw) is not dict or not raw.keys() <= _USUAL_MEMBERS:
                return None
            kind, lead, event_id, source = raw["kind"], raw["lead"], raw["id"], raw.get("source", "")
            if not _PLAIN.fullmatch(kind + lead + event_id + source) or kind in (IDENTIFY, ALIAS):
                return None
            if not (0 < len(kind) <= LONGEST_NAME and 0 < len(lead) <= LONGEST_ID and len(source) <= LONGEST_NAME):
                return None
            if not 0 < len(event_id) <= LONGEST_NAME:
                return None
            received = "" if raw.get("received") is None else raw["received"]
            properties = {} if raw.get("properties") is None else raw["properties"]
            if type(properties) is not dict or len(properties) > MOST_NAMES or dict in map(type, properties.values()):
                return None
            happened, known = self.times[raw["time"]], "" if received == "" else self.times[received]
            return _make_row(lead, kind, happened, known, event_id, source, PLAIN, properties, at, key)
        except (KeyError, TypeError, ValueError, UnreadableValue):
            return None

    def read(self, raw: Any, path: Path, at: str, key: str, sent: SentEvents, mistakes: Mistakes) -> None:
        """Add an event to those sent, or note its mistakes. `at` is the present time, `key` the id of the API key."""
        before = mistakes.count
        if not _is_event(raw, path, mistakes):
            return
        system = find_system(raw) or PLAIN_SYSTEM
        verb = _find_verb(raw, system)
        event = _leave_out_ids(raw, verb) if system is PLAIN_SYSTEM else raw
        problems: list[BadValue] = []
        typed = self.reader.read(event, "$", problems)
        is_unknown = isinstance(typed, str)
        if isinstance(typed, str):
            self.reader.check_unknown(event, "$", problems)
        for problem in problems:
            value = NOTHING if problem.value is None else problem.value
            mistakes.add((*path, *problem.column.split(".", 1)), problem.reason, value)
        if system.name == CLOUD_EVENTS:
            _check_cloud_event(raw, path, mistakes)
        # Segment's `identify` may tell of one id alone; so may any event of a kind that the card declares.
        must_join = is_unknown and (verb == ALIAS or (verb == IDENTIFY and system is PLAIN_SYSTEM))
        lead, other = _read_ids(raw, system, verb, must_join, path, mistakes)
        if mistakes.count > before:
            return
        try:
            row = self._make_row(event, system, lead, at, key)
        except UnreadableValue as reason:
            mistakes.add((*path, *_steps(system.time)), str(reason))
            return
        except (TypeError, ValueError):
            place = (*path, *_steps(system.properties.strip(".")))
            mistakes.add(place, "holds a number that JSON doesn't have; send null")
            return
        sent.events.append(row)
        if other and lead != other:
            sent.joins.append(JoinRow(verb, lead, other, row.received, at, key))
        elif isinstance(typed, str) and not verb:
            sent.unknown_kinds[typed] += 1

    def _make_row(self, event: Mapping[str, Any], system: EventSystem, lead: str, at: str, key: str) -> EventRow:
        """The row of a sound event. Raises UnreadableValue, TypeError, ValueError."""
        name = next(str(part) for member in system.kind if (part := find_part(event, member)) is not None)
        time = find_part(event, system.time)
        happened = self.times[time] if isinstance(time, str) else self._write(time, system.unit)
        received = (find_part(event, system.received) if system.received else None) or ""
        known = self.times[received] if received else ""
        source, event_id = (_read_text(event, path) for path in (system.source, system.id))
        if not source and system is not PLAIN_SYSTEM:
            source = system.name
        properties = find_part(event, system.properties) or {}
        kind = make_storable(name.strip(WHITE_SPACE))
        return _make_row(lead, kind, happened, known, event_id, source, system.name, properties, at, key)

    def _write(self, raw: Any, unit: str) -> str:
        time: EventTime = self.reader.read_time(raw, unit)
        return format_time(time)


def _make_row(
    lead: str,
    kind: str,
    time: str,
    received: str,
    event_id: str,
    source: str,
    system: str,
    properties: Mapping[str, Any],
    at: str,
    key: str,
) -> EventRow:
    """The row of an event; `received` is empty where nothing was said. Raises TypeError, ValueError."""
    text = _ENCODER.encode(properties)
    whole = "\0".join((lead, system, kind, time, received, text))
    digest = blake2b(whole.encode(), digest_size=16).hexdigest()
    return EventRow(lead, kind, time, received or at, event_id, source, system, text, digest, at, key)


def _is_event(raw: Any, path: Path, mistakes: Mistakes) -> bool:
    """Whether a value has the form of an event; mistakes are noted."""
    if not isinstance(raw, dict):
        mistakes.add(path, f"is {name_kind(raw)}; {_EXAMPLE}")
        return False
    for part, place in ((raw, path), *((part, (*path, name)) for name, part in raw.items())):
        if isinstance(part, dict) and len(part) > MOST_NAMES:
            mistakes.add(place, f"has {len(part):,} names; send at most {MOST_NAMES:,}")
            return False
    note_repeats(raw, path, mistakes)
    return True


def _find_verb(raw: Mapping[str, Any], system: EventSystem) -> Any:
    """How an event joins two ids; empty: it doesn't."""
    if system is PLAIN_SYSTEM or system.name == "segment":
        name = raw.get("kind" if system is PLAIN_SYSTEM else "type")
        if name in (IDENTIFY, ALIAS):
            return name
    return ""


def _leave_out_ids(raw: Mapping[str, Any], verb: str) -> dict[str, Any]:
    """A plain event as it stands beside a lead."""
    ids: Sequence[str] = (
        *PLAIN_SYSTEM.lead,
        *PLAIN_SYSTEM.anonymous,
        *([PLAIN_SYSTEM.previous] if verb == ALIAS else ()),
    )
    return {name: value for name, value in raw.items() if name not in ids}


def _check_cloud_event(raw: Mapping[str, Any], path: Path, mistakes: Mistakes) -> None:
    if raw["specversion"] != "1.0":
        mistakes.add(
            (*path, "specversion"), "must be '1.0', the version of CloudEvents that is read", raw["specversion"]
        )
    for member in ("id", "source"):
        if raw.get(member) in (None, ""):
            mistakes.add((*path, member), "is missing; each event of CloudEvents has one")
    if raw.get("data_base64") is not None:
        mistakes.add((*path, "data_base64"), "can't be read; send `data`, an object")


def _read_ids(
    raw: Mapping[str, Any], system: EventSystem, verb: str, must_join: bool, path: Path, mistakes: Mistakes
) -> tuple[str, str]:
    """The id under which an event is stored, and one that it joins to that (empty: none); mistakes are noted."""
    before = mistakes.count
    lead, anonymous, previous = (
        _find_id(raw, members, path, mistakes) for members in (system.lead, system.anonymous, (system.previous,))
    )
    if mistakes.count > before:
        return "", ""
    other = anonymous if verb == IDENTIFY else previous if verb == ALIAS else ""
    if must_join and not (lead and other):
        missing = system.lead[0] if not lead else system.anonymous[0] if verb == IDENTIFY else system.previous
        mistakes.add((*path, *_steps(missing)), f"is missing; `{verb}` joins two ids of one lead")
    elif not lead and not anonymous and system.fits(raw):
        mistakes.add((*path, *_steps((system.lead or system.anonymous)[0])), _NO_LEAD)
    return lead or anonymous, other if lead else ""


def _find_id(raw: Mapping[str, Any], members: Sequence[str], path: Path, mistakes: Mistakes) -> str:
    """The first id under some members; empty: there is none, or it is no id, which is noted."""
    for member in members:
        value = find_part(raw, member) if member else None
        if value is None or value == "":
            continue
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        text = value.strip(WHITE_SPACE) if isinstance(value, str) else ""
        if 0 < len(text) <= LONGEST_ID and is_encodable(text):
            return make_storable(text)
        mistakes.add((*path, *_steps(member)), f"is not an id of a lead: a text of 1 to {LONGEST_ID} characters", value)
        return ""
    return ""


def _read_text(event: Mapping[str, Any], path: str) -> str:
    value = find_part(event, path) if path else None
    return "" if value is None else make_storable(str(value).strip(WHITE_SPACE))


def _steps(member: str) -> list[str]:
    return member.split(".") if member else []
