"""The edits between two cards, and each tried by itself: put alone into one card, as it is in the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from leadledger.models.releases.diff import RuleChange, compare
from leadledger.scoring.gate import Stage
from leadledger.scoring.result import signed, unsigned
from leadledger.scoring.rule import Criterion, Exclusion, Group, Rule
from leadledger.scoring.scorecard import Card, Learned, Scorecard


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
    """What was edited, as `release_diff` tells it; what decides nothing (a reason, a title) is no edit."""
    declared = compare(*(Scorecard(one.card, Learned()) for one in (old, new)))
    counting = compare(old, new)  # with what was learned: a line of a release hides one that is set by hand
    for rule in declared.rules:
        said = _said(rule)
        if said:
            yield CardEdit("rule", rule.name, said)
    if counting.trust[0] != counting.trust[1]:
        yield CardEdit("trust", "", " → ".join(f"{one:g}" for one in counting.trust))
    reordered = [one.name for one in old.card.stages] != [one.name for one in new.card.stages]
    if reordered:
        yield CardEdit("stages", "", f"{_listed(old.card)} → {_listed(new.card)}")
    for line in () if reordered else counting.lines:
        yield CardEdit("line", line.name, f"{_points(line.points.old)} → {_points(line.points.new)}")
    if declared.grades or old.card.below != new.card.below:
        moved = [f"{one.name} {_points(one.old)} → {_points(one.new)}" for one in declared.grades]
        yield CardEdit("grades", "", ", ".join(moved) or f"lowest {old.card.below} → {new.card.below}")
    for one in declared.card:
        kind, _, name = one.name.partition(" ")
        if one.name == "texts for missing":
            yield CardEdit("missing", "", f"{one.old} → {one.new}")
        elif (
            kind in ("criterion", "exclusion", "group")
            or (kind == "field" and one.old and one.new)
            or (kind == "stage" and not reordered)
        ):
            was, now = ("not there" if part is None else part for part in (one.old, one.new))
            yield CardEdit(
                kind, name, "added: " + now if one.old is None else f"{was} → {now}" if one.new else "removed"
            )
    for name, was_field in old.card.fields.items():
        now_field = new.card.fields.get(name)
        if now_field is not None and bool(was_field.ask) != bool(now_field.ask):
            yield CardEdit("question", name, "asked now" if now_field.ask else "asked no more")


def _said(rule: RuleChange) -> str:
    """How a rule was edited; empty where nothing was that counts."""
    declared = rule.declared
    if declared.old is None or declared.new is None:
        return f"added, {signed(declared.new)}" if declared.new is not None else "removed"
    parts = [f"{signed(declared.old)} → {signed(declared.new)}"] if declared.moved else []
    parts += [f"{one.name.replace('_', ' ')}: {one.old} → {one.new}" for one in rule.edits if one.name != "reason"]
    return "; ".join(parts)


def _points(tenths: int | None) -> str:
    return "none" if tenths is None else unsigned(tenths)


def _listed(card: Card) -> str:
    return ", ".join(one.name for one in card.stages) or "none"


Named = TypeVar("Named", bound=Rule | Criterion | Exclusion | Group)


def swap_in(base: Card, donor: Card, edit: CardEdit) -> Card:
    """A card in which one thing is as in another card, where it may be absent; what it needs comes along."""
    name = edit.name
    match edit.kind:
        case "rule":
            card = replace(base, rules=_swapped(base.rules, donor.rules, name))
        case "criterion":
            required = any(name in one.requires for one in base.stages)
            criteria = _swapped(base.criteria, donor.criteria, name)
            # A stage that still requires it can't do without.
            kept = required and all(one.name != name for one in criteria)
            card = base if kept else replace(base, criteria=criteria)
        case "exclusion":
            card = replace(base, exclude=_swapped(base.exclude, donor.exclude, name))
        case "group":
            card = replace(base, groups=_swapped(base.groups, donor.groups, name))
        case "field":
            card = replace(base, fields={**base.fields, name: replace(donor.fields[name], ask=base.fields[name].ask)})
        case "question":
            one = replace(base.fields[name], ask=donor.fields[name].ask)
            card = replace(base, fields={**base.fields, name: one})
        case "stages":
            card = replace(base, stages=donor.stages)
        case "stage" | "line":
            there = {one.name: one for one in donor.stages}
            lines = [one.name for one in fields(Stage) if one.name not in ("name", "requires")]
            keys = ["requires"] if edit.kind == "stage" else lines
            stages = (
                replace(one, **{key: getattr(there[name], key) for key in keys}) if one.name == name else one
                for one in base.stages
            )
            card = replace(base, stages=tuple(stages))
        case "grades":
            card = replace(base, grades=donor.grades, below=donor.below)
        case "missing":
            card = replace(base, missing=donor.missing)
        case _:
            card = replace(base, trust=donor.trust)
    return _whole(card, donor)


def _swapped(base: tuple[Named, ...], donor: tuple[Named, ...], name: str) -> tuple[Named, ...]:
    """The named items of a card, with one of them as in another card."""
    there = next((one for one in donor if one.name == name), None)
    if there is None:
        return tuple(one for one in base if one.name != name)
    if all(one.name != name for one in base):
        return (*base, there)
    return tuple(there if one.name == name else one for one in base)


def _whole(card: Card, donor: Card) -> Card:
    """The card with what its parts ask for and it lacks, taken from the other card."""
    required = {name for one in card.stages for name in one.requires} - {one.name for one in card.criteria}
    card = replace(card, criteria=(*card.criteria, *(one for one in donor.criteria if one.name in required)))
    wanted = {one.group for one in card.rules} - {one.name for one in card.groups}
    card = replace(card, groups=(*card.groups, *(one for one in donor.groups if one.name in wanted)))
    here = {one.name for one in card.groups}
    # A rule whose group neither card has any more stands by itself.
    rules = tuple(one if not one.group or one.group in here else replace(one, group="") for one in card.rules)
    asked = dict(card.fields)
    lacking = list(fields_asked(card))
    lacking += [name for one in asked.values() for name in one.asks]
    while lacking:
        name = lacking.pop()
        if name not in asked:
            asked[name] = donor.fields[name]
            lacking += donor.fields[name].asks
    return replace(card, rules=rules, fields=asked)


def fields_asked(card: Card) -> tuple[str, ...]:
    """The fields that the conditions of a card ask."""
    conditions = (
        *(one.when for one in card.rules),
        *(one.met for one in card.criteria),
        *(one.when for one in card.exclude),
    )
    names = [name for one in conditions for name in one.fields]
    names += [one.half_life.of for one in card.rules if one.half_life]
    return tuple(dict.fromkeys(names))
