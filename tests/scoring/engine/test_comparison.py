"""Two leads side by side, and a lead beside what answers would make of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.answer_ranges import AnswerRange, find_answer_ranges
from leadledger.scoring.engine.comparison import ComparedLead, LeadComparison, compare
from leadledger.scoring.engine.ledger_difference import EntryDifference, find_differences
from leadledger.scoring.engine.score import get_engine, score
from leadledger.scoring.engine.what_if import WhatIf, put_answers
from leadledger.scoring.errors import LeadError
from leadledger.scoring.result import Entry
from leadledger.scoring.scorecard import Scorecard, build_untrained
from tests import strategies
from tests.effort import examples

AS_OF = date(2026, 5, 1)
CARD = """
name: two
fields:
  need: {kind: text, values: [none, clear, urgent], ask: "What is the need?"}
  budget: {kind: number, ask: "Which budget?"}
  met: {kind: date, ask: "When did you meet?"}
  country: {kind: text, from: {salesforce: CountryCode}}
rules:
  - {name: urgent, when: need = 'urgent', points: 9, reason: Urgent}
  - {name: idle, when: need = 'none', points: -12, reason: No need}
  - {name: rich, when: budget >= 1000, points: 5, reason: Has a budget}
  - {name: lately, when: days_since(met) < 30, points: 4, reason: Met lately}
  - {name: home, when: country = 'NO', points: 2.5, reason: At home}
"""
ENGINE = get_engine(build_untrained(parse_card(CARD)))


def compare_raw(a: dict[str, Any], b: dict[str, Any]) -> LeadComparison:
    """Two raw leads."""
    first, second = (ComparedLead(ENGINE.clean(lead).values) for lead in (a, b))
    return compare(ENGINE, first, second, AS_OF)


def test_a_comparison_says_what_sets_two_leads_apart() -> None:
    """The entries that differ are named with the points of both, the largest first, and those alike are left out."""
    a = {"need": "clear", "budget": 2000, "met": "2026-01-01", "country": "NO"}
    b = {"need": "urgent", "budget": 10, "country": "NO"}
    assert compare_raw(a, b).to_dict() == {
        "card": "two",
        "release": "",
        "as_of": "2026-05-01",
        "a": 57.5,
        "b": 61.5,
        "difference": 4.0,
        "entries": [
            {
                "name": "urgent",
                "kind": "rule",
                "a": 0.0,
                "b": 9.0,
                "difference": 9.0,
                "a_reason": "",
                "b_reason": "Urgent",
            },
            {
                "name": "rich",
                "kind": "rule",
                "a": 5.0,
                "b": 0.0,
                "difference": -5.0,
                "a_reason": "Has a budget",
                "b_reason": "",
            },
        ],
        "can_turn": False,
        "questions": [],
    }


def test_a_comparison_names_the_answers_that_could_turn_it_round() -> None:
    """A question is named where its answer alone could put the other lead ahead, with the differences it could make."""
    a, b = {"need": "clear", "met": "2026-01-01"}, {"country": "NO", "budget": 1, "met": "2026-01-01"}
    comparison = compare_raw(a, b)
    assert comparison.can_turn
    assert [question.to_dict() for question in comparison.questions] == [
        {"of": "a", "field": "budget", "question": "Which budget?", "low": -2.5, "high": 2.5},
        {"of": "b", "field": "need", "question": "What is the need?", "low": -9.5, "high": 11.5},
    ]


def test_equal_leads_are_set_apart_by_any_answer() -> None:
    """Of two leads with the same points, each answer that moves points could put one ahead."""
    comparison = compare_raw({"need": "clear", "budget": 1}, {"need": "clear", "budget": 1, "met": "2026-01-01"})
    assert (comparison.tenths, comparison.can_turn) == (0, True)
    assert [(question.of, question.answer.field) for question in comparison.questions] == [("a", "met")]
    assert not compare_raw(*[{"need": "clear", "budget": 1, "met": "2026-01-01"}] * 2).can_turn


def test_ranges_of_answers_are_those_of_the_lead() -> None:
    """What an answer is worth is worked out with all else that is known, and distances from the day of scoring."""
    values = ENGINE.clean({"budget": 1}).values
    assert find_answer_ranges(ENGINE, values, AS_OF) == (
        AnswerRange("need", "What is the need?", -120, 90),
        AnswerRange("met", "When did you meet?", 0, 40),
    )


@pytest.mark.slow
@settings(max_examples=examples(150))
@given(card=strategies.scorecards() | strategies.scorecards_with_axes(), a=strategies.LEADS, b=strategies.LEADS)
def test_the_entries_of_a_comparison_add_up(card: Scorecard, a: dict[str, Any], b: dict[str, Any]) -> None:
    """For random cards and leads, the entries add up, both ways round, and are those of the two scores."""
    engine = get_engine(card)
    try:
        first, second = (ComparedLead(engine.clean(lead).values) for lead in (a, b))
    except LeadError:
        return
    comparison = compare(engine, first, second, AS_OF)
    assert (comparison.a, comparison.b) == (score(card, a, AS_OF), score(card, b, AS_OF))
    difference = comparison.b.tenths - comparison.a.tenths
    assert sum(entry.tenths for entry in comparison.entries) == difference == comparison.tenths
    other = compare(engine, second, first, AS_OF)
    assert (other.tenths, other.can_turn) == (-difference, comparison.can_turn)
    assert {(question.of, question.answer, question.low) for question in comparison.questions} == {
        ("b" if question.of == "a" else "a", question.answer, -question.high) for question in other.questions
    }


@pytest.mark.slow
@settings(max_examples=examples(150))
@given(
    card=strategies.scorecards(),
    lead=strategies.LEADS,
    answers=st.lists(st.sampled_from(["n1", "t1", "f1", "d1", "c1"]), unique=True, max_size=3),
    offset=st.integers(-400, 400),
)
def test_no_answer_leaves_its_range(card: Scorecard, lead: dict[str, Any], answers: list[str], offset: int) -> None:
    """For random cards, no flag and no near date moves the total further than the range of its question says."""
    engine = get_engine(card)
    try:
        values = engine.clean({**lead, **dict.fromkeys(answers)}).values
    except LeadError:
        return
    total = engine.tally(values, AS_OF)[0]
    ranges = {answer.field: answer for answer in find_answer_ranges(engine, values, AS_OF)}
    for name, value in (("f1", True), ("f1", False), ("d1", AS_OF + timedelta(days=offset))):
        if values[name] is None and not any(rule.rule.half_life for rule in card.rules if name == "d1"):
            answer = ranges.get(name)
            shift = engine.tally({**values, name: value}, AS_OF)[0] - total
            assert (answer.low if answer else 0) <= shift <= (answer.high if answer else 0)


def test_reasons_of_both_ledgers_are_told() -> None:
    """Where an entry stands for another bin, its reason is that of both."""
    first = [Entry("size", "table", 30, "size: below 10")]
    second = [Entry("size", "table", -10, "size: 10 and up")]
    (difference,) = find_differences(first, second)
    assert difference == EntryDifference("size", "table", 30, -10, "size: below 10", "size: 10 and up")
    assert difference.reason == "size: below 10 → size: 10 and up"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"need": "urgent"}, {"need": "urgent", "budget": 5.0}),
        ({"budget": ""}, {"need": "none"}),
        ({"Country Code": "NO", "budget": None}, {"need": "none", "country": "NO"}),
        ({}, {"need": "none", "budget": 5.0}),
    ],
)
def test_answers_take_the_place_of_values(answers: dict[str, Any], expected: dict[str, Any]) -> None:
    """An answer replaces what is known, under any name of its field; one that says nothing takes it away."""
    values = ENGINE.clean({"need": "none", "budget": 5}).values
    put = put_answers(ENGINE, values, ENGINE.clean(answers), answers)
    assert {name: value for name, value in put.items() if value is not None} == expected
    what_if = WhatIf(ENGINE.build_result(values, AS_OF), ENGINE.build_result(put, AS_OF))
    assert sum(entry.tenths for entry in what_if.moved) == what_if.tenths
