"""The section `axes` of a card, and the key `axis` of fields, rules and groups: to which axis each entry belongs.

What is counted from events, and computed from that, is engagement; all else is fit. What reads fields of both axes says
itself where it belongs, and the rules of a group are of one axis.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from leadledger.scoring.axis import AXES, MOST_UNKNOWN, Axis, AxisDemand, AxisName, AxisOrNone, merge_axes
from leadledger.scoring.card.card_keys import KEYS, TRAINED_THRESHOLDS
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.yaml_shapes import KeyValue
from leadledger.scoring.errors import did_you_mean, quote
from leadledger.scoring.rule import Group

# The names of grades, so that `B2` can be read without its key: a letter for fit, a number for engagement. The last one
# of either is the grade of all below.
_GRADES = {"fit": re.compile("[A-Y]"), "engagement": re.compile("[1-8]")}
_GRADE_WORDS = {"fit": "a letter, A to Y", "engagement": "a number, 1 to 8"}


def read_axes(reading: CardReading) -> dict[AxisName, Axis]:
    """The axes of the card; none where it has no such section."""
    if "axes" not in reading.sections:
        return {}
    shapes = reading.shapes
    record = shapes.read_record(reading.sections["axes"].value, "`axes`", KEYS["axes"])
    axes: dict[AxisName, Axis] = {}
    for axis in AXES:
        if axis not in record:
            continue
        what = f"axis '{axis}'"
        items = shapes.read_record(record[axis].value, what, KEYS["axis"])
        grades = _read_grades(reading, axis, items["grades"], what) if "grades" in items else ()
        unknown: float | None = MOST_UNKNOWN
        if "unknown" in items:
            unknown = shapes.read_number(items["unknown"].value, f"`unknown` of {what}", 0, 1, decimals=3)
        if grades:
            last = grades[-1][0]
            axes[axis] = Axis(grades, chr(ord(last) + 1), MOST_UNKNOWN if unknown is None else unknown)
    reading.axes = axes
    return axes


def _read_grades(reading: CardReading, axis: AxisName, item: KeyValue, what: str) -> tuple[tuple[str, int], ...]:
    """The grades of an axis, the best first; none where one can't be read."""
    shapes = reading.shapes
    before = len(shapes.problems)
    grades: list[tuple[str, int]] = []
    for grade, entry in shapes.read_mapping(item.value, f"`grades` of {what}").items():
        name = f"grade {grade} of {axis}"
        if not _GRADES[axis].fullmatch(grade):
            shapes.add_problem(entry.key, f"a grade of {axis} is {_GRADE_WORDS[axis]}, not {quote(grade)}")
            continue
        points = shapes.read_points(entry.value, name)
        if points is None:
            continue
        if grades and (points >= grades[-1][1] or grade <= grades[-1][0]):
            text = f"{name} must come after {grades[-1][0]} and start below it; list the best first"
            shapes.add_problem(entry.key, text)
        grades.append((grade, points))
    if not grades and len(shapes.problems) == before:
        example = "{A: 10, B: 0}" if axis == "fit" else "{1: 10, 2: 3}"
        shapes.add_problem(item.value, f"`grades` of {what} is empty; write for example {example}")
    return tuple(grades) if len(shapes.problems) == before else ()


def read_axis(reading: CardReading, record: Mapping[str, KeyValue], what: str) -> AxisOrNone:
    """The axis that a field, rule or group names itself; empty where it names none."""
    if "axis" not in record:
        return ""
    if "axes" not in reading.sections:
        text = f"{what} says `axis:`, and the card has no axes; declare them under `axes:`, or remove it"
        reading.shapes.add_problem(record["axis"].key, text)
        return ""
    word = reading.shapes.read_word(record["axis"].value, f"`axis` of {what}", AXES)
    return word or ""  # type: ignore[return-value]  # one of AXES


def choose_axis(
    reading: CardReading, record: Mapping[str, KeyValue], key: str, what: str, own: AxisOrNone, asked: Iterable[str]
) -> AxisOrNone:
    """The axis of what reads some fields: `own`, where it names one, else that of the fields.

    Notes fields of two axes at `key`. Empty where the card has no axes.
    """
    if "axes" not in reading.sections:
        return ""
    if own:
        return own
    fields = {name: reading.fields[name].axis or "fit" for name in asked if name in reading.fields}
    axis = merge_axes(fields.values())
    if axis is None:
        first = {name: next(field for field, of in fields.items() if of == name) for name in AXES}
        of_both = " and ".join(f"'{field}' of {name}" for name, field in first.items())
        text = f"{what} reads {of_both}; say which it counts for, `axis: fit` or `axis: engagement`"
        reading.shapes.add_problem(record[key].value, text)
    return axis or "fit"


@dataclass(frozen=True)
class GroupMember:
    """A rule of a group: as messages call it, the axis of its points, and its record in the card."""

    what: str
    axis: AxisOrNone
    record: Mapping[str, KeyValue]


def settle_group_axes(
    reading: CardReading, groups: Sequence[Group], members: Mapping[str, Sequence[GroupMember]]
) -> tuple[Group, ...]:
    """The groups with their axis: their own, else that of their rules. Notes rules of another axis than their group.

    `members` are the rules of each group that has any.
    """
    if "axes" not in reading.sections:
        return tuple(groups)
    settled = []
    for group in groups:
        rules = members.get(group.name, ())
        axis = group.axis or (rules[0].axis if rules else "fit")
        for rule in rules:
            if rule.axis == axis:
                continue
            if group.axis:
                text = (
                    f"{rule.what} says `axis: {rule.axis}`, and its group '{group.name}' `axis: {axis}`; a group is of"
                )
                reading.shapes.add_problem(rule.record["axis"].value, f"{text} one axis, so remove one of the two")
            else:
                text = (
                    f"{rule.what} counts for {rule.axis}, and in its group '{group.name}' {rules[0].what} for {axis};"
                )
                mend = "a group is of one axis, so make two of it, or give it `axis:`"
                reading.shapes.add_problem(rule.record["group"].value, f"{text} {mend}")
        settled.append(replace(group, axis=axis))
    return tuple(settled)


def read_demands(reading: CardReading, record: Mapping[str, KeyValue], what: str) -> tuple[AxisDemand, ...]:
    """The grades of axes that a stage asks for, as far as the card has them."""
    demands = []
    for axis in AXES:
        if axis not in record:
            continue
        if "axes" not in reading.sections:
            text = f"{what} asks for a grade of {axis}, and the card has no axes; declare them under `axes:`"
            reading.shapes.add_problem(record[axis].key, text)
            continue
        grade = reading.shapes.read_text(record[axis].value, f"`{axis}` of {what}")
        if grade is None or axis not in reading.axes:
            continue
        trained = next((key for key in TRAINED_THRESHOLDS if key in record), "")
        if trained:
            text = f"{what} asks for a grade of {axis} and, by `{trained}`, for a threshold, which training finds among"
            mend = "leads of all grades; it would promise nothing of those with one. Ask for the grade at another stage"
            reading.shapes.add_problem(record[axis].key, f"{text} {mend}")
            continue
        cuts = dict(reading.axes[axis].grades)
        if grade in cuts:
            demands.append(AxisDemand(axis, grade, cuts[grade]))
            continue
        if grade == reading.axes[axis].below:
            mend = f"is the grade of all leads below {reading.axes[axis].grades[-1][0]}; ask for a better one"
        else:
            mend = f"is no grade of {axis}.{did_you_mean(grade, cuts) or ' Its grades are ' + ', '.join(cuts) + '.'}"
        reading.shapes.add_problem(record[axis].value, f"`{axis}` of {what} is {quote(grade)}, which {mend}")
    return tuple(demands)
