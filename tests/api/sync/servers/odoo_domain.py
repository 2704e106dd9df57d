"""Odoo's search domains, in their prefix notation, for a server that stands in.

https://www.odoo.com/documentation/19.0/developer/reference/backend/orm.html#search-domains
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

Test = Callable[[Mapping[str, Any]], bool]
_OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "not in")


class DomainError(Exception):
    """A domain that Odoo refuses, with its words."""


def parse_domain(domain: Any, names: set[str], model: str, *, whole_seconds: bool) -> Test:
    """The test of a domain. Odoo 19 compares moments by whole seconds, the versions before it exactly.

    Raises DomainError.
    """
    if not isinstance(domain, list):
        raise DomainError(f"Domain() invalid item in domain: {domain!r}")
    items, tests = list(domain), []
    while items:
        tests.append(_take(items, names, model, whole_seconds))
    return lambda row: all(test(row) for test in tests)


def _take(items: list[Any], names: set[str], model: str, whole_seconds: bool) -> Test:
    if not items:
        raise DomainError("the domain ends too early")
    item = items.pop(0)
    if item in ("&", "|"):
        left, right = (_take(items, names, model, whole_seconds) for _ in range(2))
        return (lambda row: left(row) and right(row)) if item == "&" else (lambda row: left(row) or right(row))
    if item == "!":
        inner = _take(items, names, model, whole_seconds)
        return lambda row: not inner(row)
    if not isinstance(item, Sequence) or isinstance(item, str) or len(item) != 3 or item[1] not in _OPERATORS:
        raise DomainError(f"Invalid leaf {item!r}")
    name, operator, value = item
    if name not in names:
        raise DomainError(f"Invalid field {model}.{name} in leaf {tuple(item)!r}")
    return lambda row: _compare(row.get(name), operator, value, whole_seconds)


def _compare(held: Any, operator: str, value: Any, whole_seconds: bool) -> bool:
    if isinstance(held, list) and held and isinstance(held[0], int):  # a many2one
        held = held[0]
    if operator in ("in", "not in"):
        return (held in value) is (operator == "in")
    if isinstance(held, datetime) and isinstance(value, str):
        moment = datetime.fromisoformat(value).replace(tzinfo=held.tzinfo)
        if whole_seconds:
            held = held.replace(microsecond=0)
            moment += timedelta(microseconds=-moment.microsecond)
        value = moment
    if operator in ("=", "!="):
        return ((held or False) == (value or False)) is (operator == "=")
    if held is None or held is False:
        return False
    return {"<": held < value, "<=": held <= value, ">": held > value, ">=": held >= value}[operator]
