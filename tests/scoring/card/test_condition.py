"""Conditions: what they mean, and what is refused; the cases are tests/cases/conditions.yaml."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring import tree
from leadledger.scoring.card.condition import KnownField, join_lines, parse_condition, parse_days
from leadledger.scoring.card.condition_tokens import DEEPEST_CONDITION, LONGEST_CONDITION
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import ConditionError, UnknownField
from leadledger.scoring.meaning.reference import tally
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Scorecard, build_untrained
from leadledger.scoring.tree import Condition
from tests.case_files import read_cases

CASES = read_cases("conditions.yaml")
AS_OF: date = CASES["as_of"]
TRUTHS = {True: 10, False: 0, "unknown": None}  # the points of a rule that is worth 1


def card_with(conditions: Sequence[str]) -> Scorecard:
    """A card with the fields of the cases, and a rule of one point for each condition."""
    rules = [
        {"name": f"rule_{i}", "when": condition, "points": 1, "reason": "It is so"}
        for i, condition in enumerate(conditions)
    ]
    card = {"name": "cases", "missing": CASES["missing"], "fields": CASES["fields"], "rules": rules}
    return build_untrained(parse_card(json.dumps(card, default=str)))


def walked(card: Scorecard, leads: Sequence[Mapping[str, Any]]) -> list[tuple[int | None, ...]]:
    """The points of each rule for each lead, by the tree walk."""
    return [tally(card, get_engine(card).clean(lead).values, AS_OF).rules for lead in leads]


def printed_python(card: Scorecard, leads: Sequence[Mapping[str, Any]]) -> list[tuple[int | None, ...]]:
    """The same by the printed Python."""
    return [get_engine(card).tally(get_engine(card).clean(lead).values, AS_OF)[3] for lead in leads]


def as_text(value: object) -> str:
    """A raw value as a list of texts holds it."""
    return json.dumps(value) if isinstance(value, list) else str(value)


def printed_sql(card: Scorecard, leads: Sequence[Mapping[str, Any]]) -> list[tuple[int | None, ...]]:
    """The same by the printed SQL, from raw texts."""
    fields = [field.name for field in card.card.plain_fields]
    types = {"row": "INTEGER"} | dict.fromkeys(fields, "VARCHAR")
    with duckdb.connect() as duck:
        duck.execute(f"CREATE TABLE leads ({', '.join(f'{quoted(name)} {kind}' for name, kind in types.items())})")
        rows = [
            [i, *(None if lead.get(name) is None else as_text(lead[name]) for name in fields)]
            for i, lead in enumerate(leads)
        ]
        duck.executemany(f"INSERT INTO leads VALUES ({', '.join('?' * len(types))})", rows)
        result = duck.execute(sql.select(card, Query(AS_OF, columns=types, keep=["row"], ledger=True)))
        names = [column[0] for column in result.description or ()]
        records = sorted((dict(zip(names, row, strict=True)) for row in result.fetchall()), key=lambda row: row["row"])
    return [tuple(row[f"r:{priced.rule.name}"] for priced in card.rules) for row in records]


@pytest.mark.slow
@pytest.mark.parametrize("engine_of", [walked, printed_python, printed_sql])
def test_cases_hold_in_every_engine(engine_of: Callable[..., list[tuple[int | None, ...]]]) -> None:
    """Every condition of the cases is true, false or unknown for its lead, as expected."""
    cases = CASES["conditions"]
    card = card_with([case["condition"] for case in cases])
    results = engine_of(card, [case["lead"] for case in cases])
    wrong = [
        f"{case['condition']} with {case['lead']}: expected {case['expected']}, points {row[i]} ({case['why']})"
        for i, (case, row) in enumerate(zip(cases, results, strict=True))
        if row[i] != TRUTHS[case["expected"]]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["condition"])
def test_refused(case: Mapping[str, Any]) -> None:
    """A condition outside the language is refused, at the place of the mistake, with how to mend it."""
    known = known_fields()
    with pytest.raises(ConditionError) as caught:
        parse_condition(case["condition"], known)
    assert (caught.value.offset, caught.value.text) == (case["offset"], case["message"])


@cache
def known_fields() -> dict[str, KnownField]:
    """The fields of the cases as a condition may ask them."""
    return {name: KnownField.of(field) for name, field in card_with([]).card.fields.items()}


def test_limits() -> None:
    """A condition may not be longer, deeper or more negated than anybody can read, and what is allowed is read."""
    known = {"on": KnownField("flag"), "size": KnownField("number")}
    deep = "(" * DEEPEST_CONDITION + "on" + ")" * DEEPEST_CONDITION
    assert parse_condition(deep, known).tree == tree.Truth(tree.FieldRef("on", "flag"))
    assert parse_condition("not " * DEEPEST_CONDITION + deep, known).fields == ("on",)
    many = parse_condition(" or ".join(["size > 5"] * 300), known).tree
    assert isinstance(many, tree.Or)
    assert len(many.of) == 300
    for text, offset in (
        (f"({deep})", DEEPEST_CONDITION),
        ("not " * (DEEPEST_CONDITION + 1) + "on", DEEPEST_CONDITION * 4),
    ):
        with pytest.raises(ConditionError, match="nested too deeply; split it into several rules") as caught:
            parse_condition(text, known)
        assert caught.value.offset == offset
    with pytest.raises(ConditionError, match=f"more than {LONGEST_CONDITION:,} characters"):
        parse_condition("on or " * LONGEST_CONDITION + "on", known)


def test_text_is_kept_on_one_line() -> None:
    """A condition is kept as it was written, on one line, and white space in its texts is left alone."""
    assert join_lines("  a\n  = 'two  spaces'\n\tand b ") == "a = 'two  spaces' and b"
    assert parse_condition("size\n > 5", {"size": KnownField("number")}).text == "size > 5"


def test_fields_are_named_in_order() -> None:
    """A condition names the fields that it asks, each once, in the order of its text."""
    known = {"a": KnownField("number"), "b": KnownField("flag"), "c": KnownField("date")}
    assert parse_condition("b or days_since(c) > a or not b", known).fields == ("b", "c", "a")


def test_days_alone() -> None:
    """`days_since(field)` and `days_until(field)` alone are a count of days; anything else is left to `parse`."""
    known = {"seen": KnownField("date"), "on": KnownField("flag")}
    assert parse_days(" days_since( seen ) ", known) == tree.Days("since", tree.FieldRef("seen", "date"))
    assert parse_days("DAYS_UNTIL(seen)", known) == tree.Days("until", tree.FieldRef("seen", "date"))
    assert parse_days("on", known) is None
    assert parse_days("days_since(seen) > 5", known) is None
    with pytest.raises(ConditionError, match="'on' is a flag; days_since asks a date"):
        parse_days("days_since(on)", known)


def test_unreadable_fields_are_told_apart() -> None:
    """A field that is declared and can't be read itself is no unknown field: the card has one mistake, not two."""
    known = {"broken": KnownField(None), "late": KnownField(None, because="is computed further down")}
    with pytest.raises(UnknownField) as caught:
        parse_condition("broken > 5", known)
    assert caught.value.declared
    with pytest.raises(UnknownField) as caught:
        parse_condition("other > 5", known)
    assert not caught.value.declared
    with pytest.raises(ConditionError, match="'late' is computed further down"):
        parse_condition("late > 5", known)


PIECES = [
    "budget",
    "need",
    "demo",
    "created",
    "order",
    "'urgent'",
    "5",
    "-",
    "(",
    ")",
    ",",
    "=",
    "<",
    ">=",
    "<>",
    "and",
    "or",
]
PIECES += [
    "not",
    "in",
    "is",
    "null",
    "between",
    "true",
    "date",
    "'2026-01-31'",
    "contains",
    "days_since",
    '"',
    "'",
    "--",
]
PIECES += [
    ";",
    "like",
    "case",
    "select",
    ".",
    "::",
    "*",
    "\n",
    "\u2028",
    "é",
    "1e999",
    "$$",
    "{",
    "at time zone",
    "symmetric",
]


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text is a condition, or is refused at a place inside it; nothing else is ever raised."""
    result = parsed(text)
    if isinstance(result, ConditionError):
        assert 0 <= result.offset <= len(text)
        assert result.text
    else:
        assert parsed(result.text) == result


def parsed(text: str) -> Condition | ConditionError:
    """A condition over the fields of the cases, or the error that refuses it."""
    try:
        return parse_condition(text, known_fields())
    except ConditionError as error:
        return error
