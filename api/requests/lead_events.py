"""The events beside a lead in a body: what they come to on a day, or every mistake in them, each with its path."""

from __future__ import annotations

import re
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

_PLACE = re.compile(r"events\[([0-9]+)\]")


def count_events(engine: Engine, events: Any, day: date, lead: Lead, mistakes: Mistakes) -> EventCounts | None:
    """What the raw events of a lead come to on a day; NOTHING: it isn't known which there are.

    None where the card has no events, and where there are mistakes, which are noted.
    """
    if events is NOTHING:
        return engine.count_events(None, day, lead.values)
    if not isinstance(events, list):
        mistakes.add(EVENTS_PATH, f"is {name_kind(events)}; send a list of events")
        return None
    if len(events) > MOST_EVENTS:
        mistakes.add(EVENTS_PATH, f"holds {len(events):,} events; send at most {MOST_EVENTS:,}, the newest")
        return None
    before = mistakes.count
    for number, event in enumerate(events):
        _note_repeats(event, (*EVENTS_PATH, number), mistakes)
    if mistakes.count > before:
        return None
    try:
        return engine.count_events(events, day, lead.values)
    except LeadError as error:
        for problem in error.problems:
            mistakes.add(_find_path(problem), problem.reason, NOTHING if problem.value is None else problem.value)
        return None


def _note_repeats(part: Any, path: Path, mistakes: Mistakes) -> None:
    """Note the names that are repeated in an event, or in an object that it holds."""
    if not isinstance(part, dict):
        return
    if type(part) is not dict:
        note_repeated_names(part, path, mistakes)
    for name, below in part.items():
        if isinstance(below, dict):
            _note_repeats(below, (*path, name), mistakes)


def _find_path(problem: BadValue) -> Path:
    """The path of a problem, whose `lead_path` leads to its event; that of a whole event is in `column`."""
    place = _PLACE.search(problem.lead_path)
    if place is None:
        whole = _PLACE.fullmatch(problem.column)
        return (*EVENTS_PATH, int(whole[1])) if whole else EVENTS_PATH
    return (*EVENTS_PATH, int(place[1]), *problem.column.split(".", 1))
