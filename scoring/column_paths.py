"""Paths into columns: `from: custom_fields.need` names the member `need` of a column, or of a member of a lead, that
holds an object: a JSON text, a JSON or STRUCT column, a nested object.

A column whose own name has the dot wins. Members are looked up letter by letter, columns by any spelling of their name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leadledger.scoring.column_names import name_key
from leadledger.scoring.field import Field
from leadledger.scoring.number_forms import write_number
from leadledger.scoring.text_forms import WHITE_SPACE

NOT_OBJECT = "is not a JSON object"
_SIGNS = frozenset("\"'\\[]*$`")  # that no member of a path has, since engines spell them in different ways


@dataclass(frozen=True)
class ColumnPath:
    """A path that leads somewhere: its name in the card, its field, the column, and the members below that."""

    name: str
    field: str
    column: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class ColumnPaths:
    """The paths that a card names, by their names, with the field of each."""

    fields: Mapping[str, str]

    @classmethod
    def of(cls, fields: Iterable[Field]) -> ColumnPaths:
        """The paths of some plain fields: the names with a dot that the card itself writes."""
        return cls(
            {
                column: field.name
                for field in fields
                for column in field.written_columns
                if "." in column and all(column.split(".")) and not _SIGNS & set(column)
            }
        )

    def __bool__(self) -> bool:
        return bool(self.fields)

    def find(self, names: Iterable[Any]) -> list[ColumnPath]:
        """The paths into columns of these names; those that are names of columns themselves are none."""
        if not self.fields:
            return []
        by_key: dict[str, str] = {}
        for name in names:
            if isinstance(name, str):
                by_key.setdefault(name_key(name), name)
        found = []
        for path, field in self.fields.items():
            parts = path.split(".")
            roots = (at for at in range(1, len(parts)) if name_key(".".join(parts[:at])) in by_key)
            at = next(roots, 0) if name_key(path) not in by_key else 0
            if at:
                found.append(ColumnPath(path, field, by_key[name_key(".".join(parts[:at]))], tuple(parts[at:])))
        return found

    def is_column(self, name: str) -> bool:
        """Whether a column of this name may hold the object of a path."""
        key = name_key(name)
        return any(
            key == name_key(".".join(parts[:at]))
            for parts in (path.split(".") for path in self.fields)
            for at in range(1, len(parts))
        )


class _JsonNumber(str):
    """A number of JSON as it is written."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_float=_JsonNumber, parse_int=_JsonNumber)


def spread(
    lead: Mapping[str, Any], paths: Iterable[ColumnPath], numbers: Iterable[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A lead with the values of some paths under their names, in place of the objects that hold them.

    `numbers` are the fields that are numbers. Second, the texts by column that are no JSON object, though they start
    like one.
    """
    wide = dict(lead)
    broken: dict[str, Any] = {}
    for path in paths:
        raw = lead[path.column]
        try:
            value = _follow(raw, path.members)
        except ValueError:
            broken[path.column] = raw
            continue
        if value is not None or not isinstance(raw, str) or raw.strip(WHITE_SPACE).startswith("{"):
            wide.pop(path.column, None)  # it is read; any other text is a member that no field uses
        if isinstance(value, _JsonNumber):
            value = write_number(str(value)) if path.field in numbers else str(value)
        elif isinstance(value, dict) and isinstance(raw, str):
            value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if value is not None:
            wide[path.name] = value
    return wide, broken


def _follow(raw: Any, members: Iterable[str]) -> Any:
    """The value below a raw one; None where there is none. Raises ValueError for broken JSON."""
    value = raw
    if isinstance(raw, str):
        text = raw.strip(WHITE_SPACE)
        if not text.startswith("{"):
            return None
        try:
            value = _DECODER.decode(text)
        except RecursionError:
            raise ValueError from None
    elif hasattr(raw, "asDict"):  # a row of Spark
        value = raw.asDict(recursive=True)
    for member in members:
        value = value.get(member) if isinstance(value, Mapping) else None
    return value


def list_columns(by_field: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """The columns of fields, each once: one column may hold the objects of several."""
    return iter(dict.fromkeys(column for columns in by_field.values() for column in columns))
