"""How the columns of a list stand in a sheet of Excel: in which order, as which kind of value, how wide."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, count
from typing import Any

from leadledger.api.lists.workbook_file import MOST_DIGITS, Cell
from leadledger.api.lists.workbook_parts import ColumnLook, Look
from leadledger.api.wording.reasons import word_reasons
from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.column_fit import ColumnFit
from leadledger.scoring.errors import UnreadableValue
from leadledger.scoring.field import Field
from leadledger.scoring.outputs import QUESTIONS, REASON_COLUMNS
from leadledger.scoring.printers.sql.dialects.column_types import bare_type
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.scorecard import Card

# What people look for first stands first: what to do, how sure it is, then the points.
_FIRST = ("recommendation", "grade", "axis_grades", "probability", "sale_probability", "expected_value", "percentile")
_LOOKS: Mapping[str, Look] = {
    **dict.fromkeys(("probability", "sale_probability", "propensity"), "percent"),
    **dict.fromkeys(("points", "fit", "engagement", "plus_minus"), "points"),
    **dict.fromkeys(("score", "percentile"), "whole"),
    **{"expected_value": "money", QUESTIONS.name: "wrapped"},
}
_WHOLE_TYPES = frozenset(f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")) | {
    "INTEGER",
    "UINTEGER",
}
_WIDEST, _NARROWEST, _SENTENCES = 48, 6, 72  # in characters
_FILTER_ARROW = 4
# A number without a unit or a sign that means nothing to a sheet; and no digits that a number would lose.
_NUMBER = re.compile(r"[+-]?(?!0[0-9])(?:[0-9][0-9., '’]*|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_TIMELESS = re.compile(r"(?![0-9]{9})[^:]{1,40}")
_LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,6})?)?")

Read = Callable[[Any], Cell]


@dataclass(frozen=True)
class SheetColumn:
    """A column of a sheet: the columns of the list that it shows, and how a value, or several, becomes a cell."""

    name: str
    look: Look
    sources: tuple[str, ...]
    read: Read

    def find_width(self, longest: int) -> ColumnLook:
        """With its width, where the longest of its values has that many characters."""
        widest = _SENTENCES if self.look == "wrapped" else _WIDEST
        shown = {"percent": 7, "points": 7, "whole": 5, "day": 11, "moment": 20}.get(self.look, longest + 3)
        header = len(self.name) + _FILTER_ARROW
        return ColumnLook(self.name, self.look, min(max(shown, header, _NARROWEST), widest))


def select_cell(name: str, kind: str) -> str:
    """The SQL of a column as Python takes it: a number, a flag or a text. `kind` is its type in DuckDB."""
    bare = bare_type(kind)
    if bare == "FLOAT":  # 0.1 of 32 bits is 0.1, and not the nearest number of 64 bits
        return f"CAST(CAST({quoted(name)} AS VARCHAR) AS DOUBLE) AS {quoted(name)}"
    is_simple = bare in _WHOLE_TYPES or bare in ("VARCHAR", "DOUBLE", "DECIMAL", "BOOLEAN")
    return quoted(name) if is_simple else f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}"


def measure_cell(name: str) -> str:
    """The SQL of the length of the longest value of a column, in which a wide sign counts as two."""
    text = f"CAST({quoted(name)} AS VARCHAR)"
    return f"max(length({text}) + (strlen({text}) - length({text})) // 2)"


def lay_out_table(types: Mapping[str, str]) -> list[SheetColumn]:
    """The columns of any table, each as its type in DuckDB says, in the same order."""
    return [_find_column(name, kind) for name, kind in types.items()]


def lay_out_scores(
    types: Mapping[str, str], card: Card, fit: ColumnFit, outputs: Mapping[str, str], *, is_chosen: bool
) -> list[SheetColumn]:
    """The columns of a scored list: scores, ids, reasons and questions, then the list, and the reasons one by one.

    `types` are those of what was written, by column; `fit` says which belong to fields of the card, whose texts become
    numbers and days; `outputs` maps what scoring adds to its name. `is_chosen`: somebody has chosen columns and order.
    """
    fields = {column: card.fields[name] for name, columns in fit.used.items() for column in columns}
    paths = {path.column for path in card.column_paths.find(types)}
    added = {name: output for output, name in outputs.items()}
    columns = {
        name: _find_output(name, added[name], kind)
        if name in added
        else _find_list_column(name, kind, None if name in paths else fields.get(name), card)
        for name, kind in types.items()
    }
    if is_chosen:
        return list(columns.values())
    ids = [name for name, field in fields.items() if name in columns and field.kind == "id"]
    details = [outputs[column.name] for column in REASON_COLUMNS if column.name in outputs]
    asked = [outputs[QUESTIONS.name]] if QUESTIONS.name in outputs else []
    uncertain = [outputs["plus_minus"]] if "plus_minus" in outputs else []
    last = {*details, *asked, *uncertain}
    first = [outputs[name] for name in _FIRST if name in outputs]
    scores = [*first, *(name for name in outputs.values() if name not in last and name not in first)]
    shown = {*scores, *ids, *last}
    order = [*scores, *ids, *asked, *(name for name in columns if name not in shown), *uncertain, *details]
    laid_out = [columns[name] for name in order]
    if details:
        laid_out.insert(len(scores) + len(ids), _word_reasons_of(details, columns))
    return laid_out


def _word_reasons_of(details: Sequence[str], taken: Mapping[str, Any]) -> SheetColumn:
    """A column with the reasons in sentences, under a name that the list doesn't have."""
    keys = {name.lower() for name in taken}
    prefix = details[0].removesuffix(REASON_COLUMNS[0].name)
    names = (f"{prefix}{name}" for name in chain(["reasons"], (f"reasons_{number}" for number in count(2))))
    half = len(details) // 2
    return SheetColumn(
        next(name for name in names if name.lower() not in keys),
        "wrapped",
        tuple(details),
        lambda values: word_reasons(values[:half], values[half:]),
    )


def _find_output(name: str, output: str, kind: str) -> SheetColumn:
    """A column that scoring adds."""
    column = _find_column(name, kind)
    return SheetColumn(name, _LOOKS.get(output, column.look), column.sources, column.read)


def _find_list_column(name: str, kind: str, field: Field | None, card: Card) -> SheetColumn:
    """A column of the list; `field` is what it belongs to."""
    if field is None:
        return _find_column(name, kind)
    if field.kind == "id":
        return SheetColumn(name, "text", (name,), _read_id)
    if bare_type(kind) != "VARCHAR" or field.kind not in ("number", "date"):
        return _find_column(name, kind)
    clean = make_cleaner(field, card.missing_texts)
    if field.kind == "number":
        return SheetColumn(name, "number", (name,), _make_number_reader(clean))
    return SheetColumn(name, "day", (name,), _make_day_reader(clean))


def _find_column(name: str, kind: str) -> SheetColumn:
    """A column as its type says."""
    bare = bare_type(kind)
    if bare in _WHOLE_TYPES or bare in ("DOUBLE", "FLOAT", "DECIMAL", "BOOLEAN"):
        return SheetColumn(name, "number", (name,), _as_it_is)
    if bare == "DATE":
        return SheetColumn(name, "day", (name,), _read_iso_day)
    if bare.startswith("TIMESTAMP") and "TIME ZONE" not in bare:
        return SheetColumn(name, "moment", (name,), _read_iso_moment)
    return SheetColumn(name, "text", (name,), _as_it_is)


def _as_it_is(value: Cell) -> Cell:
    return value


def _read_id(value: Any) -> Cell:
    """An id is a text, also where a list has it as a number."""
    return None if value is None else str(value)


def _read_iso_day(text: str | None) -> Cell:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:  # infinity, or a year that no calendar of Python has
        return text


def _read_iso_moment(text: str | None) -> Cell:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return text


def _make_number_reader(clean: Callable[[Any], Any]) -> Read:
    """A text of a number field: the number, unless something would be lost, as a unit, a word or a digit."""

    def read(text: str | None) -> Cell:
        if text is None or not _NUMBER.fullmatch(text) or sum(map(str.isdigit, text)) > MOST_DIGITS:
            return text
        try:
            value = clean(text)
        except UnreadableValue:
            return text
        return text if value is None else float(value)

    return read


def _make_day_reader(clean: Callable[[Any], Any]) -> Read:
    """A text of a day field: the day, or the local time; one with an offset stays, since a cell has none."""

    def read(text: str | None) -> Cell:
        if text is None:
            return None
        if not _TIMELESS.fullmatch(text):
            return _read_iso_moment(text) if _LOCAL_TIME.fullmatch(text) else text
        try:
            day = clean(text)
        except UnreadableValue:
            return text
        return text if day is None else day

    return read
