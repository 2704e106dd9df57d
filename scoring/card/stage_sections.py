"""The sections of a card that decide by points: `stages` and `grades`."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from leadledger.scoring.axis import AXES
from leadledger.scoring.card.advice_keys import ADVICE_KEYS, read_cool_down, read_hold
from leadledger.scoring.card.axis_section import read_demands
from leadledger.scoring.card.card_keys import KEYS, THRESHOLD_KEYS, TRAINED_THRESHOLDS
from leadledger.scoring.card.exploration_section import read_exploration
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.yaml_shapes import KeyValue
from leadledger.scoring.criterion import Criterion
from leadledger.scoring.errors import did_you_mean, quote
from leadledger.scoring.gate import Capacity, DealValue, Stage

DEFAULT_CONFIDENCE = 0.9


def read_stages(reading: CardReading, criteria: tuple[Criterion, ...]) -> tuple[Stage, ...]:
    """The stages, in the order of the card."""
    if "stages" not in reading.sections:
        return ()
    shapes = reading.shapes
    criteria_by_name = {criterion.name: criterion for criterion in criteria}
    stages: list[Stage] = []
    for name, what, record in reading.read_named_records("stages", "stage"):
        requires = _read_requires(reading, record, what, criteria_by_name)
        points = shapes.read_points(record["points"].value, f"`points` of {what}") if "points" in record else None
        precision, confidence = _read_probability(reading, record, what)
        rate = shapes.read_rate(record["capacity"].value, f"`capacity` of {what}") if "capacity" in record else None
        value = _read_value(reading, record["value"].value, what) if "value" in record else None
        _check_thresholds(reading, record, what, is_first=not stages)
        capacity = Capacity(*rate) if rate else None
        demands = read_demands(reading, record, what)
        hold = read_hold(reading, record, what) if stages else None
        cool_down = read_cool_down(reading, record, what) if stages else None
        exploration = read_exploration(reading, record, what, name, is_first=not stages)
        by_points = (points, precision, confidence, capacity, value)
        stages.append(Stage(name, requires, *by_points, demands, exploration, hold, cool_down))
    _check_stage_field(reading, reading.sections["stages"].value)
    return tuple(stages)


def _read_requires(
    reading: CardReading, record: Mapping[str, KeyValue], what: str, criteria: Mapping[str, Criterion]
) -> tuple[str, ...]:
    """The names of the criteria that a stage requires, as far as the card has them."""
    if "requires" not in record:
        return ()
    requires = []
    for name, node in reading.read_texts(record["requires"].value, f"`requires` of {what}"):
        if name in criteria and not criteria[name].essential:
            text = f"{what} requires '{name}', which says `essential: no`; remove one of the two"
            reading.shapes.add_problem(node, text)
        elif reading.is_undeclared(name, "criteria"):
            hint = did_you_mean(name, criteria) or " Declare it under `criteria:`."
            reading.shapes.add_problem(node, f"{what} requires the unknown criterion {quote(name)}.{hint}")
        elif name in criteria:
            requires.append(name)
    return tuple(requires)


def _read_probability(reading: CardReading, record: Mapping[str, KeyValue], what: str) -> tuple[float | None, float]:
    """The precision that a stage asks for (None: it asks for none), and the confidence."""
    precision, confidence = None, DEFAULT_CONFIDENCE
    if "probability" in record:
        shapes = reading.shapes
        items = shapes.read_record(record["probability"].value, f"`probability` of {what}", KEYS["probability"])
        for key, item in items.items():
            number = shapes.read_number(item.value, f"`{key}` of {what}", 0.01, 0.999)
            if number is not None and key == "precision":
                precision = number
            elif number is not None:
                confidence = number
    return precision, confidence


def _read_value(reading: CardReading, node: yaml.Node, what: str) -> DealValue | None:
    """What an opportunity brings, and what a promotion costs."""
    shapes = reading.shapes
    record = shapes.read_record(node, f"`value` of {what}", KEYS["value"])
    amounts = {key: shapes.read_number(item.value, f"`{key}` of {what}", 0.01, 1e9) for key, item in record.items()}
    won, cost = amounts.get("won"), amounts.get("cost")
    if won is None or cost is None:
        return None
    if cost >= won:
        text = f"`cost` of {what} is not below `won`, so no promotion could ever pay; mend one of the two"
        shapes.add_problem(record["cost"].value, text)
        return None
    return DealValue(won, cost)


def _check_thresholds(reading: CardReading, record: Mapping[str, KeyValue], what: str, is_first: bool) -> None:
    """Note what a stage can't have: anything before the first stage, and two ways to a threshold."""
    trained = [key for key in record if key in TRAINED_THRESHOLDS]
    if is_first:
        for key in ("requires", *AXES, *THRESHOLD_KEYS, *ADVICE_KEYS, "explore"):
            if key in record:
                text = f"{what} is the first, so nothing can be required to enter it; remove `{key}:`"
                reading.shapes.add_problem(record[key].key, text)
    elif len(trained) > 1:
        text = f"{what} asks for a threshold by {' and by '.join(f'`{key}`' for key in trained)}; keep one of them"
        reading.shapes.add_problem(record[trained[1]].key, text)


def _check_stage_field(reading: CardReading, node: yaml.Node) -> None:
    """A field named `stage` says where a lead stands, so its values are names of stages."""
    field = reading.fields.get("stage")
    if field is None:
        return
    if reading.known is not None and reading.known["stage"].kind not in ("text", None):
        text = f"field 'stage' is a {field.kind}; it says where a lead stands, so it must be a text"
        reading.shapes.add_problem(node, text)
    for value in reading.stage_values:
        if reading.is_undeclared(value.value, "stages"):
            hint = did_you_mean(value.value, reading.declared["stages"] or ())
            text = f"field 'stage' has the value {quote(value.value)}, which is not a stage.{hint}"
            reading.shapes.add_problem(value, text)


def read_grades(reading: CardReading) -> tuple[tuple[tuple[str, int], ...], str]:
    """The grades and the points (tenths) from which each counts, the best first; and the grade of all below."""
    if "grades" not in reading.sections:
        return (("A", 650), ("B", 500), ("C", 350)), "D"
    shapes = reading.shapes
    before = len(shapes.problems)
    grades: list[tuple[str, int]] = []
    ordered = True
    for grade, item in shapes.read_mapping(reading.sections["grades"].value, "`grades`").items():
        if not (grade.isalnum() and grade.isascii() and len(grade) <= 10):
            shapes.add_problem(item.key, f"the grade {quote(grade)} must be a short word, such as A or B")
            continue
        points = shapes.read_points(item.value, f"grade {grade}")
        if points is None:
            continue
        if ordered and grades and points >= grades[-1][1]:
            shapes.add_problem(item.value, f"grade {grade} must start below grade {grades[-1][0]}; list the best first")
            ordered = False
        grades.append((grade, points))
    if len(shapes.problems) > before:
        reading.declared["grades"] = None
    last = grades[-1][0] if grades else "C"
    below = chr(ord(last) + 1) if last in [*"ABCDEFGHIJKLMNOPQRSTUVWXY"] else "below"
    return tuple(grades), "below" if below in {grade for grade, _ in grades} else below
