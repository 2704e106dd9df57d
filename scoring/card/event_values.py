"""What a field of a card counts from events: `is: "count(visit, 14 days)"`."""

from __future__ import annotations

import re

import yaml

from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.errors import did_you_mean, quote
from leadledger.scoring.event_value import EVENT_WAYS, WAYS_OF_DAYS, WAYS_OF_PROPERTIES, EventValue

_START = re.compile(rf"\s*({'|'.join(EVENT_WAYS)})\s*\(", re.IGNORECASE)
_WHOLE = re.compile(
    rf"\s*({'|'.join(EVENT_WAYS)})\s*\(\s*(?P<kind>[a-z][a-z0-9_]*)\s*(?:\.\s*(?P<property>[a-z][a-z0-9_]*)\s*)?"
    r"(?:,\s*(?P<window>[0-9]{1,5})\s+days?\s*)?\)\s*"
)
_EXAMPLES = "`count(visit, 14 days)`, `sum(visit.seconds, 30 days)` or `last(visit)`"


def is_event_value(text: str) -> bool:
    """Whether a text starts like something that is counted from events."""
    return _START.match(text) is not None


def read_event_value(reading: CardReading, node: yaml.Node, what: str, text: str) -> EventValue | None:
    """What a field counts; None where it can't be read, which is noted. `what` names the field in messages."""
    add_problem, where = reading.shapes.add_problem, f"`is` of {what}"
    match = _WHOLE.fullmatch(text)
    if match is None:
        add_problem(node, f"{where} is {quote(text)}; write it like {_EXAMPLES}")
        return None
    way, kind, name = match[1], match["kind"], match["property"]
    window = int(match["window"]) if match["window"] else None
    if kind not in reading.events:
        if kind not in reading.unread_events:
            hint = did_you_mean(kind, reading.events) or " Declare it under `events:`."
            add_problem(node, f"{where} counts the unknown kind of event {quote(kind)}.{hint}", match.start("kind"))
        return None
    if window == 0:
        add_problem(node, f"{where} counts 0 days; a window has at least the day itself: 1 day", match.start("window"))
        return None
    if window is not None and way in WAYS_OF_DAYS:
        mend = f"compare the day instead: days_since(…) <= {window}"
        add_problem(node, f"{where}: {way} has no window; {mend}", match.start("window"))
        return None
    since = reading.events[reading.events[kind].root].tracked_since
    if window is None and way != "last" and since is not None:
        mend = "give it a window, such as 30 days" if way != "first" else "remove `tracked_since:`, or the field"
        text = f"{where} is never known, since events '{kind}' are known from {since} on only; {mend}"
        add_problem(node, text, match.start("kind"))
        return None
    known = reading.properties_known[reading.events[kind].root]
    if way in WAYS_OF_PROPERTIES and name is None:
        numbers = [number for number, field in known.items() if field.kind == "number"]
        example = f"{way}({kind}.{numbers[0] if numbers else 'seconds'})"
        add_problem(node, f"{where}: {way} needs a number of each event; write it like `{example}`")
        return None
    if way not in WAYS_OF_PROPERTIES and name is not None:
        text = f"{where}: {way} asks for events, not for a property of them; remove '.{name}'"
        add_problem(node, text, match.start("property"))
        return None
    if name is not None and name not in known:
        hint = did_you_mean(name, known) or " Declare it under `fields:` of the kind."
        add_problem(node, f"{where} names the unknown property {quote(name)}.{hint}", match.start("property"))
        return None
    if name is not None and known[name].kind not in ("number", None):
        mend = f"{way} needs a number"
        add_problem(node, f"{where} names '{name}', a {known[name].kind}; {mend}", match.start("property"))
        return None
    return EventValue(way, kind, name or "", window)  # type: ignore[arg-type]  # one of EVENT_WAYS
