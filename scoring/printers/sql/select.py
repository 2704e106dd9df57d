"""The SQL printer: a scorecard as one SELECT, which scores a whole list where it lies.

Each step of a score is one common table expression, in the order in which a person would work it out: clean the raw
values, compute derived fields, price rules and tables, cap groups, add up the total, decide. SQL's own three-valued
logic is the language's logic, so a condition is printed as it is read. Points are integers. Every name from a card is
quoted as an identifier and every text as a literal, so nothing can become code.

Columns made on the way have a prefix that says what they are: `f:` a field, `a:` its text folded, `r:` a rule (NULL:
unknown), `g:` a group, `t:` a learned term, `c:` a criterion, `x:` an exclusion, `ll:` the lead as a whole; those of
reasons are listed in `reasons.py`, those of steps up to a sale in `sale.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from leadledger.scoring.card.condition import parse_tree
from leadledger.scoring.column_fit import find_homes, find_id_column
from leadledger.scoring.errors import DataError, PrinterError
from leadledger.scoring.outputs import PLUS_MINUS, REASON_COLUMNS, SALE_COLUMNS, SCORE_COLUMNS, list_names
from leadledger.scoring.printers.comments import comment_text
from leadledger.scoring.printers.sql.advice import AdvicePrinter
from leadledger.scoring.printers.sql.advice_over_time import AdviceOverTimePrinter
from leadledger.scoring.printers.sql.axes import AxisPrinter, name_points, name_unknown
from leadledger.scoring.printers.sql.cleaning import TYPE_OF_KIND, cleaning_steps
from leadledger.scoring.printers.sql.conditions import ConditionPrinter, bracketed
from leadledger.scoring.printers.sql.counted_events import CountedWish, print_counted
from leadledger.scoring.printers.sql.dialects.column_types import UNKNOWN
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.event_table import UNREADABLE, EventTable, list_counted, list_event_columns
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, write
from leadledger.scoring.printers.sql.joined_events import join_counted, print_counted_fields
from leadledger.scoring.printers.sql.points import PointsPrinter
from leadledger.scoring.printers.sql.query import (
    BAD,
    EXCLUDED,
    GOES_TO,
    HIGH,
    LOW,
    SALE,
    STANDS_AT,
    TOTAL,
    Query,
)
from leadledger.scoring.printers.sql.ranges import End, RangePrinter
from leadledger.scoring.printers.sql.reasons import reason_steps
from leadledger.scoring.printers.sql.sale import SalePrinter
from leadledger.scoring.printers.sql.source import check_names, find_dialect, from_item
from leadledger.scoring.printers.sql.steps import Step, print_steps
from leadledger.scoring.scorecard import Card, HasScorecard, Scorecard, find_scorecard

NO_EVENTS = (
    "the card has `events:`, and no table of those of the leads is given; name it by --events-table, or score a list in"
    " a file by `leadledger score … --events FILE`, or each lead in Python by `score(card, lead, as_of, events=[…])`"
)

# The prefixes of columns made on the way, which no column of a list may have.
_PREFIXES = frozenset(
    {
        *(
            "in",
            "raw",
            "odd",
            "day",
            "day1",
            "day2",
            "open",
            "key",
            "json",
            "object",
            "v",
            "bad",
            "f",
            "a",
            "w",
            "b",
            "r",
        ),
        *("t", "c", "x", "s", "m", "l"),
        *("h", "g", "e", "up", "down", "ll"),
        *("p", "step", "fit", "engagement"),
    }
)


def to_sql(
    card: Scorecard | HasScorecard,
    as_of: date,
    *,
    source: str = "leads",
    columns: Mapping[str, str | None] | None = None,
    keep: Sequence[str] = (),
    dialect: str = "duckdb",
    plus_minus: bool = False,
    explain: bool = False,
    ledger: bool = False,
    where: str = "",
    row_filter: str = "",
    quoted_names: bool = False,
    events: str = "",
    event_columns: Mapping[str, str | None] | None = None,
) -> str:
    """A scorecard as one SELECT over the table `source`, which may be `schema.table` or `"odd.name"`.

    `card` is a scorecard, or what has one: the result of `train`.
    `columns` maps the table's columns to their types, by the engine's own names or DuckDB's (None: not known, and then
    the column is read by its text, whatever its type is); None: one column for each field, of a type that is not known.
    `keep` are columns to bring along. The SELECT adds score, points, probability, grade, recommendation and percentile,
    of a card with a stage that explores propensity, of one with axes fit, engagement and axis_grades, of a release with
    steps also sale_probability and expected_value, of a card whose advice remembers recommended_since and below_since,
    with `plus_minus` the standard error of the points, with `explain` the three strongest reasons each way, with
    `ledger` a column for each entry, also of the steps, in tenths of points; all but the entries are NULL where a value
    of the lead can't be read. `where`, in the card's own language, leaves out other leads. `row_filter`, in the
    engine's SQL, stands
    beside FROM as it is, and may be code: it chooses the rows that are read, where a table asks for that.
    `quoted_names` are looked up letter by letter in Snowflake, which the other engines do anyway. `events` is the table
    of the leads' events, for a card that counts them; it has the columns `lead`, `kind`, `time`, `id`, and one for each
    property. `event_columns` are further columns of it, and the types of some. Raises PrinterError, ConditionError,
    DataError.
    """
    scorecard = find_scorecard(card)
    spelling = find_dialect(dialect, quoted_names=quoted_names)
    types = None if columns is None else _read_types(scorecard.card, columns, spelling)
    query = Query(
        as_of,
        from_item(source, row_filter, spelling, dialect),
        types,
        keep,
        sale=scorecard.predicts_sales,
        plus_minus=plus_minus,
        explain=explain,
        ledger=ledger,
        where=parse_tree(where, scorecard.card.fields) if where else None,
    )
    if events:
        of_events = list_event_columns(scorecard.card, event_columns or {}, spelling)
        table = EventTable(from_item(events, "", spelling, dialect), of_events)
        query = _join_events(scorecard, query, as_of, table, spelling)
    printer = SelectPrinter(scorecard, query, spelling)
    selected = printer.score()
    check_names(scorecard.card, query, [column.name for column in selected], spelling)
    return printer.finish(selected)


def _join_events(card: Scorecard, query: Query, as_of: date, table: EventTable, dialect: Dialect) -> Query:
    """The query over leads with what their events come to. Raises DataError where leads have no id."""
    if not card.card.events:
        raise DataError(
            f"the card '{card.card.name}' has no `events:`, so it can't count those of a table; declare their kinds in"
            " the card, or leave them out"
        )
    present = query.columns or {field.name: UNKNOWN for field in card.card.plain_fields}
    id_column = find_id_column(card.card, present)
    if not id_column:
        raise DataError("events need an id for each lead, a column of a field of `kind: id`")
    entries = query.explain or query.ledger
    counted = f"({print_counted(card, as_of, table, dialect, CountedWish(entries=entries))}\n)"
    lead_id = id_column, present[id_column]
    source = join_counted(card.card, query.source, lead_id, counted, dialect, entries=entries)
    return replace(query, source=source, counted=True)


def _read_types(card: Card, columns: Mapping[str, str | None], dialect: Dialect) -> dict[str, str]:
    """The types of a table's columns by the names that the printer knows. Raises PrinterError.

    A column that holds objects may have any type: one that is no text's is turned into JSON.
    """
    objects = {path.column for path in card.column_paths.find(columns)}
    return {
        name: dialect.read_object_type(kind) if name in objects else dialect.read_type(name, kind)
        for name, kind in columns.items()
    }


def select(card: Scorecard, query: Query, dialect: str = "duckdb") -> str:
    """The SELECT that scores a list. Raises PrinterError where the dialect lacks what the card asks of it."""
    printer = SelectPrinter(card, query, find_dialect(dialect))
    return printer.finish(printer.score())


def select_fields(card: Scorecard, query: Query, dialect: str = "duckdb") -> str:
    """The SELECT that only cleans: `keep`, then a typed column `f:…` for each field, derived ones too, and `bad`."""
    printer = SelectPrinter(card, query, find_dialect(dialect))
    printer.clean()
    return printer.finish(printer.taken_over([*query.keep, *(f"f:{name}" for name in card.card.fields), BAD]))


def refuse_prefixes(columns: Iterable[str]) -> None:
    """Raises PrinterError where a column has a name as the SELECT gives to what it makes on the way."""
    for column in columns:
        prefix, colon, _ = column.partition(":")
        if colon and prefix.casefold() in _PREFIXES:
            raise PrinterError(f"column '{column}' has a prefix that the printer uses itself; rename the column")


class SelectPrinter:
    """One printing: the common table expressions so far."""

    def __init__(self, card: Scorecard, query: Query, dialect: Dialect) -> None:
        if query.where is not None:
            card, where = card.spell_with(query.where)
            query = replace(query, where=where)
        self.card = card
        self.query = query
        self.dialect = dialect
        self.conditions = ConditionPrinter(card.card, query.as_of, dialect)
        self.points = PointsPrinter(card, self.conditions)
        self.ranges = RangePrinter(self.points)
        self.axes = AxisPrinter(card, self.points)
        self.advice = AdvicePrinter(card, self.conditions)
        if query.sale and not card.predicts_sales:
            raise PrinterError(f"the card '{card.card.name}' has learned no steps up to a sale; train it with `steps:`")
        self.sale = SalePrinter(card, self.conditions) if query.sale else None
        self.over_time = AdviceOverTimePrinter(self.advice, self.conditions.as_of, query.remember)
        self.column = self.conditions.column
        self.steps: list[Step] = []

    # -- steps ------------------------------------------------------------------------------------------------------

    def add(self, step: Step) -> None:
        """Add a step that has the columns so far, and some more."""
        if step.added or step.where:
            self.steps.append(step)

    def clean(self) -> None:
        """Add the steps from raw values to typed fields, derived ones too."""
        columns = self.query.columns
        if columns is None:
            columns = {field.name: UNKNOWN for field in self.card.card.plain_fields}
        refuse_prefixes(columns)
        doubts = [write("{} > 0", self.column(UNREADABLE))] if self.query.counted else []
        for step in cleaning_steps(self.card.card, columns, self.dialect, self.column, doubts):
            self.add(step)
        self.add(Step("counted", "what the events of a lead come to", [*self.counted()]))
        self.add(self.conditions.folded_step(self.query.where))
        for step in self.conditions.derived_steps():
            self.add(step)

    def counted(self) -> Iterator[StepColumn]:
        """The fields that are counted from events; NULL where they aren't counted."""
        if not self.query.counted:
            for field in self.card.card.event_fields:
                nothing = Expression(f"CAST(NULL AS {self.dialect.types[TYPE_OF_KIND[field.kind]]})")
                yield StepColumn(f"f:{field.name}", nothing)
            return
        yield from print_counted_fields(self.card.card, self.query.as_of, self.dialect)

    @property
    def reads_untyped(self) -> bool:
        """Whether a number or a day is in a column whose type is not known."""
        card, columns = self.card.card, self.query.columns
        if columns is None:
            return any(field.kind in ("number", "date") for field in card.plain_fields)
        homes = find_homes(card, columns)
        return any(columns[column] == UNKNOWN and homes[column].kind in ("number", "date") for column in homes)

    def score(self) -> list[StepColumn]:
        """Add all steps of a score; the columns that are brought back."""
        if self.card.card.events and not self.query.counted:
            raise PrinterError(NO_EVENTS)
        self.clean()
        if self.query.where is not None:
            where = write("{} OR {}", self.column(BAD), bracketed(self.conditions.condition(self.query.where)))
            self.add(Step("chosen", "the leads that are asked for", [], where))
        points, ranges = self.points, self.ranges
        self.add(Step("prepared", "days, folded texts and bins that several steps ask", [*points.prepared()]))
        self.add(Step("priced", "what each rule and each table earns, in tenths", [*points.priced()]))
        self.add(Step("grouped", "what groups of rules are worth together", [*ranges.grouped()]))
        self.add(Step("capped", "what their limits leave, less the plain sum", [*points.capped()]))
        self.add(Step("summed", "the total", [StepColumn(TOTAL, self.total())]))
        if self.sale is not None:
            self.foretell_sale(self.sale)
        self.add(Step("ranged", "what answers to questions could still make of it", [*self.ranged()]))
        self.add(Step("demanded", "whether axes have the grades that stages ask for", [*self.axes.demands()]))
        stands, excluded = self.advice.stage(), self.advice.excluded()
        placed = [StepColumn(STANDS_AT, stands), StepColumn(EXCLUDED, excluded)]
        self.add(Step("placed", "where the lead stands, and whether it is excluded", placed))
        self.add(Step("named", "the key of its id, by which leads are drawn", [*self.advice.lead_key()]))
        for step in self.over_time.steps():
            self.add(step)
        if self.query.explain:
            for step in reason_steps(points):
                self.add(step)
        return [*self.taken_over(self.query.keep), *self.outputs(), *self.extra_columns()]

    def total(self) -> Expression:
        """The total; of a card with axes, of the start and of their points, which a step before adds up."""
        if not self.axes.parts:
            return join(" + ", self.points.entries())
        columns = []
        for axis, part in self.axes.parts.items():
            points = join(" + ", self.axes.entries(part))
            unknown = join(" + ", self.axes.unknown(part))
            columns += [StepColumn(name_points(axis), points), StepColumn(name_unknown(axis), unknown)]
        self.add(Step("axes", "the points on each axis, and what is unknown of what it can earn", columns))
        start = Expression(str(self.card.learned.start))
        return join(" + ", [start, *(self.column(name_points(axis)) for axis in self.axes.parts)])

    def foretell_sale(self, sale: SalePrinter) -> None:
        """Add the steps from typed fields to the chance of each step up to a sale."""
        steps = sale.points
        for label, why, list_columns in (
            ("step_prepared", "the same of each step up to a sale: what several ask", PointsPrinter.prepared),
            ("step_priced", "what each rule and each table earns", PointsPrinter.priced),
            ("step_grouped", "what groups of rules are worth together", PointsPrinter.grouped),
            ("step_capped", "what their limits leave, less the plain sum", PointsPrinter.capped),
        ):
            self.add(Step(label, why, [column for points in steps.values() for column in list_columns(points)]))
        totals = [StepColumn(sale.total_name(stage), join(" + ", points.entries())) for stage, points in steps.items()]
        self.add(Step("step_summed", "the total of each step", totals))
        self.add(Step("foretold", "the chance of each step ahead", [*sale.chances()]))
        self.add(Step("multiplied", "the chance of a sale", [StepColumn(SALE, sale.probability())]))

    def ranged(self) -> Iterator[StepColumn]:
        """The range of the total."""
        ends: tuple[tuple[End, str], ...] = (("low", LOW), ("high", HIGH))
        for end, name in ends:
            yield StepColumn(name, join(" + ", self.ranges.moves(end, self.column(TOTAL))))
        yield from self.axes.ranges()

    # -- what comes back --------------------------------------------------------------------------------------------

    def outputs(self) -> Iterator[StepColumn]:
        """The columns of a score, under their names; a score that rests on a value that can't be read is no score."""
        total, number = self.column(TOTAL), self.dialect.number
        rounded = self.dialect.integer_division(f"least(greatest({total.sql}, 0), 1000) + 5", 10)
        expressions = {
            "score": Expression(rounded, total.reads),
            "points": write("{} / {}", total, number(10.0)),
            "probability": self.advice.probability(),
            "grade": self.advice.grade(),
            "recommendation": self.over_time.recommendation(),
            "percentile": self.advice.percentile(),
        }
        assert tuple(expressions) == list_names(SCORE_COLUMNS)
        if self.card.card.explores:
            expressions["propensity"] = self.over_time.propensity()
        expressions |= self.axes.outputs()
        if self.sale is not None:
            sale = self.column(SALE), self.sale.expected_value()
            expressions |= dict(zip(list_names(SALE_COLUMNS), sale, strict=True))
        expressions |= self.over_time.outputs()
        if self.query.plus_minus:
            expressions[PLUS_MINUS.name] = self.points.plus_minus()
        if self.query.explain:
            expressions |= {name: self.column(f"ll:{name}") for name in list_names(REASON_COLUMNS)}
        for name, expression in expressions.items():
            readable = write("CASE WHEN NOT {} THEN {} END", self.column(BAD), expression)
            yield StepColumn(self.query.names.get(name, name), readable)

    def extra_columns(self) -> Iterator[StepColumn]:
        """The columns that `checks`, `fields` and `ledger` bring back."""
        card = self.card
        if self.query.checks:
            yield from self.taken_over([BAD, EXCLUDED, STANDS_AT])
            yield StepColumn(GOES_TO, self.advice.next_stage())
            yield from self.taken_over([TOTAL, LOW, HIGH])
            yield from self.taken_over(f"c:{asked.name}" for asked in card.required)
            yield from self.taken_over(f"x:{exclusion.name}" for exclusion in card.card.exclude)
        if self.query.fields:
            yield from self.taken_over(f"f:{name}" for name in card.card.fields)
        if self.query.ledger:
            yield from self.taken_over([*self.points.entry_names(), *self.points.each_entry_names()])
        if self.sale is not None:
            for stage, points in self.sale.points.items():
                yield from self.taken_over(points.entry_names() if self.query.ledger else ())
                yield from self.taken_over([self.sale.total_name(stage)] if self.query.checks else ())

    def taken_over(self, columns: Iterable[str]) -> list[StepColumn]:
        """Some columns as they are."""
        return [StepColumn(name, self.column(name)) for name in columns]

    def finish(self, columns: Sequence[StepColumn]) -> str:
        """The whole: the steps, and a SELECT of some columns from the last."""
        card, query = self.card.card, self.query
        head = f"-- {comment_text(card.name)} {comment_text(self.card.release)}".rstrip()
        head += f" -- {self.dialect.note}" if self.dialect.note else ""
        head += f"\n-- {self.dialect.untyped_note}" if self.dialect.untyped_note and self.reads_untyped else ""
        made = {added.name for step in self.steps for added in step.added}  # which may be kept too
        present = [field.name for field in card.plain_fields] if query.columns is None else query.columns
        counted = list_counted(card, entries=query.explain or query.ledger, totals=False) if query.counted else ()
        available = [name for name in dict.fromkeys([*present, *query.keep, *counted]) if name not in made]
        return f"{head}\n{print_steps(self.steps, query.source, available, columns, self.dialect)}"
