"""The properties of events: from the raw ones of a kind to typed ones, cleaned like the fields of a lead."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any

from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.column_names import name_key
from leadledger.scoring.errors import BadValue, UnreadableValue, quote
from leadledger.scoring.events.column_cleaning import ColumnCleaner, make_column_cleaner
from leadledger.scoring.field import Field
from leadledger.scoring.tree import Typed

LARGEST_SUMMED = 1e12  # so that a sum of whole millionths stays exact in every engine


class PropertyReader:
    """Cleans the properties of one kind. `summed` are those that the card adds up."""

    def __init__(self, fields: Mapping[str, Field], missing: frozenset[str], summed: set[str]) -> None:
        self.blank: dict[str, Typed] = dict.fromkeys(fields)
        self.fields = fields
        self.cleaners: dict[str, Callable[[Any], Typed]] = {}
        self.column_cleaners: dict[str, ColumnCleaner] = {}
        self.homes: dict[str, str] = {}
        keys: dict[str, str] = {}
        for name, field in fields.items():
            clean = make_cleaner(field, missing)
            self.cleaners[name] = _limited(clean) if name in summed else clean
            most = LARGEST_SUMMED if name in summed else math.inf
            self.column_cleaners[name] = make_column_cleaner(field, self.cleaners[name], most)
            self.homes |= dict.fromkeys(field.columns, name)
            for column in field.columns:
                keys.setdefault(name_key(column), name)
        self.find_alike = lru_cache(maxsize=256)(lambda column: keys.get(name_key(column)))

    def read(self, properties: Mapping[str, Any], place: str, path: str, problems: list[BadValue]) -> dict[str, Typed]:
        """The typed values; `place` is what stands before a property's name in the path of a mistake."""
        values = dict(self.blank)
        columns: dict[str, str] = {}
        for column, raw in properties.items():
            name = self.homes.get(column) or (self.find_alike(column) if isinstance(column, str) else None)
            if name is None:
                continue
            try:
                value = self.cleaners[name](raw)
            except UnreadableValue as reason:
                problems.append(BadValue(name, f"{place}{column}", raw, str(reason), path))
                continue
            if value is None:
                continue
            if name not in columns:
                values[name] = value
                columns[name] = column
            elif not self.fields[name].are_same(values[name], value):
                clash = f"'{name}' has another value under '{columns[name]}'; send one of the two"
                problems.append(BadValue(name, f"{place}{column}", raw, clash, path))
        return values

    def read_columns(self, properties: list[dict[str, Any]]) -> dict[str, list[Typed]] | None:
        """The typed values of many events, a list for each property; None where one has two columns.

        Raises UnreadableValue, TypeError or OverflowError where a value, or a column, is none.
        """
        columns: dict[str, list[Typed]] = {}
        for column in set[str]().union(*properties):
            name = self.homes.get(column) or (self.find_alike(column) if isinstance(column, str) else None)
            if name in columns:
                return None
            if name is not None:
                columns[name] = self.column_cleaners[name](pick_column(properties, column))
        if len(columns) == len(self.blank):
            return {name: columns[name] for name in self.blank}
        return {name: columns[name] if name in columns else [None] * len(properties) for name in self.blank}


def pick_column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    """What each of some rows has under a name; None where it has nothing."""
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:
        return [row.get(name) for row in rows]


def _limited(clean: Callable[[Any], Typed]) -> Callable[[Any], Typed]:
    """A cleaner of numbers that are added up."""

    def clean_summed(raw: Any) -> Typed:
        value = clean(raw)
        if isinstance(value, float) and abs(value) > LARGEST_SUMMED:
            raise UnreadableValue(f"{quote(raw)} can't be added up exactly; a number that is summed is at most 1e12")
        return value

    return clean_summed
