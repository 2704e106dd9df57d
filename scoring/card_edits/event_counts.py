"""What a condition over events rests on, such as at least 2 visits in 14 days: the field that counts them."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.scoring.card_edits.edits import PutEntry
from leadledger.scoring.conditions.sentences import describe_event_value
from leadledger.scoring.errors import CardEditError, did_you_mean, quote
from leadledger.scoring.event_value import WAYS_OF_DAYS, WAYS_OF_PROPERTIES, EventValue
from leadledger.scoring.scorecard import Card


@dataclass(frozen=True)
class CountingField:
    """The field that has a value of events; `edit` adds it where the card has none yet."""

    name: str
    edit: PutEntry | None = None


def find_counting_field(card: Card, value: EventValue) -> CountingField:
    """The field of a card that counts events in a way, or the one to add. Raises CardEditError."""
    if value.kind not in card.events:
        raise CardEditError(
            f"the card has no kind of events {quote(value.kind)}.{did_you_mean(value.kind, card.events)}"
        )
    for field in card.fields.values():
        if field.event_value == value:
            return CountingField(field.name)
    name = _choose_name(card, value)
    keys = {
        "kind": "date" if value.way in WAYS_OF_DAYS else "number",
        "is": write_event_value(value),
        "label": describe_event_value(value),
    }
    others = [field.name for field in card.event_fields]
    return CountingField(name, PutEntry("fields", name, keys, after=others[-1] if others else None))


def write_event_value(value: EventValue) -> str:
    """A value of events as a field of a card has it: `count(visit, 14 days)`."""
    of = f"{value.kind}.{value.property}" if value.way in WAYS_OF_PROPERTIES else value.kind
    window = f", {value.window} day{'' if value.window == 1 else 's'}" if value.window else ""
    return f"{value.way}({of}{window})"


def _choose_name(card: Card, value: EventValue) -> str:
    """A name that no field has yet."""
    way = "" if value.way == "count" else f"{value.way}_"
    of = f"{value.property}_" if value.property else ""
    window = f"_{value.window}" if value.window else ""
    several = f"{value.kind}s" if value.way == "count" and not value.kind.endswith("s") else value.kind
    name = f"{way}{of}{several}{window}"[:56]
    names = [name, *(f"{name}_{number}" for number in range(2, 1000))]
    return next(free for free in names if free not in card.fields)
