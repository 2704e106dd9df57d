"""The lift of promotion: the difference of two rates, its limits, and how many more leads it takes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest

from leadledger.training.evidence.promotion_lift import difference_limits, measure_lift, wilson_limits
from leadledger.training.promotions import Promotions


@given(won=st.integers(0, 60), lost=st.integers(0, 60))
def test_wilsons_limits_are_those_of_scipy(won: int, lost: int) -> None:
    """The limits of a rate are scipy's."""
    leads = won + lost
    if leads:
        interval = binomtest(won, leads).proportion_ci(0.95, method="wilson")
        assert wilson_limits(won, leads) == pytest.approx((interval.low, interval.high), abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "limits"),
    [
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((10, 10, 0, 10), (0.6075, 1.0)),
    ],
)
def test_newcombes_limits_are_the_published_ones(
    counts: tuple[int, int, int, int], limits: tuple[float, float]
) -> None:
    """Newcombe (1998), table II, method 10."""
    assert difference_limits(*counts) == pytest.approx(limits, abs=6e-5)


def promotions(drawn: int, others: int, share: float = 0.01) -> Promotions:
    """So many leads that were drawn, then so many others."""
    return Promotions(np.arange(drawn + others) < drawn, np.full(drawn + others, share))


def won(drawn: int, drawn_won: int, others: int, others_won: int) -> NDArray[np.bool_]:
    """The outcomes of those leads."""
    return np.concatenate([np.arange(drawn) < drawn_won, np.arange(others) < others_won])


def test_a_lift_that_shows() -> None:
    """Where the limits lie above 0, the sentence says the lift, and asks for nothing."""
    lift = measure_lift(promotions(190, 18_810), won(190, 21, 18_810, 190))
    assert lift is not None
    assert lift.more is None
    assert lift.sentence == (
        "Below the threshold 21 of 190 drawn leads became opportunities (11.1%), and 190 of 18,810 others like them"
        " (1.0%): promotion moved the rate by +10.0 points (95% confidence: +6.3 to +15.3)."
    )


def test_not_enough_yet() -> None:
    """Where chance explains the difference, the sentence says how many more leads it takes."""
    lift = measure_lift(promotions(20, 1_980), won(20, 1, 1_980, 40))
    assert lift is not None
    assert lift.more is not None
    assert lift.sentence == (
        "Below the threshold 1 of 20 drawn leads became opportunities (5.0%), and 40 of 1,980 others like them (2.0%):"
        " promotion moved the rate by +3.0 points (95% confidence: −1.2 to +21.6), not enough yet: about"
        f" {lift.more:,} more leads below the threshold would show a lift of 5%."
    )


def test_no_lift() -> None:
    """With many leads and no difference, it says that a lift would have shown."""
    lift = measure_lift(promotions(1_000, 9_000, 0.1), won(1_000, 20, 9_000, 180))
    assert lift is not None
    assert lift.sentence.endswith(
        "promotion moved the rate by +0.0 points (95% confidence: −0.8 to +1.1), which chance explains; a lift of 5%"
        " would have shown by now."
    )


def test_nobody_was_drawn_yet() -> None:
    """Without a drawn lead there is no difference, and the sentence says how many leads it takes."""
    lift = measure_lift(promotions(0, 50), won(0, 0, 50, 2))
    assert lift is not None
    assert (lift.difference, lift.low, lift.high) == (None, None, None)
    assert lift.sentence.startswith(
        "What a promotion does for leads below the threshold can't be told yet: none with an outcome was drawn; it"
        " takes about "
    )


def test_chance_decided_of_nobody() -> None:
    """Where every lead was promoted by merit, or could not be, there is nothing to compare."""
    assert measure_lift(Promotions(np.array([True, False]), np.array([1.0, 0.0])), np.array([True, False])) is None


def test_the_share_that_most_have_counts() -> None:
    """Leads of another share are not mixed with them, and are counted."""
    mixed = Promotions(np.array([True, False, False, True]), np.array([0.1, 0.1, 0.1, 0.2]))
    lift = measure_lift(mixed, np.array([True, False, False, True]))
    assert lift is not None
    assert (lift.share, lift.drawn, lift.others, lift.other_shares) == (0.1, 1, 2, 1)


def test_as_many_more_leads_show_a_lift() -> None:
    """With as many leads as it says, a lift of 5 % has limits above 0 in four of five samples or more."""
    lift = measure_lift(promotions(5, 95, 0.05), won(5, 0, 95, 4))
    assert lift is not None
    assert lift.more is not None
    leads = lift.more + 100
    random = np.random.default_rng(1)
    rate, drawn = 4.5 / 96, round(leads * 0.05)
    shown = sum(
        difference_limits(
            random.binomial(drawn, rate + 0.05), drawn, random.binomial(leads - drawn, rate), leads - drawn
        )[0]
        > 0
        for _ in range(400)
    )
    assert 0.75 <= shown / 400 <= 0.96
