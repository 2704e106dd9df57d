"""The sections `protected` and `fairness` of a card: what must not decide, and how far its groups may lie apart.

A protected field, and whatever is computed from one, is never learned from. A rule, criterion or exclusion that reads
one is refused, unless its author says why with `uses_protected`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from leadledger.scoring.card.card_keys import KEYS
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.yaml_shapes import KeyValue
from leadledger.scoring.errors import did_you_mean, quote
from leadledger.scoring.fairness import Fairness

USES_PROTECTED = "uses_protected"


def read_protected(reading: CardReading) -> tuple[str, ...]:
    """The names under `protected`; marks these fields, and those computed from them, as never to be learned from."""
    if "protected" not in reading.sections:
        return ()
    shapes, node = reading.shapes, reading.sections["protected"].value
    names: dict[str, None] = {}
    for name, item in reading.read_texts(node, "`protected`"):
        field = reading.fields.get(name)
        if field is None:
            if reading.known is not None and name not in reading.known and not reading.misnamed:
                hint = did_you_mean(name, reading.known) or " Declare it under `fields:`."
                shapes.add_problem(item, f"`protected` names the unknown field {quote(name)}.{hint}")
        elif field.kind == "id":
            shapes.add_problem(item, f"`protected` names '{name}', an id; ids are never learned from, so remove it")
        elif name == "stage":
            shapes.add_problem(item, "`protected` names 'stage', which says where a lead stands; remove it")
        else:
            names[name] = None
    if isinstance(getattr(node, "value", None), list) and not node.value:
        shapes.add_problem(node, "`protected` is empty; list the fields, or remove the key")
    for name, field in reading.fields.items():  # a computed field comes after those that it asks
        asked = [source for source in field.computed_from if reading.fields[source].protected]
        if name not in names and not asked:
            continue
        reading.fields[name] = replace(field, learn=False, protected=True)
        if name in reading.asked_to_learn:
            why = "is protected" if name in names else f"is computed from '{asked[0]}', which is protected"
            shapes.add_problem(
                reading.asked_to_learn[name], f"field '{name}' {why}, so nothing is learned from it; remove `learn`"
            )
    return tuple(names)


def read_reason_for_protected(
    reading: CardReading, record: Mapping[str, KeyValue], key: str, what: str, asked: Iterable[str]
) -> str:
    """Why a condition may read protected fields, as its author says; empty where it reads none, or nothing is said.

    `asked` are the fields that the condition under `key` reads. Notes a condition that reads one without a word.
    """
    why = reading.read_line(record, USES_PROTECTED, what)
    protected = [name for name in asked if name in reading.fields and reading.fields[name].protected]
    if protected and USES_PROTECTED not in record:
        reads = " and ".join(_name_protected(reading, name) for name in protected)
        mend = f"remove it, or say why it has to with `{USES_PROTECTED}: the reason`"
        reading.shapes.add_problem(record[key].value, f"{what} reads {reads}; {mend}")
    if not protected and USES_PROTECTED in record and reading.known is not None and key in record:
        text = f"{what} reads no protected field; remove `{USES_PROTECTED}`"
        reading.shapes.add_problem(record[USES_PROTECTED].key, text)
    return why if protected else ""


def read_fairness(reading: CardReading, protected: tuple[str, ...]) -> Fairness | None:
    """The bounds under `fairness`; None where the card sets none."""
    if "fairness" not in reading.sections:
        return None
    shapes, section = reading.shapes, reading.sections["fairness"]
    record = shapes.read_record(section.value, "`fairness`", KEYS["fairness"])
    if "protected" not in reading.sections:
        shapes.add_problem(section.key, "`fairness` compares the groups of protected fields; list them in `protected:`")
    if not record:
        shapes.add_problem(section.value, "`fairness` sets no bound; give it for example `rate_ratio: 0.8`")
    bounds = {
        key: shapes.read_number(record[key].value, f"`{key}` of `fairness`", 0, 1)
        for key in KEYS["fairness"]
        if key in record
    }
    for key, bound in bounds.items():
        if bound == 0 or (bound == 1 and key != "rate_ratio"):
            never = (bound == 0) == (key == "rate_ratio")
            text = f"`{key}` of `fairness` is {bound:g}, which {'no release' if never else 'every release'} exceeds"
            shapes.add_problem(record[key].value, f"{text}; write a bound between 0 and 1")
    return Fairness(**bounds) if protected else None


def _name_protected(reading: CardReading, name: str) -> str:
    """A protected field in words, with the one that it is computed from."""
    sources = [source for source in reading.fields[name].computed_from if reading.fields[source].protected]
    return f"'{name}', computed from the protected field '{sources[0]}'" if sources else f"the protected field '{name}'"
