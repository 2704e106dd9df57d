"""Queries of react-querybuilder, worked out on a lead as its documentation states them for SQL.

It reads the document for itself, and shares nothing with the translation, so that it can prove it. What is asked of a
value that isn't there is unknown (None), and a query holds where it is known to hold. A text is the same whatever its
case. Rules and groups that its exports leave out count for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leadledger.api.formulas.group_limits import OldScore
from leadledger.scoring.column_names import name_key

POINTS_WITHOUT = 10.0
LEFT_OUT = "left out"
Answer = bool | str | None  # None: unknown


def score_queries(document: Any, lead: Mapping[str, object]) -> OldScore:
    """Add up the points of the queries that hold for a lead; `lead` maps fields to values."""
    values = {name_key(column): value for column, value in lead.items()}
    several = isinstance(document, list)
    points: dict[str, float] = {}
    for i, item in enumerate(document if several else [document]):
        query = item.get("query", item)
        if _answer_group(query, values) is True:
            earned = item.get("points")
            points[f"$[{i}]" if several else "$"] = POINTS_WITHOUT if earned is None else float(earned)
    return OldScore(points, sum(points.values()))


def _answer_group(group: Mapping[str, Any], values: Mapping[str, object]) -> Answer:
    if group.get("muted"):
        return LEFT_OUT
    rules = group["rules"]
    inline = "combinator" not in group and any(isinstance(rule, str) for rule in rules)
    if inline:
        runs: list[list[Answer]] = [[]]
        for rule in rules:
            if isinstance(rule, str):
                runs += [[]] if rule.lower() == "or" else []
            else:
                runs[-1].append(_answer(rule, values))
        answer = _any([_all(run) for run in runs])
    else:
        answers = [answer for answer in (_answer(rule, values) for rule in rules) if answer != LEFT_OUT]
        if not answers:
            return LEFT_OUT
        word = str(group.get("combinator", "and")).lower()
        answer = _all(answers) if word == "and" else _any(answers) if word == "or" else _odd(answers)
    return _negate(answer) if group.get("not") else answer


def _answer(rule: Mapping[str, Any], values: Mapping[str, object]) -> Answer:
    return _answer_group(rule, values) if "rules" in rule else _answer_rule(rule, values)


def _answer_rule(rule: Mapping[str, Any], values: Mapping[str, object]) -> Answer:
    operator = str(rule["operator"]).lower()
    if rule.get("muted") or "~" in (rule["field"], operator):
        return LEFT_OUT
    is_negated = operator.startswith(("doesnot", "not"))
    name = operator.removeprefix("doesnot").removeprefix("not")
    name = {"beginwith": "beginswith", "endwith": "endswith", "contain": "contains", "match": "matches"}.get(name, name)
    wanted = rule.get("value")
    listed = wanted if isinstance(wanted, list) else str("" if wanted is None else wanted).split(",")
    listed = [part for part in listed if str(part).strip()]
    if (name == "in" and not listed) or (name == "between" and len(listed) < 2):
        return LEFT_OUT
    there = _read(values.get(name_key(rule["field"])))
    if name == "null":
        return (there is None) != is_negated
    if rule.get("valueSource") == "field":
        wanted = values.get(name_key(str(wanted)))
        listed = [wanted]
    answer: Answer = None
    if there is not None and _read(wanted) is not None:
        answer = _compare(name, there, wanted, listed)
    return _negate(answer) if is_negated else answer


def _compare(name: str, there: str, wanted: Any, listed: Sequence[Any]) -> bool:
    text = _read(wanted) or ""
    if name == "in":
        return any(_order(there, _read(part) or "", lambda left, right: left == right) for part in listed)
    if name == "between":
        low, high = (_read(part) or "" for part in listed[:2])
        if _is_number(low) and _is_number(high) and float(low) > float(high):
            low, high = high, low
        return _order(there, low, lambda left, right: left >= right) and _order(
            there, high, lambda left, right: left <= right
        )
    if name == "matches":
        return re.search(str(wanted), there, re.IGNORECASE) is not None
    simple: Mapping[str, Callable[[Any, Any], bool]] = {
        "=": lambda left, right: left == right,
        "!=": lambda left, right: left != right,
        "<": lambda left, right: left < right,
        "<=": lambda left, right: left <= right,
        ">": lambda left, right: left > right,
        ">=": lambda left, right: left >= right,
    }
    if name in simple:
        return _order(there, text, simple[name])
    return {"contains": text in there, "beginswith": there.startswith(text), "endswith": there.endswith(text)}[name]


def _order(there: str, text: str, compare: Callable[[Any, Any], bool]) -> bool:
    """Compare two texts as truths or numbers where both are, else as they are; days are in the order of their texts."""
    if text in ("true", "false"):
        return compare({"yes": "true", "1": "true", "no": "false", "0": "false"}.get(there, there), text)
    return compare(float(there), float(text)) if _is_number(there) and _is_number(text) else compare(there, text)


def _read(value: object) -> str | None:
    """A value as a text without its case; None where there is none."""
    text = "" if value is None else str(value).strip().lower()
    return text or None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", text) is not None


def _all(answers: Sequence[Answer]) -> Answer:
    return False if False in answers else None if None in answers else True


def _any(answers: Sequence[Answer]) -> Answer:
    return True if True in answers else None if None in answers else False


def _odd(answers: Sequence[Answer]) -> Answer:
    return None if None in answers else sum(answer is True for answer in answers) == 1


def _negate(answer: Answer) -> Answer:
    return None if answer is None else not answer
