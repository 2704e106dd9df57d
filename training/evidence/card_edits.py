"""The edits between two cards, and each tried by itself: put alone into one card, as it is in the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from leadledger.models.releases.changes import RuleChange
from leadledger.models.releases.diff import compare
from leadledger.scoring.axis import Axis, AxisDemand, AxisName
from leadledger.scoring.criterion import Criterion
from leadledger.scoring.exclusion import Exclusion
from leadledger.scoring.gate import Stage
from leadledger.scoring.result import format_signed, format_unsigned
from leadledger.scoring.rule import EachRule, Group, Rule
from leadledger.scoring.scorecard import Card, Learned, Scorecard
from leadledger.training.sources.required_fields import fields_read


@dataclass(frozen=True)
class CardEdit:
    """One edit of the card, and how many of the changed leads it answers for.

    `alone`: they change too when the edit alone is put into the old card. `needed`: they don't change when the edit
    alone is kept out of the new card.
    """

    kind: str
    name: str
    said: str
    alone: int = 0
    needed: int = 0

    @property
    def title(self) -> str:
        """The edit for people: `rule price_page`."""
        return f"{self.kind} {self.name}".rstrip()

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return dict(self.__dict__)


def find_edits(old: Scorecard, new: Scorecard) -> Iterator[CardEdit]:
    """What was edited, by the diff of releases; what decides nothing (a reason, a title) is no edit."""
    declared = compare(*(Scorecard(card.card, Learned()) for card in (old, new)))
    counting = compare(old, new)  # with what was learned: a threshold of a release hides the one that the card sets
    for rule in declared.rules:
        words = _said(rule)
        if words:
            yield CardEdit("rule", rule.name, words)
    if counting.trust[0] != counting.trust[1]:
        yield CardEdit("trust", "", " → ".join(f"{trust:g}" for trust in counting.trust))
    reordered = [stage.name for stage in old.card.stages] != [stage.name for stage in new.card.stages]
    if reordered:
        yield CardEdit("stages", "", f"{_listed(old.card)} → {_listed(new.card)}")
    for threshold in () if reordered else counting.thresholds:
        yield CardEdit("line", threshold.name, f"{_points(threshold.points.old)} → {_points(threshold.points.new)}")
    if declared.grades or old.card.below != new.card.below:
        moved = [f"{grade.name} {_points(grade.old)} → {_points(grade.new)}" for grade in declared.grades]
        yield CardEdit("grades", "", ", ".join(moved) or f"lowest {old.card.below} → {new.card.below}")
    for change in declared.card:
        kind, _, name = change.name.partition(" ")
        if change.name == "texts for missing":
            yield CardEdit("missing", "", f"{change.old} → {change.new}")
        elif (
            kind in ("criterion", "exclusion", "group", "axis", "rule", "event")  # a rule here is one for each event
            or (kind == "field" and change.old and change.new)
            or (kind == "stage" and not reordered)
        ):
            was, now = ("not there" if part is None else part for part in (change.old, change.new))
            yield CardEdit(
                kind, name, "added: " + now if change.old is None else f"{was} → {now}" if change.new else "removed"
            )
    for name, was_field in old.card.fields.items():
        now_field = new.card.fields.get(name)
        if now_field is not None and bool(was_field.ask) != bool(now_field.ask):
            yield CardEdit("question", name, "asked now" if now_field.ask else "asked no more")


def _said(rule: RuleChange) -> str:
    """How a rule was edited; empty where nothing was that counts."""
    declared = rule.declared
    if declared.old is None or declared.new is None:
        return f"added, {format_signed(declared.new)}" if declared.new is not None else "removed"
    parts = [f"{format_signed(declared.old)} → {format_signed(declared.new)}"] if declared.moved else []
    parts += [f"{edit.name.replace('_', ' ')}: {edit.old} → {edit.new}" for edit in rule.edits if edit.name != "reason"]
    return "; ".join(parts)


def _points(tenths: int | None) -> str:
    return "none" if tenths is None else format_unsigned(tenths)


def _listed(card: Card) -> str:
    return ", ".join(stage.name for stage in card.stages) or "none"


Named = TypeVar("Named", bound=Rule | EachRule | Criterion | Exclusion | Group)


def swap_in(base: Card, donor: Card, edit: CardEdit) -> Card:
    """A card in which one thing is as in another card, where it may be absent; what it needs comes along."""
    name = edit.name
    match edit.kind:
        case "rule":
            each_rules = _swapped(base.each_rules, donor.each_rules, name)
            card = replace(base, rules=_swapped(base.rules, donor.rules, name), each_rules=each_rules)
        case "event":  # one that is gone can stay: nothing that is left asks for it
            kinds = {name: donor.events[name]} if name in donor.events else {}
            card = replace(base, events={**base.events, **kinds})
        case "criterion":
            required = any(name in stage.requires for stage in base.stages)
            criteria = _swapped(base.criteria, donor.criteria, name)
            # A stage that still requires it can't do without.
            kept = required and all(criterion.name != name for criterion in criteria)
            card = base if kept else replace(base, criteria=criteria)
        case "exclusion":
            card = replace(base, exclude=_swapped(base.exclude, donor.exclude, name))
        case "group":
            card = replace(base, groups=_swapped(base.groups, donor.groups, name))
        case "field":
            card = replace(base, fields={**base.fields, name: replace(donor.fields[name], ask=base.fields[name].ask)})
        case "question":
            field = replace(base.fields[name], ask=donor.fields[name].ask)
            card = replace(base, fields={**base.fields, name: field})
        case "stages":
            card = replace(base, stages=donor.stages)
        case "stage" | "line":
            by_name = {stage.name: stage for stage in donor.stages}
            asked = ["requires", "demands"]
            lines = [field.name for field in fields(Stage) if field.name not in ("name", *asked)]
            keys = asked if edit.kind == "stage" else lines
            stages = (
                replace(stage, **{key: getattr(by_name[name], key) for key in keys}) if stage.name == name else stage
                for stage in base.stages
            )
            card = replace(base, stages=tuple(stages))
        case "axis":
            card = _with_axes(base, donor.axes)
        case "grades":
            card = replace(base, grades=donor.grades, below=donor.below)
        case "missing":
            card = replace(base, missing=donor.missing)
        case _:
            card = replace(base, trust=donor.trust)
    return _whole(card, donor)


def _with_axes(card: Card, axes: Mapping[AxisName, Axis]) -> Card:
    """The card with other axes; a stage asks for the grades that they have."""

    def ask_anew(stage: Stage) -> Stage:
        cuts = {(name, grade): cut for name, axis in axes.items() for grade, cut in axis.grades}
        asked = [(demand.axis, demand.grade) for demand in stage.demands]
        return replace(stage, demands=tuple(AxisDemand(*names, cuts[names]) for names in asked if names in cuts))

    return replace(card, axes=axes, stages=tuple(map(ask_anew, card.stages)))


def _swapped(base: tuple[Named, ...], donor: tuple[Named, ...], name: str) -> tuple[Named, ...]:
    """The named items of a card, with one of them as in another card."""
    wanted = next((item for item in donor if item.name == name), None)
    if wanted is None:
        return tuple(item for item in base if item.name != name)
    if all(item.name != name for item in base):
        return (*base, wanted)
    return tuple(wanted if item.name == name else item for item in base)


def _whole(card: Card, donor: Card) -> Card:
    """The card, with the parts that it refers to and lacks taken from the other card."""
    required = {name for stage in card.stages for name in stage.requires} - {
        criterion.name for criterion in card.criteria
    }
    card = replace(
        card, criteria=(*card.criteria, *(criterion for criterion in donor.criteria if criterion.name in required))
    )
    if any(stage.demands for stage in card.stages) and not card.axes:
        card = _with_axes(card, donor.axes)
    wanted = {rule.group for rule in card.rules} | {rule.group for rule in card.each_rules}
    wanted -= {group.name for group in card.groups}
    card = replace(card, groups=(*card.groups, *(group for group in donor.groups if group.name in wanted)))
    here = {group.name for group in card.groups}
    # A rule whose group neither card has any more stands by itself.
    rules = tuple(rule if not rule.group or rule.group in here else replace(rule, group="") for rule in card.rules)
    each_rules = tuple(
        rule if not rule.group or rule.group in here else replace(rule, group="") for rule in card.each_rules
    )
    present = dict(card.fields)
    lacking = list(fields_read(card))
    lacking += [name for field in present.values() for name in field.computed_from]
    while lacking:
        name = lacking.pop()
        if name not in present:
            present[name] = donor.fields[name]
            lacking += donor.fields[name].computed_from
    counted = {field.event_value.kind for field in present.values() if field.event_value}
    if (counted | {rule.each for rule in each_rules}) - card.events.keys():  # with those whose subsets they are
        card = replace(card, events={**donor.events, **card.events})
    return replace(card, rules=rules, each_rules=each_rules, fields=present)
