"""A condition as rows of a form: field, operator, values; all or any of them, in groups of two levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from leadledger.scoring import tree
from leadledger.scoring.conditions.operators import COMPARISONS, OPERATORS
from leadledger.scoring.errors import CardEditError, did_you_mean, quote
from leadledger.scoring.number_forms import find_two_readings

Match: TypeAlias = Literal["all", "any"]
_JOINS: Mapping[type, Match] = {tree.And: "all", tree.Or: "any"}


@dataclass(frozen=True)
class Row:
    """A field, an operator of `operators.OPERATORS`, and values as texts: `1000`, `2026-01-31`, `CEO`.

    `field` is the name of a field, or `days_since(…)` or `days_until(…)` of one, which is a number.
    """

    field: str
    operator: str
    values: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {"field": self.field, "operator": self.operator, "values": list(self.values)}


@dataclass(frozen=True)
class Rows:
    """Rows of which all must be true, or any; in the outer group also groups of rows."""

    match: Match
    items: tuple[Row | Rows, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON: `{"match": "all", "items": […]}`."""
        return {"match": self.match, "items": [item.to_dict() for item in self.items]}


def to_rows(node: tree.Node) -> Rows | None:
    """The rows of a condition; None where it is deeper than two levels, or asks what a row can't.

    Rows mean their condition exactly: `write_condition` writes a text that is parsed to the same tree.
    """
    row = _read_row(node)
    if row is not None:
        return Rows("all", (row,))
    if not isinstance(node, tree.And | tree.Or):
        return None
    items = [_read_row(item) or _read_group(item) for item in node.of]
    return None if None in items else Rows(_JOINS[type(node)], tuple(item for item in items if item is not None))


def read_rows(body: object) -> Rows:
    """Rows out of their form in JSON. Raises CardEditError."""
    return _read_body(body, "rows", 2)


def _read_body(body: object, where: str, levels: int) -> Rows:
    if not isinstance(body, Mapping) or not isinstance(body.get("items"), list):
        raise CardEditError(f'`{where}` is not a group of rows; write it like {{"match": "all", "items": []}}')
    match = body.get("match", "all")
    if match not in ("all", "any"):
        raise CardEditError(f"`{where}.match` is {quote(match)}; write all or any")
    items: list[Row | Rows] = []
    for i, item in enumerate(body["items"]):
        place = f"{where}.items[{i}]"
        if isinstance(item, Mapping) and "items" in item:
            if levels == 1:
                raise CardEditError(f"`{place}` is a group in a group in a group; write so deep a condition as text")
            items.append(_read_body(item, place, levels - 1))
            continue
        if not isinstance(item, Mapping):
            raise CardEditError(f"`{place}` is {quote(item)}, which is not a row with a field and an operator")
        field, operator, values = item.get("field"), item.get("operator"), item.get("values", [])
        if not isinstance(field, str) or not field:
            raise CardEditError(f"`{place}` has no field; choose one")
        if operator not in OPERATORS:
            raise CardEditError(f"`{place}.operator` is {quote(operator)}.{did_you_mean(str(operator), OPERATORS)}")
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise CardEditError(f"`{place}.values` is not a list of texts")
        items.append(Row(field, str(operator), tuple(values)))
    return Rows(match, tuple(items))


def _read_group(node: tree.Node) -> Rows | None:
    """The rows of an inner group; None where it holds anything but rows."""
    if not isinstance(node, tree.And | tree.Or):
        return None
    rows = [_read_row(item) for item in node.of]
    return None if None in rows else Rows(_JOINS[type(node)], tuple(row for row in rows if row is not None))


def _read_row(node: tree.Node) -> Row | None:
    """The row that is a condition; None where no row is."""
    match node:
        case tree.Compare(op=op, left=left, right=tree.Constant(value=value)):
            return Row(write_operand(left), COMPARISONS[op], (write_value(value),))
        case tree.In(of=of, values=values, or_null=False):
            return Row(write_operand(of), "one_of", tuple(write_value(constant.value) for constant in values))
        case tree.Search(way=way, of=of, text=text):
            return Row(of.name, way, (text,))
        case tree.Has(of=of, choice=choice):
            return Row(of.name, "has", (choice,))
        case tree.Truth(of=of):
            return Row(of.name, "yes")
        case tree.IsNull(of=of):
            return Row(write_operand(of), "not_known")
        case tree.Not(of=of):
            return _negate(of)
        case tree.And(of=(first, second)):
            return _read_pair(first, second)
        case tree.Or(of=items):
            return _read_choice(items)
    return None


_NEGATED = {
    "one_of": "none_of",
    "between": "not_between",
    "has": "has_not",
    "yes": "no",
    "not_known": "known",
    "known_yes": "not_known_yes",
    "known_no": "not_known_no",
    **{way: f"not_{way}" for way in ("contains", "contains_word", "starts_with", "ends_with")},
}


def _negate(node: tree.Node) -> Row | None:
    row = _read_row(node)
    if row is None or row.operator not in _NEGATED:
        return None
    return Row(row.field, _NEGATED[row.operator], row.values)


def _read_pair(first: tree.Node, second: tree.Node) -> Row | None:
    """Two conditions that are one row together: a span, or a flag that is known and set."""
    match first, second:
        case (
            tree.Compare(op=">=", left=low, right=tree.Constant(value=least)),
            tree.Compare(op="<=", left=high, right=tree.Constant(value=most)),
        ) if low == high:
            if isinstance(low, tree.Days) and least == 0 and write_value(least) == "0":
                return Row(low.of.name, f"in_{'last' if low.way == 'since' else 'next'}_days", (write_value(most),))
            return Row(write_operand(low), "between", (write_value(least), write_value(most)))
        case (tree.Not(of=tree.IsNull(of=known)), tree.Truth(of=flag)) if known == flag:
            return Row(flag.name, "known_yes")
        case (tree.Not(of=tree.IsNull(of=known)), tree.Not(of=tree.Truth(of=flag))) if known == flag:
            return Row(flag.name, "known_no")
    return None


def _read_choice(items: Sequence[tree.Node]) -> Row | None:
    """Searches for several texts in one field, or several choices of one, as one row."""
    rows = [_read_row(item) for item in items if isinstance(item, tree.Search | tree.Has)]
    heads = {(row.field, row.operator) for row in rows if row is not None}
    if len(rows) < len(items) or len(heads) != 1:
        return None
    ((field, operator),) = heads
    return Row(field, operator, tuple(value for row in rows if row is not None for value in row.values))


def write_operand(of: tree.Operand) -> str:
    """A field, or the days since or until one, as a condition has it."""
    return f"days_{of.way}({of.of.name})" if isinstance(of, tree.Days) else of.name


def write_value(value: float | str | bool | date) -> str:
    """A fixed value as the text of a form: no exponent where it can be read without, and never two readings."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    text = format(Decimal(repr(value)), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if len(text) > 20:
        text = repr(value)
    return f"{text}0" if find_two_readings(text) is not None else text
