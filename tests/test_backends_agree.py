"""The keystone: the tree walk, the printed Python and the printed SQL say the same, with no tolerance."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadledger.scoring.axis import AXES
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError, PrinterError, UnreadableValue
from leadledger.scoring.lookup import Combination, Table
from leadledger.scoring.meaning.reference import Tally, tally, tally_axis
from leadledger.scoring.printers.sql import cleaning
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects import postgres
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.result import Result, SaleForecast
from leadledger.scoring.scorecard import Card, Scorecard, build_untrained
from leadledger.scoring.tree import In, Part, walk_tree
from tests import spark
from tests.effort import draw_examples, examples
from tests.postgres import database, server
from tests.strategies import (
    AS_OF,
    LEADS,
    NUMBER_FIELDS,
    NUMBER_LIKE,
    PLAIN,
    RAW_LEADS,
    scorecards,
    scorecards_with_axes,
    scorecards_with_steps,
)

TYPES = {name: cleaning.TYPE_OF_KIND[field.kind] for name, field in PLAIN.items()}
TEXTS = dict.fromkeys(PLAIN, "VARCHAR")


Rows = Callable[[list[dict[str, Any]], dict[str, str], str], list[dict[str, Any]]]


@dataclass(frozen=True)
class Engine:
    """An engine of SQL: its dialect, what makes rows of leads, how many cards it is asked and how many leads of each.

    `never` is a sign that its texts can't hold, `slow` says that a query takes a second and more. `fixture` is what it
    connects to, if it doesn't start that itself.
    """

    dialect: str
    connect: Callable[..., AbstractContextManager[Rows]]
    cards: int
    leads: int = 12
    never: str = ""
    slow: bool = False
    fixture: str = ""

    def connected(self, request: pytest.FixtureRequest) -> AbstractContextManager[Rows]:
        """What makes rows of leads."""
        return self.connect(*([request.getfixturevalue(self.fixture)] if self.fixture else []))

    def holds(self, lead: dict[str, Any]) -> bool:
        """Whether the engine has texts like those of a lead."""
        return not self.never or not any(isinstance(value, str) and self.never in value for value in lead.values())


@contextmanager
def duckdb_rows() -> Iterator[Rows]:
    """DuckDB, embedded."""
    duck = duckdb.connect()
    duck.execute("SET TimeZone = 'UTC'")
    duck.execute("SET threads = 1")

    def rows(leads: list[dict[str, Any]], types: dict[str, str], query: str) -> list[dict[str, Any]]:
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in types.items())
        duck.execute(f"CREATE OR REPLACE TEMP TABLE leads (row INTEGER, {columns})")
        marks = ", ".join("?" * (len(types) + 1))
        duck.executemany(f"INSERT INTO leads VALUES ({marks})", numbered(leads, types))
        result = duck.execute(query)
        return in_order([column[0] for column in result.description or ()], result.fetchall())

    with duck:
        yield rows


@contextmanager
def postgres_rows() -> Iterator[Rows]:
    """PostgreSQL, a server of our own."""
    with server() as url, database(url) as connection:

        def rows(leads: list[dict[str, Any]], types: dict[str, str], query: str) -> list[dict[str, Any]]:
            columns = ", ".join(f"{quoted(name)} {postgres.TYPES[kind]}" for name, kind in types.items())
            connection.execute(f"DROP TABLE IF EXISTS leads; CREATE TEMP TABLE leads (row integer, {columns})")
            with connection.cursor() as cursor:
                marks = ", ".join(["%s"] * (len(types) + 1))
                cursor.executemany(f"INSERT INTO leads VALUES ({marks})", numbered(leads, types))
                cursor.execute(query)
                return in_order([column.name for column in cursor.description or ()], cursor.fetchall())

        yield rows


@contextmanager
def spark_rows(master: str) -> Iterator[Rows]:
    """Spark; leads come from a file, since Spark itself would score a table of the session."""
    import pyarrow as arrow  # type: ignore[import-untyped]
    from pyarrow import parquet

    kinds = {"INTEGER": "int32", "DOUBLE": "float64", "VARCHAR": "string", "BOOLEAN": "bool", "DATE": "date32"}
    with spark.session(master) as session, TemporaryDirectory() as folder:

        def rows(leads: list[dict[str, Any]], types: dict[str, str], query: str) -> list[dict[str, Any]]:
            typed = zip({"row": "INTEGER", **types}.items(), zip(*numbered(leads, types), strict=True), strict=True)
            path = Path(folder) / f"{uuid4().hex}.parquet"
            columns = {name: arrow.array(values, arrow.type_for_alias(kinds[kind])) for (name, kind), values in typed}
            parquet.write_table(arrow.table(columns), path)
            session.read.parquet(str(path)).createOrReplaceTempView("leads")
            result = session.sql(query)
            return in_order(result.columns, result.collect())

        yield rows


ENGINES = [
    Engine("duckdb", duckdb_rows, 60),
    Engine("postgres", postgres_rows, 40, never="\0"),
    Engine("spark", spark_rows, 5, leads=40, slow=True, fixture="spark_local"),
]
EACH = [pytest.param(engine, id=engine.dialect, marks=[pytest.mark.slow] if engine.slow else []) for engine in ENGINES]


@pytest.fixture(scope="module", params=EACH)
def backend(request: pytest.FixtureRequest) -> Iterator[tuple[Engine, Rows]]:
    """Each engine in turn, and what makes rows of leads in it."""
    with request.param.connected(request) as rows:
        yield request.param, rows


def numbered(leads: list[dict[str, Any]], types: dict[str, str]) -> list[list[Any]]:
    """The values of leads in the order of the columns, their number before them."""
    return [[i, *(lead[name] for name in types)] for i, lead in enumerate(leads)]


def in_order(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows of a result, in the order of their leads."""
    return sorted((dict(zip(names, row, strict=True)) for row in rows), key=lambda row: row["row"])


def ledger(
    card: Scorecard, prefix_rows: dict[str, Any]
) -> tuple[tuple[int | None, ...], tuple[int, ...], tuple[int, ...]]:
    """The ledger of an SQL row: rules, groups, terms."""
    return (
        tuple(prefix_rows[f"r:{rule.rule.name}"] for rule in card.rules),
        tuple(prefix_rows[f"g:{group.name}"] for group in card.groups),
        tuple(prefix_rows[f"t:{term.name}"] for term in card.learned.terms),
    )


def walked_error(card: Scorecard, walked: Tally) -> int | None:
    """The standard error of a total, in the plainest way: of the bins where the terms were looked up."""
    squares = []
    for term, at in zip(card.learned.terms, walked.bins, strict=True):
        if isinstance(term, Combination):
            squares += [term.error**2] if term.error else []
        elif isinstance(term, Table):
            squares += [error**2 for error in term.errors[at : at + 1]]
        else:
            squares += [error**2 for error in [cell for row in term.errors for cell in row][at : at + 1]]
    exact = Decimal(sum(squares)).sqrt(Context(prec=50))
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP)) if squares else None


def walked_place(card: Scorecard, walked: Tally) -> int | None:
    """The place of a total among others, in the plainest way: the steps that it has reached."""
    steps = card.learned.percentiles
    return sum(step <= walked.total for step in steps) if steps else None


def printed(card: Scorecard, query: Query, engine: Engine) -> str:
    """The SELECT of a card; a card with a sign that the engine can't hold is passed over."""
    try:
        return sql.select(card, query, engine.dialect)
    except PrinterError as error:
        assume(not engine.never or "NUL" not in str(error))
        raise


def test_walk_python_and_sql_agree(backend: tuple[Engine, Rows]) -> None:
    """Every entry, the total, the range, the criteria and the recommendation are equal in Python and in each engine."""
    engine, rows = backend

    @settings(max_examples=examples(engine.cards))
    @given(card=scorecards(), leads=st.lists(LEADS.filter(engine.holds), min_size=engine.leads, max_size=engine.leads))
    def every_card(card: Scorecard, leads: list[dict[str, Any]]) -> None:
        agree(card, leads, engine, rows)

    every_card()


def test_chances_of_a_sale_agree(backend: tuple[Engine, Rows]) -> None:
    """The totals of the steps up to a sale are equal in Python and in each engine, and so is their product."""
    engine, rows = backend

    @settings(max_examples=examples(max(engine.cards // 3, 1)))
    @given(
        card=scorecards_with_steps(),
        leads=st.lists(LEADS.filter(engine.holds), min_size=engine.leads, max_size=engine.leads),
    )
    def every_card(card: Scorecard, leads: list[dict[str, Any]]) -> None:
        agree(card, leads, engine, rows)

    every_card()


def test_axes_agree(backend: tuple[Engine, Rows]) -> None:
    """The points of each axis are equal in Python and in each engine, and so are the grades, and what stages ask."""
    engine, rows = backend

    @settings(max_examples=examples(max(engine.cards // 2, 1)))
    @given(
        card=scorecards_with_axes(),
        leads=st.lists(LEADS.filter(engine.holds), min_size=engine.leads, max_size=engine.leads),
    )
    def every_card(card: Scorecard, leads: list[dict[str, Any]]) -> None:
        agree(card, leads, engine, rows)

    every_card()


def agree(card: Scorecard, leads: list[dict[str, Any]], engine: Engine, rows: Rows) -> None:
    """Leads that are scored by a card come out equal in the tree walk, in printed Python and in an engine of SQL."""
    query = Query(AS_OF, columns={"row": "INTEGER", **TYPES}, keep=["row"], ledger=True, checks=True, plus_minus=True)
    query = replace(query, sale=card.predicts_sales)
    for lead, row in zip(leads, rows(leads, TYPES, printed(card, query, engine)), strict=True):
        try:
            values = get_engine(card).clean(lead).values
        except LeadError:
            assert row["ll:bad"]
            assert row["score"] is None
            continue
        assert not row["ll:bad"]
        walked = tally(card, values, AS_OF)
        assert Tally(*get_engine(card).tally(values, AS_OF)) == walked
        assert (walked.rules, walked.groups, walked.terms) == ledger(card, row)
        assert (walked.total, walked.low, walked.high) == (row["ll:total"], row["ll:low"], row["ll:high"])
        assert walked.low <= walked.total <= walked.high
        assert walked.total == card.learned.start + sum(
            points or 0 for points in walked.rules + walked.groups + walked.terms
        )
        assert walked.criteria == tuple(row[f"c:{asked.name}"] for asked in card.required)
        assert walked.excluded == tuple(row[f"x:{exclusion.name}"] for exclusion in card.card.exclude)
        result = get_engine(card).build_result(values, AS_OF)
        advice = result.recommendation
        assert (result.score, result.points, result.grade) == (row["score"], row["points"], row["grade"])
        assert (advice.verdict, advice.at, advice.to) == (row["recommendation"], row["ll:stands"], row["ll:to"])
        assert result.percentile == row["percentile"] == walked_place(card, walked)
        assert result.error == walked_error(card, walked)
        assert row["plus_minus"] == (None if result.error is None else result.error / 10)
        assert (result.probability is None) == (row["probability"] is None)
        if result.probability is not None:
            assert math.isclose(result.probability, row["probability"], rel_tol=1e-12, abs_tol=1e-300)
        assert sum(entry.tenths for entry in result.ledger) == result.tenths
        told = {entry.name: entry.tenths for entry in result.ledger if entry.kind in ("table", "pair", "combination")}
        named = zip(card.learned.terms, walked.terms, strict=True)
        assert told == {term.name: points for term, points in named if points}
        if result.sale is not None:
            agree_on_sale(card, values, result.sale, row)
        if card.card.axes:
            agree_on_axes(card, values, result, row)
        # A lead whose recommendation is to ask has an open question, but where no answer makes a criterion known.
        if not any(isinstance(part, In) and part.or_null for part in walk_criteria(card)):
            assert (advice.verdict == "ask") == bool(advice.questions)


def walk_criteria(card: Scorecard) -> Iterator[Part]:
    """All parts of the conditions of a card's criteria."""
    for criterion in card.card.criteria:
        yield from walk_tree(criterion.met.tree)


def agree_on_axes(
    card: Scorecard, values: Mapping[str, Any], result: Result, row: dict[str, Any], as_of: date = AS_OF
) -> None:
    """The points of each axis are those of its entries, and the same everywhere; with the start they are the total."""
    assert card.learned.start + sum(axis.tenths for axis in result.axes) == result.tenths
    assert [axis.axis for axis in result.axes] == list(AXES)
    for axis in result.axes:
        walked, declared = tally_axis(card, axis.axis, values, as_of), card.card.axes[axis.axis]
        assert axis.tenths == walked.points == sum(e.tenths for e in result.ledger if e.axis == axis.axis)
        assert axis.tenths / 10 == row[axis.axis]
        assert axis.unknown == walked.unknown
        assert 0 <= axis.unknown <= axis.worth
        too_much = not axis.worth or Fraction(axis.unknown, axis.worth) > Fraction(str(declared.unknown))
        reached = [grade for grade, cut in declared.grades if axis.tenths >= cut]
        assert axis.grade == ("?" if too_much else (reached or [declared.below])[0])
        assert walked.low <= walked.points <= walked.high
    assert sum(entry.axis == "" for entry in result.ledger) == 1
    assert result.axis_grades == row["axis_grades"]


def agree_on_sale(card: Scorecard, values: Mapping[str, Any], sale: SaleForecast, row: dict[str, Any]) -> None:
    """The total of each step ahead, its entries, the chance of a sale and the expected value are the same."""
    stages = ["contact", "lead", "opportunity", "customer"]
    at = stages.index(values["stage"]) if values.get("stage") in stages else 0
    assert [step.stage for step in sale.steps] == [stage for stage in card.learned.steps if stages.index(stage) > at]
    for step in sale.steps:
        walked = tally(card.steps[step.stage], values, AS_OF)
        assert sum(e.axis == "" for e in step.ledger) == bool(card.card.axes)
        assert step.tenths == walked.total == row[f"step:{step.stage}:total"] == sum(e.tenths for e in step.ledger)
        named = zip(card.learned.steps[step.stage].terms, walked.terms, strict=True)
        assert all(row[f"step:{step.stage}:t:{term.name}"] == points for term, points in named)
    for told, printed_value in (
        (sale.probability, row["sale_probability"]),
        (sale.expected_value, row["expected_value"]),
    ):
        assert (told is None) == (printed_value is None)
        # PostgreSQL takes products of very small numbers for 0.
        assert told is None or math.isclose(told, printed_value, rel_tol=1e-12, abs_tol=1e-140)


@cache
def draw_raw_leads(lists: int) -> list[dict[str, str | None]]:
    """Leads of raw texts, forty from each list that hypothesis draws."""
    drawn = draw_examples(st.lists(RAW_LEADS, min_size=40, max_size=40), lists)
    return [lead for leads in drawn for lead in leads]


def agree_on_texts(leads: list[dict[str, Any]], dialect: str, rows: Rows) -> None:
    """Raw texts, all in one query, become the same values in Python and in an engine of SQL, or none in either."""
    card = build_untrained(Card("raw", fields=PLAIN, missing=("n/a", "Select")))
    query = sql.select_fields(card, Query(AS_OF, columns={"row": "INTEGER", **TEXTS}, keep=["row"]), dialect)
    for lead, row in zip(leads, rows(leads, TEXTS, query), strict=True):
        try:
            values = get_engine(card).clean(lead).values
        except LeadError:
            assert row["ll:bad"], lead
            continue
        assert not row["ll:bad"], lead
        for name, value in values.items():
            cleaned = row[f"f:{name}"]
            assert cleaned == value, lead
            assert type(cleaned) is type(value), lead


def test_raw_texts_become_the_same_values(backend: tuple[Engine, Rows]) -> None:
    """A raw text is read, found missing or refused alike in Python and in SQL."""
    engine, rows = backend
    agree_on_texts([lead for lead in draw_raw_leads(60) if engine.holds(lead)], engine.dialect, rows)


@cache
def draw_numbers() -> list[str]:
    """Texts like numbers, forty from each list that hypothesis draws."""
    drawn = draw_examples(st.lists(NUMBER_LIKE, min_size=40, max_size=40), 60)
    return list(dict.fromkeys(text for texts in drawn for text in texts))


def test_numbers_of_every_format_become_the_same(backend: tuple[Engine, Rows]) -> None:
    """What looks like a number is read, or refused, alike in Python and in SQL, whatever format a field declares."""
    engine, rows = backend
    card = build_untrained(Card("formats", fields=NUMBER_FIELDS))
    types = dict.fromkeys(NUMBER_FIELDS, "VARCHAR")
    marks = [f"bad:{name}" for name in NUMBER_FIELDS]
    query = sql.select_fields(
        card, Query(AS_OF, columns={"row": "INTEGER", **types}, keep=["row", *marks]), engine.dialect
    )
    texts = draw_numbers()
    cleaners = {name: make_cleaner(field, frozenset()) for name, field in NUMBER_FIELDS.items()}
    for text, row in zip(texts, rows([dict.fromkeys(types, text) for text in texts], types, query), strict=True):
        for name, field in NUMBER_FIELDS.items():
            try:
                value = cleaners[name](text)
            except UnreadableValue:
                assert row[f"bad:{name}"], (text, field.number_format)
            else:
                assert (value, None) == (row[f"f:{name}"], row[f"bad:{name}"]), (text, field.number_format)


def test_a_day_can_come_from_a_field(backend: tuple[Engine, Rows]) -> None:
    """In a history, each row is scored as of its own day."""
    engine, rows = backend
    card = build_untrained(
        parse_card(
            """
name: days
fields: {seen: {kind: date}, asked: {kind: date}}
rules:
  - {name: fresh, when: days_since(seen) <= 90, points: 10, half_life: 7 days of seen, reason: Seen}
"""
        )
    )
    leads = [{"seen": date(2026, 1, 1), "asked": date(2026, 1, day)} for day in (1, 8, 15)] + [
        {"seen": None, "asked": None}
    ]
    types = {"seen": "DATE", "asked": "DATE"}
    query = Query("asked", columns={"row": "INTEGER", **types}, keep=["row"], ledger=True)
    scored = rows(leads, types, sql.select(card, query, engine.dialect))
    assert [row["r:fresh"] for row in scored] == [100, 50, 25, None]


def test_a_missing_text_beyond_ascii(backend: tuple[Engine, Rows]) -> None:
    """A text that means "not known" does so in SQL as in Python; only A to Z are the same in either case."""
    engine, rows = backend
    card = build_untrained(Card("raw", fields={"t1": PLAIN["t1"]}, missing=("É", "n/a", "k")))
    leads = [{"t1": text} for text in ("É", "é", " É ", "N/A", "n/á", "K", "k", "\u212a", "ab", "x")]
    query = Query(AS_OF, columns={"row": "INTEGER", "t1": "VARCHAR"}, keep=["row"])
    cleaned = rows(leads, {"t1": "VARCHAR"}, sql.select_fields(card, query, engine.dialect))
    assert [row["f:t1"] for row in cleaned] == [get_engine(card).clean(lead).values["t1"] for lead in leads]


def test_minus_zero_is_zero(backend: tuple[Engine, Rows]) -> None:
    """A number that comes in as minus zero is in a list of many that has zero, typed or written."""
    engine, rows = backend
    listed = ", ".join(map(str, range(20)))
    card = build_untrained(
        parse_card(
            f"""
name: zero
fields: {{n1: {{kind: number}}, n2: {{kind: number}}}}
rules:
  - {{name: typed, when: "n1 in ({listed})", points: 1, reason: Typed}}
  - {{name: written, when: "n2 in ({listed})", points: 1, reason: Written}}
  - {{name: least, when: n1 >= 0 and n2 = 0, points: 1, reason: Least}}
"""
        )
    )
    leads = [{"n1": -0.0, "n2": "-0.0"}, {"n1": 0.0, "n2": "0"}, {"n1": -1.0, "n2": "-1"}]
    types = {"n1": "DOUBLE", "n2": "VARCHAR"}
    query = Query(AS_OF, columns={"row": "INTEGER", **types}, keep=["row"])
    scored = rows(leads, types, sql.select(card, query, engine.dialect))
    assert [row["points"] for row in scored] == [53.0, 53.0, 50.0]
