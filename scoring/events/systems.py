"""The systems that send events, as data: how to tell whose an event is, and where its parts are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

PLAIN = "plain"  # an event in our own words
WHOLE = "."  # the path of an event itself


@dataclass(frozen=True)
class EventSystem:
    """How a system writes an event.

    `marks` are the members that tell its events from others, each with the texts that it may hold (none: any value).
    `kind` are the members that may name the kind. The others are paths, empty where it has no such part. `unit` is
    what a number counts that is a time; empty: its times are texts. `lead` and `anonymous` are the paths that may hold
    the id of the lead, and an id of somebody not yet known; `previous` that of an id which an alias replaces.
    """

    name: str
    marks: Mapping[str, Sequence[str]]
    kind: Sequence[str]
    id: str = ""
    time: str = ""
    received: str = ""
    source: str = ""
    properties: str = ""
    unit: str = ""
    lead: Sequence[str] = ()
    anonymous: Sequence[str] = ()
    previous: str = ""

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Whether an event has its marks."""
        return all(mark in event and (not texts or event[mark] in texts) for mark, texts in self.marks.items())


PLAIN_MEMBERS = ("kind", "id", "time", "received", "source", "properties")
LEAD, ANONYMOUS, PREVIOUS = "lead", "anonymous_id", "previous_id"  # whose an event is, where it doesn't stand by a lead
PLAIN_SYSTEM = EventSystem(
    PLAIN, {"kind": ()}, ("kind",), *PLAIN_MEMBERS[1:], lead=(LEAD,), anonymous=(ANONYMOUS,), previous=PREVIOUS
)


@cache
def read_systems() -> tuple[EventSystem, ...]:
    """All systems, in the order in which their marks are looked for; ours is the first."""
    systems = [PLAIN_SYSTEM]
    for name, entry in _read_file("event_systems.yaml")["systems"].items():
        marks = {mark: tuple(texts) if isinstance(texts, list) else () for mark, texts in entry.pop("marks").items()}
        systems.append(EventSystem(name, marks, tuple(entry.pop("kind")), **entry))
    return tuple(systems)


@cache
def read_standard_kinds() -> Mapping[str, Mapping[str, str]]:
    """The standard names of kinds: by kind, by system."""
    kinds: Mapping[str, Mapping[str, str]] = _read_file("event_systems.yaml")["kinds"]
    return kinds


def find_system(event: Mapping[str, Any]) -> EventSystem | None:
    """The system whose marks an event has; None: no known one."""
    return next((system for system in read_systems() if system.fits(event)), None)


def find_part(event: Mapping[str, Any], path: str) -> Any:
    """What stands at a path with dots in an event; None where nothing does."""
    if path == WHOLE:
        return event
    part: Any = event
    for step in path.split("."):
        if not isinstance(part, Mapping) or step not in part:
            return None
        part = part[step]
    return part


def list_system_names() -> Iterator[str]:
    """The names of the systems that a card may speak of."""
    return (system.name for system in read_systems() if system is not PLAIN_SYSTEM)


@dataclass(frozen=True)
class MachineSigns:
    """The signs by which the shipped rule knows mail scanners: names of properties, limits and words."""

    agent: Sequence[str]
    method: Sequence[str]
    mail: Sequence[str]
    link: Sequence[str]
    links: Sequence[str]
    delay: Sequence[str]
    seconds: int
    delivery_seconds: int
    fewest_links: int
    run_seconds: int
    methods: Sequence[str]
    agents: Sequence[str]


@cache
def read_machine_signs() -> MachineSigns:
    """The signs of mail scanners."""
    return MachineSigns(**_read_file("machines.yaml"))


def _read_file(name: str) -> dict[str, Any]:
    text = files("leadledger.scoring.events").joinpath(name).read_text("utf-8")
    entries: dict[str, Any] = yaml.safe_load(text)
    return entries
