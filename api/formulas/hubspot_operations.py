"""The operations of HubSpot on a property, as clauses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from leadledger.api.formulas.formula import Clause, Operator
from leadledger.api.formulas.json_parts import (
    read_flag,
    read_list,
    read_number,
    read_text,
    read_whole_number,
    require_object,
)

Parts = Mapping[str, Any]
_COMPARISONS: Mapping[str, Operator] = {
    "IS_EQUAL_TO": "=",
    "IS_NOT_EQUAL_TO": "<>",
    "IS_GREATER_THAN": ">",
    "IS_GREATER_THAN_OR_EQUAL_TO": ">=",
    "IS_LESS_THAN": "<",
    "IS_LESS_THAN_OR_EQUAL_TO": "<=",
}
_SEARCHES: Mapping[str, tuple[Operator, bool]] = {
    "CONTAINS": ("contains", False),
    "DOES_NOT_CONTAIN": ("contains", True),
    "STARTS_WITH": ("starts_with", False),
    "ENDS_WITH": ("ends_with", False),
}
_CHOICES: Mapping[str, tuple[Operator, bool]] = {
    "IS_ANY_OF": ("has_any", False),
    "IS_NONE_OF": ("has_any", True),
    "CONTAINS_ALL": ("has_all", False),
    "DOES_NOT_CONTAIN_ALL": ("has_all", True),
}
_DAYS: Mapping[str, Operator] = {
    "IS_EQUAL_TO": "=",
    "IS_BEFORE": "<",
    "IS_BEFORE_DATE": "<",
    "IS_AFTER": ">",
    "IS_AFTER_DATE": ">",
}
_MONTHS = ["JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY"]
_MONTHS += ["AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"]


def read_operation(operation: Any, column: str, path: str) -> Clause:
    """The clause of an operation. Raises ValueError, with the path, for one that isn't translated."""
    parts = require_object(operation, path)
    kind = read_text(parts, "operationType", path)
    operator = read_text(parts, "operator", path)
    if kind not in _READERS:
        raise ValueError(f"{path}: the operation type {kind!r} is not translated")
    clause = _READERS[kind](parts, operator, column, path)
    if clause is None:
        raise ValueError(f"{path}: the operator {operator!r} of {kind} is not translated")
    if clause.operator in ("known", "unknown") or not read_flag(parts, "includeObjectsWithNoValueSet", path, False):
        return clause
    return Clause(clause.column, clause.operator, clause.values, clause.kind, clause.negated, or_missing=True)


def _read_flag_operation(parts: Parts, operator: str, column: str, path: str) -> Clause | None:
    if operator not in ("IS_EQUAL_TO", "IS_NOT_EQUAL_TO"):
        return None
    if not isinstance(parts.get("value"), bool):
        raise ValueError(f"{path}.value: it must be true or false")
    return Clause(column, _COMPARISONS[operator], (parts["value"],), "flag")


def _read_number_operation(parts: Parts, operator: str, column: str, path: str) -> Clause | None:
    if operator not in _COMPARISONS:
        return None
    return Clause(column, _COMPARISONS[operator], (read_number(parts, "value", path),), "number")


def _read_range_operation(parts: Parts, operator: str, column: str, path: str) -> Clause | None:
    if operator not in ("IS_BETWEEN", "IS_NOT_BETWEEN"):
        return None
    bounds = (read_number(parts, "lowerBound", path), read_number(parts, "upperBound", path))
    return Clause(column, "between", bounds, "number", negated=operator == "IS_NOT_BETWEEN")


def _read_text_operation(parts: Parts, operator: str, column: str, path: str) -> Clause | None:
    if operator in _SEARCHES:
        search, negated = _SEARCHES[operator]
        return Clause(column, search, (read_text(parts, "value", path),), "text", negated)
    if operator not in ("IS_EQUAL_TO", "IS_NOT_EQUAL_TO"):
        return None
    return Clause(column, _COMPARISONS[operator], (read_text(parts, "value", path),), "text")


def _read_texts_operation(parts: Parts, operator: str, column: str, path: str) -> Clause | None:
    equal: Mapping[str, tuple[Operator, bool]] = {"IS_EQUAL_TO": ("in", False), "IS_NOT_EQUAL_TO": ("in", True)}
    if operator not in {**_SEARCHES, **equal}:
        return None
    search, negated = {**_SEARCHES, **equal}[operator]
    return Clause(column, search, _read_values(parts, path), "text", negated)


def _read_choice_operation(parts: Parts, operator: str, column: str, path: str) -> Clause | None:
    if operator not in _CHOICES:
        return None
    search, negated = _CHOICES[operator]
    values = _read_values(parts, path)
    if any(";" in value for value in values):
        raise ValueError(f"{path}.values: a choice with ; in it is not translated")
    return Clause(column, search, values, "choices", negated)


def _read_known_operation(parts: Parts, operator: str, column: str, path: str) -> Clause | None:
    operators: Mapping[str, Operator] = {"IS_KNOWN": "known", "IS_UNKNOWN": "unknown"}
    return Clause(column, operators[operator]) if operator in operators else None


def _read_rolling_operation(parts: Parts, operator: str, column: str, path: str) -> Clause | None:
    days = read_whole_number(parts, "numberOfDays", path)
    if days < 1:
        raise ValueError(f"{path}.numberOfDays: it must be 1 or more")
    if operator == "IS_LESS_THAN_X_DAYS_AGO":
        return Clause(column, "days_since_between", (0.0, days - 1.0), "date")
    if operator == "IS_MORE_THAN_X_DAYS_AGO":
        return Clause(column, "days_since_over", (float(days),), "date")
    if operator == "IS_LESS_THAN_X_DAYS_FROM_NOW":
        return Clause(column, "days_since_between", (1.0 - days, 0.0), "date")
    return None


def _read_day_operation(parts: Parts, operator: str, column: str, path: str) -> Clause | None:
    if operator not in _DAYS:
        return None
    month = read_text(parts, "month", path).upper()
    try:
        number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month)
        day = date(read_whole_number(parts, "year", path), number, read_whole_number(parts, "day", path))
    except (OverflowError, ValueError):
        raise ValueError(f"{path}: year, month and day are no date") from None
    return Clause(column, _DAYS[operator], (day.isoformat(),), "date")


def _read_values(parts: Parts, path: str) -> tuple[str, ...]:
    values = read_list(parts, "values", path)
    for i, value in enumerate(values):
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{path}.values[{i}]: it must be a text with something in it")
    if not values:
        raise ValueError(f"{path}.values: the list is empty")
    return tuple(values)


_READERS: Mapping[str, Callable[[Parts, str, str, str], Clause | None]] = {
    "BOOL": _read_flag_operation,
    "NUMBER": _read_number_operation,
    "NUMBER_RANGED": _read_range_operation,
    "STRING": _read_text_operation,
    "MULTISTRING": _read_texts_operation,
    "ENUMERATION": _read_choice_operation,
    "ALL_PROPERTY": _read_known_operation,
    "ROLLING_DATE_RANGE": _read_rolling_operation,
    "DATE": _read_day_operation,
}
