"""What to do with a lead, in words."""

from __future__ import annotations

from datetime import date

import pytest

from leadledger.api.wording.recommendations import MARKS, AdviceFacts, find_facts, with_book, word_advice, word_question
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.scorecard import build_untrained

TODAY = date(2026, 11, 30)
WHEN, WHO = "When must a decision be made?", "CEO or board: who signs?"
CASES = [
    (AdviceFacts("promote"), "Call now", "Nothing left to ask"),
    (
        AdviceFacts("promote", questions=(WHEN, WHO)),
        "Call now",
        "Ask while you talk: when must a decision be made? And CEO or board: who signs?",
    ),
    (AdviceFacts("promote", to="lead", predicts=False), "Make it a lead", "Nothing left to ask"),
    (
        AdviceFacts(
            "promote", to="active_buyer", predicts=False, since=date(2026, 11, 4), rejected_on=date(2026, 11, 3)
        ),
        "Make it an active buyer",
        "Sales rejected it on 3 November",
    ),
    (AdviceFacts("promote", rejected_on=date(2026, 11, 3)), "Leave for now", "Sales rejected it on 3 November"),
    (
        AdviceFacts("ask", since=date(2026, 11, 3), rejected_on=date(2026, 11, 3), questions=(WHO,)),
        "Leave for now",
        "Sales rejected it on 3 November",
    ),
    (AdviceFacts("promote", distance=-12), "Call now", "Kept for now: 1.2 points below the threshold"),
    (
        AdviceFacts("promote", distance=-100, below_since=date(2026, 11, 20)),
        "Call now",
        "Kept for now: 10 points below the threshold since 20 November",
    ),
    (
        AdviceFacts("promote", snoozed_until=date(2026, 12, 14)),
        "Leave for now, back on 14 December",
        "Put off by sales; then call now",
    ),
    (AdviceFacts("promote", snoozed_until=TODAY), "Call now", "Nothing left to ask"),
    (
        AdviceFacts("ask", unknown=("a decision within half a year",), questions=(WHEN, WHO)),
        "Ask: when must a decision be made?",
        "Not known yet: a decision within half a year. Then: CEO or board: who signs?",
    ),
    (
        AdviceFacts("ask", unknown=("a need", "a budget", "a date"), questions=(WHEN,)),
        "Ask: when must a decision be made?",
        "Not known yet: a need, a budget and a date",
    ),
    (
        AdviceFacts("ask", distance=-10, questions=(WHO,)),
        "Ask: CEO or board: who signs?",
        "1 point below the threshold; answers can still bring them",
    ),
    (AdviceFacts("ask"), "Find out more", ""),
    (
        AdviceFacts("ask", questions=(WHEN,), snoozed_until=date(2027, 1, 4)),
        "Leave for now, back on 4 January 2027",
        "Put off by sales; then ask: when must a decision be made?",
    ),
    (
        AdviceFacts("nurture", unmet=("Decides in more than half a year",), grade="A", distance=120),
        "Leave for now",
        "Decides in more than half a year, whatever its points",
    ),
    (
        AdviceFacts("nurture", unmet=("Lacks a need", "Lacks a budget"), grade="C", distance=-120),
        "Leave for now",
        "Lacks a need; lacks a budget",
    ),
    (
        AdviceFacts("nurture", distance=-9, back_on=date(2026, 12, 14)),
        "Leave for now, back on 14 December",
        "0.9 points below the threshold",
    ),
    (
        AdviceFacts("nurture", distance=40, rejected_on=date(2026, 11, 3), back_on=date(2026, 12, 3)),
        "Leave for now, back on 3 December",
        "Sales rejected it on 3 November",
    ),
    (
        AdviceFacts("nurture", distance=-9, snoozed_until=date(2026, 12, 14)),
        "Leave for now, back on 14 December",
        "0.9 points below the threshold",
    ),
    (
        AdviceFacts("demote", distance=-170, below_since=date(2026, 11, 16)),
        "Hand back",
        "17 points below the threshold for 14 days",
    ),
    (AdviceFacts("demote", unmet=("Sees no need",), distance=20), "Hand back", "Sees no need, whatever its points"),
    (
        AdviceFacts(
            "disqualify", reasons=("Asked not to be contacted", "Is a student"), snoozed_until=date(2027, 1, 1)
        ),
        "Don’t contact",
        "Asked not to be contacted; Is a student",
    ),
    (AdviceFacts("keep", at="opportunity"), "Go on: is an opportunity already", ""),
    (AdviceFacts("keep", at="customer"), "Go on: is a customer already", ""),
    (AdviceFacts("keep"), "No advice", "The card has no stages"),
]


@pytest.mark.parametrize(("facts", "action", "reason"), CASES, ids=[f"{case[0].verdict}-{case[1]}" for case in CASES])
def test_each_verdict_says_what_to_do_and_why(facts: AdviceFacts, action: str, reason: str) -> None:
    """The verb comes first; the reason is a sentence."""
    words = word_advice(facts, TODAY)
    assert (words.action, words.reason) == (action, reason)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_each_verdict_has_a_mark(verdict: str) -> None:
    """A full disc is for a call, half of one for a question, a dash for nobody; put off, all others are a ring."""
    facts = AdviceFacts(verdict, at="lead", snoozed_until=date(2026, 12, 14))  # type: ignore[arg-type]
    assert word_advice(with_book(facts, None, None), TODAY).mark == MARKS[facts.verdict]
    assert word_advice(facts, TODAY).mark == ("dash" if verdict == "disqualify" else "ring")


def test_a_question_within_a_sentence_begins_small() -> None:
    """But for abbreviations and for people who speak of themselves."""
    assert word_question("Who decides?") == "who decides?"
    assert word_question("CRM or ERP?") == "CRM or ERP?"
    assert word_question("I need what?") == "I need what?"
    assert word_question("") == ""


CARD = """
name: crm
fields:
  lead_id: {kind: id}
  stage: {kind: text, values: [contact, lead]}
  need: {kind: text, values: [none, vague, clear], ask: What do they need?}
  budget: {kind: number, ask: What may it cost?}
criteria:
  has_need: {met: need = 'clear', label: a clear need}
  has_budget: {met: budget >= 1000}
rules:
  - {name: vague, when: need = 'vague', points: -5, reason: Has only a vague need}
  - {name: rich, when: budget > 5000, points: 20, reason: Is rich}
  - {name: both, when: need = 'none' and budget < 10, points: -5, reason: Has nothing}
exclude: [{name: student, when: budget = 1, reason: Is a student}]
stages: [{name: contact}, {name: lead, requires: [has_need, has_budget], points: 60}]
grades: {A: 65, B: 45}
"""
LEADS = [
    ({"need": "vague", "budget": 9000}, "Leave for now", "Has only a vague need, whatever its points"),
    ({"need": "none", "budget": 5}, "Leave for now", "Lacks a clear need; lacks has budget"),
    ({"need": "clear", "budget": 9000}, "Call now", "Nothing left to ask"),
    ({"need": "clear"}, "Ask: what may it cost?", "Not known yet: has budget"),
    ({"budget": 1}, "Don’t contact", "Is a student"),
    ({"stage": "lead"}, "Go on: is a lead already", ""),
    ({"need": "clear", "budget": 2000}, "Leave for now", "10 points below the threshold"),
]


@pytest.mark.parametrize(("lead", "action", "reason"), LEADS)
def test_the_words_come_from_a_result(lead: dict[str, object], action: str, reason: str) -> None:
    """A rule that takes points for what a criterion asks says what the lead has instead."""
    card = build_untrained(parse_card(CARD))
    words = word_advice(find_facts(card, score(card, lead, TODAY)), TODAY)
    assert (words.action, words.reason) == (action, reason)
