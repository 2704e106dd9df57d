"""The sections of a card that hold conditions: `criteria`, `groups`, `rules` and `exclude`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from leadledger.scoring.axis import AxisOrNone
from leadledger.scoring.card.axis_section import GroupMember, choose_axis, read_axis, settle_group_axes
from leadledger.scoring.card.card_keys import KEYS
from leadledger.scoring.card.condition import KnownField, parse_condition
from leadledger.scoring.card.protected_section import read_reason_for_protected
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.yaml_shapes import KeyValue
from leadledger.scoring.criterion import Criterion
from leadledger.scoring.decay import HalfLife
from leadledger.scoring.errors import did_you_mean, quote
from leadledger.scoring.exclusion import Exclusion
from leadledger.scoring.result import format_unsigned
from leadledger.scoring.rule import EachRule, Group, Rule
from leadledger.scoring.tree import Condition

# Stands in for a condition that can't be read.
_PLACEHOLDER = Condition("", parse_condition("nothing", {"nothing": KnownField("flag")}).tree)


def read_criteria(reading: CardReading) -> tuple[Criterion, ...]:
    """The criteria, in the order of the card."""
    if "criteria" not in reading.sections:
        return ()
    shapes = reading.shapes
    criteria = []
    items = shapes.read_mapping(reading.sections["criteria"].value, "`criteria`")
    for name, item in shapes.read_names(items, "a criterion"):
        what = f"criterion '{name}'"
        record = shapes.read_record(item.value, what, KEYS["criterion"])
        met = reading.read_condition(record, "met", what)
        essential = True
        if "essential" in record:
            essential = shapes.read_yes(record["essential"].value, f"`essential` of {what}") is not False
        label = reading.read_line(record, "label", what)
        uses_protected = read_reason_for_protected(reading, record, "met", what, met.fields) if met else ""
        # A criterion that can't be read keeps its name, so that a stage that requires it is not a second problem.
        criteria.append(Criterion(name, met or _PLACEHOLDER, essential, label, uses_protected))
    return tuple(criteria)


def read_groups(reading: CardReading) -> tuple[Group, ...]:
    """The groups, in the order of the card."""
    if "groups" not in reading.sections:
        return ()
    shapes = reading.shapes
    groups = []
    for name, item in shapes.read_names(shapes.read_mapping(reading.sections["groups"].value, "`groups`"), "a group"):
        what = f"group '{name}'"
        record = shapes.read_record(item.value, what, KEYS["group"])
        maximum = shapes.read_points(record["max"].value, f"`max` of {what}") if "max" in record else None
        minimum = shapes.read_points(record["min"].value, f"`min` of {what}") if "min" in record else None
        best_of = shapes.read_yes(record["best_of"].value, f"`best_of` of {what}") if "best_of" in record else False
        worth = "a group of which no rule fires is worth 0"
        if maximum is not None and maximum < 0:
            shapes.add_problem(record["max"].value, f"`max` of {what} is below 0; {worth}")
        if minimum is not None and minimum > 0:
            shapes.add_problem(record["min"].value, f"`min` of {what} is above 0; {worth}")
        if isinstance(item.value, yaml.MappingNode) and not item.value.value:
            shapes.add_problem(item.value, f"{what} does nothing; give it `max:`, `min:` or `best_of: yes`")
        groups.append(Group(name, maximum, minimum, bool(best_of), read_axis(reading, record, what)))
    return tuple(groups)


@dataclass(frozen=True)
class ReadRules:
    """The rules that can be read, those for each event, and the groups with the axes of their rules."""

    rules: tuple[Rule, ...]
    each_rules: tuple[EachRule, ...]
    groups: tuple[Group, ...]


def read_rules(reading: CardReading, groups: Sequence[Group]) -> ReadRules:
    """The rules and the groups, in the order of the card."""
    shapes = reading.shapes
    rules, each_rules = [], []
    own_axes = {group.name: group.axis for group in groups}
    members: dict[str, list[GroupMember]] = {group.name: [] for group in groups}
    records = reading.read_named_records("rules", "rule", {"each": "each_rule"}) if "rules" in reading.sections else ()
    for name, what, record in records:
        group = _read_group_name(reading, record, what)
        own = read_axis(reading, record, what) or own_axes.get(group, "")
        if "each" in record:
            axis = choose_axis(reading, record, "each", what, own or "engagement", ())
            if group in members:
                members[group].append(GroupMember(what, axis, record))
            each_rule = _read_each_rule(reading, name, what, record, group, axis)
            if each_rule is not None:
                each_rules.append(each_rule)
            continue
        when = reading.read_condition(record, "when", what)
        points = _read_points(reading, record, what)
        reason, why = reading.read_line(record, "reason", what), reading.read_line(record, "why", what)
        since = shapes.read_day(record["since"].value, f"`since` of {what}") if "since" in record else None
        half_life = _read_half_life(reading, record["half_life"].value, what) if "half_life" in record else None
        asked = (*(when.fields if when else ()), *([half_life.of] if half_life else []))
        uses_protected = read_reason_for_protected(reading, record, "when", what, dict.fromkeys(asked)) if when else ""
        if when is None or not points:
            continue
        axis = choose_axis(reading, record, "when", what, own, dict.fromkeys(asked))
        if group in members:
            members[group].append(GroupMember(what, axis, record))
        rules.append(Rule(name, when, points, reason, why, since, half_life, group, uses_protected, axis))
    return ReadRules(tuple(rules), tuple(each_rules), settle_group_axes(reading, groups, members))


def _read_points(reading: CardReading, record: Mapping[str, KeyValue], what: str) -> int | None:
    """The points of a rule, in tenths; None where it has none that can be read."""
    shapes = reading.shapes
    points = shapes.read_points(record["points"].value, f"`points` of {what}", 100) if "points" in record else None
    if points == 0:
        shapes.add_problem(record["points"].value, f"{what} earns 0 points; give it points or remove it")
    return points


def _read_group_name(reading: CardReading, record: Mapping[str, KeyValue], what: str) -> str:
    """The group of a rule; empty where it has none."""
    group = reading.shapes.read_text(record["group"].value, f"`group` of {what}") if "group" in record else None
    if group is not None and reading.is_undeclared(group, "groups"):
        hint = did_you_mean(group, reading.declared["groups"] or ()) or " Declare it under `groups:`."
        reading.shapes.add_problem(record["group"].value, f"{what} is in the unknown group {quote(group)}.{hint}")
    return group or ""


def _read_each_rule(
    reading: CardReading, name: str, what: str, record: Mapping[str, KeyValue], group: str, axis: AxisOrNone
) -> EachRule | None:
    """A rule that earns points for each event, of a group and an axis; None where it can't be read."""
    shapes = reading.shapes
    each = shapes.read_text(record["each"].value, f"`each` of {what}")
    if each is not None and each not in reading.events and each not in reading.unread_events:
        hint = did_you_mean(each, reading.events) or " Declare it under `events:`."
        shapes.add_problem(record["each"].value, f"{what} counts the unknown kind of event {quote(each)}.{hint}")
    points = _read_points(reading, record, what)
    reason, why = reading.read_line(record, "reason", what), reading.read_line(record, "why", what)
    since = shapes.read_day(record["since"].value, f"`since` of {what}") if "since" in record else None
    half_life, within = (
        shapes.read_days(record[key].value, f"`{key}` of {what}") if key in record else None
        for key in ("half_life", "within")
    )
    if "half_life" in record and "within" in record:
        shapes.add_problem(record["within"].key, f"{what} has both `half_life:` and `within:`; remove one of the two")
    elif "half_life" not in record and "within" not in record:
        text = f"the points of {what} would pile up; add `half_life: 14 days`, or `within: 30 days`"
        shapes.add_problem(record["each"].key, text)
    per_day = None
    if "per_day" in record:
        per_day = shapes.read_points(record["per_day"].value, f"`per_day` of {what}")
        if per_day is not None and points and per_day < abs(points):
            least = f"it must be at least the points of one event, {format_unsigned(abs(points))}"
            shapes.add_problem(record["per_day"].value, f"`per_day` of {what} is too low; {least}")
    if each not in reading.events or not points:
        return None
    days = half_life[0] if half_life else None
    if (half_life is None) == (within is None):
        return None
    return EachRule(name, each, points, reason, why, since, days, within[0] if within else None, per_day, group, axis)


def read_exclusions(reading: CardReading) -> tuple[Exclusion, ...]:
    """The exclusions that can be read, in the order of the card."""
    if "exclude" not in reading.sections:
        return ()
    exclusions = []
    for name, what, record in reading.read_named_records("exclude", "exclusion"):
        when = reading.read_condition(record, "when", what)
        reason = reading.read_line(record, "reason", what)
        if when is not None:
            uses_protected = read_reason_for_protected(reading, record, "when", what, when.fields)
            exclusions.append(Exclusion(name, when, reason, uses_protected))
    return tuple(exclusions)


def _read_half_life(reading: CardReading, node: yaml.Node, what: str) -> HalfLife | None:
    days_of = reading.shapes.read_days(node, f"`half_life` of {what}", of=True)
    if days_of is None or reading.known is None:
        return None
    days, name = days_of
    offset = node.value.rindex(name)
    if name not in reading.known:
        if not reading.misnamed:
            hint = did_you_mean(name, reading.list_date_fields())
            reading.shapes.add_problem(node, f"`half_life` of {what} names the unknown field '{name}'.{hint}", offset)
        return None
    kind = reading.known[name].kind
    if kind not in ("date", None):
        reading.shapes.add_problem(node, f"`half_life` of {what} names '{name}', a {kind}; it needs a date", offset)
        return None
    return HalfLife(days, name)
