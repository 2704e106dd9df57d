"""A matrix of points in a spreadsheet: a row for each comparison, with the columns field, operator, value and points.

Optional columns: group and limit. Eloqua, Pardot and Marketo know such tables as scoring criteria.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from leadledger.api.formulas.formula import (
    Clause,
    Formula,
    FormulaGroup,
    FormulaKind,
    FormulaRule,
    FormulaValue,
    Operator,
    Untranslated,
)
from leadledger.scoring.column_names import name_key
from leadledger.scoring.errors import DataError
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.scan import ROW
from leadledger.training.sources.table import connect, read_list

NEEDED_COLUMNS = ("field", "operator", "value", "points")
MATRIX_COLUMNS = (*NEEDED_COLUMNS, "group", "limit")
_OPERATORS: Mapping[str, tuple[Operator, bool]] = {
    "=": ("=", False),
    "==": ("=", False),
    "is": ("=", False),
    "equals": ("=", False),
    "equal to": ("=", False),
    "<>": ("<>", False),
    "!=": ("<>", False),
    "is not": ("<>", False),
    "not equals": ("<>", False),
    "not equal to": ("<>", False),
    "<": ("<", False),
    "less than": ("<", False),
    "<=": ("<=", False),
    ">": (">", False),
    "greater than": (">", False),
    ">=": (">=", False),
    "at least": (">=", False),
    "at most": ("<=", False),
    "between": ("between", False),
    "in": ("in", False),
    "is one of": ("in", False),
    "not in": ("in", True),
    "contains": ("contains", False),
    "not contains": ("contains", True),
    "does not contain": ("contains", True),
    "starts with": ("starts_with", False),
    "ends with": ("ends_with", False),
    "is empty": ("unknown", False),
    "is not empty": ("known", False),
    "is known": ("known", False),
    "is unknown": ("unknown", False),
}
_SEARCHES = ("contains", "starts_with", "ends_with")
_FLAGS = {"yes": True, "no": False, "true": True, "false": False}


@dataclass(frozen=True)
class MatrixRow:
    """A row of the matrix as it is written; `number` counts the rows below the header, from 1."""

    number: int
    field: str
    operator: str
    value: str
    points: str
    group: str
    limit: str

    @property
    def origin(self) -> str:
        """Where it stands, for people."""
        return f"row {self.number}"


def read_matrix_rows(path: Path, reading: ReadingOptions = AS_FOUND) -> tuple[MatrixRow, ...]:
    """The rows of a list of any kind, a field spelled as where it stands first.

    Raises DataError where it lacks a column that a matrix needs.
    """
    with connect() as connection:
        leads = read_list(connection, path, reading)
        columns = {re.sub(r"[\s_-]+", " ", column.strip().lower()): column for column in leads.columns}
        missing = [column for column in NEEDED_COLUMNS if column not in columns]
        if missing:
            raise DataError(
                f"{path}: a matrix needs the columns {', '.join(NEEDED_COLUMNS)}; there is no {', no '.join(missing)}"
            )
        if leads.rejects:
            raise DataError(f"{path}: row {leads.rejects[0].row}: {leads.rejects[0].reason}")
        used = [columns.get(column) for column in MATRIX_COLUMNS]
        chosen = ", ".join("NULL" if name is None else '"' + name.replace('"', '""') + '"' for name in used)
        rows = connection.execute(f'SELECT "{ROW}", {chosen} FROM {leads.table} ORDER BY 1').fetchall()
    spellings: dict[str, str] = {}
    return tuple(
        MatrixRow(
            int(number), spellings.setdefault(name_key(_write_cell(name)), _write_cell(name)), *map(_write_cell, cells)
        )
        for number, name, *cells in rows
    )


def translate_rows(rows: Sequence[MatrixRow], title: str, source: str) -> Formula:
    """The formula of the rows; a row that can't be translated is listed with its reason."""
    kinds = infer_kinds(rows)
    rules: list[FormulaRule] = []
    untranslated: list[Untranslated] = []
    limits: dict[str, dict[str, float]] = {}
    for row in rows:
        try:
            clause = read_clause(row, kinds)
            points = _read_points(row.points, "points")
            if row.limit:
                _add_limit(limits.setdefault(row.group, {}), row)
        except ValueError as error:
            untranslated.append(Untranslated(row.origin, str(error)))
            continue
        reason = " ".join(part for part in (row.field, row.operator, row.value) if part)
        rules.append(FormulaRule(points, row.origin, reason, (clause,), group=row.group if row.group else None))
    groups = {
        group: FormulaGroup(group, limits.get(group, {}).get("most"), limits.get(group, {}).get("least"))
        for group in dict.fromkeys(rule.group for rule in rules)
        if group is not None
    }
    return Formula(title, source, "", tuple(rules), groups, tuple(untranslated))


def infer_kinds(rows: Sequence[MatrixRow]) -> Mapping[str, FormulaKind]:
    """The kind of each field: what all of its values can be read as, else text."""
    values: dict[str, list[str]] = {}
    texts: set[str] = set()
    for row in rows:
        operator, _ = _OPERATORS.get(_fold(row.operator), ("", False))
        values.setdefault(row.field, []).extend(_split(operator, row.value))
        if operator in _SEARCHES:
            texts.add(row.field)
    return {field: "text" if field in texts else _infer_kind(found) for field, found in values.items()}


def read_clause(row: MatrixRow, kinds: Mapping[str, FormulaKind]) -> Clause:
    """The comparison of a row. Raises ValueError with a reason for people."""
    if not row.field:
        raise ValueError("there is no field")
    if _fold(row.operator) not in _OPERATORS:
        raise ValueError(f"the operator {row.operator!r} is not known; use one of: {', '.join(_OPERATORS)}")
    operator, negated = _OPERATORS[_fold(row.operator)]
    if operator in ("known", "unknown"):
        return Clause(row.field, operator)
    kind = kinds[row.field]
    words = _split(operator, row.value)
    if not words:
        raise ValueError("there is no value to compare with")
    if operator == "between" and len(words) != 2:
        raise ValueError(f"between needs two values, such as 10..50, not {row.value!r}")
    if operator in ("<", "<=", ">", ">=", "between") and kind not in ("number", "date"):
        raise ValueError(f"{row.operator} compares numbers or days, and {row.field!r} has other values in the matrix")
    return Clause(row.field, operator, tuple(_read_value(word, kind) for word in words), kind, negated)


def _add_limit(limits: dict[str, float], row: MatrixRow) -> None:
    if not row.group:
        raise ValueError("a limit needs a group")
    limit = _read_points(row.limit, "limit")
    side = "most" if limit >= 0 else "least"
    if limits.setdefault(side, limit) != limit:
        raise ValueError(
            f"the group {row.group!r} has the limit {limits[side]:g} in an earlier row, and {limit:g} here"
        )


def _read_points(text: str, what: str) -> float:
    try:
        points = float(text.replace("\u2212", "-"))
    except ValueError:
        raise ValueError(f"the {what} {text!r} is not a number") from None
    if not math.isfinite(points):
        raise ValueError(f"the {what} {text!r} is not a number")
    return points


def _split(operator: str, value: str) -> list[str]:
    """The values of a cell: several of a list, two of a range, else one."""
    if operator in ("known", "unknown", ""):
        return []
    if operator == "between":
        parts = re.split(r"\.\.|;|\bto\b|\band\b", value)
        if len(parts) == 1:  # a hyphen parts two numbers, and days have their own
            parts = re.split(r"(?<=[0-9])\s*[-\u2013]\s*(?=[0-9.]+$)", value, maxsplit=1)
    elif operator == "in":
        parts = value.split(";" if ";" in value else ",")
    else:
        parts = [value]
    return [part.strip() for part in parts if part.strip()]


def _infer_kind(words: Sequence[str]) -> FormulaKind:
    readers: Iterator[FormulaKind] = iter(("number", "date", "flag"))
    for kind in readers:
        try:
            for word in words:
                _read_value(word, kind)
        except ValueError:
            continue
        return kind if words else "text"
    return "text"


def _read_value(word: str, kind: FormulaKind) -> FormulaValue:
    if kind == "number":
        return _read_points(word, "value")
    if kind == "date":
        return date.fromisoformat(word).isoformat()
    if kind == "flag":
        if word.lower() not in _FLAGS:
            raise ValueError(f"the value {word!r} is neither yes nor no")
        return _FLAGS[word.lower()]
    return word


def _fold(operator: str) -> str:
    return " ".join(operator.lower().replace("_", " ").split())


def _write_cell(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
