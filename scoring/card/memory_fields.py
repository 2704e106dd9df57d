"""The fields that remember the last recommendation of a lead, and its rejection: a card need not declare them.

They come back from a CRM under the properties to which the card writes the same: what is written as `recommendation` is
read as `last_recommendation`. A field of such a name that the card declares itself must fit.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

from leadledger.scoring.card.advice_keys import ADVICE_KEYS, has_advice_keys
from leadledger.scoring.card.condition import KnownField
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES, MEMORY_OUTPUTS, REJECTED_PROPERTIES, list_properties
from leadledger.scoring.card.yaml_shapes import KeyValue
from leadledger.scoring.column_names import name_key
from leadledger.scoring.field import Field
from leadledger.scoring.memory import LAST, MEMORY_KINDS, REJECTED, TO
from leadledger.scoring.outputs import VERDICTS

_REFUSED_KEYS = {  # of a field that the card declares itself
    "values": "what it holds is known",
    "other": "what it holds is known",
    "exact": "what it holds is known",
    "ask": "it is never asked",
}


def add_memory_fields(reading: CardReading, declared: Mapping[str, Mapping[str, KeyValue]]) -> None:
    """Add the fields that the card doesn't declare, before conditions are read; `declared` are the records of all."""
    if not has_advice_keys(reading):
        return
    columns = {column: field.name for field in reading.fields.values() for column in field.written_columns}
    for name, kind in MEMORY_KINDS.items():
        if name in declared or name in columns:
            continue
        field = _fill(reading, Field(name, kind, learn=False, time_zone=reading.time_zone))
        reading.fields[name] = field if "axes" not in reading.sections else replace(field, axis="fit")
        reading.known[name] = KnownField.of(field)  # type: ignore[index]  # it is known once fields are read


def settle_memory_fields(
    reading: CardReading, items: Mapping[str, KeyValue], declared: Mapping[str, Mapping[str, KeyValue]]
) -> None:
    """Check those that the card declares itself, and give them what they hold; `items` are the fields as written."""
    if not has_advice_keys(reading):
        return
    key = " or ".join(f"`{key}:`" for key in ADVICE_KEYS)
    for name, kind in MEMORY_KINDS.items():
        owner = next((field.name for field in reading.fields.values() if name in field.written_columns), "")
        if owner not in ("", name):
            text = f"field '{owner}' takes '{name}', the name of a field that {key} of a stage needs; call it '{name}'"
            reading.shapes.add_problem(items[owner].key, text)
        if name not in declared or name not in reading.fields:
            continue
        field, record, place = reading.fields[name], declared[name], items[name].key
        what = f"field '{name}', which {key} of a stage needs,"
        if field.kind != kind:
            reading.shapes.add_problem(place, f"{what} is a {field.kind}; write `kind: {kind}`")
            continue
        if not field.is_plain and name != REJECTED:
            text = f"{what} remembers what was recommended, so it can't be computed; remove `is:`"
            reading.shapes.add_problem(record["is"].key, text)
        if name in reading.asked_to_learn:
            text = f"{what} is never learned from; remove `learn:`"
            reading.shapes.add_problem(reading.asked_to_learn[name], text)
        for refused, why in _REFUSED_KEYS.items():
            if refused in record and field.is_plain:
                reading.shapes.add_problem(record[refused].key, f"{what} can't have `{refused}:`, since {why}")
        reading.fields[name] = _fill(reading, replace(field, learn=False))


def _fill(reading: CardReading, field: Field) -> Field:
    """A field with the texts that it may hold."""
    if field.name == LAST:
        return replace(field, values=VERDICTS)
    if field.name == TO:  # the stage of a former card is another one
        return replace(field, values=tuple(reading.declared["stages"] or ()), other="yes")
    return field


def add_memory_names(
    reading: CardReading, write_back: Mapping[str, Mapping[str, str]], taken: Container[str]
) -> dict[str, Field]:
    """The fields of a card, those of the memory with the properties of CRMs that hold them.

    A name that the card uses already, one of `taken`, is not given away; a name that holds different things in two CRMs
    counts only in a body of its CRM.
    """
    if not has_advice_keys(reading):
        return reading.fields
    names: dict[str, list[tuple[str, str]]] = {name: [] for name in MEMORY_KINDS}
    owners: dict[str, set[str]] = {}
    for system in DEFAULT_PROPERTIES:
        properties = list_properties(write_back, system, remembers=True)
        written = {name: properties.get(output, "") for name, output in MEMORY_OUTPUTS.items()}
        for name, column in {**written, REJECTED: REJECTED_PROPERTIES[system]}.items():
            if column and column not in taken:
                names[name].append((system, column))
                owners.setdefault(name_key(column), set()).add(name)
    fields = dict(reading.fields)
    for name, columns in names.items():
        field = fields.get(name)
        spoken = reading.systems_named.get(name, frozenset())
        if field is None or not field.is_plain or "" in spoken:
            continue
        columns = [(system, column) for system, column in columns if system not in spoken]
        anywhere = tuple(pair for pair in columns if len(owners[name_key(pair[1])]) == 1)
        in_bodies = tuple(pair for pair in columns if len(owners[name_key(pair[1])]) > 1)
        fields[name] = replace(field, standard=anywhere, in_bodies=in_bodies)
    return fields
