"""What is remembered of a lead, and how it completes the values that a lead sends."""

from __future__ import annotations

from datetime import date

import pytest

from leadledger.scoring.memory import MEMORY_KINDS, Memory, fill_memory, read_memory, replace_memory
from leadledger.scoring.tree import Typed

FIRST, LATER = date(2026, 3, 1), date(2026, 3, 9)
REMEMBERED = Memory("promote", "opportunity", FIRST, LATER, FIRST)
UNKNOWN: dict[str, Typed] = {"budget": 1.0, **dict.fromkeys(MEMORY_KINDS)}


def test_a_lead_that_says_nothing_gets_the_whole_memory() -> None:
    """Where the lead sends none of the fields, all are filled; its other values stay."""
    filled = fill_memory(UNKNOWN, REMEMBERED)
    assert read_memory(filled) == REMEMBERED
    assert filled["budget"] == 1.0


@pytest.mark.parametrize(
    ("name", "value"),
    [("last_recommendation", "ask"), ("recommended_to", "lead"), ("recommended_since", FIRST), ("below_since", FIRST)],
)
def test_the_last_recommendation_is_taken_as_a_whole(name: str, value: Typed) -> None:
    """A lead that sends any part of its last recommendation is believed, and no other part is filled in."""
    filled = fill_memory({**UNKNOWN, name: value}, REMEMBERED)
    assert filled == {**UNKNOWN, name: value, "rejected_on": FIRST}


@pytest.mark.parametrize(
    ("sent", "remembered", "expected"),
    [(None, FIRST, FIRST), (FIRST, None, FIRST), (FIRST, LATER, LATER), (LATER, FIRST, LATER), (None, None, None)],
)
def test_the_later_rejection_counts(sent: date | None, remembered: date | None, expected: date | None) -> None:
    """Of two days on which sales rejected the lead, the later one counts."""
    filled = fill_memory({**UNKNOWN, "rejected_on": sent}, Memory(rejected_on=remembered))
    assert filled["rejected_on"] == expected


def test_a_card_without_memory_is_left_alone() -> None:
    """Values without the fields of a memory get none."""
    assert fill_memory({"budget": 1.0}, REMEMBERED) == {"budget": 1.0}


def test_a_later_look_replaces_what_the_lead_remembers() -> None:
    """What the book remembers takes the place of a lead's own memory; without it, that stays."""
    sent = fill_memory(UNKNOWN, Memory("ask", "lead", FIRST, None, LATER))
    replaced = replace_memory(sent, REMEMBERED)
    assert read_memory(replaced) == Memory("promote", "opportunity", FIRST, LATER, LATER)
    assert read_memory(replace_memory(sent, Memory(rejected_on=FIRST))) == read_memory(sent)
    assert replace_memory({"budget": 1.0}, REMEMBERED) == {"budget": 1.0}
