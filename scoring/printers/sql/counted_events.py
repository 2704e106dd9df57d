"""Counting events in SQL: a SELECT with a row for each lead, as `scoring/events/counter.py` counts.

Events are read and sorted (`kept_events.py`), added up by lead and day where a day has limits, then by lead. Points are
whole tenths, and sums of a property whole millionths, so that no order of adding makes a difference.

Columns on the way, of an event, of the events of a lead on a day, or of a lead: `n:…` how many people's events of a
kind, or machines' ones, `o:…` those of people that `once_per` leaves, `s:…` a sum, `x:…` a maximum; `w:…` what an event
of that day earns by a rule, `y:…` the part of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from leadledger.scoring.each_points import PricedEachRule, name_earned
from leadledger.scoring.event_value import WAYS_FROM_ZERO, WAYS_OF_DAYS, EventValue
from leadledger.scoring.printers.sql.conditions import print_staircase
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.event_members import LEAD_KEY
from leadledger.scoring.printers.sql.event_table import TOTALS, EventTable, check_columns, list_counted, name_total
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, spell, write
from leadledger.scoring.printers.sql.kept_events import (
    AGE,
    IS_EVENT,
    MILLIONTHS,
    STATE,
    STATES,
    EventPrinter,
    name_amount,
)
from leadledger.scoring.printers.sql.query import name_counted, name_part
from leadledger.scoring.printers.sql.steps import Step, print_steps
from leadledger.scoring.scorecard import Scorecard

EVENTS = "ll:events"  # of a lead on a day, and of one state
SPAN = "ll:span"  # of days: the age at which it ends, in days before the day of scoring


@dataclass(frozen=True)
class CountedWish:
    """What is wanted beside the values of fields and what rules earn.

    The `entries` of rules; `totals` of events; of each rule, what `machines` would have earned.
    """

    entries: bool = False
    totals: bool = False
    machines: bool = False


def print_counted(
    card: Scorecard, as_of: date, table: EventTable, dialect: Dialect, wish: CountedWish | None = None
) -> str:
    """The SELECT with a row for each lead that has events: `ll:lead`, then the columns that `list_counted` names.

    Raises DataError where the table lacks a column, PrinterError where the engine doesn't count events.
    """
    check_columns(table.columns, "the table of events")
    printer = EventPrinter(card, as_of, table, dialect)
    groups = [_CountedPrinter(card, events, item, wish or CountedWish()) for events, item in printer.print_groups()]
    return groups[0].print_leads() if len(groups) == 1 else _merge(groups)


def print_followed(card: Scorecard, as_of: date, table: EventTable, dialect: Dialect) -> tuple[str, int]:
    """The SELECT with a row for each event that followed a link of a mail, `ll:lead` and `ll:instant`; and how near two
    must be, in microseconds, for their lead's to be compared. Empty, and 0: the card compares none.
    """
    events = EventPrinter(card, as_of, table, dialect)
    return (events.print_followed(), events.machines.reach) if events.machines.mails else ("", 0)


def _merge(groups: Sequence[_CountedPrinter]) -> str:
    """The SELECT with a row for each lead, of what its events of some kinds and of others come to.

    One with a row for each lead and state comes before: with all columns, an engine needs far more memory.
    """
    first = groups[0]
    name, columns = first.dialect.name, [StepColumn(LEAD_KEY, first.read(LEAD_KEY))]
    ways = {name_counted(field): value.way for group in groups for field, value in group.values.items()}
    for column, kind in first.types.items():
        of, totals = first.read(column), {name_total(total): total for total in TOTALS}
        if column in totals:
            merged = first.total(totals[column])
        elif ways.get(column) in ("max", *WAYS_OF_DAYS):
            merged = write("max({})", of)
        else:
            merged = write("coalesce(sum({}), 0)", of)
        columns.append(StepColumn(column, write("CAST({} AS {})", merged, first.dialect.types[kind])))
    union = "\nUNION ALL\n".join(f"({group.print_states()})" for group in groups)
    return f"{_print_select(columns, f'({union}) AS states', first.dialect)}\nGROUP BY {name(LEAD_KEY)}"


class _CountedPrinter:
    """One printing, of the events of some kinds, `item`, of which `events` is the printer."""

    def __init__(self, card: Scorecard, events: EventPrinter, item: str, wish: CountedWish) -> None:
        self.card, self.dialect = card, events.dialect
        self.events, self.item = events, item
        self.read, self.today = events.read, events.today
        values = {field.name: field.event_value for field in card.card.event_fields}
        self.values: dict[str, EventValue] = {
            name: value for name, value in values.items() if value is not None and value.kind in events.kinds
        }
        self.rules = [rule for rule in card.each_rules if rule.rule.each in events.kinds]
        self.types = list_counted(card.card, entries=wish.entries, totals=wish.totals, machines=wish.machines)

    def print_leads(self) -> str:
        """The SELECT with a row for each lead: its columns are those of `list_counted`."""
        made = {**self._made(), **{name_total(total): self.total(total) for total in TOTALS}}
        columns = [
            StepColumn(column, write("CAST({} AS {})", made[column], self.dialect.types[kind]))
            for column, kind in self.types.items()
        ]
        return self._print(columns, [LEAD_KEY])

    def print_states(self) -> str:
        """The SELECT with a row for each lead and state: the columns of `list_counted` but for totals, and EVENTS."""
        made, totals = self._made(), {name_total(total) for total in TOTALS}
        columns = [
            StepColumn(column, write("CAST({} AS {})", made.get(column, Expression("NULL")), self.dialect.types[kind]))
            for column, kind in self.types.items()
            if column not in totals
        ]
        counted = write("CAST(sum({}) AS {})", self.read(EVENTS), self.dialect.types["BIGINT"])
        return self._print(
            [StepColumn(STATE, self.read(STATE)), *columns, StepColumn(EVENTS, counted)], [LEAD_KEY, STATE]
        )

    def _print(self, columns: Sequence[StepColumn], by: Sequence[str]) -> str:
        """The SELECT of columns, of the days of the leads."""
        name = self.dialect.name
        keys = (LEAD_KEY, SPAN, STATE)
        added = [*self._of_days()] if self.needs_days else [*self._of_single_events()]
        values = [self.read(LEAD_KEY), self._span() if self.needs_days else self.read(AGE), self.read(STATE)]
        days = _print_select([*map(StepColumn, keys, values), *added], f"({self.item}) AS events", self.dialect)
        grouping = f"\nGROUP BY {', '.join(map(name, keys))}" if self.needs_days else ""
        source = f"({days}{grouping}) AS days"
        columns = [StepColumn(LEAD_KEY, self.read(LEAD_KEY)), *columns]
        grouping = f"\nGROUP BY {', '.join(map(name, by))}"
        worths = [*self._worths()]
        if not worths:
            return f"{_print_select(columns, source, self.dialect)}{grouping}"
        steps = [Step("worth", "what an event of the day earns by each rule", worths)]
        select = print_steps(steps, source, [*keys, *(column.name for column in added)], columns, self.dialect)
        return f"{select}{grouping}"

    def _of_days(self) -> Iterator[StepColumn]:
        """What the events of a day come to, those of each state by themselves."""
        counted = write("count(*) FILTER (WHERE {})", self.read(IS_EVENT))
        yield StepColumn(EVENTS, counted if self.events.has_objects_apart else Expression("count(*)"))
        for column, way in self.events.ways.items():
            added = "count(*) FILTER (WHERE {})" if way == "count" else f"{way}({{}})"
            yield StepColumn(column, write(added, self.read(column)))
        for column, value in self._dated().items():
            age = "max({}) FILTER (WHERE {})" if value.way == "first" else "min({}) FILTER (WHERE {})"
            yield StepColumn(column, write(age, self.read(AGE), self.read(f"n:{value.kind}")))

    def _of_single_events(self) -> Iterator[StepColumn]:
        """The same of one event, where days have no limits."""
        counted = write("CASE WHEN {} THEN 1 ELSE 0 END", self.read(IS_EVENT))
        yield StepColumn(EVENTS, counted if self.events.has_objects_apart else Expression("1"))
        for column, way in self.events.ways.items():
            of = self.read(column)
            yield StepColumn(column, write("CASE WHEN {} THEN 1 ELSE 0 END", of) if way == "count" else of)
        for column, value in self._dated().items():
            yield StepColumn(column, write("CASE WHEN {} THEN {} END", self.read(f"n:{value.kind}"), self.read(AGE)))

    def _dated(self) -> dict[str, EventValue]:
        """The event fields that are days, by their columns."""
        return {f"d:{name}": value for name, value in self.values.items() if value.way in WAYS_OF_DAYS}

    @property
    def needs_days(self) -> bool:
        """Whether the events of a day are counted together."""
        return bool(self._days_apart())

    def _is_limited(self, rule: PricedEachRule) -> bool:
        """Whether a day has limits by a rule."""
        return rule.most is not None or self._cap(rule) is not None

    def _days_apart(self) -> dict[str, int | None]:
        """The kinds whose days must be told apart, and up to which age; None: up to any."""
        ages = [(value.kind, value.window) for value in self.values.values() if value.way == "days"]
        for rule in self.rules:
            if self._is_limited(rule):
                ages += [(rule.rule.each, steps.end) for steps in (rule.steps, rule.rest)]
        apart: dict[str, int | None] = {}
        for kind, age in ages:
            longest = apart.get(kind, 0)
            apart[kind] = None if age is None or longest is None else max(age, longest)
        return apart

    def _span(self) -> Expression:
        """The age of a day where days must be told apart; else the least age at which all that is asked is the same.

        So the events of most days are added up together.
        """
        age, apart = self.read(AGE), self._days_apart()
        edges = {longest for longest in apart.values() if longest is not None}
        edges |= {value.window for value in self.values.values() if value.window is not None}
        for rule in self.rules:
            if not self._is_limited(rule):
                edges |= {*rule.steps.edges}
        listed = sorted(edge for edge in edges if edge > 0)
        is_apart = [
            read_kind if longest is None else write("({} AND {} < {})", read_kind, age, longest)
            for read_kind, longest in ((self._is_of(kind), longest) for kind, longest in apart.items())
        ]
        least = spell(print_staircase, age, listed, [0, *listed])
        return write("CASE WHEN {} THEN {} ELSE {} END", join(" OR ", is_apart), age, least)

    def _is_of(self, kind: str) -> Expression:
        """Whether a row counts for a kind, as an event or as an object."""
        if kind in self.events.once_kinds and self.events.has_objects_apart:
            return write("({} OR {})", self.read(f"n:{kind}"), self.read(f"o:{kind}"))
        return self.read(f"n:{kind}")

    def _worths(self) -> Iterator[StepColumn]:
        """What an event earns by each rule, so many days later."""
        for rule in self.rules:
            yield StepColumn(f"w:{rule.rule.name}", self._worth(rule.steps.edges, rule.steps.points))
            if rule.most is not None:
                yield StepColumn(f"y:{rule.rule.name}", self._worth(rule.rest.edges, rule.rest.points))

    def _worth(self, edges: Sequence[int], points: Sequence[int]) -> Expression:
        return spell(print_staircase, self.read(SPAN), edges, points)

    def _made(self) -> dict[str, Expression]:
        """What the fields count and the rules earn, by their columns."""
        made = {name_counted(name): self._value(name, value) for name, value in self.values.items()}
        for rule in self.rules:
            name = rule.rule.name
            made |= {name_counted(name_earned(name)): self._sum(self._earned(rule))}
            made |= {name_part(part, name): expression for part, expression in self._parts(rule).items()}
        return made

    def total(self, total: str) -> Expression:
        """How many events became what; those of machines are counted, too."""
        events = self.read(EVENTS)
        states = ("counted", "machine") if total == "counted" else (total,)
        listed = ", ".join(str(STATES.index(state)) for state in states)
        wanted = write(f"{{}} IN ({listed})", self.read(STATE))
        return write("coalesce(sum({}) FILTER (WHERE {}), 0)", events, wanted)

    def _sum(self, amount: Expression, state: str = "counted", wanted: Expression | None = None) -> Expression:
        """An amount of the events of one state, added up."""
        of_state = write("{} = {}", self.read(STATE), STATES.index(state))
        chosen = of_state if wanted is None else write("{} AND {}", of_state, wanted)
        return write("coalesce(sum({}) FILTER (WHERE {}), 0)", amount, chosen)

    def _value(self, name: str, value: EventValue) -> Expression:
        """An event field, over all days or those of its window."""
        count = self.read(f"n:{value.kind}")
        chosen = write("{} = {} AND {} > 0", self.read(STATE), STATES.index("counted"), count)
        if value.window is not None:
            chosen = write("{} AND {} < {}", chosen, self.read(SPAN), value.window)
        wanted = write(" FILTER (WHERE {})", chosen)
        amount = self.read(name_amount(value))
        match value.way:
            case "count":
                return write("coalesce(sum({}){}, 0)", count, wanted)
            case "days":
                return write("count(*){}", wanted)
            case "first" | "last":
                way = "max" if value.way == "first" else "min"
                age = write(f"-{way}({{}}){{}}", self.read(f"d:{name}"), wanted)
                return spell(self.dialect.add_days, self.today, age)
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
        return self.read(f"{'o' if rule.rule.each in self.events.once_kinds else 'n'}:{rule.rule.each}")

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
        once = write("({} - {}) * {}", self._left(rule), count, worth)
        per_day = write("{} - {} * {}", self._earned(rule), self._left(rule), worth)
        earning = write("{} <> 0", worth)
        return {
            "full": self._sum(write("{} * {}", count, worth)),
            "once": self._sum(once),
            "per_day": self._sum(per_day),
            "events": self._sum(count, wanted=earning),
            "machine_events": self._sum(count, "machine", earning),
            "machine": self._sum(write("{} * {}", count, worth), "machine"),
        }


def _print_select(columns: Sequence[StepColumn], source: str, dialect: Dialect) -> str:
    listed = ",\n".join(f"  {column.written(dialect.name)}" for column in columns)
    return f"SELECT\n{listed}\nFROM {source}"
