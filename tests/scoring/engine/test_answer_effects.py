"""What each answer to a question would make of a lead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.bins import NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.answer_effects import AnswerEffect, find_answer_effects
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned, Scorecard
from leadledger.scoring.tree import Typed
from tests import strategies
from tests.effort import examples

AS_OF = date(2026, 6, 1)
CARD = """
name: asked
fields:
  size: {kind: number, ask: How many?}
  need: {kind: text, values: [none, clear], ask: What?}
  trade: {kind: text, ask: Which?}
  sure: {kind: flag, ask: Sure?}
  due: {kind: date, ask: When?}
  days: {kind: number, is: days_until(due)}
  tools: {kind: choices, values: [a, b], ask: Which tools?}
rules:
  - {name: large, when: size >= 50, points: 5, reason: Large}
  - {name: clear, when: need = 'clear', points: 4, reason: Clear}
  - {name: sure, when: sure, points: 3, reason: Sure}
  - {name: soon, when: days between 0 and 60, points: 8, reason: Soon}
  - {name: feast, when: due = '2026-12-24', points: -2, reason: Nobody is there}
  - {name: tool, when: "has(tools, 'a')", points: 1, reason: A}
stages: [{name: contact}, {name: lead, points: 55}]
base_rate: 0.1
"""
TERMS = (
    Table("trade", TextBins(("Steel",)), (0, 7, -2), (9, 9, 9)),
    Table("days", NumberBins((10.0,)), (0, 6, -6), (9, 9, 9)),
)
ENGINE = get_engine(Scorecard(parse_card(CARD), Learned(base_rate=0.1, terms=TERMS)))


def find(field: str, **lead: Any) -> list[tuple[Typed, Typed, int]]:
    """The answers of a field, as from where to where, and the total that they make (tenths)."""
    values = ENGINE.clean(lead).values
    effects = find_answer_effects(ENGINE, values, ENGINE.card.card.fields[field], AS_OF, lambda values: None)
    return [(effect.low, effect.high, effect.result.tenths) for effect in effects]


def test_numbers_are_stretches() -> None:
    """The stretches that the card tells apart follow one another, open at both ends."""
    assert find("size") == [(None, 50.0, 500), (50.0, None, 550)]


def test_words_are_each_an_answer() -> None:
    """Each listed word is an answer; of other texts, those that the card knows, and any other."""
    assert find("need") == [("none", "none", 500), ("clear", "clear", 540)]
    assert find("trade") == [("Steel", "Steel", 507), (None, None, 498)]
    assert find("sure") == [(True, True, 530), (False, False, 500)]
    assert [total for _, _, total in find("tools")] == [500, 510]


def test_days_are_periods() -> None:
    """The periods that rules and tables tell apart: by distance from today, and by a day that a rule names."""
    day = AS_OF + timedelta(days=10)
    assert find("due") == [
        (None, AS_OF - timedelta(days=1), 506),
        (AS_OF, day - timedelta(days=1), 586),
        (day, AS_OF + timedelta(days=60), 574),
        (AS_OF + timedelta(days=61), date(2026, 12, 23), 494),
        (date(2026, 12, 24), date(2026, 12, 24), 474),
        (date(2026, 12, 25), None, 494),
    ]


def test_exclusions_tell_answers_apart() -> None:
    """A number or a word that rules a lead out has a row of its own."""
    exclusions = """exclude:
  - {name: nobody, when: "size in (0, 1)", reason: Nobody works there}
  - {name: arms, when: trade = 'Arms', reason: We don't sell to them}
stages:"""
    engine = get_engine(Scorecard(parse_card(CARD.replace("stages:", exclusions)), Learned(base_rate=0.1)))
    values = engine.clean({}).values
    excluded = [
        (effect.low, effect.high)
        for name in ("size", "trade")
        for effect in find_answer_effects(engine, values, engine.card.card.fields[name], AS_OF, lambda values: None)
        if effect.result.recommendation.verdict == "disqualify"
    ]
    assert excluded == [(0.0, 0.0), (1.0, 1.0), ("Arms", "Arms")]


def test_other_fields_tell_answers_apart() -> None:
    """Where a condition compares a field with another, what the lead has there parts the answers; else nothing does."""
    card = """
name: compared
fields:
  size: {kind: number}
  staff: {kind: number}
  due: {kind: date}
  begun: {kind: date}
  days: {kind: number, is: days_until(due)}
rules:
  - {name: more, when: size > staff, points: 5, reason: More}
  - {name: even, when: days = staff, points: 7, reason: Even}
  - {name: before, when: due < begun, points: 3, reason: Before}
stages: [{name: contact}, {name: lead, points: 55}]
base_rate: 0.1
"""
    engine = get_engine(Scorecard(parse_card(card), Learned(base_rate=0.1)))

    def find_totals(field: str, lead: dict[str, Any]) -> list[tuple[Typed, Typed, int]]:
        values = engine.clean(lead).values
        effects = find_answer_effects(engine, values, engine.card.card.fields[field], AS_OF, lambda values: None)
        return [(effect.low, effect.high, effect.result.tenths) for effect in effects]

    assert find_totals("size", {"staff": 12}) == [(None, 12.0, 500), (12.0, None, 550)]
    assert find_totals("size", {}) == [(None, None, 500)]
    assert find_totals("staff", {"size": 12, "due": "2026-06-11"}) == [
        (None, 10.0, 550),
        (10.0, 10.0, 620),
        (10.0, 12.0, 550),
        (12.0, None, 500),
    ]
    even, begun = AS_OF + timedelta(days=12), AS_OF + timedelta(days=40)
    assert find_totals("due", {"staff": 12, "begun": begun.isoformat()}) == [
        (None, even - timedelta(days=1), 530),
        (even, even, 600),
        (even + timedelta(days=1), begun - timedelta(days=1), 530),
        (begun, None, 500),
    ]


def test_an_answer_that_is_known_is_tried_too() -> None:
    """A known value gives way to each answer."""
    assert find("size", size=7, need="clear") == [(None, 50.0, 540), (50.0, None, 590)]


def pick(effects: tuple[AnswerEffect, ...], value: Any) -> list[AnswerEffect]:
    """The effects to which an ordered answer belongs."""
    return [
        effect
        for effect in effects
        if (effect.low is None or value > effect.low or (effect.has_low and value == effect.low))
        and (effect.high is None or value < effect.high or (effect.has_high and value == effect.high))
    ]


@settings(max_examples=examples(100))
@given(
    card=strategies.scorecards(),
    lead=strategies.LEADS,
    numbers=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=8),
    days=st.lists(st.integers(-400, 400), min_size=3, max_size=8),
)
def test_every_answer_does_what_its_row_says(
    card: Scorecard, lead: dict[str, Any], numbers: list[float], days: list[int]
) -> None:
    """For random cards, leads and answers, each answer belongs to one row, and its result is that of the row."""
    engine = get_engine(card)
    try:
        values: Mapping[str, Typed] = engine.clean(lead).values
    except LeadError:
        return
    for field in card.card.plain_fields:
        tried: list[Any] = numbers if field.kind == "number" else []
        if field.kind == "date":
            tried = [strategies.AS_OF + timedelta(days=number) for number in days]
        if not tried:
            continue
        effects = find_answer_effects(engine, values, field, strategies.AS_OF, lambda values: None)
        for value in tried:
            (effect,) = pick(effects, value)
            result = engine.build_result({**values, field.name: value}, strategies.AS_OF)
            assert (effect.result.tenths, effect.result.recommendation) == (result.tenths, result.recommendation)
        for effect in effects:
            assert pick(effects, effect.value) == [effect]


@pytest.mark.parametrize("as_of", [date.min, date.max])
def test_the_calendar_ends(as_of: date) -> None:
    """On its first and last day there are answers, too."""
    values = ENGINE.clean({}).values
    field = ENGINE.card.card.fields["due"]
    assert find_answer_effects(ENGINE, values, field, as_of, lambda values: None)
