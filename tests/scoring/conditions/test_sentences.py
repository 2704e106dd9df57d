"""Rules, criteria and exclusions as sentences."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings

from leadledger.scoring.card.condition import parse_tree
from leadledger.scoring.card.reader import parse_card, read_card
from leadledger.scoring.conditions.rows import to_rows
from leadledger.scoring.conditions.sentences import (
    Sentence,
    SentencePart,
    describe_condition,
    describe_criterion,
    describe_event_value,
    describe_exclusion,
    describe_rule,
    is_plural,
    write_sentence,
)
from leadledger.scoring.event_value import EventValue
from leadledger.scoring.rule import EachRule, Rule
from leadledger.scoring.tree import Condition
from tests.effort import examples
from tests.strategies import CONDITIONS, DERIVED, PLAIN

EXAMPLE = read_card(Path(__file__).parents[3] / "examples" / "b2b-software" / "card-with-events.yaml")
CARD = parse_card("""
name: words
events:
  price_visit: {fields: {seconds: {kind: number}}}
fields:
  title: {kind: text, label: job title}
  mail: {kind: text, label: mail address}
  budget: {kind: number, unit: EUR}
  employees: {kind: number}
  asked: {kind: flag, label: asked for a demonstration}
  met: {kind: date, label: the last meeting}
  hobbies: {kind: choices}
  price_visits: {kind: number, is: "count(price_visit, 14 days)"}
""")


def mark(sentence: Sentence) -> str:
    """A sentence with its strong parts in stars."""
    return "".join(f"**{part.text}**" if part.is_strong else part.text for part in sentence)


CONDITION_WORDS = {
    "starts_with(title, 'CEO')": "**job title** starts with **CEO**",
    "title = 'CEO' or title is null": "**job title** is **CEO** or **job title** is not known",
    "ends_with(mail, 'a') or ends_with(mail, 'b') or ends_with(mail, 'c')": (
        "**mail address** ends with **a**, **b** or **c**"
    ),
    "mail in ('a', 'b', 'c', 'd', 'e', 'f')": "**mail address** is one of **a**, **b**, **c** and **3 more**",
    "mail not in ('a', 'b')": "**mail address** is none of **a** or **b**",
    "budget >= 10000.5": "**budget** is at least **10,000.5\u00a0EUR**",
    "budget < -1500": "**budget** is less than **−1,500\u00a0EUR**",
    "employees between 1000 and 5000": "**employees** are between **1,000** and **5,000**",
    "employees is not null": "**employees** are known",
    "asked": "**asked for a demonstration** is yes",
    "not asked": "**asked for a demonstration** is no",
    "met < date '2026-01-31'": "**the last meeting** is before **2026-01-31**",
    "days_since(met) between 0 and 1": "**the last meeting** is in the last **1** day",
    "days_until(met) between 0 and 30": "**the last meeting** is in the next **30** days",
    "days_since(met) > 30": "**days since the last meeting** are more than **30**",
    "has(hobbies, 'golf') or has(hobbies, 'go')": "**hobbies** has **golf** or **go**",
    "price_visits >= 2": "**price visits in 14 days** are at least **2**",
    "asked and budget > 1": "**asked for a demonstration** is yes and **budget** is more than **1\u00a0EUR**",
    "asked and (budget > 1 or budget is null)": (
        "**asked for a demonstration** is yes, and either **budget** is more than **1\u00a0EUR** or **budget** is not"
        " known"
    ),
    "asked or (budget > 1 and title = 'CEO' and employees = 3)": (
        "**asked for a demonstration** is yes, or all of these: **budget** is more than **1\u00a0EUR** and **job"
        " title** is **CEO** and **employees** are **3**"
    ),
    "asked and (budget > 1 or (asked and budget > 2))": "asked and (budget > 1 or (asked and budget > 2))",
    "budget > employees": "budget > employees",
}


@pytest.mark.parametrize(("text", "words"), CONDITION_WORDS.items(), ids=CONDITION_WORDS)
def test_condition(text: str, words: str) -> None:
    """A condition reads as the end of a sentence; one that is too deep stays as it is written."""
    condition = Condition(text, parse_tree(text, CARD.fields))
    assert mark(describe_condition(condition, CARD.fields)) == words


def test_rules_of_an_example() -> None:
    """Rules, criteria and exclusions say when they count, and how they fade."""
    rules: list[Rule | EachRule] = [*EXAMPLE.rules, *EXAMPLE.each_rules]
    words = {rule.name: mark(describe_rule(rule, EXAMPLE.fields)) for rule in rules}
    assert words["recent_activity"] == (
        "When **days since the last activity** are at most **90**, halving every 14 days"
    )
    assert words["reads_prices"] == "For each **price visit**, halving every 14 days, at most 6 points a day"
    assert words["sends_forms"] == "For each **form** in the last 30 days, at most 4 points a day"
    assert words["referred"] == "When **lead source** is one of **referral** or **partner**"
    assert mark(describe_criterion(EXAMPLE.criteria[1], EXAMPLE.fields)) == (
        "Met when **budget** is at least **10,000\u00a0EUR**"
    )
    assert write_sentence(describe_exclusion(EXAMPLE.exclude[2], EXAMPLE.fields)) == "When job title contains student"
    assert SentencePart("CEO", is_strong=True).to_dict() == {"text": "CEO", "strong": True}


VALUES = {
    EventValue("count", "price_visit", window=14): "price visits in 14 days",
    EventValue("count", "reply"): "replies",
    EventValue("days", "visit", window=1): "days with a visit in 1 day",
    EventValue("sum", "visit", "seconds", 30): "total seconds of visits in 30 days",
    EventValue("max", "purchase", "value"): "highest value of purchases",
    EventValue("last", "price_visit"): "last price visit",
}


@pytest.mark.parametrize(("value", "words"), VALUES.items(), ids=VALUES.values())
def test_event_value(value: EventValue, words: str) -> None:
    """What a field counts from events, in words."""
    assert describe_event_value(value) == words


@pytest.mark.parametrize(
    ("name", "plural"),
    {
        "employees": True,
        "visits to the price page": True,
        "annual sales": True,
        "time on product pages": False,
        "address": False,
        "status": False,
        "place of the first contacts": False,
        "": False,
    }.items(),
)
def test_plural(name: str, plural: bool) -> None:
    """Several things are, one thing is."""
    assert is_plural(name) is plural


@settings(max_examples=examples(300), deadline=None)
@given(CONDITIONS)
def test_every_condition_has_words(text: str) -> None:
    """Whatever a condition is, it has a sentence, and no two neighbouring parts of it look alike."""
    fields = {**PLAIN, **DERIVED}
    condition = Condition(text, parse_tree(text, fields))
    sentence = describe_condition(condition, fields)
    assert write_sentence(sentence)
    assert all(first.is_strong != second.is_strong for first, second in pairwise(sentence))
    assert (write_sentence(sentence) == text) == (to_rows(condition.tree) is None)
