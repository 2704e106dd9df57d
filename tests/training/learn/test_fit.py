"""Which classifier a card asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leadledger.scoring.card.reader import read_card
from leadledger.training.history_reader import read_history
from leadledger.training.learn.fit import default_classifier

CARD = """
name: small
fields:
  size: {kind: number, better: higher}
outcome: {became: {field: won, kind: flag}, minimum: 1}
"""


@pytest.mark.parametrize(
    ("line", "pairs", "combinations"),
    [
        ("", "auto", "auto"),
        ("readable: all", "auto", "auto"),
        ("readable: pairs", "auto", 0),
        ("readable: tables", 0, 0),
    ],
)
def test_a_card_says_how_readable_it_stays(tmp_path: Path, line: str, pairs: Any, combinations: Any) -> None:
    """`readable: tables` leaves out pairs and combinations, `pairs` combinations alone; by default all that pays."""
    (tmp_path / "card.yaml").write_text(CARD + line + "\n", "utf-8")
    (tmp_path / "leads.csv").write_text("size,won\n" + "1,yes\n2,no\n" * 20, "utf-8")
    card = read_card(tmp_path / "card.yaml")
    classifier = default_classifier(card, read_history(card, tmp_path / "leads.csv"), seed=0)
    assert (classifier.pairs, classifier.combinations) == (pairs, combinations)
    assert classifier.monotone == {"size": 1}
