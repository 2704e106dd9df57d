"""Counting events in SQL: a SELECT with a row for each lead, as `scoring/events/counter.py` counts.

The steps: read the events, keep the first of those with one identity, mark those of machines, add up by lead and day
where a day has limits, then by lead. Points are whole tenths, and sums of a property whole millionths, so that no order
of adding makes a difference.

Columns on the way: `ll:lead`, `ll:kind`, `ll:day` and so on of an event, `is:…` whether it is of a kind or a subset; of
the events of a lead, or of a lead on a day, `n:…` how many people's events, `o:…` those that `once_per` leaves, `m:…`
those of machines, `s:…` a sum, `x:…` a maximum; `w:…` what an event of that day earns by a rule, `y:…` the part of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from leadledger.scoring.each_points import PricedEachRule, name_earned
from leadledger.scoring.event_value import WAYS_FROM_ZERO, EventValue
from leadledger.scoring.events.counter import MILLIONTHS
from leadledger.scoring.events.property_reader import LARGEST_SUMMED
from leadledger.scoring.printers.sql.conditions import print_staircase
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.event_members import ID, KIND, KIND_NAME, LEAD_KEY, RAW, SOURCE, member_steps
from leadledger.scoring.printers.sql.event_properties import RAW_PROPERTY, PropertyPrinter
from leadledger.scoring.printers.sql.event_spelling import find_spelling
from leadledger.scoring.printers.sql.event_table import (
    OPTIONAL,
    REQUIRED,
    TOTALS,
    EventTable,
    check_columns,
    list_counted,
    name_total,
)
from leadledger.scoring.printers.sql.event_times import DAY, INSTANT, RECEIVED, time_steps
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, spell, write
from leadledger.scoring.printers.sql.machine_marks import KEPT, MACHINE, MachinePrinter
from leadledger.scoring.printers.sql.query import name_counted, name_part
from leadledger.scoring.printers.sql.steps import Step, print_steps
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.text_forms import all_letters

AGE, KNOWN, UNREAD = "ll:age", "ll:known", "ll:unread"


@dataclass(frozen=True)
class CountedWish:
    """What is wanted beside the values of fields and what rules earn: the `entries` of rules, `totals` of events."""

    entries: bool = False
    totals: bool = False


def print_counted(
    card: Scorecard, as_of: date, table: EventTable, dialect: Dialect, wish: CountedWish | None = None
) -> str:
    """The SELECT with a row for each lead that has events: `ll:lead`, then the columns that `list_counted` names.

    Raises DataError where the table lacks a column, PrinterError where the engine doesn't count events.
    """
    check_columns(table.columns, "the table of events")
    return _CountedPrinter(card, as_of, table, dialect, wish or CountedWish()).print()


class _CountedPrinter:
    """One printing."""

    def __init__(self, card: Scorecard, as_of: date, table: EventTable, dialect: Dialect, wish: CountedWish) -> None:
        self.card, self.table, self.dialect, self.wish = card, table, dialect, wish
        self.spelling = find_spelling(dialect)
        self.properties = PropertyPrinter(card.card, table, dialect)
        self.machines = MachinePrinter(self.properties)
        self.read = self.properties.read
        self.today = Expression(dialect.date(as_of.isoformat()))
        self.members = {name: table.columns[name] for name in (*REQUIRED, *OPTIONAL) if name in table.columns}
        values = {field.name: field.event_value for field in card.card.event_fields}
        self.values: dict[str, EventValue] = {name: value for name, value in values.items() if value is not None}
        self.rules = card.each_rules
        self.limited = {
            rule.rule.name: card.card.events[rule.rule.each].once_per
            for rule in self.rules
            if card.card.events[rule.rule.each].once_per
        }
        # The kinds that are counted, and those of which once_per leaves some.
        kinds = [value.kind for value in self.values.values()] + [rule.rule.each for rule in self.rules]
        self.kinds = list(dict.fromkeys(kinds))
        self.once_kinds = [
            kind
            for kind in self.kinds
            if any(rule.rule.each == kind and rule.rule.name in self.limited for rule in self.rules)
        ]

    def print(self) -> str:
        """The whole SELECT."""
        raw = {f"{RAW}{member}": member for member in self.members}
        raw |= {f"{RAW_PROPERTY}{column}": column for column in self.properties.raw_columns}
        name = self.dialect.name
        selected = ", ".join(f"{name(column)} AS {name(made)}" for made, column in raw.items())
        source = f"(SELECT {selected} FROM {self.table.source}) AS events"
        steps = [*self.event_steps()]
        of_events = self._columns_of_events()
        if self.needs_days:
            grouped = self._grouped([LEAD_KEY, AGE, DAY], of_events)
            select = print_steps(steps, source, [*raw], grouped, self.dialect)
            source = f"({select}\nGROUP BY {', '.join(map(name, (LEAD_KEY, AGE, DAY)))}\n) AS days"
            available = [column.name for column in grouped]
            steps = []
        else:
            steps.append(Step("weighed", "what each event is counted for", self._single(of_events)))
            available = [*raw]
        steps.append(Step("worth", "what an event of the day earns by each rule", [*self._worths()]))
        if not steps[-1].added:
            steps.pop()
        columns = [StepColumn(LEAD_KEY, self.read(LEAD_KEY)), *self._of_leads()]
        if not steps:
            listed = ",\n".join(f"  {column.written(name)}" for column in columns)
            return f"SELECT\n{listed}\nFROM {source}\nGROUP BY {name(LEAD_KEY)}"
        return f"{print_steps(steps, source, available, columns, self.dialect)}\nGROUP BY {name(LEAD_KEY)}"

    @property
    def needs_days(self) -> bool:
        """Whether the events of a day are counted together."""
        limits = (rule.most is not None or self._cap(rule) is not None for rule in self.rules)
        return any(value.way == "days" for value in self.values.values()) or any(limits)

    # -- events -----------------------------------------------------------------------------------------------------

    def event_steps(self) -> Iterator[Step]:
        """The steps from the raw events to those that are kept, and marked."""
        read, dialect = self.read, self.dialect
        steps = [
            *member_steps(self.card.card, self.members, dialect, read),
            *self.properties.steps(),
            *time_steps(self.card.card, self.members, dialect, read),
        ]
        yield from (step for step in steps if step.added)
        named = write("{} = ''", read(KIND_NAME))
        odd = [read("odd:members"), read("odd:time"), self.properties.unreadable()]
        odd += [read("odd:received")] if "received" in self.members else []
        unread = write(
            "CASE WHEN {} THEN TRUE WHEN {} IS NULL THEN FALSE ELSE ({}) END", named, read(KIND), join(" OR ", odd)
        )
        known = write("{} IS NOT NULL AND {} <= {}", read(KIND), read(DAY), self.today)
        received = write("({} IS NULL OR {} <= {})", read(RECEIVED), read(RECEIVED), self.today)
        columns = [
            StepColumn(UNREAD, unread),
            StepColumn(KNOWN, write("coalesce({} AND {}, FALSE)", known, received)),
        ]
        yield Step("known", "the events that had happened, and were known, on the day", columns)
        rank = Expression(
            f"row_number() OVER (PARTITION BY {self._identity()} ORDER BY {self._rank()})", self._identifying
        )
        yield Step("ranked", "of several with one identity, which was known first", [StepColumn("ll:place", rank)])
        kept = write("{} AND {} = 1", read(KNOWN), read("ll:place"))
        age = write("CAST({} AS {})", spell(dialect.days_between, self.today, read(DAY)), dialect.types["INTEGER"])
        yield Step(
            "kept",
            "the events that count once",
            [StepColumn(KEPT, kept), StepColumn(AGE, write("CASE WHEN {} THEN {} END", read(KNOWN), age))],
        )
        yield from (step for step in self.machines.steps() if step.added)
        subsets = [StepColumn(f"is:{kind}", self.properties.subset(kind)) for kind in self.kinds]
        yield Step("sorted", "the kinds that each is of", subsets)
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
        of = self.card.card.events[kind]
        root = next(root for root in self.properties.roots if root.name == of.root)
        field, value = root.fields[of.once_per], self.read(root.field(of.once_per))
        if field.kind == "text" and not field.exact:
            value = spell(self.dialect.tidy, value, all_letters())
        return write("CASE WHEN {} THEN {} END", self._people(kind), value)

    def _nth(self, kind: str) -> Expression:
        """The place of an event among those of one object, the latest first."""
        key = self.dialect.name(f"key:{kind}")
        over = f"PARTITION BY {self.dialect.name(LEAD_KEY)}, {key} ORDER BY {self.dialect.name(DAY)} DESC"
        return Expression(f"row_number() OVER ({over})", frozenset((LEAD_KEY, f"key:{kind}", DAY)))

    def _people(self, kind: str) -> Expression:
        """Whether an event is one of people, of a kind."""
        return write("{} AND NOT {} AND {}", self.read(KEPT), self.read(MACHINE), self.read(f"is:{kind}"))

    def _of_machines(self, kind: str) -> Expression:
        return write("{} AND {} AND {}", self.read(KEPT), self.read(MACHINE), self.read(f"is:{kind}"))

    # -- days -------------------------------------------------------------------------------------------------------

    def _columns_of_events(self) -> dict[str, tuple[str, Expression]]:
        """What is added up of events: by column, how (count, sum or max), and the condition or the amount."""
        columns: dict[str, tuple[str, Expression]] = {}
        for kind in self.kinds:
            columns[f"n:{kind}"] = "count", self._people(kind)
            if kind in self.once_kinds:
                alone = write("({} IS NULL OR {} = 1)", self.read(f"key:{kind}"), self.read(f"nth:{kind}"))
                columns[f"o:{kind}"] = "count", write("{} AND {}", self._people(kind), alone)
        if self.wish.totals:
            columns |= {f"m:{rule.rule.each}": ("count", self._of_machines(rule.rule.each)) for rule in self.rules}
        for value in self.values.values():
            if value.way not in ("sum", "max"):
                continue
            amount = self.read(f"f:{self.card.card.events[value.kind].root}/{value.property}")
            column = f"{'s' if value.way == 'sum' else 'x'}:{value.kind}/{value.property}"
            if value.way == "sum":
                number = self.dialect.number
                whole = write("floor({} * {} + {})", amount, number(MILLIONTHS), number(0.5))
                # Beyond it the lead is rejected, and the whole number may be too long for its type.
                fits = write("abs({}) <= {}", amount, number(LARGEST_SUMMED))
                amount = write("CASE WHEN {} THEN CAST({} AS {}) END", fits, whole, self.spelling.summed)
            columns[column] = value.way, write("CASE WHEN {} THEN {} END", self._people(value.kind), amount)
        columns["ll:unreadable"] = "count", self.read(UNREAD)
        if self.wish.totals:
            columns |= {column: ("count", condition) for column, condition in self._states().items()}
        return columns

    def _states(self) -> Mapping[str, Expression]:
        """What became of an event, as conditions."""
        read, today = self.read, self.today
        is_kind = write("{} IS NOT NULL", read(KIND))
        return {
            "ll:rows": Expression("TRUE"),
            "ll:unknown": write("{} IS NULL", read(KIND)),
            "ll:future": write("{} AND {} > {}", is_kind, read(DAY), today),
            "ll:late": write("{} AND {} <= {} AND {} > {}", is_kind, read(DAY), today, read(RECEIVED), today),
            "ll:repeated": write("{} AND NOT {}", read(KNOWN), read(KEPT)),
            "ll:counted": read(KEPT),
            "ll:machine_total": write("{} AND {}", read(KEPT), read(MACHINE)),
        }

    def _grouped(self, by: Sequence[str], columns: Mapping[str, tuple[str, Expression]]) -> list[StepColumn]:
        """The same added up."""
        added = [StepColumn(column, self.read(column)) for column in by]
        for name, (way, of) in columns.items():
            expression = write("count(*) FILTER (WHERE {})", of) if way == "count" else write(f"{way}({{}})", of)
            added.append(StepColumn(name, expression))
        return added

    def _single(self, columns: Mapping[str, tuple[str, Expression]]) -> list[StepColumn]:
        """The same of one event."""
        return [
            StepColumn(name, write("CASE WHEN {} THEN 1 ELSE 0 END", of) if way == "count" else of)
            for name, (way, of) in columns.items()
        ]

    # -- leads ------------------------------------------------------------------------------------------------------

    def _worths(self) -> Iterator[StepColumn]:
        """What an event earns by each rule, so many days later."""
        for rule in self.rules:
            yield StepColumn(f"w:{rule.rule.name}", self._worth(rule.steps.edges, rule.steps.points))
            if rule.most is not None:
                yield StepColumn(f"y:{rule.rule.name}", self._worth(rule.rest.edges, rule.rest.points))

    def _worth(self, edges: Sequence[int], points: Sequence[int]) -> Expression:
        return spell(print_staircase, self.read(AGE), edges, points)

    def _of_leads(self) -> Iterator[StepColumn]:
        """The columns that `list_counted` names."""
        types = list_counted(self.card.card, entries=self.wish.entries, totals=self.wish.totals)
        made = {name_counted(name): self._value(value) for name, value in self.values.items()}
        for rule in self.rules:
            name = rule.rule.name
            made |= {name_counted(name_earned(name)): self._sum(self._earned(rule))}
            made |= {name_part(part, name): expression for part, expression in self._parts(rule).items()}
        made |= {
            name_total(total): self._sum(self.read("ll:machine_total" if total == "machine" else f"ll:{total}"))
            for total in TOTALS
        }
        for column, kind in types.items():
            yield StepColumn(column, write("CAST({} AS {})", made[column], self.dialect.types[kind]))

    def _sum(self, amount: Expression) -> Expression:
        return write("coalesce(sum({}), 0)", amount)

    def _value(self, value: EventValue) -> Expression:
        """An event field, over all days or those of its window."""
        count = self.read(f"n:{value.kind}")
        inside = "" if value.window is None else f" AND {self.dialect.name(AGE)} < {value.window}"
        wanted = write(f" FILTER (WHERE {{}} > 0{inside})", Expression(count.sql, count.reads | {AGE}))
        amount = self.read(f"{'s' if value.way == 'sum' else 'x'}:{value.kind}/{value.property}")
        match value.way:
            case "count":
                return write("coalesce(sum({}){}, 0)", count, wanted)
            case "days":
                return write("count(*){}", wanted)
            case "first" | "last":
                return write(f"{'min' if value.way == 'first' else 'max'}({{}}){{}}", self.read(DAY), wanted)
            case "max":  # -0.0 is 0
                return write("max({}){} + {}", amount, wanted, self.dialect.number(0.0))
        assert value.way in WAYS_FROM_ZERO
        # By way of text, which rounds once.
        text = write("CAST(coalesce(sum({}){}, 0) AS {})", amount, wanted, self.dialect.types["VARCHAR"])
        return write("CAST({} AS {}) / {}", text, self.dialect.types["DOUBLE"], self.dialect.number(MILLIONTHS))

    def _cap(self, rule: PricedEachRule) -> int | None:
        """How many events of a day earn points."""
        return self.card.card.events[rule.rule.each].per_day

    def _left(self, rule: PricedEachRule) -> Expression:
        """How many events once_per leaves."""
        return self.read(f"{'o' if rule.rule.name in self.limited else 'n'}:{rule.rule.each}")

    def _earned(self, rule: PricedEachRule) -> Expression:
        """What the events of a day earn with all limits, as `PricedEachRule.earn`."""
        count, worth, cap = self._left(rule), self.read(f"w:{rule.rule.name}"), self._cap(rule)
        if cap is not None:
            count = write("least({}, {})", count, cap)
        if rule.most is None:
            return write("{} * {}", count, worth)
        rest = self.read(f"y:{rule.rule.name}")
        return write(
            "CASE WHEN {} <= {} THEN {} * {} ELSE {} * {} + {} END",
            *(count, rule.most, count, worth, rule.most, worth, rest),
        )

    def _parts(self, rule: PricedEachRule) -> dict[str, Expression]:
        """The entries of a rule, and what machines would have earned."""
        count, worth = self.read(f"n:{rule.rule.each}"), self.read(f"w:{rule.rule.name}")
        machine = self.read(f"m:{rule.rule.each}")
        once = write("({} - {}) * {}", self._left(rule), count, worth)
        per_day = write("{} - {} * {}", self._earned(rule), self._left(rule), worth)
        earning = write(" FILTER (WHERE {} <> 0)", worth)
        return {
            "full": self._sum(write("{} * {}", count, worth)),
            "once": self._sum(once),
            "per_day": self._sum(per_day),
            "events": write("coalesce(sum({}){}, 0)", count, earning),
            "machine_events": write("coalesce(sum({}){}, 0)", machine, earning),
            "machine": self._sum(write("{} * {}", machine, worth)),
        }
