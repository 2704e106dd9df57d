"""What answers would do, in words: the form, each answer to a question, and that the numbers are those of the core."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leadledger.api.pages.desk.answers import (
    MOST_ROWS,
    AnswerTable,
    list_answer_rows,
    make_inputs,
    order_questions,
    write_answer,
)
from leadledger.api.wording.figures import word_chance
from leadledger.scoring.bins import NumberBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.answer_effects import find_answer_effects
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned, Scorecard
from tests.api.pages.desk.leads import AS_OF, LEAD, LEARNED, RULES_ALONE, read_values, score_lead

UNASKED = {name: value for name, value in LEAD.items() if name not in ("budget", "need")}


def tabulate(field: str, card: Scorecard = LEARNED, lead: dict[str, Any] | None = None) -> AnswerTable | None:
    """What each answer to the question of a field would do."""
    engine = get_engine(card)
    values = engine.clean(UNASKED if lead is None else lead).values
    effects = find_answer_effects(engine, values, card.card.fields[field], AS_OF, lambda values: None)
    return list_answer_rows(effects, card, card.card.fields[field], engine.build_result(values, AS_OF), None)


@pytest.mark.parametrize(
    ("field", "labels"),
    [
        (
            "budget",
            ["Below 5,000 EUR", "5,000 to below 10,000 EUR", "10,000 to below 75,000 EUR", "75,000 or more EUR"],
        ),
        ("need", ["None", "Clear", "Urgent"]),
        ("employees", ["Below 10", "10 to below 50", "50 to below 1,000", "1,000 or more"]),
        ("decision_date", ["Before today", "Within 60 days", "In 61 to 180 days", "In 181 days or later"]),
    ],
)
def test_answers_are_named(field: str, labels: list[str]) -> None:
    """Numbers are stretches with their unit, words are words, and days are periods."""
    table = tabulate(field, lead={})
    assert table is not None
    assert [row.label for row in table.rows] == labels


def test_each_row_is_what_the_core_says() -> None:
    """Chance and advice of a row are those of a lead that has given one of its answers."""
    engine = get_engine(LEARNED)
    for field in LEARNED.card.questions:
        table = tabulate(field)
        for row in table.rows if table is not None else ():
            lead = engine.clean({**UNASKED, field: row.value}).values
            assert row.chance == word_chance(engine.build_result(lead, AS_OF).probability)
            assert row.values[0] == row.value


def test_many_rows_with_one_advice_are_taken_together() -> None:
    """Neighbours with one advice become one row, whose chance is from one to another."""
    edges = tuple(float(1000 * number) for number in range(1, 30))
    table = Table("budget", NumberBins(edges), tuple(range(0, 310, 10)), (9,) * 31)
    card = Scorecard(LEARNED.card, Learned(base_rate=0.1, terms=(table,)))
    answers = tabulate("budget", card, {})
    assert answers is not None
    assert len(answers.rows) == MOST_ROWS
    assert any("–" in row.chance for row in answers.rows)
    engine = get_engine(card)
    for row in answers.rows:
        ends = [engine.build_result(engine.clean({"budget": value}).values, AS_OF) for value in row.values]
        chances = dict.fromkeys(word_chance(end.probability) for end in ends)
        assert row.chance == "–".join([*[chance[:-2] for chance in list(chances)[:-1]], list(chances)[-1]])


def test_a_question_that_changes_nothing_has_no_table() -> None:
    """A table of answers that all do nothing would say nothing."""
    card = Scorecard(
        parse_card("name: n\nfields: {a: {kind: number, ask: A?}, b: {kind: flag}}"), Learned(base_rate=0.1)
    )
    engine = get_engine(card)
    values = engine.clean({}).values
    effects = find_answer_effects(engine, values, card.card.fields["a"], AS_OF, lambda values: None)
    assert list_answer_rows(effects, card, card.card.fields["a"], engine.build_result(values, AS_OF), None) is None


def test_the_chosen_answer_is_marked() -> None:
    """The row of the answer that was tried is marked, and no other."""
    engine = get_engine(LEARNED)
    values = engine.clean(UNASKED).values
    for field, chosen in (("budget", 12345.0), ("need", "clear"), ("decision_date", AS_OF + timedelta(days=61))):
        effects = find_answer_effects(engine, values, LEARNED.card.fields[field], AS_OF, lambda values: None)
        now = engine.build_result(values, AS_OF)
        table = list_answer_rows(effects, LEARNED, LEARNED.card.fields[field], now, chosen)
        assert table is not None
        assert sum(row.is_chosen for row in table.rows) == 1
        assert table.rows[{"budget": 2, "need": 1, "decision_date": 2}[field]].is_chosen


def test_questions_worth_asking_come_first() -> None:
    """First what the recommendation asks, then what else isn't known, then what is known; each with its input."""
    asking = order_questions(score_lead(RULES_ALONE), RULES_ALONE, read_values(RULES_ALONE, LEAD))
    assert asking[0] == "decision_date"
    engine = get_engine(LEARNED)
    values = read_values(LEARNED, UNASKED)
    result = engine.build_result(values, AS_OF)
    fields = order_questions(result, LEARNED, values)
    assert fields == ("budget", "need", "decision_date", "employees")
    inputs = make_inputs(LEARNED, fields, values, {"need": "clear"}, AS_OF)
    kinds = {made.field: (made.kind, made.value, made.known) for made in inputs}
    assert kinds == {
        "budget": ("number", "", ""),
        "need": ("select", "clear", ""),
        "decision_date": ("date", "", ""),
        "employees": ("number", "", "684"),
    }


def test_what_is_sent_is_what_the_api_reads() -> None:
    """An answer of each kind is written as the API reads it."""
    fields = LEARNED.card.fields
    written = [
        write_answer(fields[name], value)
        for name, value in (("budget", 7500.0), ("newsletter", True), ("decision_date", AS_OF), ("need", "none"))
    ]
    assert written == ["7500", "yes", "2026-11-30", "none"]
    assert write_answer(fields["need"], None) == ""
