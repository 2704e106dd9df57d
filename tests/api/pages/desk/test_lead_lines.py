"""A lead as a line of the list: what moved it, in words."""

from __future__ import annotations

import pytest

from leadledger.api.pages.desk.lead_lines import word_move
from leadledger.scoring.engine.ledger_difference import EntryDifference


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (EntryDifference("n", "rule", 0, 60, "", "Reads the prices"), "Reads the prices"),
        (EntryDifference("n", "rule", 60, 30, "Reads the prices", "Reads the prices"), "Fades: reads the prices"),
        (EntryDifference("n", "rule", 60, 0, "Reads the prices", ""), "No longer: reads the prices"),
        (EntryDifference("n", "rule", -60, 0, "Has been silent", ""), "No longer: has been silent"),
        (EntryDifference("n", "rule", 0, -60, "", "Has been silent"), "Has been silent"),
        (EntryDifference("n", "table", 60, 30, "need: urgent", "need: clear"), "Need: clear"),
        (EntryDifference("n", "table", 0, 30, "", "CRM: none"), "CRM: none"),
        (EntryDifference("n", "rule", 60, 0, "CRM is old", ""), "No longer: CRM is old"),
    ],
)
def test_moves_are_sentences(entry: EntryDifference, words: str) -> None:
    """What is new is its reason; what fades, or is no longer so, says that."""
    assert word_move(entry) == words
