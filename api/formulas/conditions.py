"""The condition of a card that means what the clauses of a formula mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from leadledger.api.formulas.formula import Clause, FormulaKind, FormulaValue, Junction
from leadledger.scoring.card.card_scalars import write_literal


def write_condition(clauses: Iterable[Clause], names: Mapping[str, str], kinds: Mapping[str, FormulaKind]) -> str:
    """All clauses, joined by `and`. `names`: the card's field by column; `kinds`: its kind by column."""
    return " and ".join(_write_clause(clause, names[clause.column], kinds[clause.column]) for clause in clauses)


def write_junction(junction: Junction, names: Mapping[str, str], kinds: Mapping[str, FormulaKind]) -> str:
    """The parts of a junction, joined by its word, within brackets where it is one of several parts."""
    parts = []
    for part in junction.parts:
        if isinstance(part, Clause):
            parts.append(_write_clause(part, names[part.column], kinds[part.column]))
            continue
        text = write_junction(part, names, kinds)
        parts.append(f"({text})" if len(part.parts) > 1 and not part.negated else text)
    text = f" {junction.word} ".join(parts)
    return f"not ({text})" if junction.negated else text


def write_number(number: float) -> str:
    """A number without an exponent, as people write it: 5 and 2.5."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _write_clause(clause: Clause, name: str, kind: FormulaKind) -> str:
    condition = _write_comparison(clause, name, kind)
    if clause.negated:
        condition = f"not ({condition})"
    return f"({condition} or {name} is null)" if clause.or_missing else condition


def _write_comparison(clause: Clause, name: str, kind: FormulaKind) -> str:
    values = [_write_value(value, kind) for value in clause.values]
    match clause.operator:
        case "known":
            return f"{name} is not null"
        case "unknown":
            return f"{name} is null"
        case "=" if kind == "flag":
            return name if clause.values[0] else f"not {name}"
        case "<>" if kind == "flag":
            return f"not {name}" if clause.values[0] else name
        case "between":
            return f"{name} between {values[0]} and {values[1]}"
        case "in":
            return f"{name} in ({', '.join(values)})"
        case "contains" | "starts_with" | "ends_with":
            return _join([f"{clause.operator}({name}, {value})" for value in values], "or")
        case "has_any" | "has_all":
            joint = "or" if clause.operator == "has_any" else "and"
            return _join([f"has({name}, {value})" for value in values], joint)
        case "days_since_between":
            first, last = (write_number(float(value)) for value in clause.values)
            return f"days_since({name}) between {first} and {last}"
        case "days_since_over":
            return f"days_since({name}) > {write_number(float(clause.values[0]))}"
        case _:
            return f"{name} {clause.operator} {values[0]}"


def _join(parts: list[str], joint: str) -> str:
    return parts[0] if len(parts) == 1 else f"({f' {joint} '.join(parts)})"


def _write_value(value: FormulaValue, kind: FormulaKind) -> str:
    if isinstance(value, bool) or kind == "number":
        return write_number(float(value))
    quoted = write_literal(str(value))
    return f"date {quoted}" if kind == "date" else quoted
