"""The place of a lead among others: kept with a release, read with care, said in answers, compared in diffs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from leadledger.models.releases.diff import compare
from leadledger.models.releases.diff_text import diff_text
from leadledger.models.releases.learned_reader import learned_from_dict, learned_from_text
from leadledger.models.releases.learned_writer import learned_to_dict, learned_to_text
from leadledger.scoring.engine.score import explain, score
from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.printers.text import card_text
from leadledger.scoring.scorecard import Learned, Scorecard
from tests.models.releases.learned_examples import CARD, LEARNED

STEPS = tuple(range(100, 595, 5))
PLACED = replace(LEARNED, percentiles=STEPS)
POINTS = [step / 10 for step in STEPS]
DAY = date(2026, 1, 1)


def test_they_are_written_and_read_without_loss() -> None:
    """A release has its 99 steps as points on one line; one without any is written as before."""
    assert learned_from_text(learned_to_text(PLACED)) == PLACED
    assert f'  "percentiles": {json.dumps(POINTS)},\n' in learned_to_text(PLACED)
    assert "percentiles" not in learned_to_text(LEARNED)


@pytest.mark.parametrize(
    ("percentiles", "message"),
    [
        (5, "$.percentiles must be a list, not 5"),
        ([], "$.percentiles has 0 numbers; it has one for each percent, 99 in all"),
        ([*POINTS, 60.0], "$.percentiles has 100 numbers; it has one for each percent, 99 in all"),
        ([10.05, *POINTS[1:]], "$.percentiles[0] is 10.05; points have at most one decimal"),
        (
            [*POINTS[:2], 10.4, *POINTS[3:]],
            "$.percentiles[2] is 10.4, less than the 10.5 before it; they must not fall",
        ),
    ],
)
def test_others_are_refused(percentiles: Any, message: str) -> None:
    """Steps that are not 99 rising numbers of points are refused with their place."""
    with pytest.raises(ReleaseError) as error:
        learned_from_dict(learned_to_dict(LEARNED) | {"percentiles": percentiles})
    assert str(error.value) == message


def test_an_answer_says_the_place() -> None:
    """The answer has the share of the judged leads with fewer points; without steps, it is as it was before."""
    result = score(Scorecard(CARD, replace(PLACED, terms=())), {}, DAY).to_dict()
    assert result.pop("percentile") == 77  # at 48.3 points, of 48.0 and 48.5
    assert json.dumps(result) == json.dumps(score(Scorecard(CARD, replace(LEARNED, terms=())), {}, DAY).to_dict())


@pytest.mark.parametrize(
    ("start", "line"),
    [
        (99, "Better than less than 1% of leads\n"),
        (100, "Better than 1% of leads\n"),
        (999, "Better than 99% of leads\n"),
    ],
)
def test_explain_says_it_in_words(start: int, line: str) -> None:
    """The picture of a ledger says it below the score, and nothing where it isn't known."""
    assert line in explain(Scorecard(CARD, Learned(start=start, percentiles=STEPS)), {}, DAY)
    assert "Better than" not in explain(Scorecard(CARD, Learned(start=start)), {}, DAY)


def test_a_printed_scorecard_lists_some_steps() -> None:
    """`releases show` has a line of them, where the release has any."""
    assert "10% 14.5 · 25% 22.0 · 50% 34.5 · 75% 47.0 · 90% 54.5 · 95% 57.0 · 99% 59.0\n" in card_text(
        Scorecard(CARD, PLACED)
    )
    assert "PERCENTILES" not in card_text(Scorecard(CARD, LEARNED))


def test_a_diff_shows_the_steps_that_moved() -> None:
    """Of a few steps those that moved; all of them where only one of the releases has any."""
    old, moved, without = (
        Scorecard(CARD, learned, name)
        for name, learned in (
            ("a", PLACED),
            ("b", replace(PLACED, percentiles=(*STEPS[:90], *(step + 30 for step in STEPS[90:])))),
            ("c", LEARNED),
        )
    )
    diff = compare(old, moved)
    assert diff.to_dict()["percentiles"] == [
        {"name": "95%", "old": 57.0, "new": 60.0, "moved": 3.0},
        {"name": "99%", "old": 59.0, "new": 62.0, "moved": 3.0},
    ]
    heading = "Percentiles: the points from which a lead is better than so many of the judged leads\n  95% "
    assert heading in diff_text(diff, 100)
    assert [place.old for place in compare(without, old).percentiles] == [None] * 7
    assert not compare(old, old).percentiles
