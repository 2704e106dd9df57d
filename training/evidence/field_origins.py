"""What a field of a card is made of: the fields and dates behind it, and the rules that use it."""

from __future__ import annotations

from typing import Any

from leadledger.scoring.field import Field
from leadledger.scoring.scorecard import Card
from leadledger.scoring.tree import Days, walk_tree
from leadledger.scoring.tree import FieldRef as Asked


def fields_behind(card: Card, field: Field) -> list[Field]:
    """The fields that a computed field reads, and those that they read in turn."""
    behind: dict[str, Field] = {}
    waiting = list(field.computed_from)
    while waiting:
        source = card.fields[waiting.pop(0)]
        behind[source.name] = source
        waiting.extend(name for name in source.computed_from if name not in behind)
    return list(behind.values())


def dates_behind(card: Card, field: Field) -> list[tuple[str, bool]]:
    """The dates that a field is computed from, or is, and whether days are counted back from each."""
    if field.kind == "date":
        back = any(rule.half_life and rule.half_life.of == field.name for rule in card.rules)
        trees = [rule.when.tree for rule in card.rules] + [
            field.derived for field in card.fields.values() if field.derived
        ]
        return [(field.name, back or any(field.name in _counted_back(tree) for tree in trees))]
    dates: dict[str, bool] = {}
    for source in (field, *fields_behind(card, field)):
        if source.derived is not None:
            back_from = _counted_back(source.derived)
            for part in walk_tree(source.derived):
                if isinstance(part, Asked) and card.fields[part.name].kind == "date":
                    dates[part.name] = dates.get(part.name, False) or part.name in back_from
    return list(dates.items())


def _counted_back(tree: Any) -> set[str]:
    """The dates from which a tree counts back days."""
    return {part.of.name for part in walk_tree(tree) if isinstance(part, Days) and part.way == "since"}


def fields_used_by_rules(card: Card) -> dict[str, tuple[str, ...]]:
    """The fields that rules read, directly or through fields that training doesn't learn from, with the rules' names.

    A computed field that is learnt from is looked at itself.
    """
    users: dict[str, list[str]] = {}
    for rule in card.rules:
        names = [part.name for part in walk_tree(rule.when.tree) if isinstance(part, Asked)]
        names += [rule.half_life.of] if rule.half_life else []
        for name in dict.fromkeys(names):
            field = card.fields[name]
            through = [] if field.learn else [source.name for source in fields_behind(card, field)]
            for used in (name, *through):
                users.setdefault(used, []).append(rule.name)
    return {name: tuple(dict.fromkeys(rules)) for name, rules in users.items()}
