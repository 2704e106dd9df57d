"""The place of a lead among the judged ones: counted, ties included, never 100."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.scorecard import MOST_PERCENT, Learned, Scorecard
from leadledger.training.learn.percentiles import FEWEST_LEADS, find_percentiles

CARD = parse_card("name: small\nfields: {need: {kind: text}}\n")
TOTALS = st.lists(st.integers(-30, 30), min_size=FEWEST_LEADS, max_size=350)


@given(totals=TOTALS, total=st.integers(-40, 40))
def test_a_place_is_the_share_with_fewer_points(totals: list[int], total: int) -> None:
    """Whole percents of the judged leads that have fewer points, rounded down; 99 where all have."""
    card = Scorecard(CARD, Learned(percentiles=find_percentiles(np.array(totals))))
    fewer = sum(judged < total for judged in totals)
    assert card.find_percentile(total) == min(MOST_PERCENT, 100 * fewer // len(totals))


def test_too_few_leads_have_no_places() -> None:
    """One lead would be more than a percent, so a release of so few has no steps, and no lead a place."""
    assert find_percentiles(np.arange(FEWEST_LEADS - 1)) == ()
    assert Scorecard(CARD, Learned()).find_percentile(500) is None
    assert find_percentiles(np.arange(FEWEST_LEADS)) == tuple(range(1, 100))


def test_leads_that_are_all_alike() -> None:
    """None is better than another; one point more is better than all."""
    card = Scorecard(CARD, Learned(percentiles=find_percentiles(np.full(250, 437))))
    assert [card.find_percentile(total) for total in (436, 437, 438)] == [0, 0, 99]
