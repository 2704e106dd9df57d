"""The section `write_back` of a card: the property of each system that each output is written to."""

from __future__ import annotations

import re

import yaml

from leadledger.scoring.card.advice_keys import has_advice_keys
from leadledger.scoring.card.card_keys import KEYS
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES, MEMORY_OUTPUTS, RECORD_ID_NAMES
from leadledger.scoring.card.yaml_shapes import KeyValue
from leadledger.scoring.errors import quote
from leadledger.scoring.outputs import ADVICE_COLUMNS, AXIS_COLUMNS, list_names
from leadledger.scoring.text_forms import fold

_PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_RULE = "a letter, then letters, digits and _, at most 100 in all"
# Of all that its leads have, only custom fields are no business of sales or of BottleCRM itself.
_OF_BOTTLECRM = re.compile(r"custom_fields\.[a-z][a-z0-9_]{0,59}")
_RULE_OF_BOTTLECRM = "`custom_fields.`, then a letter, then small letters, digits and _, at most 60"


def read_write_back(reading: CardReading, node: yaml.Node) -> dict[str, dict[str, str]]:
    """For each system, the property that each output is written to."""
    systems = reading.shapes.read_record(node, "`write_back`", KEYS["write_back"])
    return {system: _read_system(reading, system, item) for system, item in systems.items()}


def _read_system(reading: CardReading, system: str, item: KeyValue) -> dict[str, str]:
    shapes, what = reading.shapes, f"`{system}` of `write_back`"
    remembers = has_advice_keys(reading)
    properties: dict[str, str] = {}
    for output, written in shapes.read_record(item.value, what, KEYS["written"]).items():
        name = _read_property(reading, written.value, f"`{output}` of {what}", system, output if remembers else "")
        if output in list_names(AXIS_COLUMNS) and "axes" not in reading.sections:
            text = f"`{output}` of {what} is of an axis, and the card has no axes; declare them under `axes:`"
            shapes.add_problem(written.key, text)
        if output == "propensity" and not reading.explores:
            text = f"`{output}` of {what} is of a draw, and no stage of the card explores; add `explore:` to one"
            shapes.add_problem(written.key, text)
        if output in list_names(ADVICE_COLUMNS) and not remembers:
            text = f"`{output}` of {what} is known only where a stage says `hold:` or `cool_down:`; remove it"
            shapes.add_problem(written.key, text)
        if name is None:
            continue
        if name in properties.values():
            first = next(key for key, taken in properties.items() if taken == name)
            text = f"`{output}` of {what} is '{name}', and so is `{first}`; give each a property of its own"
            shapes.add_problem(written.value, text)
        properties[output] = name
    if isinstance(item.value, yaml.MappingNode) and not item.value.value:
        text = f"{what} writes nothing; say for example `score: {DEFAULT_PROPERTIES[system]['score']}`"
        shapes.add_problem(item.value, text)
    return properties


def _read_property(reading: CardReading, node: yaml.Node, what: str, system: str, output: str) -> str | None:
    """The name of a property that may be written to; the field that remembers `output` may be read from it."""
    shapes = reading.shapes
    name = shapes.read_text(node, what)
    if name is None:
        return None
    reads = [
        field.name
        for field in reading.fields.values()
        if ((system, name) in (*field.sources, *field.standard, *field.in_bodies) or field.name == name)
        and (not output or MEMORY_OUTPUTS.get(field.name) != output)
    ]
    pattern, rule = (_OF_BOTTLECRM, _RULE_OF_BOTTLECRM) if system == "bottlecrm" else (_PROPERTY, _RULE)
    if not pattern.fullmatch(name):
        shapes.add_problem(node, f"{what} is {quote(name)}, which is no name of a property; it must be {rule}")
    elif fold(name) in RECORD_ID_NAMES:
        shapes.add_problem(node, f"{what} is '{name}', which says what record it is; write to a property of its own")
    elif reads:
        text = f"{what} is '{name}', from which field '{reads[0]}' is read"
        shapes.add_problem(node, f"{text}; write to a property of its own")
    else:
        return name
    return None
