"""SOQL as far as a sync needs it: SELECT … FROM … WHERE … ORDER BY … LIMIT …, for a server that stands in.

https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9]{2}:?[0-9]{2}))"
    r"|(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})|(?P<number>-?[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_.]*)|(?P<sign><=|>=|!=|<>|[=<>(),]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left is not None and left < right,
    "<=": lambda left, right: left is not None and left <= right,
    ">": lambda left, right: left is not None and left > right,
    ">=": lambda left, right: left is not None and left >= right,
}
Row = Mapping[str, Any]
Test = Callable[[Row], bool]


class MalformedQueryError(Exception):
    """What Salesforce calls MALFORMED_QUERY."""


@dataclass(frozen=True)
class SoqlQuery:
    """A query, parsed. `tested` are the fields of its conditions and its order."""

    fields: tuple[str, ...]
    source: str
    test: Test
    order: tuple[tuple[str, bool], ...]  # a field, and whether it descends
    limit: int | None
    tested: frozenset[str]


def parse_soql(text: str) -> SoqlQuery:
    """Parse a query. Raises MalformedQueryError."""
    return _SoqlParser(text).parse()


class _SoqlParser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.tested: set[str] = set()
        at = 0
        text = text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise MalformedQueryError(f"unexpected token: {text[at : at + 20]!r}")
            self.tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            at = match.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1].lower() if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        if self.at >= len(self.tokens) or (wanted and self.peek() not in wanted):
            raise MalformedQueryError(f"unexpected token: {self.peek() or '<EOF>'!r}")
        self.at += 1
        return self.tokens[self.at - 1][1]

    def accept(self, word: str) -> bool:
        if self.peek() == word:
            self.at += 1
            return True
        return False

    def parse(self) -> SoqlQuery:
        self.take("select")
        fields = [self.take()]
        while self.accept(","):
            fields.append(self.take())
        self.take("from")
        source = self.take()
        test: Test = self.parse_any() if self.accept("where") else lambda row: True
        order, limit = [], None
        if self.accept("order"):
            self.take("by")
            while True:
                name = self.take()
                self.tested.add(name)
                descends = self.accept("desc")
                self.accept("asc")
                order.append((name, descends))
                if not self.accept(","):
                    break
        if self.accept("limit"):
            limit = int(self.take())
        if self.at < len(self.tokens):
            raise MalformedQueryError(f"unexpected token: {self.peek()!r}")
        return SoqlQuery(tuple(fields), source, test, tuple(order), limit, frozenset(self.tested))

    def parse_any(self) -> Test:
        """SOQL refuses AND beside OR without parentheses."""
        first = self.parse_single()
        word = self.peek()
        tests = [first]
        while word in ("and", "or") and self.accept(word):
            tests.append(self.parse_single())
        if self.peek() in ("and", "or"):
            raise MalformedQueryError(f"unexpected token: {self.peek()!r}")
        if word == "or":
            return lambda row: any(test(row) for test in tests)
        return lambda row: all(test(row) for test in tests)

    def parse_single(self) -> Test:
        if self.accept("("):
            inner = self.parse_any()
            self.take(")")
            return inner
        if self.accept("not"):
            negated = self.parse_single()
            return lambda row: not negated(row)
        name = self.take()
        self.tested.add(name)
        if self.accept("in"):
            self.take("(")
            values = [self.parse_value()]
            while self.accept(","):
                values.append(self.parse_value())
            self.take(")")
            return lambda row: row.get(name) in values
        sign = self.take("=", "!=", "<>", "<", "<=", ">", ">=").replace("<>", "!=")
        value = self.parse_value()
        return lambda row: _COMPARE[sign](row.get(name), value)

    def parse_value(self) -> Any:
        kind = self.tokens[self.at][0] if self.at < len(self.tokens) else ""
        text = self.take()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "time":
            return datetime.fromisoformat(text).astimezone(UTC)
        if kind == "day":
            return date.fromisoformat(text)
        if kind == "number":
            return float(text)
        words = {"true": True, "false": False, "null": None}
        if text.lower() not in words:
            raise MalformedQueryError(f"unexpected token: {text!r}")
        return words[text.lower()]
