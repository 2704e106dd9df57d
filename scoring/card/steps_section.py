"""The sections `steps` and `amount` of a card: the transitions up to a sale, and the field with what a sale brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from leadledger.scoring.card.card_keys import KEYS
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.yaml_shapes import KeyValue
from leadledger.scoring.errors import did_you_mean, quote
from leadledger.scoring.gate import Stage
from leadledger.scoring.outcome import Outcome
from leadledger.scoring.transition import STAGES, Transition


def read_steps(reading: CardReading, stages: Sequence[Stage], outcome: Outcome | None) -> tuple[Transition, ...]:
    """The transitions, in the order of the stages."""
    if "steps" not in reading.sections:
        return ()
    shapes, section = reading.shapes, reading.sections["steps"]
    if "outcome" not in reading.sections or (outcome is not None and not outcome.since):
        text = "`steps` are counted from the day of the lead, so `outcome` needs `since:`, a date field"
        shapes.add_problem(section.key, text)
    order = tuple(stage.name for stage in stages) or STAGES
    items = shapes.read_mapping(section.value, "`steps`")
    transitions: list[Transition] = []
    for name, item in items.items():
        known = _check_stage(reading, item, name, order, [transition.stage for transition in transitions])
        transition = _read_transition(reading, item.value, name, transitions)
        if known and transition is not None:
            transitions.append(transition)
    if items and transitions and order[-1] not in items and reading.declared["stages"] is not None:
        text = f"`steps` don't lead up to a sale: add a step to '{order[-1]}', the last of the stages"
        shapes.add_problem(section.key, text)
    if isinstance(section.value, yaml.MappingNode) and not section.value.value:
        shapes.add_problem(section.value, "`steps` is empty; list the steps, or remove the key")
    return tuple(transitions)


def _check_stage(reading: CardReading, item: KeyValue, name: str, order: Sequence[str], earlier: Sequence[str]) -> bool:
    """Whether a step leads to a stage that comes after those of the `earlier` steps."""
    if name not in order:
        if reading.declared["stages"] is not None and name not in reading.declared["stages"]:
            hint = did_you_mean(name, order[1:]) or f" A step leads to one of: {', '.join(order[1:])}."
            reading.shapes.add_problem(item.key, f"`steps` has a step to {quote(name)}, which is not a stage.{hint}")
        return False
    if name == order[0]:
        text = f"`steps` has a step to '{name}', the first of the stages, where every lead starts; remove it"
        reading.shapes.add_problem(item.key, text)
        return False
    late = [stage for stage in earlier if order.index(stage) > order.index(name)]
    if late:
        text = f"`steps` has the step to '{name}' after that to '{late[0]}'; list them in the order of the stages"
        reading.shapes.add_problem(item.key, f"{text}: {', '.join(order[1:])}")
    return not late


def _read_transition(
    reading: CardReading, node: yaml.Node, name: str, earlier: Sequence[Transition]
) -> Transition | None:
    """One step; None where its column or its horizon can't be read."""
    shapes, what = reading.shapes, f"the step to {quote(name)}"
    record = shapes.read_record(node, what, KEYS["step"])
    column = shapes.read_text(record["became"].value, f"`became` of {what}") if "became" in record else None
    within = shapes.read_days(record["within"].value, f"`within` of {what}") if "within" in record else None
    if column is not None:
        _check_column(reading, record, column, what, earlier)
    return Transition(name, column, within[0]) if column is not None and within is not None else None


def _check_column(
    reading: CardReading, record: Mapping[str, KeyValue], column: str, what: str, earlier: Sequence[Transition]
) -> None:
    """Note a column that is a field too, or that of another step."""
    same = next((transition.stage for transition in earlier if transition.became == column), None)
    text = ""
    if column in reading.list_written_columns():
        text = f"is the day of {what}, so it can't be a field too: a lead to be scored doesn't have it yet"
        text = f"{quote(column)} {text}; remove the field"
    elif same is not None:
        text = f"{quote(column)} is the day of the step to '{same}' already; {what} needs a column of its own"
    if text:
        reading.shapes.add_problem(record["became"].value, text)


def read_amount(reading: CardReading) -> str:
    """The name of the field with the amount of a sale; empty: none."""
    if "amount" not in reading.sections:
        return ""
    shapes, section = reading.shapes, reading.sections["amount"]
    name = shapes.read_text(section.value, "`amount`") or ""
    if "steps" not in reading.sections:
        text = "`amount` is multiplied by the chance of a sale, so the card needs `steps:`; add them, or remove it"
        shapes.add_problem(section.key, text)
    if name and reading.known is not None and (name in reading.known or not reading.misnamed):
        field = reading.known.get(name)
        computed = {name for name, declared in reading.fields.items() if declared.derived is not None}
        if field is None or field.kind not in ("number", None) or name in computed:
            numbers = [name for name, known in reading.known.items() if known.kind == "number" and name not in computed]
            hint = did_you_mean(name, numbers) or " Declare one under `fields:`."
            text = f"`amount` must name a number field with a column of its own, not {quote(name)}"
            shapes.add_problem(section.value, f"{text}.{hint}")
    return name
