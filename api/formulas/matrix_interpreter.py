"""The old formula of a matrix, worked out row by row from its texts.

It reads the rows for itself, and shares nothing with the translation, so that it can prove it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from leadledger.api.formulas.group_limits import OldScore, clip
from leadledger.api.formulas.matrix import MatrixRow
from leadledger.scoring.column_names import name_key


def score_matrix(rows: Sequence[MatrixRow], lead: Mapping[str, object]) -> OldScore:
    """Add up the rows that a lead meets; a row that can't be read earns nothing.

    A group is worth its sum within its limits. `lead` maps the fields of the matrix to values; None and empty texts are
    no values.
    """
    values = {name_key(column): value for column, value in lead.items()}
    points: dict[str, float] = {}
    sums: dict[str, float] = {}
    limits: dict[str, list[float]] = {}
    for row in rows:
        if row.group and _number(row.limit) is not None:
            limits.setdefault(row.group, []).append(_number(row.limit) or 0.0)
        earned = _number(row.points)
        if earned is not None and _meets(row, values.get(name_key(row.field))):
            points[row.origin] = earned
            sums[row.group] = sums.get(row.group, 0.0) + earned
    total = 0.0
    for group, earned in sums.items():
        most = [limit for limit in limits.get(group, []) if limit >= 0]
        least = [limit for limit in limits.get(group, []) if limit < 0]
        total += clip(earned, most[0] if most else None, least[0] if least else None)
    return OldScore(points, total)


def _meets(row: MatrixRow, raw: object) -> bool:
    words = " ".join(row.operator.lower().replace("_", " ").split())
    value = "" if raw is None else str(raw).strip().lower()
    if words in ("is empty", "is unknown"):
        return not value
    if words in ("is not empty", "is known"):
        return bool(value)
    if not value or not row.value:
        return False
    wanted = row.value.lower()
    if words in ("contains", "not contains", "does not contain"):
        return (wanted in value) == (words == "contains")
    if words in ("starts with", "ends with"):
        return value.startswith(wanted) if words == "starts with" else value.endswith(wanted)
    if words in ("in", "is one of", "not in"):
        parts = [part.strip() for part in wanted.split(";" if ";" in wanted else ",")]
        return any(_same(value, part) for part in parts if part) == (words != "not in")
    if words in ("=", "==", "is", "equals", "equal to"):
        return _same(value, wanted)
    if words in ("<>", "!=", "is not", "not equals", "not equal to"):
        return not _same(value, wanted)
    return _compare(words, value, wanted)


def _compare(words: str, value: str, wanted: str) -> bool:
    if words == "between":
        range_of_numbers = re.fullmatch(r"([\d.]+)\s*[-\u2013]\s*([\d.]+)", wanted)
        ends = list(range_of_numbers.groups()) if range_of_numbers else re.split(r"\.\.|;|\bto\b|\band\b", wanted)
        ends = [end.strip() for end in ends if end.strip()]
        if len(ends) != 2:
            return False
        return _compare(">=", value, ends[0]) and _compare("<=", value, ends[1])
    left, right = _measure(value), _measure(wanted)
    if left is None or right is None:
        return False
    if words in ("<", "less than"):
        return left < right
    if words in ("<=", "at most"):
        return left <= right
    if words in (">", "greater than"):
        return left > right
    return words in (">=", "at least") and left >= right


def _same(value: str, wanted: str) -> bool:
    flags = {"yes": "true", "1": "true", "no": "false", "0": "false"}
    if wanted in ("yes", "no", "true", "false"):
        return flags.get(value, value) == flags.get(wanted, wanted)
    numbers = _number(value), _number(wanted)
    return numbers[0] == numbers[1] if None not in numbers else value == wanted


def _measure(text: str) -> float | None:
    """A number, or the number of a day; None: neither."""
    try:
        return float(date.fromisoformat(text).toordinal())
    except ValueError:
        return _number(text)


def _number(text: str) -> float | None:
    try:
        return float(text.replace("\u2212", "-"))
    except ValueError:
        return None
