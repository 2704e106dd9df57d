"""The properties of events in SQL: each cleaned as a field of a lead, and conditions over them.

All kinds are cleaned at once, as the fields of one card: the property `path` of the kind `visit` is its field
`visit/path`, whose column has the raw values of visits alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from leadledger.scoring.column_names import name_key
from leadledger.scoring.events.event_reader import KnownNames
from leadledger.scoring.events.property_card import make_property_card
from leadledger.scoring.events.property_reader import LARGEST_SUMMED
from leadledger.scoring.field import Field
from leadledger.scoring.printers.sql.cleaning import cleaning_steps
from leadledger.scoring.printers.sql.conditions import ConditionPrinter, find_folded
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.event_members import KIND
from leadledger.scoring.printers.sql.event_table import LEAD, OPTIONAL, PROPERTIES, REQUIRED, EventTable
from leadledger.scoring.printers.sql.event_times import DAY
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, column_reader, join, spell, write
from leadledger.scoring.printers.sql.query import BAD
from leadledger.scoring.printers.sql.steps import Step
from leadledger.scoring.scorecard import Card, Scorecard

RAW_PROPERTY = "p:"  # before the name of a property's column as it comes
_UNREADABLE_SIGNS = frozenset("\"'\\[]*$`")  # that no member of an object has which an engine looks up


@dataclass(frozen=True)
class RootKind:
    """A kind that is no subset: the small card of its properties, whose criteria are its subsets and its machines."""

    name: str
    small: Scorecard

    @property
    def fields(self) -> Mapping[str, Field]:
        """Its properties, in the card's spelling."""
        return self.small.card.fields

    def field(self, name: str) -> str:
        """The column of a property after cleaning."""
        return f"f:{self.name}/{name}"


def list_roots(card: Card) -> list[RootKind]:
    """The kinds of a card that are no subsets."""
    kinds = [kind for kind in card.events.values() if kind.root == kind.name]
    return [RootKind(kind.name, make_property_card(kind, card)) for kind in kinds]


def describe_missing_properties(card: Card, columns: Collection[str], list_kinds: Callable[[], Iterable[str]]) -> str:
    """A sentence on the properties that the card reads and no column of a list of events holds; empty: none.

    `list_kinds` lists the names of the kinds in the list: a kind without events lacks nothing.
    """
    have = {name_key(column) for column in columns if column not in (*REQUIRED, *OPTIONAL)}
    lacking = [
        (root.name, name)
        for root in list_roots(card)
        for name in _list_read(card, root.name)
        if have.isdisjoint(map(name_key, root.fields[name].columns))
    ]
    if PROPERTIES in columns or not lacking:
        return ""
    names = KnownNames(card.events)
    present = {names.find("", kind) for kind in list_kinds() if kind}
    words = [f"{root}.{name}" for root, name in lacking if root in present]
    are = "it is" if len(words) == 1 else "they are"
    return f"The events have no column for {', '.join(words)}, so {are} missing in all of them" if words else ""


def _list_read(card: Card, root: str) -> Iterator[str]:
    """The properties of a kind that conditions, sums and `once_per` read, each once."""
    kinds = [kind for kind in card.events.values() if kind.root == root]
    conditions = [condition for kind in kinds for condition in (kind.when, kind.machine) if condition is not None]
    names = [name for condition in conditions for name in condition.fields]
    names += [kind.once_per for kind in kinds if kind.once_per]
    values = [field.event_value for field in card.event_fields]
    names += [value.property for value in values if value and value.property and card.events[value.kind].root == root]
    yield from dict.fromkeys(names)


class PropertyPrinter:
    """The properties of the kinds of one card, from the columns of a table of events; `only` those of some roots."""

    def __init__(self, card: Card, table: EventTable, dialect: Dialect, only: Collection[str] | None = None) -> None:
        self.card, self.table, self.dialect = card, table, dialect
        self.read = column_reader(dialect.name)
        self.roots = [root for root in list_roots(card) if only is None or root.name in only]
        self.conditions = {root.name: _RootConditions(root, dialect) for root in self.roots}
        # The raw columns of each property: the column that the step makes, and where its values are.
        self.places: dict[str, tuple[RootKind, Field, str]] = {}
        fields: dict[str, Field] = {}
        for root in self.roots:
            for name, field in root.fields.items():
                columns: list[str] = []
                for raw in self._find_raw(root, name):
                    columns.append(column := f"{root.name}/{name}/{len(columns)}")
                    self.places[column] = (root, field, raw)
                sources = tuple(("", column) for column in columns)
                own = f"{root.name}/{name}"
                fields[own] = replace(field, name=own, sources=sources, standard=(), in_bodies=(), labels=())
        self.all = Card("events", fields, missing=card.missing, time_zone=card.time_zone)

    @property
    def raw_columns(self) -> tuple[str, ...]:
        """The columns of the table that hold properties, or objects with them."""
        if self.table.has_objects:
            return (PROPERTIES,)
        return tuple(dict.fromkeys(raw for _, _, raw in self.places.values()))

    def _find_raw(self, root: RootKind, name: str) -> Iterator[str]:
        """The columns, or the members of objects, that hold a property: by its names, in any spelling of them."""
        homes: dict[str, str] = {}
        keys: dict[str, str] = {}
        for field in root.fields.values():
            homes |= dict.fromkeys(field.columns, field.name)
            for column in field.columns:
                keys.setdefault(name_key(column), field.name)
        if self.table.has_objects:
            candidates = list(dict.fromkeys([*homes, *self.table.keys]))
            candidates = [key for key in candidates if not _UNREADABLE_SIGNS & set(key)]
        else:
            candidates = [column for column in self.table.columns if column not in (LEAD, *REQUIRED, *OPTIONAL)]
        for column in candidates:
            if (homes.get(column) or keys.get(name_key(column))) == name:
                yield column

    def steps(self) -> Iterator[Step]:
        """The steps from raw columns to `f:…` of each property, and to BAD where one can't be read."""
        if self.table.has_objects:
            yield from self._object_steps()
        owned = [
            StepColumn(
                column,
                write(
                    "CASE WHEN {} = {} THEN {} END",
                    self.read(KIND),
                    self.dialect.text(root.name),
                    self._raw(field, raw),
                ),
            )
            for column, (root, field, raw) in self.places.items()
        ]
        yield Step("owned", "the properties of each kind, in columns of its own", owned)
        columns = {
            column: "VARCHAR" if self.table.has_objects else self.table.columns[raw]
            for column, (_, _, raw) in self.places.items()
        }
        yield from cleaning_steps(self.all, columns, self.dialect, self.read)
        folded = [
            StepColumn(
                f"a:{root.name}/{name}",
                spell(self.dialect.fold, self.read(root.field(name)), letters),
            )
            for root in self.roots
            for name, letters in find_folded(root.small.card, None).items()
        ]
        yield Step("searched", "texts that conditions search, folded", folded)

    def _raw(self, field: Field, raw: str) -> Expression:
        if not self.table.has_objects:
            return self.read(f"{RAW_PROPERTY}{raw}")
        return spell(self.dialect.json_member, self.read("ll:json"), (raw,), field.kind == "number")

    def _object_steps(self) -> Iterator[Step]:
        raw = self.read(f"{RAW_PROPERTY}{PROPERTIES}")
        if type_family(self.table.columns[PROPERTIES]) != "text":
            yield Step("objects", "properties as JSON", [StepColumn("ll:json", spell(self.dialect.json_of, raw))])
            return
        text = StepColumn("ll:object", spell(self.dialect.trim, spell(self.dialect.as_text, raw)))
        yield Step("object_texts", "texts that should be JSON objects", [text])
        whole, opens = self.read("ll:object"), spell(self.dialect.search, "starts_with", self.read("ll:object"), "'{'")
        is_object = write(
            "CASE WHEN {} THEN CASE WHEN {} THEN {} END END", opens, spell(self.dialect.is_json, whole), whole
        )
        yield Step("objects", "properties as JSON", [StepColumn("ll:json", is_object)])

    def unreadable(self) -> Expression:
        """Whether a property can't be read, or is too large to be added up."""
        marks = [self.read(BAD)]
        for root in self.roots:
            for name in self._summed(root.name):
                value = self.read(root.field(name))
                marks.append(write("coalesce(abs({}) > {}, FALSE)", value, self.dialect.number(LARGEST_SUMMED)))
        if self.table.has_objects and type_family(self.table.columns[PROPERTIES]) == "text":
            marks.append(
                write("coalesce({} <> '', FALSE) AND {} IS NULL", self.read("ll:object"), self.read("ll:json"))
            )
        return join(" OR ", marks)

    def _summed(self, root: str) -> set[str]:
        values = [field.event_value for field in self.card.event_fields if field.event_value is not None]
        return {value.property for value in values if value.way == "sum" and self.card.events[value.kind].root == root}

    def subset(self, name: str) -> Expression:
        """Whether an event is of a kind, or of a subset of one; never NULL where the kind is known."""
        kind = self.card.events[name]
        of_root = write("{} = {}", self.read(KIND), self.dialect.text(kind.root))
        if kind.when is None:
            return of_root
        return write("{} AND coalesce({}, FALSE)", of_root, self._criterion(kind.root, name))

    def declared_machine(self) -> list[Expression]:
        """Whether an event is one of a machine as the card says; one condition for each kind that says so."""
        return [
            write(
                "{} = {} AND coalesce({}, FALSE)",
                self.read(KIND),
                self.dialect.text(kind.name),
                self._criterion(kind.name, kind.name),
            )
            for kind in self.card.events.values()
            if kind.machine is not None and kind.name in self.conditions
        ]

    def _criterion(self, root: str, name: str) -> Expression:
        """A condition of a root kind, or of a subset of it."""
        small = next(each.small for each in self.roots if each.name == root)
        met = next(criterion.met for criterion in small.card.criteria if criterion.name == name)
        return write("({})", self.conditions[root].condition(met.tree))


def find_event_types(card: Card, types: Mapping[str, str], dialect: Dialect) -> dict[str, str]:
    """The columns of a table of events that are read, with the types that the printer knows. Raises PrinterError.

    `types` are those of all its columns, as the engine names them.
    """
    members = [member for member in (*REQUIRED, *OPTIONAL) if member in types]
    known = {member: dialect.known_type(member, types[member], "text") for member in members}
    if PROPERTIES in types:
        return known | {PROPERTIES: dialect.read_object_type(types[PROPERTIES])}
    places = PropertyPrinter(card, EventTable("", types), dialect).places.values()
    return known | {raw: dialect.known_type(raw, types[raw], field.kind) for _, field, raw in places}


class _RootConditions(ConditionPrinter):
    """Conditions over the properties of one kind; days count back from that of the event."""

    def __init__(self, root: RootKind, dialect: Dialect) -> None:
        super().__init__(root.small.card, date.min, dialect)
        read = column_reader(dialect.name)
        self.column = lambda name: read(f"{name[:2]}{root.name}/{name[2:]}")
        self.as_of = read(DAY)
