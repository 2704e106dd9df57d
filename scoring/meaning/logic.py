"""What a condition means: three-valued logic over typed values, in twenty lines. Printers are held to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

from leadledger.scoring import tree
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import fold, key_of, part_words
from leadledger.scoring.tree import Typed

Values: TypeAlias = Mapping[str, Typed]


def evaluate_condition(node: tree.Node, values: Values, as_of: date) -> bool | None:
    """Whether a condition holds; None: unknown."""
    match node:
        case tree.Compare(op=op, left=left, right=right):
            first, second = evaluate_operand(left, values, as_of), evaluate_operand(right, values, as_of)
            if tree.compares_keys(node) and isinstance(first, str) and isinstance(second, str):
                first, second = key_of(first), key_of(second)
            return None if first is None or second is None else _compare(op, first, second)
        case tree.In(of=of, values=literals, or_null=or_null):
            value = evaluate_operand(of, values, as_of)
            equal = any(value == literal.value for literal in literals)
            return None if value is None or (or_null and not equal) else equal
        case tree.Search(way=way, of=of, text=text):
            value = values[of.name]
            if not isinstance(value, str):
                return None
            whole, part = (value, text) if of.exact else (fold(value), fold(text))
            return {
                "contains": part in whole,
                "contains_word": f" {part} " in f" {part_words(whole, part)} ",
                "starts_with": whole.startswith(part),
                "ends_with": whole.endswith(part),
            }[way]
        case tree.Has(of=of, mark=mark):
            kept = values[of.name]
            return mark in kept if isinstance(kept, str) else None
        case tree.Truth(of=of):
            flag = values[of.name]
            return None if flag is None else bool(flag)
        case tree.IsNull(of=of):
            return evaluate_operand(of, values, as_of) is None
        case tree.Not(of=of):
            inner = evaluate_condition(of, values, as_of)
            return None if inner is None else not inner
        case tree.And(of=parts):
            results = [evaluate_condition(part, values, as_of) for part in parts]
            return False if False in results else None if None in results else True
        case tree.Or(of=parts):
            results = [evaluate_condition(part, values, as_of) for part in parts]
            return True if True in results else None if None in results else False


def evaluate_operand(node: tree.Operand | tree.Constant, values: Values, as_of: date) -> Typed:
    """The value of an operand; None: missing."""
    match node:
        case tree.Constant(value=value):
            return value
        case tree.FieldRef(name=name):
            return values[name]
        case tree.Days(way=way, of=of):
            day = values[of.name]
            if not isinstance(day, date):
                return None
            return float((as_of - day).days if way == "since" else (day - as_of).days)


def _compare(op: tree.Comparison, first: Typed, second: Typed) -> bool:
    match op:
        case "=":
            return first == second
        case "<>":
            return first != second
        case "<":
            return first < second  # type: ignore[operator]  # both have the kind that the reader checked
        case "<=":
            return first <= second  # type: ignore[operator]
        case ">":
            return first > second  # type: ignore[operator]
        case ">=":
            return first >= second  # type: ignore[operator]


def derive(card: Card, values: Values, as_of: date) -> dict[str, Typed]:
    """The values of the plain fields, and of the derived ones."""
    whole = dict(values)
    for field in card.derived_fields:
        node = field.derived
        assert node is not None
        whole[field.name] = (
            evaluate_operand(node, whole, as_of)
            if isinstance(node, tree.Days)
            else evaluate_condition(node, whole, as_of)
        )
    return whole
