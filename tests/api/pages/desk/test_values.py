"""Values of leads in words, and what a lead is called."""

from __future__ import annotations

from datetime import date

import pytest

from leadledger.api.pages.desk.values import LONGEST_NAME, list_facts, name_lead, word_logged, word_value
from leadledger.scoring.card.reader import parse_card

CARD = parse_card(
    """
name: values
fields:
  company: {kind: text}
  first_name: {kind: text}
  last_name: {kind: text}
  job_title: {kind: text}
  employees: {kind: number}
  budget: {kind: number, unit: EUR}
  source: {kind: text, values: [web_form, other]}
  due: {kind: date}
  sure: {kind: flag}
  tools: {kind: choices, values: [mail_merge, none_yet]}
"""
)
TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("field", "value", "logged", "words"),
    [
        ("budget", 85000.0, "85000", "85,000 EUR"),
        ("employees", -1.5, "-1.5", "−1.5"),
        ("source", "web_form", "web_form", "web form"),
        ("company", "a_b", "a_b", "a_b"),
        ("due", date(2027, 3, 1), "2027-03-01", "1 March 2027"),
        ("sure", True, "true", "yes"),
        ("sure", False, "false", "no"),
        ("tools", ";mail_merge;none_yet;", ";mail_merge;none_yet;", "mail merge, none yet"),
        ("tools", ";(other);", ";(other);", "none of those that count"),
        ("budget", None, None, "not known"),
    ],
)
def test_a_value_in_words(field: str, value: object, logged: str | None, words: str) -> None:
    """Numbers have their thousands apart and their unit; what the log has written reads the same."""
    assert word_value(CARD.fields[field], value, TODAY) == words  # type: ignore[arg-type]  # of its kind
    assert word_logged(CARD.fields[field], logged, TODAY) == words


def test_a_logged_value_of_another_kind_is_a_text() -> None:
    """A card may have changed what a field is since."""
    assert word_logged(CARD.fields["budget"], "a lot", TODAY) == "a lot"


def test_a_lead_is_called_by_its_firm() -> None:
    """By its firm, else by its person, else by its id; long names are cut."""
    assert name_lead(CARD, {"company": "Larch AS", "last_name": "Berg"}, "L1") == "Larch AS"
    assert name_lead(CARD, {"company": " ", "first_name": "Ane", "last_name": "Berg"}, "L1") == "Ane Berg"
    assert name_lead(CARD, {}, "L1") == "L1"
    assert len(name_lead(CARD, {"company": "x" * 10_000}, "L1")) == LONGEST_NAME


def test_facts_are_few() -> None:
    """Title and size in a few words; one person is no people."""
    assert list_facts(CARD, {"job_title": "Engineer", "employees": 1.0}, TODAY) == ("Engineer", "1 person")
    assert list_facts(CARD, {"employees": 1200.0}, TODAY) == ("1,200 people",)
    assert list_facts(CARD, {}, TODAY) == ()
