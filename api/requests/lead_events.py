"""The events beside a lead in a body: what they come to on a day, or every mistake in them, each with its path."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from leadledger.api.requests.json_text import name_kind, note_repeated_names
from leadledger.api.requests.mistakes import NOTHING, ROOT, Mistakes, Path
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import BadValue, LeadError
from leadledger.scoring.event_counts import EventCounts

MOST_EVENTS = 1_000  # of a lead in a request
EVENTS_PATH: Path = (*ROOT, "events")

_LISTS = "send a list of events for each lead, in the same order, and null where it isn't known which there are"
_PLACE = re.compile(r"events\[([0-9]+)\]")


def count_events(
    engine: Engine,
    events: Any,
    day: date,
    lead: Lead,
    mistakes: Mistakes,
    stored: Sequence[Mapping[str, Any]] | None = None,
    path: Path = EVENTS_PATH,
) -> EventCounts | None:
    """What the raw events of a lead come to on a day, those that were sent (NOTHING: none) and those that are stored.

    `stored` None: it isn't known which are; then without sent ones it isn't known which there are. `path` leads to the
    sent ones. None where the card has no events, and where there are mistakes, which are noted.
    """
    if events is NOTHING:
        sent: Sequence[Any] = ()
        if stored is None:
            return engine.count_events(None, day, lead.values)
    elif not isinstance(events, list):
        mistakes.add(path, f"is {name_kind(events)}; send a list of events")
        return None
    elif len(events) > MOST_EVENTS:
        mistakes.add(path, f"holds {len(events):,} events; send at most {MOST_EVENTS:,}, the newest")
        return None
    else:
        sent = events
    before = mistakes.count
    for number, event in enumerate(sent):
        note_repeats(event, (*path, number), mistakes)
    if mistakes.count > before:
        return None
    return _count_all(engine, sent, stored or (), day, lead, mistakes, path)


def _count_all(
    engine: Engine,
    sent: Sequence[Any],
    stored: Sequence[Mapping[str, Any]],
    day: date,
    lead: Lead,
    mistakes: Mistakes,
    path: Path,
) -> EventCounts | None:
    """What sent events and stored ones come to. A stored one that the card can't read only counts as `unreadable`."""
    before = mistakes.count
    try:
        return engine.count_events([*sent, *stored], day, lead.values)
    except LeadError as error:
        unreadable = set()
        for problem in error.problems:
            place = _PLACE.search(f"{problem.lead_path}.{problem.column}")
            number = -1 if place is None else int(place[1])
            if number >= len(sent):
                unreadable.add(number - len(sent))
                continue
            steps: Path = (number, *_list_steps(problem)) if place else ()
            mistakes.add((*path, *steps), problem.reason, NOTHING if problem.value is None else problem.value)
    if mistakes.count > before:
        return None
    readable = [event for number, event in enumerate(stored) if number not in unreadable]
    counts = engine.count_events([*sent, *readable], day, lead.values)
    return None if counts is None else replace(counts, unreadable=len(unreadable))


def read_event_lists(events: Any, count: int, mistakes: Mistakes) -> Sequence[Any]:
    """The events of each of `count` leads; NOTHING for a lead of which it isn't known which there are."""
    if events is NOTHING:
        return [NOTHING] * count
    if not isinstance(events, list):
        mistakes.add(EVENTS_PATH, f"is {name_kind(events)}; {_LISTS}")
    elif len(events) != count:
        lists = "1 list" if len(events) == 1 else f"{len(events):,} lists"
        leads = "1 lead" if count == 1 else f"{count:,} leads"
        mistakes.add(EVENTS_PATH, f"holds {lists} for {leads}; {_LISTS}")
    else:
        return [NOTHING if of_lead is None else of_lead for of_lead in events]
    return [NOTHING] * count


def note_repeats(part: Any, path: Path, mistakes: Mistakes) -> None:
    """Note the names that are repeated in an event, or in an object that it holds."""
    if not isinstance(part, dict):
        return
    if type(part) is not dict:
        note_repeated_names(part, path, mistakes)
    for name, below in part.items():
        if isinstance(below, dict):
            note_repeats(below, (*path, name), mistakes)


def _list_steps(problem: BadValue) -> list[str]:
    """The steps from an event to a problem in it; none where the whole event is one."""
    return [] if _PLACE.fullmatch(problem.column) else problem.column.split(".", 1)
