"""The key `parent` of a text field: whose values hold those of this one, such as the country of a city."""

from __future__ import annotations

from dataclasses import replace

from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.errors import did_you_mean, quote


def read_parents(reading: CardReading) -> None:
    """Give each field its parent, once it is known which fields are learned from."""
    named: dict[str, str] = {}
    for name, item in reading.parents.items():
        parent = reading.shapes.read_text(item.value, f"`parent` of field '{name}'")
        if parent is None or reading.known is None:
            continue
        problem = _find_problem(reading, name, parent)
        if problem:
            reading.shapes.add_problem(item.value, f"`parent` of field '{name}' {problem}")
        else:
            named[name] = parent
    refused: set[str] = set()  # fields of circles that have been noted
    for name, parent in named.items():
        above = _list_ancestors(named, name)
        if name in above and name not in refused:
            refused.update(above)
            way = " → ".join(f"'{field}'" for field in (name, *above[: above.index(name) + 1]))
            text = f"`parent` of field '{name}' leads back to it: {way}; remove one of these"
            reading.shapes.add_problem(reading.parents[name].value, text)
        elif name not in above:
            reading.fields[name] = replace(reading.fields[name], parent=parent)


def _find_problem(reading: CardReading, name: str, parent: str) -> str:
    """Why a field can't have a parent of that name; empty where it can."""
    if parent not in reading.fields:
        if reading.known is None or parent in reading.known or reading.misnamed:
            return ""  # another problem has been noted
        hint = did_you_mean(parent, reading.known) or " Declare it, or remove `parent`."
        return f"is {quote(parent)}, which is no field.{hint}"
    field = reading.fields[parent]
    if field.kind != "text":
        return f"is '{parent}', a field of `kind: {field.kind}`; name a text field"
    for learned in (name, parent):
        if not reading.fields[learned].learn:
            why = "is protected" if reading.fields[learned].protected else "says `learn: no`"
            return f"says how training learns from both, and '{learned}' {why}; remove `parent`"
    return ""


def _list_ancestors(named: dict[str, str], name: str) -> list[str]:
    """The parent of a field, its parent and so on, each once."""
    above: list[str] = []
    while named.get(name, "") and named[name] not in above:
        name = named[name]
        above.append(name)
    return above
