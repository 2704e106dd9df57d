"""The events of a table in SQL, read and sorted: which count, which are those of machines, of which kind each is.

Columns on the way: `ll:lead`, `ll:kind`, `ll:day` and so on of an event, `is:…` whether it is of a kind or a subset,
`key:…` what only one event may earn points for, `nth:…` its place among those, the latest first.

Comparing events with each other costs an engine a sort of all of them. So where somebody has looked which events need
it (`EventTable.compared`), only those are compared, and `once_per` is a GROUP BY: the SELECT is put together of parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Literal, TypeAlias

from leadledger.scoring.event_value import EventValue
from leadledger.scoring.events.event_reader import LONGEST_NAME, KnownNames
from leadledger.scoring.events.property_reader import LARGEST_SUMMED
from leadledger.scoring.field import Field
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.event_members import (
    ID,
    KIND,
    KIND_NAME,
    LEAD_KEY,
    RAW,
    SOURCE,
    member_steps,
)
from leadledger.scoring.printers.sql.event_properties import RAW_PROPERTY, PropertyPrinter
from leadledger.scoring.printers.sql.event_spelling import find_spelling
from leadledger.scoring.printers.sql.event_table import OPTIONAL, REQUIRED, EventTable
from leadledger.scoring.printers.sql.event_times import DAY, INSTANT, RECEIVED, time_steps
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, spell, write
from leadledger.scoring.printers.sql.machine_marks import KEPT, MACHINE, MachinePrinter
from leadledger.scoring.printers.sql.steps import Step, print_steps
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.text_forms import all_letters

AGE, STATE, KNOWN, UNREAD = "ll:age", "ll:state", "ll:known", "ll:unread"
# What became of an event; by their numbers in SQL. Only the events of people that are `counted` count.
STATES = ("counted", "machine", "repeated", "late", "future", "unknown", "unreadable")
MILLIONTHS = 1e6  # in which a property is added up
_PLACE = "ll:place"
IS_EVENT = "ll:event"  # a row is one event; FALSE: it stands for an object, and is none
_UNION = "\nUNION ALL\n"
Way: TypeAlias = Literal["count", "sum", "max"]


class EventPrinter:
    """The events of one table, for one card; `only` those of some kinds are asked what they are, with their subsets."""

    def __init__(
        self,
        card: Scorecard,
        as_of: date,
        table: EventTable,
        dialect: Dialect,
        only: Collection[str] | None = None,
    ) -> None:
        self.as_of = as_of
        self.card, self.table, self.dialect = card, table, dialect
        self.spelling = find_spelling(dialect)
        self.properties = PropertyPrinter(card.card, table, dialect, only)
        self.machines = MachinePrinter(self.properties)
        self.read = self.properties.read
        self.today = Expression(dialect.date(as_of.isoformat()))
        self.members = {name: table.columns[name] for name in (*REQUIRED, *OPTIONAL) if name in table.columns}
        self.raw = {f"{RAW}{member}": member for member in self.members}
        self.raw |= {f"{RAW_PROPERTY}{column}": column for column in self.properties.raw_columns}
        roots = self.properties.conditions
        values = [field.event_value for field in card.card.event_fields if field.event_value is not None]
        self.values = [value for value in values if card.card.events[value.kind].root in roots]
        of_rules = [rule.each for rule in card.card.each_rules if card.card.events[rule.each].root in roots]
        self.kinds = list(dict.fromkeys([*(value.kind for value in self.values), *of_rules]))
        self.once_kinds = [kind for kind in dict.fromkeys(of_rules) if card.card.events[kind].once_per]

    def print_groups(self) -> Iterator[tuple[EventPrinter, str]]:
        """SELECTs of events by their kinds, each with the printer of these kinds.

        Each has a row for each event, of LEAD_KEY, AGE (NULL: it wasn't known on the day), STATE, and `ways` of the
        printer. Where `has_objects_apart`, there are rows for objects, too, and IS_EVENT tells these from events.
        """
        if self.table.compared is None:
            steps = [*self._reading(), *self._ranking(), *self._keeping(), *self._sorting(), *self._placing()]
            yield self, self._print(steps, self._source(self.table.source), [*self.raw], self._selected())
            return
        costly = self._costly_roots()
        if costly:
            these = self._only(costly)
            objects = [self._print_objects(kind, these) for kind in these.once_kinds]
            yield these, _UNION.join([*self._print_parts(these, costly, True, these._selected()), *objects])
        others = self._only([root.name for root in self.properties.roots if root.name not in costly])
        yield others, _UNION.join(self._print_parts(others, costly, False, others._selected()))

    def print_followed(self) -> str:
        """The SELECT with LEAD_KEY and INSTANT of each event of the kinds that the rule for scanners compares."""
        kinds = self.machines.mail_kinds
        columns = [StepColumn(name, self.read(name)) for name in (LEAD_KEY, INSTANT)]
        (alone, *_) = self._print_parts(self._only(kinds), kinds, True, columns)
        return alone

    @property
    def has_objects_apart(self) -> bool:
        """Whether a row of its own stands for each object of which one event earns points."""
        return self.table.compared is not None and bool(self.once_kinds)

    def _print(
        self, steps: Sequence[Step], source: str, available: Sequence[str], columns: Sequence[StepColumn]
    ) -> str:
        made = [step for step in steps if step.added or step.where]
        return f"({print_steps(made, source, available, columns, self.dialect)})"

    def _source(self, item: str) -> str:
        name = self.dialect.name
        selected = ", ".join(f"{name(column)} AS {name(made)}" for made, column in self.raw.items())
        return f"(SELECT {selected} FROM {item}) AS raw_events"

    def _only(self, roots: Collection[str]) -> EventPrinter:
        """The printer of the events of some kinds, which reads no properties of others."""
        return EventPrinter(self.card, self.as_of, self.table, self.dialect, roots)

    def _costly_roots(self) -> list[str]:
        """The kinds whose events cost more than others': the rule for scanners looks at them, or they have objects."""
        of_objects = [self.card.card.events[kind].root for kind in self.once_kinds]
        return list(dict.fromkeys([*self.machines.mail_kinds, *of_objects]))

    def _print_parts(
        self,
        these: EventPrinter,
        roots: Collection[str],
        wanted: bool,
        columns: Sequence[StepColumn],
        last: Sequence[Step] = (),
        ages: int | None = None,
    ) -> Iterator[str]:
        """SELECTs, after the steps `last`, of the events of some kinds, or of all others: of those that need no
        comparing, by the printer of `these` kinds, then of those that do.

        Those that happened `ages` days ago, or earlier, may be left out.
        """
        of_kinds = []
        if roots:
            listed = ", ".join(map(self.dialect.text, roots))
            is_wanted = write(f"coalesce({{}} IN ({listed}), FALSE) = {'TRUE' if wanted else 'FALSE'}", self.read(KIND))
            of_kinds.append(Step("of_kinds", "events of some kinds", [], is_wanted))
        alone = Step("alone", "events that came once", [StepColumn(_PLACE, Expression("1"))])
        steps = [*these._reading(), *of_kinds, alone, *these._keeping(), *these._sorting(of_mails=False), *last]
        source = self._leave_out(roots, wanted, ages)
        yield self._print(steps, these._source(source), [*these.raw], columns)
        if self.table.compared:
            steps = [*self._reading(), *self._ranking(), *of_kinds, *self._keeping(), *self._sorting(), *last]
            yield self._print(steps, self._source(self.table.compared), [*self.raw], columns)

    def _leave_out(self, roots: Collection[str], wanted: bool, ages: int | None) -> str:
        """The events of some kinds (or of all others): without those of kinds that are named as the card names them.

        An engine leaves these out as it reads the table, and those of so many days ago. Names in other spellings are
        told apart after cleaning, and so are the last days, since a day begins a day sooner in some time zones.
        """
        names, conditions = KnownNames(self.card.card.events), []
        others = [
            kind.name
            for kind in self.card.card.events.values()
            if kind.root == kind.name and (kind.name in roots) is not wanted and names.find("", kind.name) == kind.name
        ]
        if others and type_family(self.members["kind"]) == "text":
            listed = ", ".join(map(self.dialect.text, others))
            conditions.append(f"coalesce({self.dialect.name('kind')} NOT IN ({listed}), TRUE)")
        if ages is not None and type_family(self.members["time"]) in ("date", "time", "instant"):
            first = self.as_of.toordinal() - ages - 1
            if first > 0:
                since = self.dialect.date(date.fromordinal(first).isoformat())
                conditions.append(f"{self.dialect.name('time')} >= {since}")
        if not conditions:
            return self.table.source
        return f"(SELECT * FROM {self.table.source} WHERE {' AND '.join(conditions)})"

    def _print_objects(self, kind: str, these: EventPrinter) -> str:
        """The SELECT with a row for each object of a kind, one of `these`, of the age of its latest event of people.

        Events so old that no rule gives points for them are left out.
        """
        name, key = self.dialect.name, f"key:{kind}"
        earning = write("{} IS NOT NULL", self.read(key))
        rules = [rule for rule in self.card.each_rules if rule.rule.each == kind]
        ends = [steps.end for rule in rules for steps in (rule.steps, rule.rest)]
        ages = None if None in ends else max(end for end in ends if end is not None)
        if ages is not None:
            earning = write("{} AND {} < {}", earning, self.read(AGE), ages)
        last = [
            Step("objects_of", "what only one event may earn points for", [StepColumn(key, self._object_key(kind))]),
            Step("earning", "events that may earn points", [], earning),
        ]
        columns = [StepColumn(column, self.read(column)) for column in (LEAD_KEY, AGE, key)]
        roots = [self.card.card.events[kind].root]
        parts = _UNION.join(self._print_parts(self._only(roots), roots, True, columns, last, ages))
        selected = [StepColumn(LEAD_KEY, self.read(LEAD_KEY)), StepColumn(AGE, write("min({})", self.read(AGE)))]
        selected.append(StepColumn(STATE, Expression(str(STATES.index("counted")))))
        for column, (way, _) in these._columns().items():
            is_left = "TRUE" if column == f"o:{kind}" else "FALSE"
            nothing = f"CAST(NULL AS {self.amount_type(way)})"
            selected.append(StepColumn(column, Expression(is_left if way == "count" else nothing)))
        selected.append(StepColumn(IS_EVENT, Expression("FALSE")))
        listed = ",\n".join(f"  {column.written(name)}" for column in selected)
        return f"(SELECT\n{listed}\nFROM ({parts}) AS objects\nGROUP BY {name(LEAD_KEY)}, {name(key)})"

    # -- steps ------------------------------------------------------------------------------------------------------

    def _reading(self) -> Iterator[Step]:
        """The steps from raw events to typed ones, and to KNOWN."""
        read, dialect = self.read, self.dialect
        yield from member_steps(self.card.card, self.members, dialect, read, self.table.plain)
        yield from self.properties.steps()
        yield from time_steps(self.card.card, self.members, dialect, read)
        unnamed = write("({} = '' OR length({}) > {})", read(KIND_NAME), read(KIND_NAME), LONGEST_NAME)
        odd = [read("odd:members"), read("odd:time"), self.properties.unreadable()]
        odd += [read("odd:received")] if "received" in self.members else []
        unread = write(
            "CASE WHEN {} THEN TRUE WHEN {} IS NULL THEN FALSE ELSE ({}) END", unnamed, read(KIND), join(" OR ", odd)
        )
        known = write("{} IS NOT NULL AND {} <= {}", read(KIND), read(DAY), self.today)
        received = write("({} IS NULL OR {} <= {})", read(RECEIVED), read(RECEIVED), self.today)
        columns = [
            StepColumn(UNREAD, unread),
            StepColumn(KNOWN, write("coalesce({} AND {}, FALSE)", known, received)),
        ]
        yield Step("known", "the events that had happened, and were known, on the day", columns)

    def _ranking(self) -> Iterator[Step]:
        """The step to the place of an event among those of one identity."""
        rank = Expression(
            f"row_number() OVER (PARTITION BY {self._identity()} ORDER BY {self._rank()})", self._identifying
        )
        yield Step("ranked", "of several with one identity, which was known first", [StepColumn(_PLACE, rank)])

    def _keeping(self) -> Iterator[Step]:
        """The step to KEPT, and to AGE."""
        read, dialect = self.read, self.dialect
        kept = write("{} AND {} = 1", read(KNOWN), self.read(_PLACE))
        age = write("CAST({} AS {})", spell(dialect.days_between, self.today, read(DAY)), dialect.types["INTEGER"])
        yield Step(
            "kept",
            "the events that count once",
            [StepColumn(KEPT, kept), StepColumn(AGE, write("CASE WHEN {} THEN {} END", read(KNOWN), age))],
        )

    def _sorting(self, *, of_mails: bool = True) -> Iterator[Step]:
        """The steps to MACHINE and to the kinds of each event; `of_mails`: those of one mail are compared."""
        yield from self.machines.steps(of_mails=of_mails)
        subsets = [StepColumn(f"is:{kind}", self.properties.subset(kind)) for kind in self.kinds]
        yield Step("sorted", "the kinds that each is of", subsets)

    def _placing(self) -> Iterator[Step]:
        """The steps to the place of an event among those of one object."""
        if self.once_kinds:
            keys = [StepColumn(f"key:{kind}", self._object_key(kind)) for kind in self.once_kinds]
            yield Step("objects_of", "what only one event may earn points for", keys)
            yield Step(
                "latest",
                "the latest event of each",
                [StepColumn(f"nth:{kind}", self._nth(kind)) for kind in self.once_kinds],
            )

    @property
    def _property_columns(self) -> list[str]:
        return [root.field(name) for root in self.properties.roots for name in root.fields]

    @property
    def _identifying(self) -> frozenset[str]:
        return frozenset((LEAD_KEY, KNOWN, SOURCE, ID, KIND, DAY, INSTANT, RECEIVED, *self._property_columns))

    def _identity(self) -> str:
        """What is equal for what is one event: its id and source, or without an id all that it tells."""
        name = self.dialect.name
        parts = [name(LEAD_KEY), name(KNOWN), name(SOURCE), name(ID)]
        parts += [
            f"CASE WHEN {name(ID)} = '' THEN {name(column)} END"
            for column in (KIND, DAY, INSTANT, *self._property_columns)
        ]
        return ", ".join(parts)

    def _rank(self) -> str:
        """The order in which events with one identity were known, as `TypedEvent.rank`."""
        name = self.dialect.name
        parts = [f"coalesce({name(RECEIVED)}, {self.dialect.first_day})", name(DAY)]
        parts += [f"{name(INSTANT)} IS NOT NULL", name(INSTANT), name(KIND)]
        for column in self._property_columns:
            parts += [f"{name(column)} IS NOT NULL", name(column)]
        return ", ".join(parts)

    def _object_key(self, kind: str) -> Expression:
        """What is equal for the events of a kind of which one earns points; NULL where an event counts by itself."""
        field, value = self._object(kind)
        if field.kind == "text" and not field.exact:
            value = spell(self.dialect.tidy, value, all_letters())
        return write("CASE WHEN {} THEN {} END", self._people(kind), value)

    def _object(self, kind: str) -> tuple[Field, Expression]:
        """The property of which one event earns points, and its value."""
        of = self.card.card.events[kind]
        root = next(root for root in self.properties.roots if root.name == of.root)
        return root.fields[of.once_per], self.read(root.field(of.once_per))

    def _nth(self, kind: str) -> Expression:
        """The place of an event among those of one object, the latest first."""
        key = self.dialect.name(f"key:{kind}")
        over = f"PARTITION BY {self.dialect.name(LEAD_KEY)}, {key} ORDER BY {self.dialect.name(DAY)} DESC"
        return Expression(f"row_number() OVER ({over})", frozenset((LEAD_KEY, f"key:{kind}", DAY)))

    def _people(self, kind: str) -> Expression:
        """Whether an event is one of people, of a kind."""
        return write("{} AND NOT {} AND {}", self.read(KEPT), self.read(MACHINE), self.read(f"is:{kind}"))

    # -- what comes back --------------------------------------------------------------------------------------------

    @property
    def ways(self) -> dict[str, Way]:
        """The columns of an event, with how they are added up: conditions are counted, amounts summed or compared."""
        return {column: way for column, (way, _) in self._columns().items()}

    def _selected(self) -> list[StepColumn]:
        by = [StepColumn(column, self.read(column)) for column in (LEAD_KEY, AGE)] + [StepColumn(STATE, self._state())]
        listed = [StepColumn(name, expression) for name, (_, expression) in self._columns().items()]
        return [*by, *listed, *([StepColumn(IS_EVENT, Expression("TRUE"))] if self.has_objects_apart else [])]

    def _columns(self) -> dict[str, tuple[Way, Expression]]:
        """By column, how it is added up, and the condition or the amount."""
        columns: dict[str, tuple[Way, Expression]] = {}
        for kind in self.kinds:
            columns[f"n:{kind}"] = "count", write("{} AND {}", self.read(KEPT), self.read(f"is:{kind}"))
            if kind in self.once_kinds:
                columns[f"o:{kind}"] = "count", self._latest(kind)
        for value in self.values:
            if value.way in ("sum", "max"):
                way: Way = "sum" if value.way == "sum" else "max"
                columns[name_amount(value)] = way, self._amount(value)
        return columns

    def _state(self) -> Expression:
        """What became of an event, one of STATES."""
        read, today = self.read, self.today
        cases = {
            "unreadable": read(UNREAD),
            "counted": write("{} AND NOT {}", read(KEPT), read(MACHINE)),
            "machine": read(KEPT),
            "repeated": read(KNOWN),
            "unknown": write("{} IS NULL", read(KIND)),
            "future": write("{} > {}", read(DAY), today),
        }
        written = join("", [write(" WHEN {} THEN {}", case, STATES.index(state)) for state, case in cases.items()])
        return write("CASE{} ELSE {} END", written, STATES.index("late"))

    def _latest(self, kind: str) -> Expression:
        """Whether an event is the latest of people on its object, or has none; the former have rows of their own."""
        if self.has_objects_apart:
            return write("{} AND {} IS NULL", self._people(kind), self._object(kind)[1])
        key, place = self.read(f"key:{kind}"), self.read(f"nth:{kind}")
        return write("{} AND ({} IS NULL OR {} = 1)", self._people(kind), key, place)

    def _amount(self, value: EventValue) -> Expression:
        """A property of an event of people, in whole millionths where it is added up."""
        amount = self.read(f"f:{self.card.card.events[value.kind].root}/{value.property}")
        if value.way == "sum":
            number = self.dialect.number
            whole = write("floor({} * {} + {})", amount, number(MILLIONTHS), number(0.5))
            # Beyond it the lead is rejected, and the whole number may be too long for its type.
            fits = write("abs({}) <= {}", amount, number(LARGEST_SUMMED))
            amount = write("CASE WHEN {} THEN CAST({} AS {}) END", fits, whole, self.spelling.summed)
        return write("CASE WHEN {} THEN {} END", self._people(value.kind), amount)

    def amount_type(self, way: Way) -> str:
        """The type of an amount that is added up, or compared."""
        return self.spelling.summed if way == "sum" else self.dialect.types["DOUBLE"]


def name_amount(value: EventValue) -> str:
    """The column of a property that is added up, or compared."""
    return f"{'s' if value.way == 'sum' else 'x'}:{value.kind}/{value.property}"
