"""From a raw event that is to be stored to the rows of the log, or to every mistake in it with its path.

What an event tells is kept as it came; its times are written in one form, so that they sort. An event of a kind that
the card doesn't know is kept too: a later card may count it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from leadledger.api.log.event_rows import EventRow, JoinRow
from leadledger.api.log.record import make_storable
from leadledger.api.requests.body import is_encodable
from leadledger.api.requests.json_text import name_kind
from leadledger.api.requests.lead_events import note_repeats
from leadledger.api.requests.mistakes import NOTHING, Mistakes, Path
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import BadValue, UnreadableValue
from leadledger.scoring.events.event_time import EventTime, format_time
from leadledger.scoring.events.known_results import KnownResults
from leadledger.scoring.events.systems import PLAIN_SYSTEM, EventSystem, find_part, find_system
from leadledger.scoring.lead_ids import LONGEST_ID
from leadledger.scoring.text_forms import WHITE_SPACE

IDENTIFY, ALIAS = "identify", "alias"  # kinds of events, in our words and Segment's, that join ids
CLOUD_EVENTS = "cloudevents"
_EXAMPLE = 'an event is an object like {"kind": "visit", "lead": "L1", "time": "2026-01-31T10:00:00Z"}'
_NO_LEAD = "is missing; an event names its lead, or somebody not yet known by an anonymous id"
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

    def read(self, raw: Any, path: Path, at: str, key: str, sent: SentEvents, mistakes: Mistakes) -> None:
        """Add an event to those sent, or note its mistakes. `at` is the present time, `key` the id of the API key."""
        if not isinstance(raw, dict):
            mistakes.add(path, f"is {name_kind(raw)}; {_EXAMPLE}")
            return
        before = mistakes.count
        note_repeats(raw, path, mistakes)
        system = find_system(raw) or PLAIN_SYSTEM
        verb = _find_verb(raw, system)
        event = _leave_out_ids(raw, verb) if system is PLAIN_SYSTEM else raw
        problems: list[BadValue] = []
        typed = self.reader.read(event, "$", problems)
        if isinstance(typed, str):
            self.reader.check_unknown(event, "$", problems)
        for problem in problems:
            value = NOTHING if problem.value is None else problem.value
            mistakes.add((*path, *problem.column.split(".", 1)), problem.reason, value)
        if system.name == CLOUD_EVENTS:
            _check_cloud_event(raw, path, mistakes)
        known = mistakes.count
        lead, anonymous, previous = (
            _find_id(raw, members, path, mistakes) for members in (system.lead, system.anonymous, (system.previous,))
        )
        if not lead and not anonymous and mistakes.count == known and find_system(raw) is not None:
            mistakes.add((*path, *_steps((system.lead or system.anonymous)[0])), _NO_LEAD)
        other = anonymous if verb == IDENTIFY else previous if verb == ALIAS else ""
        if verb and not (lead and other) and isinstance(typed, str) and (system is PLAIN_SYSTEM or verb == ALIAS):
            self._note_unjoined(system, verb, lead, path, mistakes)
        if mistakes.count > before:
            return
        try:
            row = self._make_row(event, system, lead or anonymous, at, key)
        except UnreadableValue as reason:
            mistakes.add((*path, *_steps(system.time)), str(reason))
            return
        except (TypeError, ValueError):
            mistakes.add(
                (*path, *_steps(system.properties.strip("."))), "holds a number that JSON doesn't have; send null"
            )
            return
        sent.events.append(row)
        if verb and lead and other and lead != other:
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
        properties = _ENCODER.encode(find_part(event, system.properties) or {})
        kind = make_storable(name.strip(WHITE_SPACE))
        whole = "\0".join((lead, system.name, kind, happened, known, properties))
        digest = blake2b(whole.encode(), digest_size=16).hexdigest()
        return EventRow(lead, kind, happened, known or at, event_id, source, system.name, properties, digest, at, key)

    def _write(self, raw: Any, unit: str) -> str:
        time: EventTime = self.reader.read_time(raw, unit)
        return format_time(time)

    @staticmethod
    def _note_unjoined(system: EventSystem, verb: str, lead: str, path: Path, mistakes: Mistakes) -> None:
        """Note that an event which joins two ids has one only."""
        other = system.anonymous[0] if verb == IDENTIFY else system.previous
        member = other if lead else system.lead[0]
        mistakes.add((*path, *_steps(member)), f"is missing; `{verb}` joins two ids of one lead")


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
