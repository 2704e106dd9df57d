"""The section `cases` of a card: its own tests, each a raw lead and what must come out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml

from leadledger.scoring.axis import list_axis_grades
from leadledger.scoring.card.card_keys import KEYS
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.yaml_shapes import KeyValue, is_null
from leadledger.scoring.case import Case
from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.errors import BadValue, UnreadableValue, did_you_mean, quote
from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.events.event_reader import make_event_reader
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.text_forms import key_of
from leadledger.scoring.tree import Typed

DEFAULT_CASE_DAY = date(2026, 1, 1)  # the day of a case that names none


def read_cases(reading: CardReading, grades: tuple[str, ...]) -> tuple[Case, ...]:
    """The cases, in the order of the card. `grades` are all that the card can give."""
    if "cases" not in reading.sections:
        return ()
    shapes = reading.shapes
    cases = []
    for number, node in enumerate(shapes.read_items(reading.sections["cases"].value, "`cases`"), start=1):
        what = f"case {number}"
        record = shapes.read_record(node, what, KEYS["case"])
        name = reading.read_line(record, "name", what)
        as_of = shapes.read_day(record["as_of"].value, f"`as_of` of {what}") if "as_of" in record else None
        lead = _read_lead(reading, record["lead"].value, what) if "lead" in record else {}
        events = _read_events(reading, record["events"], what) if "events" in record else None
        expect = _read_expect(reading, record["expect"], what, grades) if "expect" in record else {}
        cases.append(Case(name or what, lead, as_of or DEFAULT_CASE_DAY, expect, node.start_mark.line + 1, events))
    return tuple(cases)


def _read_events(reading: CardReading, item: KeyValue, what: str) -> tuple[dict[str, Any], ...]:
    """The raw events of a case; each must be readable."""
    shapes = reading.shapes
    if "events" not in reading.sections:
        shapes.add_problem(item.key, f"{what} has `events:`, and the card declares no kinds of events; add `events:`")
        return ()
    events = []
    reader = make_event_reader(reading.events, reading.fields, reading.missing, (reading.time_zone, reading.is_zoned))
    for number, node in enumerate(shapes.read_items(item.value, f"`events` of {what}"), start=1):
        name = f"event {number} of {what}"
        event: dict[str, Any] = {}
        before = len(shapes.problems)
        record = shapes.read_record(node, name, KEYS["case_event"])
        places = {key: part.value for key, part in record.items()}
        for key, part in record.items():
            if key != "properties":
                event[key] = shapes.read_text(part.value, f"`{key}` of {name}")
                continue
            event[key] = {}
            for column, written in shapes.read_mapping(part.value, f"`properties` of {name}").items():
                places[f"properties.{column}"] = written.value
                event[key][column] = shapes.read_text(written.value, f"{quote(column)} of {name}")
        kind = event.get("kind")
        if kind in reading.events and reading.events[kind].root != kind:
            text = f"{name} is of '{kind}', a subset; write its kind, '{reading.events[kind].root}'"
            shapes.add_problem(record["kind"].value, text)
        elif kind is not None and kind not in reading.events and kind not in reading.unread_events:
            hint = did_you_mean(kind, [of for of, declared in reading.events.items() if declared.root == of])
            shapes.add_problem(record["kind"].value, f"{name} is of the unknown kind {quote(kind)}.{hint}")
        elif kind in reading.events:
            _check_properties(reading, reading.events[kind], record, name)
        bad_values: list[BadValue] = []
        if len(shapes.problems) == before and not reading.unread_events:
            reader.read(event, "", bad_values)
        for bad in bad_values:
            shapes.add_problem(places[bad.column], f"{quote(bad.column.rpartition('.')[2])} of {name}: {bad.reason}")
        events.append(event)
    return tuple(events)


def _check_properties(reading: CardReading, kind: EventKind, record: Mapping[str, KeyValue], name: str) -> None:
    """Note the properties of an event that its kind doesn't have."""
    if "properties" not in record or not isinstance(record["properties"].value, yaml.MappingNode):
        return
    columns = [column for field in kind.properties.values() for column in field.written_columns]
    for key, _ in record["properties"].value.value:
        if key.value not in columns:
            hint = did_you_mean(str(key.value), columns)
            reading.shapes.add_problem(key, f"{name} has the unknown property {quote(key.value)}.{hint}")


def _read_expect(reading: CardReading, item: KeyValue, what: str, grades: tuple[str, ...]) -> dict[str, Any]:
    expected = reading.shapes.read_record(item.value, f"`expect` of {what}", KEYS["expect"])
    expect = {
        key: _read_expected(reading, key, value.value, f"`{key}` of {what}", grades) for key, value in expected.items()
    }
    if isinstance(item.value, yaml.MappingNode) and not item.value.value:
        reading.shapes.add_problem(item.value, f"{what} expects nothing; write for example `recommendation: ask`")
    return expect


def _read_expected(reading: CardReading, key: str, node: yaml.Node, what: str, grades: tuple[str, ...]) -> Any:
    """What a case expects of one output; None where it can't be read."""
    shapes = reading.shapes
    if key == "recommendation":
        return shapes.read_word(node, what, VERDICTS)
    if key == "score":
        return shapes.read_number(node, what, 0, 100, decimals=0)
    if key in ("fit", "engagement", "axis_grades") and "axes" not in reading.sections:
        shapes.add_problem(node, f"{what} is of an axis, and the card has no axes; declare them under `axes:`")
        return None
    if key == "propensity":
        if not reading.explores:
            shapes.add_problem(node, f"{what} is of a draw, and no stage of the card explores; add `explore:` to one")
            return None
        return shapes.read_number(node, what, 0, 1)
    if key in ("points", "fit", "engagement"):
        return shapes.read_points(node, what, 100_000)
    if key in ("fires", "not_fires"):
        return _read_fires(reading, node, what)
    text = shapes.read_text(node, what)
    if text is None:
        return None
    if key == "grade":
        if text not in grades and reading.declared["grades"] is not None:
            shapes.add_problem(node, f"{what} is {quote(text)}, which is not one of: {', '.join(grades)}")
    elif key == "axis_grades":
        known = list_axis_grades(reading.axes)
        if known and text not in known:
            example = f"{known[0]} or ?{known[0][1]}"
            shapes.add_problem(node, f"{what} is {quote(text)}; write the grades of fit and engagement, as {example}")
    elif reading.is_undeclared(text, "stages"):
        hint = did_you_mean(text, reading.declared["stages"] or ()) or " Declare it under `stages:`."
        shapes.add_problem(node, f"{what} is {quote(text)}, which is not a stage.{hint}")
    return text


def _read_fires(reading: CardReading, node: yaml.Node, what: str) -> tuple[str, ...]:
    """Names of rules and exclusions."""
    entries = reading.read_texts(node, what)
    for name, item in entries:
        if reading.is_undeclared(name, "rules") and reading.is_undeclared(name, "exclude"):
            hint = did_you_mean(name, (reading.declared["rules"] or {}) | (reading.declared["exclude"] or {}))
            reading.shapes.add_problem(item, f"{what} names {quote(name)}, which is no rule or exclusion.{hint}")
    return tuple(name for name, _ in entries)


def _read_lead(reading: CardReading, node: yaml.Node, what: str) -> dict[str, Any]:
    """The raw lead of a case: texts, as a list would hold them; each must be readable."""
    shapes = reading.shapes
    plain_fields = [field for field in reading.fields.values() if field.is_plain]
    fields = {column: field for field in plain_fields for column in field.columns}
    missing = frozenset(key_of(text) for text in reading.missing)
    lead: dict[str, Any] = {}
    typed: dict[str, tuple[str, Typed]] = {}  # by field: the key that gave its value, and the value
    for key, item in shapes.read_mapping(node, f"the lead of {what}").items():
        field = fields.get(key)
        if field is None:
            columns = [column for field in plain_fields for column in field.written_columns]
            _note_unknown_key(reading, item.key, key, what, columns)
            continue
        if field.kind == "choices" and isinstance(item.value, yaml.SequenceNode):
            texts = [text for text, _ in reading.read_texts(item.value, f"{quote(key)} of {what}")]
            lead[key] = json.dumps(texts, ensure_ascii=False)
        elif isinstance(item.value, yaml.ScalarNode):
            lead[key] = None if is_null(item.value) else str(item.value.value)
        else:
            shapes.add_problem(item.value, f"{quote(key)} of {what} must be a single value")
            continue
        if reading.known is None or reading.known[field.name].kind is None:
            continue
        try:
            value = make_cleaner(field, missing)(lead[key])
        except UnreadableValue as reason:
            shapes.add_problem(item.value, f"{quote(key)} of {what}: {reason}")
            continue
        if value is not None and not field.are_same(typed.setdefault(field.name, (key, value))[1], value):
            first = typed[field.name][0]
            text = f"{quote(key)} of {what} gives field '{field.name}' another value than {quote(first)} does"
            shapes.add_problem(item.value, f"{text}; remove one of the two")
    return lead


def _note_unknown_key(reading: CardReading, node: yaml.Node, key: str, what: str, columns: list[str]) -> None:
    """Note a key of a lead that no field has, unless it may be a field that can't be read."""
    if reading.known is None or (key not in reading.known and reading.misnamed):
        return
    if key not in reading.known:
        text = f"the lead of {what} has the unknown field {quote(key)}.{did_you_mean(key, columns)}"
    elif reading.known[key].kind is None:
        return
    else:
        text = f"the lead of {what} has '{key}', which is computed; give the fields that it asks"
    reading.shapes.add_problem(node, text)
