"""OData's $filter as far as Dataverse has it and a sync needs it, for a server that stands in.

https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/query/filter-rows
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2}))"
    r"|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)?)|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[()]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "lt": lambda left, right: left is not None and left < right,
    "le": lambda left, right: left is not None and left <= right,
    "gt": lambda left, right: left is not None and left > right,
    "ge": lambda left, right: left is not None and left >= right,
}
Test = Callable[[Mapping[str, Any]], bool]


class ODataProblemError(Exception):
    """A filter that Dataverse refuses, with its words."""


def parse_filter(text: str, names: set[str]) -> Test:
    """The test of a filter over columns of some names. Raises ODataProblemError."""
    return _FilterParser(text, names).parse()


class _FilterParser:
    def __init__(self, text: str, names: set[str]) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.names = names
        at, text = 0, text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise ODataProblemError(f"Syntax error at position {at} in '{text}'.")
            self.tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            at = match.end()
        self.at = 0

    def parse(self) -> Test:
        test = self.parse_or()
        if self.at < len(self.tokens):
            raise ODataProblemError(f"Syntax error: '{self.tokens[self.at][1]}' was not expected.")
        return test

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise ODataProblemError("Syntax error: the expression ends too early.")
        self.at += 1
        return self.tokens[self.at - 1]

    def accept(self, word: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at][1] == word:
            self.at += 1
            return True
        return False

    def parse_or(self) -> Test:
        tests = [self.parse_and()]
        while self.accept("or"):
            tests.append(self.parse_and())
        return lambda row: any(test(row) for test in tests)

    def parse_and(self) -> Test:
        tests = [self.parse_single()]
        while self.accept("and"):
            tests.append(self.parse_single())
        return lambda row: all(test(row) for test in tests)

    def parse_single(self) -> Test:
        if self.accept("("):
            inner = self.parse_or()
            if not self.accept(")"):
                raise ODataProblemError("Syntax error: ')' was expected.")
            return inner
        name = self.take()[1]
        if name not in self.names:
            raise ODataProblemError(f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.lead'.")
        sign, (kind, text) = self.take()[1], self.take()
        if sign not in _COMPARE:
            raise ODataProblemError(f"Syntax error: '{sign}' is no operator.")
        if kind == "guid" and sign not in ("eq", "ne"):
            raise ODataProblemError(f"A binary operator with incompatible types was detected: '{sign}' for Edm.Guid.")
        value = _read_value(kind, text)
        return lambda row: _COMPARE[sign](row.get(name), value)


def _read_value(kind: str, text: str) -> Any:
    if kind == "text":
        return text[1:-1].replace("''", "'")
    if kind == "time":
        return datetime.fromisoformat(text).astimezone(UTC)
    if kind == "number":
        return float(text)
    if kind == "guid":
        return text.lower()
    words = {"true": True, "false": False, "null": None}
    if text not in words:
        raise ODataProblemError(f"Syntax error: '{text}' is no value.")
    return words[text]
