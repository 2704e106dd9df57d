"""Hints about a card that can be read."""

from __future__ import annotations

import pytest

from leadledger.scoring.card.hints import find_hints
from leadledger.scoring.card.reader import parse_card

CARD = """
name: hints
fields:
  title: {{kind: text}}
  budget: {{kind: number}}
criteria:
  asked: {{met: "{condition}"}}
"""


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        (
            "contains(title, 'cto')",
            "contains finds 'cto' inside of words too; contains_word(title, 'cto') finds it as a word",
        ),
        ("contains_word(title, 'cto')", ""),
        ("contains(title, 'director')", ""),
        ("contains(title, 'c++')", ""),
        (
            "budget between 10 and 5.5",
            "nothing is between 10 and 5.5, so this is never true; write the lesser value first",
        ),
        ("budget between 5 and 5", ""),
        ("title like '%head_of%'", "the '_' in 'head_of' stands for itself, not for any sign as in SQL"),
        ("contains(title, 'head_of')", ""),
        (
            "title in ('a', null)",
            "a NULL in a list equals nothing; to ask whether title is missing, write title is null",
        ),
        ("title in ('a', 'b')", ""),
    ],
)
def test_hints(condition: str, hint: str) -> None:
    """A condition that hardly means what it says is named with its mend; any other is not."""
    expected = (f"criterion 'asked': {hint}",) if hint else ()
    assert find_hints(parse_card(CARD.format(condition=condition))) == expected


def test_a_crm_that_cannot_send_a_recommendation_back() -> None:
    """A card that remembers, and names properties of a CRM, is told which of them are missing to close the circle."""
    text = "name: a\nfields: {big: {kind: flag}}\nstages: [{name: lead}, {name: sale, points: 60, cool_down: 9 days}]\n"
    assert find_hints(parse_card(text)) == ()
    text += "write_back: {hubspot: {recommendation: advice, to: advice_to}}\n"
    assert find_hints(parse_card(text)) == (
        "`write_back`: a stage goes by the last recommendation, and hubspot can't send it back whole; name"
        " properties for recommended_since, below_since",
    )


def test_a_criterion_that_nobody_can_be_asked_for() -> None:
    """A required criterion that reads what is remembered is named; one that no stage requires isn't."""
    text = "name: a\nfields: {big: {kind: flag}}\ncriteria: {calm: {met: days_since(rejected_on) > 90}}\n"
    text += "stages: [{name: lead}, {name: sale, points: 60, cool_down: 9 days, requires: [calm]}]\n"
    assert find_hints(parse_card(text)) == (
        "criterion 'calm': a stage requires it, and it reads what is remembered (rejected_on); where that isn't known,"
        " a lead is to be asked, and there is no question",
    )
    assert parse_card(text).questions == {}
    assert find_hints(parse_card(text.replace(", requires: [calm]", ""))) == ()


def test_an_axis_on_which_nothing_is_earned() -> None:
    """Until training has learned something, an axis without rules has no grade; a hint says so."""
    text = "name: a\naxes: {fit: {grades: {A: 1}}, engagement: {grades: {1: 1}}}\nfields: {big: {kind: flag}}\n"
    text += "rules:\n  - {name: big, when: big, points: 1, reason: Big}\n"
    assert find_hints(parse_card(text)) == (
        "`axes`: no rule earns points for engagement, so its grade is ? for every lead until training has learned some"
        " from fields of it; say `axis: engagement` of rules or fields that belong there",
    )
    text += "  - {name: seen, when: big, points: 1, axis: engagement, reason: Seen}\n"
    assert find_hints(parse_card(text)) == ()


def test_steps_without_a_stage() -> None:
    """A card with steps and no field for the stage gets a hint; a card with that field gets none."""
    text = "name: a\nfields: {day: {kind: date}}\noutcome: {became: {field: won, kind: flag}, since: day}\n"
    text += "steps: {customer: {became: won_on, within: 90 days}}\n"
    assert find_hints(parse_card(text)) == (
        "`steps`: no field says where a lead stands, so each counts as a contact, with all steps before it; declare"
        " `stage: {kind: text, learn: no}` under `fields:`",
    )
    assert find_hints(parse_card(text.replace("{day:", "{stage: {kind: text}, day:"))) == ()
