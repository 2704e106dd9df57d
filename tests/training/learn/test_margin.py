"""The margin of a threshold by value: the leads next to it decide, not the average above it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from leadledger.training.learn.margin import Margin, find_paying_total, total_at
from leadledger.training.learn.trust import LOG_ODDS

BASE_RATE = 0.1


def draw(seed: int, leads: int, too_high: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Totals and outcomes of leads whose predicted probabilities are so many times too high."""
    random = np.random.default_rng(seed)
    totals = np.round(random.normal(400, 150, leads)).astype(np.int64)
    return totals, random.random(leads) < expit((totals - 500) * LOG_ODDS + logit(BASE_RATE)) / too_high


@pytest.mark.parametrize("too_high", [1.4, 0.75])
def test_the_threshold_lies_where_promotions_pay(too_high: float) -> None:
    """Probabilities that are too high put it too low, and the other way round; the leads next to it put it right."""
    true = total_at(0.1 * too_high, BASE_RATE)
    thresholds = [find_paying_total(*draw(seed, 10_000, too_high), 0.1, BASE_RATE)[0] for seed in range(20)]
    assert np.mean(thresholds) == pytest.approx(true, abs=10)
    assert np.abs(np.array(thresholds) - true).max() < abs(500 - true)


def test_right_probabilities_are_left_alone() -> None:
    """Chance moves the threshold no oftener than twice in twenty draws, and then by little."""
    moved = [find_paying_total(*draw(seed, 5_000, 1.0), 0.1, BASE_RATE)[0] - 500 for seed in range(40)]
    assert sum(tenths != 0 for tenths in moved) <= 8
    assert max(abs(tenths) for tenths in moved) < 60


def test_no_lead_next_to_it_changes_nothing() -> None:
    """Without leads there is nothing to correct by."""
    totals = np.array([100, 900])
    assert find_paying_total(totals, np.array([True, True]), 0.1, BASE_RATE) == (500, 500, Margin(0, 0, 0.0))


def test_where_nobody_was_won_the_threshold_rises_out_of_reach() -> None:
    """Three hundred leads next to it without a win don't pay, wherever it is put among them."""
    threshold, predicted, margin = find_paying_total(np.full(300, 520), np.zeros(300, bool), 0.1, BASE_RATE)
    assert margin.off
    assert predicted == 500
    assert threshold > 520
