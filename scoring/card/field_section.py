"""The section `fields` of a card: plain fields, and fields that are computed from others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Literal

import yaml

from leadledger.scoring.card.axis_section import choose_axis, read_axis
from leadledger.scoring.card.card_keys import BETTER, KEYS, KINDS, OTHERS, SEPARATORS
from leadledger.scoring.card.condition import KnownField, join_lines, parse_condition, parse_days
from leadledger.scoring.card.condition_tokens import RESERVED
from leadledger.scoring.card.event_values import is_event_value, read_event_value
from leadledger.scoring.card.memory_fields import add_memory_fields, settle_memory_fields
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.yaml_shapes import KeyValue
from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.day_formats import EXAMPLES, read_format
from leadledger.scoring.errors import ConditionError, UnreadableValue, quote
from leadledger.scoring.event_value import WAYS_OF_DAYS
from leadledger.scoring.field import OTHER_VALUE, Field
from leadledger.scoring.number_forms import SAMPLES, NumberFormat, parse_number_format
from leadledger.scoring.text_forms import fold, key_of
from leadledger.scoring.tree import Days, find_fields


def read_fields(reading: CardReading, node: yaml.Node) -> None:
    """Read the fields, the plain ones first, in `reading.fields`; `reading.known` is what conditions may ask."""
    shapes = reading.shapes
    items = read_field_names(reading, node, "`fields`", "a field")
    if not isinstance(node, yaml.MappingNode):
        return
    if not node.value:
        shapes.add_problem(node, "`fields` is empty; a card needs at least one field")
        return
    records = {name: shapes.read_record(item.value, f"field '{name}'", KEYS["field"]) for name, item in items.items()}
    later = "is computed, here or further down; a field asks only those above it"
    reading.known = {
        name: KnownField(None, because=later if "is" in record else "") for name, record in records.items()
    }
    columns = {name: name for name in items}
    for name, record in records.items():
        kind = reading.read_kind(record, f"field '{name}'")
        if "is" not in record:
            plain = read_plain_field(reading, name, kind, record, columns, f"field '{name}'")
            reading.fields[name] = plain
            reading.known[name] = KnownField.of(plain) if kind else KnownField(None, plain.values)
    add_memory_fields(reading, records)
    for name, record in records.items():
        if "is" in record:
            derived = _read_derived_field(reading, name, record)
            reading.known[name] = KnownField(derived.kind if derived else None)
            if derived is not None:
                reading.fields[name] = derived
    settle_memory_fields(reading, items, records)
    reading.fields = {name: reading.fields[name] for name in (*items, *reading.fields) if name in reading.fields}


def read_field_names(reading: CardReading, node: yaml.Node, what: str, noun: str) -> dict[str, KeyValue]:
    """The items of a mapping of fields whose names can be names; `noun` says in messages what these are."""
    items = {}
    for name, item in reading.shapes.read_mapping(node, what).items():
        if reading.shapes.read_name(item.key, f"the name of {noun}") is None:
            reading.misnamed.append(name.lower())
        elif name in RESERVED:
            text = f"{noun} can't be called '{name}', which is a word of conditions; rename it"
            reading.shapes.add_problem(item.key, text)
            reading.misnamed.append(name)
        else:
            items[name] = item
    return items


def read_plain_field(
    reading: CardReading,
    name: str,
    kind: str | None,
    record: Mapping[str, KeyValue],
    columns: dict[str, str],
    what: str,
) -> Field:
    """A field that comes from outside, which messages call `what`.

    `columns` says which field has a column already, and is added to.
    """
    shapes = reading.shapes

    def only_for(key: str, *kinds: str) -> bool:
        """Whether the field has a key, and is of a kind that may have it."""
        if key not in record or kind is None:
            return False
        if kind not in kinds:
            text = f"`{key}` of {what} is only for {_name_kinds(kinds)}, not for {_name_kinds((kind,))}; remove it"
            shapes.add_problem(record[key].key, text)
            return False
        return True

    exact = only_for("exact", "text") and bool(shapes.read_yes(record["exact"].value, f"`exact` of {what}"))
    has_values = only_for("values", "text", "choices")
    values = _read_values(reading, record["values"].value, what, exact) if has_values else []
    separator = ";"
    if only_for("separator", "choices"):
        separator = _read_separator(reading, record["separator"].value, what)
    if kind == "choices":
        _refuse_separators(reading, values, separator, what)
    if name == "stage":
        reading.stage_values = [node for _, node in values]
    better = ""
    if only_for("better", "number"):
        better = shapes.read_word(record["better"].value, f"`better` of {what}", BETTER) or ""
    learn = shapes.read_yes(record["learn"].value, f"`learn` of {what}") if "learn" in record else None
    if learn:
        reading.asked_to_learn[name] = record["learn"].key
    if learn and kind in ("date", "id"):
        hint = "learn from a derived field such as `is: days_since(…)`" if kind == "date" else "an id tells nothing"
        shapes.add_problem(
            record["learn"].value, f"{what} is {_name_kinds((kind,))}, which can't be learnt from; {hint}"
        )
    field = Field(
        name=name,
        kind=kind or "text",  # type: ignore[arg-type]  # one of KINDS
        values=tuple(text for text, _ in values),
        unit=reading.read_line(record, "unit", what) if only_for("unit", "number") else "",
        better=better,  # type: ignore[arg-type]  # one of BETTER, or empty
        sources=_read_sources(reading, name, record["from"].value, columns, what) if "from" in record else (),
        ask=reading.read_line(record, "ask", what),
        learn=kind not in ("date", "id") if learn is None else learn,
        known_when_scored=_read_known_when_scored(reading, record, what),
        label=reading.read_line(record, "label", what),
        other=_read_other(reading, record, values, what) if only_for("other", "text", "choices") else "",
        separator=separator,
        exact=exact,
        time_zone=reading.time_zone,
        axis=choose_axis(reading, record, "kind", what, read_axis(reading, record, what), ()),
    )
    if only_for("parent", "text"):
        reading.parents[name] = record["parent"]
    if only_for("format", "number", "date"):
        field = _add_format(reading, field, record["format"].value, what)
    if only_for("missing", "number", "text", "date", "id", "choices"):
        field = replace(field, missing=_read_missing(reading, field, record["missing"].value, what))
    return field


def _add_format(reading: CardReading, field: Field, node: yaml.Node, what: str) -> Field:
    """A field of numbers or of dates with the way in which its texts are written."""
    if field.kind == "number":
        return replace(field, number_format=_read_number_format(reading, node, what))
    return replace(field, day_format=_read_day_format(reading, node, what))


def _read_number_format(reading: CardReading, node: yaml.Node, what: str) -> NumberFormat | None:
    """How the texts of a number are written, by a sample."""
    sample = reading.shapes.read_text(node, f"`format` of {what}")
    if sample is None:
        return None
    number_format = parse_number_format(sample)
    if number_format is None:
        text = f"`format` of {what} is {quote(sample)}, which shows no way to write a number; write a sample such as"
        reading.shapes.add_problem(node, f"{text} {SAMPLES}")
    return number_format


def _read_day_format(reading: CardReading, node: yaml.Node, what: str) -> str:
    """How the texts of a date are written, or what its numbers count; empty where it can't be read."""
    declared = reading.shapes.read_text(node, f"`format` of {what}")
    if declared is None or read_format(declared) is not None:
        return declared or ""
    examples = ", ".join(EXAMPLES)
    text = f"`format` of {what} is {quote(declared)}; write the last day of 2026 as the list has it, one of: {examples}"
    reading.shapes.add_problem(node, text)
    return ""


def _read_known_when_scored(reading: CardReading, record: Mapping[str, KeyValue], what: str) -> bool:
    key = "known_when_scored"
    return key in record and bool(reading.shapes.read_yes(record[key].value, f"`{key}` of {what}"))


def _read_values(reading: CardReading, node: yaml.Node, what: str, exact: bool) -> list[tuple[str, yaml.Node]]:
    """The listed values of a text field; none where one of them can't be read, so that none is found wrong."""
    shapes = reading.shapes
    before = len(shapes.problems)
    values = reading.read_texts(node, f"`values` of {what}")
    by_key: dict[str, str] = {}
    for text, item in values:
        first = by_key.setdefault(text if exact else key_of(text), text)
        if first != text:
            both = f"{quote(first)} and {quote(text)}"
            shapes.add_problem(item, f"`values` of {what} has {both}, which count as the same; remove one of the two")
    if isinstance(node, yaml.SequenceNode) and not node.value:
        shapes.add_problem(node, f"`values` of {what} is empty; list the values, or remove the key")
    return values if len(shapes.problems) == before else []


def _read_other(
    reading: CardReading, record: Mapping[str, KeyValue], values: list[tuple[str, yaml.Node]], what: str
) -> Literal["missing", "yes", ""]:
    """What becomes of a value that a field doesn't list; empty: it is refused."""
    node = record["other"].value
    if "values" not in record:
        text = f"`other` of {what} says what becomes of values that `values` doesn't list; list them, or remove it"
        reading.shapes.add_problem(record["other"].key, text)
        return ""
    if isinstance(node, yaml.ScalarNode) and node.value.lower() in ("true", "false"):
        word: str | None = "yes" if node.value.lower() == "true" else "no"
    else:
        word = reading.shapes.read_word(node, f"`other` of {what}", OTHERS)
    for text, item in values:
        if word == "yes" and key_of(text) == OTHER_VALUE:
            reading.shapes.add_problem(
                item, f"`values` of {what} has {quote(text)}, which `other: yes` makes; remove it"
            )
    return word if word in ("yes", "missing") else ""  # type: ignore[return-value]  # mypy doesn't narrow by `in`


def _read_separator(reading: CardReading, node: yaml.Node, what: str) -> str:
    """The sign between the choices of a field."""
    if isinstance(node, yaml.ScalarNode) and node.value.strip() in SEPARATORS:
        return str(node.value.strip())
    signs = " ".join(SEPARATORS)
    written = quote(node.value) if isinstance(node, yaml.ScalarNode) else "no text"
    reading.shapes.add_problem(node, f"`separator` of {what} is {written}; write one of these signs in quotes: {signs}")
    return ";"


def _refuse_separators(reading: CardReading, values: list[tuple[str, yaml.Node]], separator: str, what: str) -> None:
    """Note the choices that hold what separates them."""
    for text, item in values:
        if separator in text:
            hint = "give the field another `separator:`, or remove the choice"
            reading.shapes.add_problem(item, f"`values` of {what} has {quote(text)}, which holds '{separator}'; {hint}")


def _read_missing(reading: CardReading, field: Field, node: yaml.Node, of: str) -> tuple[float | str | date, ...]:
    """The typed values of a field that mean "not known"."""
    what = f"`missing` of {of}"
    missing: list[float | str | date] = []
    kind = "text" if field.kind == "choices" else field.kind
    bare = Field(
        field.name,
        kind,
        number_format=field.number_format,
        day_format=field.day_format,
        nothing_words=frozenset(),
    )
    clean = make_cleaner(bare, frozenset())
    for text, item in reading.read_texts(node, what):
        try:
            value = clean(text)
        except UnreadableValue as reason:
            reading.shapes.add_problem(item, f"{what}: {reason}")
            continue
        if isinstance(value, float | str | date):
            missing.append(value)
    return tuple(missing)


def _read_sources(
    reading: CardReading, name: str, node: yaml.Node, columns: dict[str, str], of: str
) -> tuple[tuple[str, str], ...]:
    """The columns of each system. `columns` says which field has a column already, and is added to."""
    shapes, what = reading.shapes, f"`from` of {of}"
    by_system = [("", node)]
    if isinstance(node, yaml.MappingNode):
        by_system = [(system, item.value) for system, item in shapes.read_mapping(node, what).items()]
    reading.systems_named[name] = frozenset(fold(system) for system, _ in by_system)
    sources = []
    for system, system_node in by_system:
        column_nodes = system_node.value if isinstance(system_node, yaml.SequenceNode) else [system_node]
        for column_node in column_nodes:
            column = shapes.read_text(column_node, what)
            if column is None:
                continue
            if columns.setdefault(column, name) != name:
                other = of.replace(f"'{name}'", f"'{columns[column]}'", 1)
                text = f"{what} takes {quote(column)}, which {other} has already"
                shapes.add_problem(column_node, f"{text}; remove one of the two")
            sources.append((system, column))
    return tuple(sources)


def _read_derived_field(reading: CardReading, name: str, record: Mapping[str, KeyValue]) -> Field | None:
    """A field that is computed; None where it can't be read."""
    shapes, what = reading.shapes, f"field '{name}'"
    for key in ("values", "from", "ask", "missing", "format", "other", "separator", "exact", "parent"):
        if key in record:
            shapes.add_problem(record[key].key, f"{what} is computed by `is:`, so it can't have `{key}:`; remove it")
    text = shapes.read_text(record["is"].value, f"`is` of {what}")
    if text is None or reading.known is None:
        return None
    event_value, derived = None, None
    if is_event_value(text):
        event_value = read_event_value(reading, record["is"].value, what, text)
        if event_value is None:
            return None
        kind = "date" if event_value.way in WAYS_OF_DAYS else "number"
    else:
        try:
            days: Days | None = parse_days(text, reading.known)
            derived = days if days is not None else parse_condition(text, reading.known).tree
        except ConditionError as error:
            reading.note_condition_error(record["is"].value, f"`is` of {what}", text, error)
            return None
        kind = "flag" if days is None else "number"
    if "kind" in record and record["kind"].value.value != kind:
        if record["kind"].value.value in KINDS:  # any other word has been noted
            shapes.add_problem(record["kind"].value, f"{what} computes a {kind}; write `kind: {kind}`")
        return None
    for key in ("unit", "better"):
        if key in record and kind != "number":
            shapes.add_problem(record[key].key, f"`{key}` of {what} is only for a number, not for a {kind}; remove it")
    learn = shapes.read_yes(record["learn"].value, f"`learn` of {what}") if "learn" in record else None
    if learn:
        reading.asked_to_learn[name] = record["learn"].key
        if kind == "date":
            hint = "learn from a derived field such as `is: days_since(…)`"
            shapes.add_problem(record["learn"].value, f"{what} is a date, which can't be learnt from; {hint}")
    better = shapes.read_word(record["better"].value, f"`better` of {what}", BETTER) if "better" in record else None
    own = read_axis(reading, record, what) or ("engagement" if event_value is not None else "")
    asked = dict.fromkeys(find_fields(derived)) if derived is not None else ()
    return Field(
        name=name,
        kind=kind,  # type: ignore[arg-type]  # one of two kinds
        unit=reading.read_line(record, "unit", what),
        better=better or "",  # type: ignore[arg-type]  # one of BETTER, or empty
        learn=kind != "date" if learn is None else learn,
        known_when_scored=_read_known_when_scored(reading, record, what),
        label=reading.read_line(record, "label", what),
        derived=derived,
        derived_text=join_lines(text),
        event_value=event_value,
        axis=choose_axis(reading, record, "is", what, own, asked),
    )


def _name_kinds(kinds: tuple[str, ...]) -> str:
    """`a number`, `a number, a text or an id`."""
    words = [{"id": "an id", "choices": "choices"}.get(kind, f"a {kind}") for kind in kinds]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
