"""A lead as a line of the list: what moved it, in words."""

from __future__ import annotations

import pytest

from leadledger.api.pages.desk.entry_words import EntryWords
from leadledger.api.pages.desk.lead_lines import word_move
from leadledger.scoring.bins import NumberBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.ledger_difference import EntryDifference
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned, Scorecard

CARD = parse_card(
    """
name: crm
fields:
  lead_id: {kind: id}
  budget: {kind: number, unit: EUR}
rules: [{name: rich, when: budget > 5, points: 20, reason: Is rich}]
stages: [{name: contact}, {name: lead, points: 60}]
"""
)
SCORECARD = Scorecard(CARD, Learned(terms=(Table("budget", NumberBins((20_000.0,)), (0, 10, 20), (1, 1, 1)),)))
SOME, MUCH = "budget: below 20000", "budget: 20000 and up"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (EntryDifference("n", "rule", 0, 60, "", "Reads the prices"), "Reads the prices"),
        (EntryDifference("n", "rule", 60, 30, "Reads the prices", "Reads the prices"), "Fades: reads the prices"),
        (EntryDifference("n", "rule", 60, 0, "Reads the prices", ""), "No longer: reads the prices"),
        (EntryDifference("n", "rule", -60, 0, "Has been silent", ""), "No longer: has been silent"),
        (EntryDifference("n", "rule", 0, -60, "", "Has been silent"), "Has been silent"),
        (EntryDifference("n", "rule", 60, 0, "CRM is old", ""), "No longer: CRM is old"),
        (EntryDifference("budget", "table", 10, 20, SOME, MUCH), "Budget of 20,000 EUR and up"),
        (EntryDifference("gone", "table", 0, 30, "", "of an older release"), "Of an older release"),
    ],
)
def test_moves_are_sentences(entry: EntryDifference, words: str) -> None:
    """What is new is its reason; what fades, or is no longer so, says that; learned entries are sentences, too."""
    assert word_move(entry, EntryWords(SCORECARD, {"budget": 25_000.0})) == words
