"""The section `events` of a card: the kinds of events, their properties, and the subsets of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import yaml

from leadledger.scoring.card.card_keys import KEYS
from leadledger.scoring.card.condition import KnownField, parse_condition
from leadledger.scoring.card.field_section import read_field_names, read_plain_field
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.yaml_shapes import KeyValue
from leadledger.scoring.errors import ConditionError, did_you_mean, quote
from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.events.systems import list_system_names, read_standard_kinds
from leadledger.scoring.field import Field
from leadledger.scoring.text_forms import key_of
from leadledger.scoring.tree import And, Condition

KEYS_OF_ROOTS = ("fields", "from", "machine", "scanners", "tracked_since")  # which a subset takes from its kind
MOST_EVENTS_PER_DAY = 1000


def read_events(reading: CardReading) -> None:
    """Read the kinds of events, in `reading.events`; it comes before the fields, which count them."""
    if "events" not in reading.sections:
        return
    shapes, node = reading.shapes, reading.sections["events"].value
    items = dict(shapes.read_names(shapes.read_mapping(node, "`events`"), "a kind of event"))
    if isinstance(node, yaml.MappingNode) and not node.value:
        shapes.add_problem(node, "`events` is empty; declare a kind of event, or remove the key")
    names: dict[tuple[str, str], str] = {("", key_of(name)): name for name in items}
    for name, item in items.items():
        what = f"event '{name}'"
        record = shapes.read_record(item.value, what, KEYS["event"])
        is_subset = "of" in record
        kind = _read_subset(reading, name, record, what) if is_subset else _read_root(reading, name, record, names)
        if kind is not None:
            reading.events[name] = kind


def check_tracked_since(reading: CardReading) -> None:
    """Note a `tracked_since` that names no date field; it comes after the fields."""
    for name, kind in reading.events.items():
        if isinstance(kind.tracked_since, str) and kind.root == name and reading.known is not None:
            field = reading.fields.get(kind.tracked_since)
            if field is not None and field.kind == "date" and field.is_plain:
                continue
            if kind.tracked_since in reading.known and reading.known[kind.tracked_since].kind is None:
                continue
            if field is None and reading.misnamed:
                continue
            dates = [plain.name for plain in reading.fields.values() if plain.kind == "date" and plain.is_plain]
            hint = did_you_mean(kind.tracked_since, dates) or " Declare one under `fields:`."
            text = f"`tracked_since` of event '{name}' must be a day or a date field, not {quote(kind.tracked_since)}"
            reading.shapes.add_problem(reading.tracked_since[name], f"{text}.{hint}")


def _read_root(
    reading: CardReading, name: str, record: Mapping[str, KeyValue], names: dict[tuple[str, str], str]
) -> EventKind:
    """A kind that is no subset. `names` has the kind of each name of a system, and is added to."""
    shapes, what = reading.shapes, f"event '{name}'"
    if "when" in record:
        text = f"{what} has `when:` without `of:`; say of which kind it is a subset"
        shapes.add_problem(record["when"].key, text)
    properties, known = _read_properties(reading, record, what)
    reading.properties_known[name] = known
    spoken, listed = _read_from(reading, name, record, names)
    standard = tuple(
        (system, theirs)
        for system, theirs in read_standard_kinds().get(name, {}).items()
        if not spoken & {"", system} and (system, key_of(theirs)) not in names
    )
    scanners = shapes.read_yes(record["scanners"].value, f"`scanners` of {what}") if "scanners" in record else True
    return EventKind(
        name,
        name,
        properties,
        None,
        listed,
        standard,
        _read_property_condition(reading, record, "machine", what, name),
        scanners is not False,
        _read_once_per(reading, record, what, name),
        _read_per_day(reading, record, what),
        _read_tracked_since(reading, record, name),
        _read_known_when_scored(reading, record, what),
    )


def _read_subset(reading: CardReading, name: str, record: Mapping[str, KeyValue], what: str) -> EventKind | None:
    """A subset of a kind; None where it can't be read."""
    shapes = reading.shapes
    parent = shapes.read_text(record["of"].value, f"`of` of {what}")
    if "when" not in record:
        shapes.add_problem(record["of"].key, f"{what} is of another kind, and has no `when:` to tell which; add it")
    of = reading.events.get(parent or "")
    if parent is not None and of is None and parent not in reading.unread_events:
        later = parent in {key.value for key, _ in reading.sections["events"].value.value}
        text = f"{what} is of the unknown kind {quote(parent)}.{did_you_mean(parent, reading.events)}"
        if later:
            text = f"{what} stands above its kind '{parent}'; a subset stands below it"
        shapes.add_problem(record["of"].value, text)
    if of is None:
        reading.unread_events.add(name)
        return None
    for key in KEYS_OF_ROOTS:
        if key in record:
            text = f"{what} is a subset of '{of.root}', which says `{key}:` for both; write it there"
            shapes.add_problem(record[key].key, text)
    when = _read_property_condition(reading, record, "when", what, of.root)
    if when is None:
        reading.unread_events.add(name)
        return None
    if of.when is not None:
        when = Condition(f"({of.when.text}) and ({when.text})", And((of.when.tree, when.tree)))
    return EventKind(
        name,
        of.root,
        of.properties,
        when,
        once_per=_read_once_per(reading, record, what, of.root) or of.once_per,
        per_day=_read_per_day(reading, record, what) or of.per_day,
        known_when_scored=_read_known_when_scored(reading, record, what) or of.known_when_scored,
    )


def _read_properties(
    reading: CardReading, record: Mapping[str, KeyValue], what: str
) -> tuple[dict[str, Field], dict[str, KnownField]]:
    """The properties of a kind by name, and what conditions may ask of them."""
    if "fields" not in record:
        return {}, {}
    own = CardReading(reading.shapes, {})
    own.missing, own.time_zone = reading.missing, reading.time_zone
    columns: dict[str, str] = {}
    items = read_field_names(own, record["fields"].value, f"`fields` of {what}", "a property")
    columns |= {name: name for name in items}
    known: dict[str, KnownField] = {}
    for name, item in items.items():
        part = own.shapes.read_record(item.value, f"property '{name}' of {what}", KEYS["property"])
        kind = own.read_kind(part, f"property '{name}' of {what}")
        field = read_plain_field(own, name, kind, part, columns, f"property '{name}' of {what}")
        own.fields[name] = field
        known[name] = KnownField.of(field) if kind else KnownField(None, field.values)
    return own.fields, known


def _read_property_condition(
    reading: CardReading, record: Mapping[str, KeyValue], key: str, what: str, root: str
) -> Condition | None:
    """A condition over the properties of a kind; None where there is none, or none that can be read."""
    if key not in record:
        return None
    text = reading.shapes.read_text(record[key].value, f"`{key}` of {what}")
    if text is None:
        return None
    try:
        return parse_condition(text, reading.properties_known.get(root, {}))
    except ConditionError as error:
        reading.note_condition_error(record[key].value, f"`{key}` of {what}", text, error)
        return None


def _read_from(
    reading: CardReading, name: str, record: Mapping[str, KeyValue], names: dict[tuple[str, str], str]
) -> tuple[frozenset[str], tuple[tuple[str, str], ...]]:
    """The systems of which `from` speaks ("": of all), and the names of the kind in each."""
    if "from" not in record:
        return frozenset(), ()
    shapes, what, node = reading.shapes, f"`from` of event '{name}'", record["from"].value
    by_system = [("", node)]
    if isinstance(node, yaml.MappingNode):
        by_system = []
        systems = tuple(list_system_names())
        for system, item in shapes.read_mapping(node, what).items():
            if system in systems:
                by_system.append((system, item.value))
            else:
                hint = did_you_mean(system, systems)
                shapes.add_problem(item.key, f"{what} names {quote(system)}, which is no known system.{hint}")
    listed: list[tuple[str, str]] = []
    for system, part in by_system:
        for node in part.value if isinstance(part, yaml.SequenceNode) else [part]:
            text = shapes.read_text(node, what)
            if text is None:
                continue
            first = names.setdefault((system, key_of(text)), name)
            if first != name:
                clash = f"{what} takes {quote(text)}, which event '{first}' has already; remove one of the two"
                shapes.add_problem(node, clash)
            listed.append((system, text))
    return frozenset(system for system, _ in by_system), tuple(listed)


def _read_once_per(reading: CardReading, record: Mapping[str, KeyValue], what: str, root: str) -> str:
    """The property of which each value counts once; empty where there is none."""
    if "once_per" not in record:
        return ""
    node = record["once_per"].value
    name = reading.shapes.read_text(node, f"`once_per` of {what}")
    known = reading.properties_known.get(root, {})
    if name is not None and name not in known:
        hint = did_you_mean(name, known) or " Declare it under `fields:` of the kind."
        reading.shapes.add_problem(node, f"`once_per` of {what} names the unknown property {quote(name)}.{hint}")
        return ""
    return name or ""


def _read_per_day(reading: CardReading, record: Mapping[str, KeyValue], what: str) -> int | None:
    """How many events of a day earn points; None: all."""
    if "per_day" not in record:
        return None
    node = record["per_day"].value
    count = reading.shapes.read_number(node, f"`per_day` of {what}", 1, MOST_EVENTS_PER_DAY, decimals=0)
    return None if count is None else int(count)


def _read_known_when_scored(reading: CardReading, record: Mapping[str, KeyValue], what: str) -> bool:
    key = "known_when_scored"
    return bool(key in record and reading.shapes.read_yes(record[key].value, f"`{key}` of {what}"))


def _read_tracked_since(reading: CardReading, record: Mapping[str, KeyValue], name: str) -> date | str | None:
    """The day from which events are known, or the name of the field that has it."""
    if "tracked_since" not in record:
        return None
    node = record["tracked_since"].value
    reading.tracked_since[name] = node
    text = reading.shapes.read_text(node, f"`tracked_since` of event '{name}'")
    if text is not None and text[:1].isdigit():
        return reading.shapes.read_day(node, f"`tracked_since` of event '{name}'")
    return text
