"""Two cards for the tests of the reader, a small one and one that uses every key, and the problems of any card."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import ScorecardError

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases"
GOOD = (CASES / "every_key.yaml").read_text(encoding="utf-8")

# A card to add sections to.
FIELDS = """\
name: small
fields:
  need: {kind: text, values: [none, vague, clear, urgent]}
  budget: {kind: number}
  created: {kind: date}
  newsletter: {kind: flag}
"""


def problems(text: str) -> list[str]:
    """What is wrong with a card: line, column and text of each problem."""
    with pytest.raises(ScorecardError) as caught:
        parse_card(text)
    return [f"{problem.line}:{problem.column}: {problem.text}" for problem in caught.value.problems]
