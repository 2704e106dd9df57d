"""What a form offers for a row: the fields of a card, the operators that fit each, and the values that it knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leadledger.scoring.conditions.operators import OPERATORS, describe_operator, list_operators
from leadledger.scoring.conditions.rows import write_operand
from leadledger.scoring.conditions.sentences import is_plural, name_field
from leadledger.scoring.field import Field
from leadledger.scoring.tree import Days, FieldRef, Kind


@dataclass(frozen=True)
class FieldChoice:
    """A field that a row may ask, or the days since or until a date: `name` is what the row holds.

    `values` are those that the card, or a learned table, has a word for; where it has none, any value may be written.
    `is_closed`: no other value can ever come. `operators` stand in the order of their use.
    """

    name: str
    title: str
    kind: Kind
    unit: str
    values: tuple[str, ...]
    is_closed: bool
    operators: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON, each operator with its words and how many values it takes."""
        plural = self.kind == "number" and is_plural(self.title)
        operators = [
            {
                "operator": operator,
                "words": describe_operator(operator, self.kind, plural=plural),
                "values": OPERATORS[operator].values,
            }
            for operator in self.operators
        ]
        return {
            "field": self.name,
            "title": self.title,
            "kind": self.kind,
            "unit": self.unit,
            "values": list(self.values),
            "closed": self.is_closed,
            "operators": operators,
        }


def list_field_choices(fields: Mapping[str, Field]) -> tuple[FieldChoice, ...]:
    """The choices of a card, in the order of its fields; behind a date stand its days, unless a field has them."""
    return tuple(choice for field in fields.values() if not field.choice_of for choice in _list_choices(field, fields))


def _list_choices(field: Field, fields: Mapping[str, Field]) -> Iterator[FieldChoice]:
    operators = list_operators(field.kind, has_values=bool(field.values))
    values = field.values or field.known_texts
    is_closed = bool(field.values) and field.other != "yes"
    yield FieldChoice(field.name, name_field(field), field.kind, field.unit, values, is_closed, operators)
    if field.kind != "date":
        return
    counted = {other.derived for other in fields.values() if isinstance(other.derived, Days)}
    for days in (Days("since", FieldRef(field.name, "date")), Days("until", FieldRef(field.name, "date"))):
        if days not in counted:
            title = f"days {days.way} {name_field(field)}"
            yield FieldChoice(write_operand(days), title, "number", "", (), False, list_operators("number"))
