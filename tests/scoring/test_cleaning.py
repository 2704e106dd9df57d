"""Cleaning: how a raw value becomes a typed one; the cases are tests/cases/cleaning.yaml."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import duckdb
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.choice_forms import ABSENT_TYPES
from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.errors import UnreadableValue
from leadledger.scoring.field import Field
from leadledger.scoring.number_forms import parse_number_format
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.rule import Rule
from leadledger.scoring.scorecard import Card, build_untrained
from leadledger.scoring.text_forms import key_of
from leadledger.scoring.tree import Condition, Constant, FieldRef, In
from tests.case_files import read_cases
from tests.strategies import NUMBER_FIELDS, NUMBER_LIKE

CASES = read_cases("cleaning.yaml")
MISSING = frozenset(map(key_of, CASES["missing"]))
KINDS = ("number", "text", "flag", "date", "id", "choices")


def field_of(case: Mapping[str, Any], name: str = "value") -> Field:
    """The field of a case."""
    more = case.get("field", {})
    missing = tuple(float(value) if case["kind"] == "number" else value for value in more.get("missing", ()))
    number_format = parse_number_format(more.get("format", "")) if case["kind"] == "number" else None
    return Field(
        name,
        case["kind"],
        values=tuple(more.get("values", ())),
        missing=missing,
        number_format=number_format,
        other=more.get("other", ""),
        separator=more.get("separator", ";"),
        exact=more.get("exact", False),
        spellings=tuple(more.get("asked", ())),
        day_format=more.get("day_format", ""),
        time_zone=more.get("time_zone", "UTC"),
    )


def rules_of(fields: Mapping[str, Field]) -> tuple[Rule, ...]:
    """A rule for each field that asks for its spellings."""
    asked = {name: tuple(map(Constant, field.spellings)) for name, field in fields.items() if field.spellings}
    trees = {name: In(FieldRef(name, "text", fields[name].exact), constants) for name, constants in asked.items()}
    return tuple(Rule(name, Condition("", tree), 10, "Is asked for") for name, tree in trees.items())


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: f"{case['kind']}-{case['raw']!r}")
def test_cases(case: Mapping[str, Any]) -> None:
    """A raw value becomes the typed value of its field's kind, or nothing, or is refused with its reason."""
    clean = make_cleaner(field_of(case), MISSING)
    if "refused" in case:
        with pytest.raises(UnreadableValue) as caught:
            clean(case["raw"])
        assert str(caught.value) == case["refused"]
        return
    value = clean(case["raw"])
    assert value == case["value"]
    assert type(value) is type(case["value"])
    if value == 0:
        assert math.copysign(1, value) == math.copysign(1, case["value"])  # type: ignore[arg-type]  # a number


@pytest.mark.slow
def test_cases_are_read_alike_in_sql() -> None:
    """Every raw text of the cases is typed, found missing or refused in DuckDB as it is in Python."""
    cases = [case for case in CASES["cases"] if case["raw"] is None or isinstance(case["raw"], str)]
    # One column for each way to declare a field; each case is a row that has a value in one of them.
    ways = list(dict.fromkeys(str((case["kind"], case.get("field"))) for case in cases))
    places = [ways.index(str((case["kind"], case.get("field")))) for case in cases]
    fields = {f"f{at}": field_of(case, f"f{at}") for case, at in zip(cases, places, strict=True)}
    fields = {name: fields[name] for name in (f"f{at}" for at in range(len(ways)))}
    types = {"row": "INTEGER"} | dict.fromkeys(fields, "VARCHAR")
    card = build_untrained(Card("cases", fields, rules=rules_of(fields), missing=tuple(CASES["missing"])))
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'")
        duck.execute(f"CREATE TABLE leads ({', '.join(f'{name} {kind}' for name, kind in types.items())})")
        rows = [
            [i, *(case["raw"] if at == places[i] else None for at in range(len(ways)))] for i, case in enumerate(cases)
        ]
        duck.executemany(f"INSERT INTO leads VALUES ({', '.join('?' * len(types))})", rows)
        query = sql.select_fields(card, Query(date(2026, 11, 24), columns=types, keep=["row"]))
        by_row = {row[0]: row for row in duck.execute(query).fetchall()}
    wrong = []
    for i, case in enumerate(cases):
        value, bad = by_row[i][places[i] + 1], by_row[i][-1]
        # The text of an id that is too long stays: only whether it can be used is told of it.
        expected = value if case["kind"] == "id" and bad else case.get("value")
        if bad != ("refused" in case) or value != expected:
            wrong.append(f"{case}: {value!r}, bad: {bad}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ABSENT_TYPES)
def test_missing_values_of_pandas(kind: str, name: str) -> None:
    """What pandas puts for a missing value is missing in every kind, though pandas itself is never imported."""
    absent = type(name, (), {})()
    assert make_cleaner(Field("value", kind), frozenset())(absent) is None  # type: ignore[arg-type]  # one of KINDS


def test_lists_of_python_are_choices() -> None:
    """Lists, tuples, sets and arrays of NumPy hold choices; what pandas puts for nothing is none."""
    clean = make_cleaner(Field("value", "choices"), frozenset())
    absent = type("NAType", (), {})()
    for raw in (
        ["CRM", "erp"],
        ("erp", "CRM", None),
        {"erp", "crm"},
        frozenset({"erp", "crm"}),
        ["erp", absent, "CRM"],
    ):
        assert clean(raw) == ";crm;erp;"
    assert clean(numpy.array(["erp", "CRM"])) == clean(numpy.array(["erp", "CRM"], dtype=object)) == ";crm;erp;"
    assert clean(numpy.array([2, 1])) == ";1;2;"
    assert clean([]) is clean(()) is clean([None, float("nan"), " "]) is None
    with pytest.raises(UnreadableValue, match=r"^2\.5 is not a text$"):
        clean([2.5])


def test_decimals() -> None:
    """A decimal of a database is a number, or a flag, and its NaNs are missing."""
    number, flag = (make_cleaner(Field("value", kind), frozenset()) for kind in ("number", "flag"))
    assert number(Decimal("2.50")) == 2.5
    assert number(Decimal("NaN")) is None
    assert number(Decimal("sNaN")) is None
    assert flag(Decimal(1)) is True
    for odd in (Decimal("Infinity"), Decimal("1e400"), 10**400):
        with pytest.raises(UnreadableValue, match="is not a finite number"):
            number(odd)


def test_moments_are_days_in_utc() -> None:
    """A moment with an offset is the day in UTC; one without is taken as it is."""
    day = make_cleaner(Field("value", "date"), frozenset())
    late = datetime(2026, 11, 24, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert day(late) == date(2026, 11, 23)
    assert day(late.replace(tzinfo=UTC)) == date(2026, 11, 24)
    assert day(late.replace(tzinfo=None)) == date(2026, 11, 24)


def test_halves_of_characters() -> None:
    """A text with half of a character, which no engine can store, is refused; so is a number too long to print."""
    text = make_cleaner(Field("value", "text"), frozenset())
    with pytest.raises(UnreadableValue, match="holds half a character"):
        text("a\ud800")
    with pytest.raises(UnreadableValue, match="the value is not a text"):
        text(10**5000)


@pytest.mark.slow
@given(texts=st.lists(NUMBER_LIKE, min_size=20, max_size=20))
def test_numbers_of_every_format_are_read_alike_in_sql(texts: list[str]) -> None:
    """What looks like a number is read, or refused, in DuckDB as in Python, whatever format a field declares."""
    card = build_untrained(Card("formats", fields=NUMBER_FIELDS))
    columns = dict.fromkeys(NUMBER_FIELDS, "VARCHAR")
    with duckdb.connect() as duck:
        duck.execute(f"CREATE TABLE leads ({', '.join(f'{name} VARCHAR' for name in columns)})")
        duck.executemany(
            f"INSERT INTO leads VALUES ({', '.join('?' * len(columns))})", [[text] * len(columns) for text in texts]
        )
        marks = [f"bad:{name}" for name in NUMBER_FIELDS]
        rows = duck.execute(sql.select_fields(card, Query(date(2026, 11, 24), columns=columns, keep=marks))).fetchall()
    for text, row in zip(texts, rows, strict=True):
        marked, values = row[: len(NUMBER_FIELDS)], row[len(NUMBER_FIELDS) : 2 * len(NUMBER_FIELDS)]
        for field, mark, value in zip(NUMBER_FIELDS.values(), marked, values, strict=True):
            try:
                read = make_cleaner(field, frozenset())(text)
            except UnreadableValue:
                assert mark, (text, field.number_format)
            else:
                assert (read, None) == (value, mark), (text, field.number_format)


RAW = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=12),
    st.dates(),
    st.datetimes(timezones=st.none() | st.just(UTC) | st.just(timezone(timedelta(hours=-12)))),
    st.binary(max_size=4),
    st.lists(st.integers(), max_size=2),
    st.sampled_from(["1e3", " 12 ", "1_000", "0x10", "+5", "2026-02-30", "2026-11-24T10:00:00Z", "yes", "n/a", "NaN"]),
)


@given(raw=RAW, kind=st.sampled_from(KINDS), values=st.lists(st.text(min_size=1, max_size=3), max_size=2))
def test_any_value_is_read_or_refused(raw: object, kind: str, values: list[str]) -> None:
    """Any value at all is typed, missing, or refused; and cleaning a typed value again changes nothing."""
    field = Field("value", kind, values=tuple(values) if kind == "text" else ())  # type: ignore[arg-type]  # of KINDS
    clean = make_cleaner(field, MISSING)
    try:
        value = clean(raw)
    except UnreadableValue:
        return
    wanted = {"number": float, "text": str, "flag": bool, "date": date, "id": str, "choices": str}[kind]
    assert value is None or type(value) is wanted
    if isinstance(value, float):
        assert math.isfinite(value)
    assert clean(value) == value
