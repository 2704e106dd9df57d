"""The texts of a history that a release keeps: of fields that a term asks, and that have few."""

from __future__ import annotations

import pandas as pd
import pytest

from leadledger.scoring.bins import NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.lookup import Table
from leadledger.training.levels import MOST_LEVELS, list_levels

CARD = parse_card(
    "name: c\nfields: {industry: {kind: text}, size: {kind: number}, title: {kind: text}}\n"
    "rules: [{name: a, when: size > 1, points: 1, reason: Is large}]\n"
)
TERMS = (
    Table("industry", TextBins(("b",)), (0, 0, 0), (1, 1, 1), ()),
    Table("size", NumberBins(()), (0, 0), (1, 1), ()),
)


@pytest.mark.parametrize(
    ("texts", "levels"),
    [
        (["b", "b", "a", None, "c", "b", "b"], {"industry": ("a", "b", "c")}),  # the rare ones too
        (["a", "b", "b", None], {}),  # a text for nearly every lead
        ([str(i) for i in range(MOST_LEVELS)] * 2, {"industry": tuple(sorted(map(str, range(MOST_LEVELS))))}),
        ([str(i) for i in range(MOST_LEVELS + 1)] * 2, {}),  # too many
    ],
)
def test_the_texts_that_are_kept(texts: list[str | None], levels: dict[str, tuple[str, ...]]) -> None:
    """A field has its texts in order, unless it has one for nearly every lead, or too many."""
    frame = pd.DataFrame({"industry": texts, "size": 1.0, "title": "x"})
    assert list_levels(CARD, frame, TERMS) == levels
