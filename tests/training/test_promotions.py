"""What a history says was recommended, and with which propensity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.training.history_reader import read_history
from leadledger.training.promotions import Promotions, read_promotions

CARD = parse_card(
    """
name: explored
fields: {lead_id: {kind: id}, created: {kind: date}, size: {kind: number}}
outcome: {became: {field: won, kind: flag}, since: created}
stages: [{name: contact}, {name: lead, points: 60, explore: 20 %}]
"""
)


def read(**columns: list[object]) -> Promotions | None:
    """The promotions of a history of four leads, the newest first, with some more columns."""
    leads = {
        "lead_id": ["d", "c", "b", "a"],
        "created": ["2026-01-04", "2026-01-03", "2026-01-02", "2026-01-01"],
        "size": [1, 2, 3, 4],
        "won": ["yes", "no", "yes", "no"],
    }
    return read_promotions(CARD, read_history(CARD, pd.DataFrame({**leads, **columns})))


def test_they_are_in_the_order_of_the_history() -> None:
    """A history is sorted by its days, and so is what was recommended; a name in capitals is the same column."""
    promotions = read(Recommendation=["promote", "nurture", "promote", "ask"], propensity=["1", 0.2, "0,2", "0"])
    assert promotions is not None
    assert promotions.promoted.tolist() == [False, True, False, True]
    assert promotions.propensity.tolist() == [0, 0.2, 0.2, 1]
    assert promotions.drawn.tolist() == [False, True, False, False]
    assert promotions.may_be_drawn.tolist() == [False, True, True, False]
    assert promotions.take(np.array([1, 3])).promoted.tolist() == [True, True]


def test_what_is_empty_is_not_known() -> None:
    """A lead without a recommendation, or without a propensity, is of a time before the card explored."""
    promotions = read(recommendation=["promote", "", None, "nurture"], propensity=[None, "0.2", None, " "])
    assert promotions is not None
    assert promotions.known.tolist() == [False] * 4


def test_a_history_may_say_nothing() -> None:
    """Without both columns there is nothing to weigh by."""
    assert read() is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"propensity": [1, 1, 1, 1]},
            "the data frame: has a column 'propensity' and none 'recommendation'; training weighs leads by both, so"
            " add the other, or leave out 'propensity'",
        ),
        (
            {"recommendation": ["promote"] * 4},
            "the data frame: has a column 'recommendation' and none 'propensity'; training weighs leads by both, so"
            " add the other, or leave out 'recommendation'",
        ),
        (
            {"recommendation": ["promote", "call", "ask", "ask"], "propensity": [1, 0.2, 0.2, 0.2]},
            "the data frame: row 2: 'call' under 'recommendation' is no recommendation; write one of promote, ask,"
            " nurture, disqualify, keep, demote",
        ),
        (
            {"recommendation": ["promote", "ask", "ask", "ask"], "propensity": ["1", "20 %", "0.2", "0.2"]},
            "the data frame: row 2: '20 %' under 'propensity' is no propensity; write a number from 0 to 1",
        ),
        (
            {"recommendation": ["promote", "ask", "ask", "ask"], "propensity": [1, 0.2, None, -0.2]},
            "the data frame: row 4: '-0.2' under 'propensity' is no propensity; write a number from 0 to 1",
        ),
        (
            {"recommendation": ["promote", "ask", "ask", "promote"], "propensity": [1, 0.2, 0.2, 0]},
            "the data frame: row 4: '0.0' under 'propensity' is the propensity of a lead that was promoted; that of a"
            " promotion is above 0",
        ),
        (
            {"recommendation": ["promote", "ask", "ask", "ask"], "propensity": [1, 0.2, 0.2, 1]},
            "the data frame: row 4: '1.0' under 'propensity' is the propensity of a lead that was not promoted; it is 1"
            " only where a lead was",
        ),
    ],
)
def test_what_cannot_be_is_refused(columns: dict[str, list[object]], message: str) -> None:
    """A column alone, a word that is no recommendation, a number that is no propensity, and two that don't fit."""
    with pytest.raises(DataError) as caught:
        read(**columns)
    assert str(caught.value) == message


def test_a_field_keeps_its_column(tmp_path: Path) -> None:
    """A column that a field reads is that field's, and says nothing of how the lead was scored."""
    text = (
        "name: own\nfields: {lead_id: {kind: id}, propensity: {kind: number}, created: {kind: date}}\n"
        "outcome: {became: {field: won, kind: flag}, since: created}\n"
        "stages: [{name: contact}, {name: lead, points: 60, explore: 20 %}]\n"
    )
    frame = pd.DataFrame({"lead_id": ["a", "b"], "propensity": [7, 8], "created": ["2026-01-01"] * 2, "won": [1, 0]})
    assert read_promotions(parse_card(text), read_history(parse_card(text), frame)) is None
