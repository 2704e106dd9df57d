"""Raw leads of a card, read: a typed value for each plain field, or every value that can't be read.

Leads of one source have the same names in the same order. Which fields those belong to is worked out once, and the
values of a lead are then looked up all together. A lead with a value that can't be read is read once more, name by
name, to tell which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from operator import getitem
from typing import Any, NamedTuple

from leadledger.scoring.cleaning import KnownValues, Lead, make_cleaner
from leadledger.scoring.column_paths import NOT_OBJECT, spread
from leadledger.scoring.errors import BadValue, LeadError, UnreadableValue, quote
from leadledger.scoring.numpy_scalars import unwrap_scalar
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed

MOST_LAYOUTS = 1024  # that are kept; leads with other names are read name by name
LONGEST_LAYOUT = 4096  # characters of all its names


class Layout(NamedTuple):
    """Which names of a lead belong to fields, each to another one, those fields, and the names that no field is.

    `values` are the typed values of each of the fields, by raw value.
    """

    belongs: tuple[bool, ...]
    fields: tuple[str, ...]
    values: tuple[KnownValues, ...]
    ignored: tuple[str, ...]


class LeadReader:
    """The cleaners of a card's plain fields, and the names under which leads have their values."""

    def __init__(self, card: Scorecard) -> None:
        self._fields = card.card.fields
        plain = card.card.plain_fields
        self._cleaners = {field.name: make_cleaner(field, card.card.missing_texts) for field in plain}
        self._blank: dict[str, Typed] = dict.fromkeys(self._cleaners)
        self._names = card.card.column_names
        self._paths = card.card.column_paths
        self._numbers = frozenset(field.name for field in plain if field.kind == "number")
        self._layouts = _KnownLayouts(self)

    def clean(self, lead: Mapping[str, Any], path: str = "$") -> Lead:
        """Typed values of a raw lead. Raises LeadError; `path` leads to the lead in the caller's input."""
        broken: list[BadValue] = []
        if self._paths:
            lead, texts = spread(lead, self._paths.find(lead), self._numbers)
            broken = [BadValue("", column, raw, f"{quote(raw)} {NOT_OBJECT}", path) for column, raw in texts.items()]
        if not broken:
            layout = self._layouts[tuple(lead)]
            if layout is not None:
                belongs, fields, known, ignored = layout
                values = self._blank.copy()
                raws = compress(lead.values(), belongs)
                try:
                    values.update(zip(fields, map(getitem, known, raws), strict=False))  # they are equally many
                    return Lead(values, ignored)
                except (UnreadableValue, TypeError, ValueError):  # the last two: a list, or an array, can't be hashed
                    pass
        return self._read_by_name(lead, path, broken)

    def arrange(self, names: tuple[Any, ...]) -> Layout | None:
        """The layout of the names of a lead; None where two of them, or none that can be told, belong to one field."""
        homes, alike = self._find_homes(names)
        fields = tuple([homes[name] for name in names if name in homes])
        if alike or len(set(fields)) < len(fields):
            return None
        ignored = tuple([name for name in names if name not in homes])
        known = tuple([self._cleaners[name].values for name in fields])
        return Layout(tuple([name in homes for name in names]), fields, known, ignored)

    def find_named_fields(self, names: Iterable[str]) -> tuple[str, ...]:
        """The plain fields that some names of a raw lead belong to, each once."""
        return tuple(dict.fromkeys(self._names.match(names).fields.values()))

    def _read_by_name(self, lead: Mapping[str, Any], path: str, problems: list[BadValue]) -> Lead:
        """As `clean`, with the problems so far."""
        homes, alike = self._find_homes(lead)
        values = self._blank.copy()
        columns: dict[str, str] = {}
        for column, raw in lead.items():
            name = homes.get(column)
            if name is None:
                continue
            try:
                value = self._read_value(name, raw)
            except UnreadableValue as error:
                problems.append(BadValue(name, str(column), raw, str(error), path))
                continue
            if value is None:
                continue
            if name not in columns:
                values[name] = value
                columns[name] = column
            elif not self._fields[name].are_same(values[name], value):
                clash = f"'{name}' has another value under '{columns[name]}'; send one of the two"
                problems.append(BadValue(name, str(column), raw, clash, path))
        for first, second in alike:
            reason = f"is the same name as {quote(first)}, spelt otherwise; send one of the two"
            problems.append(BadValue(homes[second], second, lead[second], reason, path))
        if problems:
            raise LeadError(problems)
        return Lead(values, tuple([str(column) for column in lead if column not in homes]))

    def _find_homes(self, names: Iterable[Any]) -> tuple[Mapping[str, str], Sequence[tuple[str, str]]]:
        """The fields of the names of a lead, and pairs of names that are two spellings of one."""
        exact = self._names.exact
        if not self._names.may_match([name for name in names if name not in exact]):
            return exact, ()
        matched = self._names.match(names)
        return matched.fields, matched.alike

    def _read_value(self, name: str, raw: Any) -> Typed:
        """The typed value of a field's raw one, which may be a scalar of NumPy. Raises UnreadableValue."""
        clean = self._cleaners[name]
        try:
            return clean(raw)
        except UnreadableValue as refusal:
            error = refusal
        try:
            return clean(unwrap_scalar(raw))
        except UnreadableValue:
            raise error from None


class _KnownLayouts(dict[tuple[Any, ...], "Layout | None"]):
    """The layouts of a reader by the names of a lead; None of a lead that is to be read name by name.

    Once they are full, no more are added: a source whose leads all have other names would only drive out the rest.
    """

    def __init__(self, reader: LeadReader) -> None:
        super().__init__()
        self._reader = reader

    def __missing__(self, names: tuple[Any, ...]) -> Layout | None:
        is_kept = (
            len(self) < MOST_LAYOUTS
            and all(type(name) is str for name in names)
            and sum(map(len, names)) <= LONGEST_LAYOUT
        )
        if not is_kept:
            return None
        layout = self[names] = self._reader.arrange(names)
        return layout
