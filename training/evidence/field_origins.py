"""What a field of a card is made of: the fields and dates behind it, and the rules that use it."""

from __future__ import annotations

from typing import Any

from leadledger.scoring.field import Field
from leadledger.scoring.scorecard import Card
from leadledger.scoring.tree import Days, parts
from leadledger.scoring.tree import Field as Asked


def fields_behind(card: Card, field: Field) -> list[Field]:
    """The fields that a computed field asks, and those that they ask in turn."""
    found: dict[str, Field] = {}
    waiting = list(field.asks)
    while waiting:
        one = card.fields[waiting.pop(0)]
        found[one.name] = one
        waiting.extend(name for name in one.asks if name not in found)
    return list(found.values())


def dates_behind(card: Card, field: Field) -> list[tuple[str, bool]]:
    """The dates that a field is computed from, or is, and whether days are counted back from each."""
    if field.kind == "date":
        back = any(one.half_life and one.half_life.of == field.name for one in card.rules)
        trees = [one.when.tree for one in card.rules] + [one.derived for one in card.fields.values() if one.derived]
        return [(field.name, back or any(field.name in _counted_back(tree) for tree in trees))]
    found: dict[str, bool] = {}
    for one in (field, *fields_behind(card, field)):
        if one.derived is not None:
            back_from = _counted_back(one.derived)
            for part in parts(one.derived):
                if isinstance(part, Asked) and card.fields[part.name].kind == "date":
                    found[part.name] = found.get(part.name, False) or part.name in back_from
    return list(found.items())


def _counted_back(tree: Any) -> set[str]:
    """The dates of which a tree asks how many days they are past."""
    return {part.of.name for part in parts(tree) if isinstance(part, Days) and part.way == "since"}


def fields_used_by_rules(card: Card) -> dict[str, tuple[str, ...]]:
    """The fields that rules ask, directly or through fields that training doesn't learn from, with the rules' names.

    A computed field that is learnt from is looked at itself.
    """
    found: dict[str, list[str]] = {}
    for rule in card.rules:
        names = [part.name for part in parts(rule.when.tree) if isinstance(part, Asked)]
        names += [rule.half_life.of] if rule.half_life else []
        for name in dict.fromkeys(names):
            field = card.fields[name]
            through = [] if field.learn else [one.name for one in fields_behind(card, field)]
            for one in (name, *through):
                found.setdefault(one, []).append(rule.name)
    return {name: tuple(dict.fromkeys(rules)) for name, rules in found.items()}
