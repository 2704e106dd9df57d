"""Rows as the text of a condition, which is parsed to the tree that they were read from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from leadledger.scoring.card.card_numbers import correct_number
from leadledger.scoring.card.card_scalars import find_refused_sign, write_literal
from leadledger.scoring.card.condition import KnownField, parse_condition
from leadledger.scoring.card.condition_tokens import RESERVED
from leadledger.scoring.conditions.operators import OPERATORS, SEARCHES, SIGNS
from leadledger.scoring.conditions.rows import Row, Rows
from leadledger.scoring.errors import CardEditError, ConditionError, did_you_mean, quote
from leadledger.scoring.field import Field
from leadledger.scoring.tree import Kind

_OPERAND = re.compile(r"(?:days_(?P<way>since|until)\((?P<of>\w+)\))|(?P<name>\w+)")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?)(?:[eE][+-]?[0-9]+)?")


def write_condition(rows: Rows, fields: Mapping[str, Field]) -> str:
    """The text of a condition that means rows over the fields of a card.

    Raises CardEditError, which names the row, where a value is missing or doesn't fit its field.
    """
    if not rows.items:
        raise CardEditError("there is no condition; add one")
    text = _join(rows, fields, is_outer=True)
    try:
        parse_condition(text, {name: KnownField.of(field) for name, field in fields.items()})
    except ConditionError as error:
        raise CardEditError(error.text) from None
    return text


def _join(rows: Rows, fields: Mapping[str, Field], *, is_outer: bool) -> str:
    parts = []
    for item in rows.items:
        if isinstance(item, Row):
            text, is_joined = _write_row(item, fields)
        else:
            if not item.items:
                raise CardEditError("a group has no conditions; add one, or drop the group")
            text, is_joined = _join(item, fields, is_outer=False), len(item.items) > 1 or _is_joined(item, fields)
        parts.append(f"({text})" if is_joined and len(rows.items) > 1 else text)
    return f" {'and' if rows.match == 'all' else 'or'} ".join(parts)


def _is_joined(rows: Rows, fields: Mapping[str, Field]) -> bool:
    """Whether the only item of a group is written as several."""
    return isinstance(rows.items[0], Row) and _write_row(rows.items[0], fields)[1]


def _write_row(row: Row, fields: Mapping[str, Field]) -> tuple[str, bool]:
    """A row as text, and whether it is joined of several parts that need brackets beside others."""
    operand, name, kind = _read_operand(row, fields)
    title = fields[name].title
    if row.operator not in OPERATORS:
        raise CardEditError(f"{quote(row.operator)} is no operator.{did_you_mean(row.operator, OPERATORS)}")
    values = [value for value in row.values if value.strip()]
    wanted = OPERATORS[row.operator].values
    if wanted == "two" and len(values) != 2:
        raise CardEditError(f"{title}: give the least and the most")
    if wanted in ("one", "many") and not values:
        raise CardEditError(f"{title}: a value is missing")
    if wanted == "one" and len(values) > 1:
        raise CardEditError(f"{title}: one value is expected, not {len(values)}")
    match row.operator:
        case "is" | "is_not" | "at_least" | "more_than" | "at_most" | "less_than":
            return f"{operand} {SIGNS[row.operator]} {_write_value(values[0], kind, title)}", False
        case "between" | "not_between":
            low, high = (_write_value(value, kind, title) for value in values)
            return f"{operand} {'not ' if row.operator == 'not_between' else ''}between {low} and {high}", False
        case "one_of" | "none_of":
            listed = ", ".join(_write_value(value, kind, title) for value in values)
            return f"{operand} {'not ' if row.operator == 'none_of' else ''}in ({listed})", False
        case "known" | "not_known":
            return f"{operand} is {'not ' if row.operator == 'known' else ''}null", False
        case "in_last_days" | "in_next_days":
            way = "since" if row.operator == "in_last_days" else "until"
            return f"days_{way}({operand}) between 0 and {_write_value(values[0], 'number', title)}", False
        case "yes" | "no":
            return f"{'not ' if row.operator == 'no' else ''}{operand}", False
        case "known_yes" | "known_no":
            return f"{operand} is {'true' if row.operator == 'known_yes' else 'false'}", False
        case "not_known_yes" | "not_known_no":
            return f"{operand} is not {'true' if row.operator == 'not_known_yes' else 'false'}", False
    way = row.operator.removeprefix("not_").removesuffix("_not")
    is_negated = way != row.operator
    parts = [f"{way}({operand}, {write_literal(_check_text(value, title))})" for value in row.values if value.strip()]
    text = " or ".join(parts)
    if is_negated:
        return (f"not ({text})" if len(parts) > 1 else f"not {text}"), False
    return text, len(parts) > 1


def _read_operand(row: Row, fields: Mapping[str, Field]) -> tuple[str, str, Kind]:
    """What a row asks, as it is written in a condition; the name of its field, and its kind."""
    match = _OPERAND.fullmatch(row.field)
    name = (match["of"] or match["name"]) if match else row.field
    if match is None or name not in fields:
        raise CardEditError(f"the card has no field {quote(name)}.{did_you_mean(name, fields)}")
    written = f'"{name}"' if name in RESERVED else name
    kind = fields[name].kind
    if match["way"]:
        if kind != "date":
            raise CardEditError(f"{fields[name].title} is not a date, so no days can be counted from it")
        return f"days_{match['way']}({written})", name, "number"
    _check_operator(row.operator, kind, fields[name].title)
    return written, name, kind


def _check_operator(operator: str, kind: Kind, title: str) -> None:
    """Refuse what no value of a kind can be. Raises CardEditError."""
    way = operator.removeprefix("not_").removesuffix("_not")
    needed = {
        **dict.fromkeys(SEARCHES, ("text", "id")),
        "has": ("choices",),
        **dict.fromkeys(("in_last_days", "in_next_days"), ("date",)),
        **dict.fromkeys(("yes", "no", "known_yes", "known_no"), ("flag",)),
        **dict.fromkeys(("at_least", "more_than", "at_most", "less_than"), ("number", "date")),
        "between": ("number", "date"),
    }.get(way)
    if needed is not None and kind not in needed:
        words = OPERATORS[operator].words
        raise CardEditError(f"{title}: '{words}' doesn't fit a field of kind {kind}; choose another operator")


def _write_value(text: str, kind: Kind, title: str) -> str:
    """A value of a form as a literal of a kind."""
    text = text.strip()
    if kind == "number":
        text = text.replace("−", "-")
        mend = correct_number(text)
        if mend or not _NUMBER.fullmatch(text):
            raise CardEditError(f"{title}: {quote(text)} {mend or 'is not a number; write it like 8 or -2.5'}")
        return text.removeprefix("+")
    if kind == "date":
        try:
            return f"date '{date.fromisoformat(text).isoformat()}'"
        except ValueError:
            raise CardEditError(f"{title}: {quote(text)} is not a date; write it like 2026-01-31") from None
    if kind == "flag":
        words = {"yes": "true", "true": "true", "no": "false", "false": "false"}
        if text.lower() not in words:
            raise CardEditError(f"{title}: {quote(text)} is neither yes nor no")
        return words[text.lower()]
    return write_literal(_check_text(text, title))


def _check_text(text: str, title: str) -> str:
    """A text that a card can hold. Raises CardEditError."""
    sign = find_refused_sign(text)
    if sign:
        raise CardEditError(f"{title}: {quote(text)} holds the sign {quote(sign)}, which a card can't hold; remove it")
    return text
