"""Queries of react-querybuilder, each with its points, as the rules of a card.

Its document is a group `{combinator, not, rules}` of rules `{field, operator, value}` and groups, or a list of such
groups; one may stand in `query`, with `points` and `name` beside it. What its exports leave out, muted rules and those
without a value, is left out here: https://react-querybuilder.js.org/docs/utils/export#automatic-validation
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from leadledger.api.formulas.formula import (
    Clause,
    Formula,
    FormulaKind,
    FormulaRule,
    FormulaValue,
    Junction,
    Operator,
    Untranslated,
)
from leadledger.scoring.column_names import name_key

DEFAULT_POINTS = 10.0  # of a query without points: they double the odds
DEEPEST_QUERY = 6  # levels of groups; a condition of a card takes not many more
PLACEHOLDER = "~"  # of a rule whose field or operator nobody has chosen
_OPERATORS: Mapping[str, tuple[Operator, bool]] = {
    "=": ("=", False),
    "!=": ("<>", False),
    "<": ("<", False),
    "<=": ("<=", False),
    ">": (">", False),
    ">=": (">=", False),
    "contains": ("contains", False),
    "beginswith": ("starts_with", False),
    "endswith": ("ends_with", False),
    "doesnotcontain": ("contains", True),
    "doesnotbeginwith": ("starts_with", True),
    "doesnotendwith": ("ends_with", True),
    "null": ("unknown", False),
    "notnull": ("known", False),
    "in": ("in", False),
    "notin": ("in", True),
    "between": ("between", False),
    "notbetween": ("between", True),
}
_SEARCHES = ("contains", "starts_with", "ends_with")
_LISTS = ("in", "between")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class _Untranslatable(Exception):
    """A part of a query that no card can hold: its path, and why."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}")


def is_query_document(document: object) -> bool:
    """Whether a document is a query, or a list of queries."""
    items = document if isinstance(document, list) else [document]
    return bool(items) and all(isinstance(item, dict) and ("rules" in item or "query" in item) for item in items)


def translate_queries(document: object, title: str, source: str) -> Formula:
    """The formula of a document; a query that can't be translated is listed with its reason."""
    queries = list(_list_queries(document))
    kinds = _infer_kinds(rule for path, item in queries for _, rule in _walk_rules(_read_query(item), path))
    rules: list[FormulaRule] = []
    untranslated: list[Untranslated] = []
    for number, (path, item) in enumerate(queries, start=1):
        try:
            points = _read_points(item, path)
            left_out: list[Untranslated] = []
            junction = _translate_group(_read_query(item), path, kinds, left_out, 1)
            untranslated += left_out
            if junction is None:
                raise _Untranslatable(path, "nothing in it is a condition, so it would hold for every lead")
        except _Untranslatable as error:
            whole = "" if error.path == path else f"; so the whole query {path} is left out"
            untranslated.append(Untranslated(error.path, f"{error.reason}{whole}"))
            continue
        if points is None:
            note = f"it has no points; here it earns {DEFAULT_POINTS:g}, which double the odds"
            untranslated.append(Untranslated(path, note))
        reason = _find_name(item) or f"Query {number}"
        rules.append(
            FormulaRule(DEFAULT_POINTS if points is None else points, path, reason, junction=_unwrap(junction))
        )
    return Formula(title, source, "", tuple(rules), {}, tuple(untranslated))


def _list_queries(document: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for i, item in enumerate(document if isinstance(document, list) else [document]):
        if isinstance(item, dict):
            yield (f"$[{i}]" if isinstance(document, list) else "$"), item


def _read_query(item: Mapping[str, Any]) -> Any:
    return item.get("query", item)


def _find_name(item: Mapping[str, Any]) -> str:
    """What the author calls a query; empty where it has no name."""
    names = (item.get(key) for key in ("reason", "name", "label", "title"))
    return next((" ".join(name.split()) for name in names if isinstance(name, str) and name.strip()), "")


def _read_points(item: Mapping[str, Any], path: str) -> float | None:
    points = item.get("points")
    if points is None:
        return None
    if isinstance(points, bool) or not isinstance(points, int | float) or abs(points) > 10**6:
        raise _Untranslatable(path, f"its points are {points!r}, which is not a number of points")
    return float(points)


def _translate_group(
    group: Any, path: str, kinds: Mapping[str, FormulaKind], left_out: list[Untranslated], level: int
) -> Junction | None:
    """The junction of a group; None where it has no conditions. Raises _Untranslatable."""
    if not isinstance(group, dict) or not isinstance(group.get("rules"), list):
        raise _Untranslatable(path, "it is not a group; it has no list `rules`")
    if level > DEEPEST_QUERY:
        raise _Untranslatable(path, f"it lies deeper than {DEEPEST_QUERY} levels; make several queries of it")
    if group.get("muted") is True:
        left_out.append(Untranslated(path, "it is muted, so it is left out"))
        return None
    rules, word = group["rules"], _read_combinator(group, path)
    if word is None:
        return _translate_inline(group, path, kinds, left_out, level)
    parts: list[Clause | Junction] = []
    for i, rule in enumerate(rules):
        place = f"{path}.rules[{i}]"
        part = _translate_part(rule, place, kinds, left_out, level)
        if part is None and word == "or" and isinstance(rule, dict) and "rules" in rule:
            raise _Untranslatable(
                place, "it has no conditions, within an `or`: exports read that in two ways; remove it"
            )
        if part is not None:
            parts.append(part)
    return Junction(word, tuple(parts), group.get("not") is True) if parts else None


def _translate_inline(
    group: Mapping[str, Any], path: str, kinds: Mapping[str, FormulaKind], left_out: list[Untranslated], level: int
) -> Junction | None:
    """The junction of a group whose combinators stand between its rules; `and` binds closer than `or`, as in SQL."""
    rules = group["rules"]
    words = [str(word).lower() for word in rules[1::2]]
    if any(word not in ("and", "or") for word in words) or len(rules) % 2 == 0:
        raise _Untranslatable(path, "its rules and the combinators and / or don't take turns")
    runs: list[list[Clause | Junction]] = [[]]
    for i, rule in enumerate(rules[::2]):
        if i and words[i - 1] == "or":
            runs.append([])
        part = _translate_part(rule, f"{path}.rules[{2 * i}]", kinds, left_out, level)
        if part is None:
            raise _Untranslatable(f"{path}.rules[{2 * i}]", "it is left out between two combinators; remove it")
        runs[-1].append(part)
    parts = tuple(run[0] if len(run) == 1 else Junction("and", tuple(run)) for run in runs)
    return Junction("or", parts, group.get("not") is True)


def _translate_part(
    rule: Any, path: str, kinds: Mapping[str, FormulaKind], left_out: list[Untranslated], level: int
) -> Clause | Junction | None:
    if isinstance(rule, dict) and "rules" in rule:
        junction = _translate_group(rule, path, kinds, left_out, level + 1)
        return None if junction is None else _unwrap(junction)
    if not isinstance(rule, dict):
        raise _Untranslatable(path, "it is neither a rule nor a group")
    reason = _find_gap(rule)
    if reason:
        left_out.append(Untranslated(path, reason))
        return None
    return _translate_rule(rule, path, kinds)


def _unwrap(junction: Junction) -> Junction:
    """A junction without groups of one part around it."""
    while len(junction.parts) == 1 and isinstance(junction.parts[0], Junction) and not junction.negated:
        junction = junction.parts[0]
    return junction


def _read_combinator(group: Mapping[str, Any], path: str) -> Any:
    """`and` or `or`; None where the combinators stand between the rules."""
    if "combinator" not in group and any(isinstance(rule, str) for rule in group["rules"]):
        return None
    word = str(group.get("combinator", "and")).lower()
    if word not in ("and", "or"):
        raise _Untranslatable(path, f"it has the combinator {word!r}; a card has and, and or")
    return word


def _find_gap(rule: Mapping[str, Any]) -> str:
    """Why the exports leave a rule out; empty where they don't."""
    operator = str(rule.get("operator", "")).lower()
    values = _split(rule.get("value"))
    if rule.get("muted") is True:
        return "it is muted, so it is left out"
    if rule.get("field") == PLACEHOLDER or operator == PLACEHOLDER:
        return "nobody has chosen its field or its operator, so it is left out"
    if operator in ("in", "notin") and not values:
        return "it has no values, so it is left out"
    if operator in ("between", "notbetween") and len(values) < 2:
        return "it doesn't have two values, so it is left out"
    return ""


def _translate_rule(rule: Mapping[str, Any], path: str, kinds: Mapping[str, FormulaKind]) -> Clause:
    field, word, value = rule.get("field"), str(rule.get("operator", "")), rule.get("value")
    if not isinstance(field, str) or not field.strip():
        raise _Untranslatable(path, "it has no field")
    if rule.get("valueSource") not in (None, "value"):
        raise _Untranslatable(path, f"it compares with a {rule['valueSource']}; only fixed values can be translated")
    if rule.get("match") is not None:
        raise _Untranslatable(path, "it asks the parts of a list; only single values can be translated")
    if word.lower() not in _OPERATORS:
        raise _Untranslatable(path, f"the operator {word!r} is not known; use one of: {', '.join(_OPERATORS)}")
    operator, negated = _OPERATORS[word.lower()]
    if operator in ("known", "unknown"):
        return Clause(field, operator)
    kind = kinds[name_key(field)]
    words = _split(value) if operator in _LISTS else [value]
    if operator == "between":
        words = words[:2]
    if any(isinstance(part, dict | list) or part is None or not str(part).strip() for part in words):
        raise _Untranslatable(path, "it compares with no value; write null or notNull to ask whether there is one")
    if operator in ("<", "<=", ">", ">=", "between") and kind not in ("number", "date"):
        raise _Untranslatable(path, f"{word} compares numbers or days, and {field!r} has other values in the queries")
    values = [_read_value(part, kind) for part in words]
    if operator == "between" and kind == "number":
        values.sort()  # as its exports do
    return Clause(field, operator, tuple(values), kind, negated)


def _walk_rules(group: Any, path: str, level: int = 1) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The rules of a group and of those in it, with their paths."""
    if not isinstance(group, dict) or not isinstance(group.get("rules"), list) or level > DEEPEST_QUERY:
        return
    for i, rule in enumerate(group["rules"]):
        place = f"{path}.rules[{i}]"
        if isinstance(rule, dict) and "rules" in rule:
            yield from _walk_rules(rule, place, level + 1)
        elif isinstance(rule, dict) and isinstance(rule.get("field"), str):
            yield place, rule


def _infer_kinds(rules: Iterator[Mapping[str, Any]]) -> Mapping[str, FormulaKind]:
    """The kind of each field: what all values that it is compared with can be read as, else text."""
    values: dict[str, list[Any]] = {}
    texts: set[str] = set()
    for rule in rules:
        key = name_key(rule["field"])
        operator, _ = _OPERATORS.get(str(rule.get("operator", "")).lower(), ("", False))
        found = values.setdefault(key, [])
        if operator in _SEARCHES:
            texts.add(key)
        elif operator and operator not in ("known", "unknown") and not _find_gap(rule):
            found += _split(rule.get("value")) if operator in _LISTS else [rule.get("value")]
    return {key: "text" if key in texts else _infer_kind(found) for key, found in values.items()}


def _infer_kind(values: Sequence[Any]) -> FormulaKind:
    kinds: tuple[FormulaKind, ...] = ("flag", "number", "date")
    for kind in kinds:
        try:
            for value in values:
                _read_value(value, kind)
        except ValueError:
            continue
        return kind if values else "text"
    return "text"


def _read_value(value: Any, kind: FormulaKind) -> FormulaValue:
    """A value as one of a kind. Raises ValueError."""
    text = str(value).strip()
    if kind == "flag":
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{text!r} is neither true nor false")
        return text.lower() == "true"
    if kind == "number":
        if isinstance(value, bool) or not _NUMBER.fullmatch(text) or abs(float(text)) > 10**15:
            raise ValueError(f"{text!r} is not a number")
        return float(text)
    if kind == "date":
        return date.fromisoformat(text).isoformat()
    return text


def _split(value: Any) -> list[Any]:
    """The values of a list, or of a text with commas; empty ones don't count."""
    parts = value if isinstance(value, list) else [] if value is None else str(value).split(",")
    return [part for part in parts if not isinstance(part, str) or part.strip()]
