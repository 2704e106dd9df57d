"""What is smooth is learned from few leads, and what tells nothing is shrunk away."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from leadledger.models.learner.additive import Floats
from leadledger.models.learner.boosting import TrainingLeads
from leadledger.models.learner.smooth_effects import MOST_OF_A_KIND, fit_smooth_effects
from leadledger.scoring.bins import Bins, FlagBins, NumberBins, TextBins

NUMBER = NumberBins(tuple(np.linspace(-1.5, 1.5, 19).round(2).tolist()))
MIDDLES = np.array([-1.58, *np.linspace(-1.42, 1.42, 18), 1.58])  # of the bins of NUMBER


def fit(
    columns: list[NDArray[np.int64]],
    won: NDArray[np.bool_],
    bins: list[Bins],
    monotone: int = 0,
    told_apart: tuple[int, ...] = (),
    weights: Floats | None = None,
) -> list[Floats]:
    """The singles, learned from all leads, given the bins of each field."""
    counted = np.ones(len(won)) if weights is None else weights
    leads = TrainingLeads(np.column_stack(columns), won.astype(float), counted)
    fold = (np.arange(len(won)), np.arange(0))
    start = np.full(len(won), leads.average(fold[0]))
    return fit_smooth_effects(leads, fold, start, bins, [monotone] * len(bins), told_apart)[1]


def drawn_bins(random: np.random.Generator, leads: int) -> NDArray[np.int64]:
    """The bins of a number, evenly filled."""
    return random.integers(1, len(NUMBER), leads)


def test_a_line_is_a_line() -> None:
    """Of 400 leads, a line of 1 in log-odds comes back within 0.3 in every one of twenty bins."""
    random = np.random.default_rng(1)
    number = drawn_bins(random, 400)
    won = random.random(400) < expit(MIDDLES[number - 1])
    (single,) = fit([number], won, [NUMBER])
    assert np.abs(single[1:] - MIDDLES).max() < 0.3


def test_a_bend_is_found() -> None:
    """A number that tells by its distance from the middle has a bent table."""
    random = np.random.default_rng(2)
    number = drawn_bins(random, 2000)
    won = random.random(2000) < expit(1.5 * np.abs(MIDDLES[number - 1]) - 1.2)
    (single,) = fit([number], won, [NUMBER])
    shape = 1.5 * np.abs(MIDDLES)
    assert np.corrcoef(single[1:], shape)[0, 1] > 0.97


@pytest.mark.slow
def test_fields_that_tell_nothing_cost_nothing() -> None:
    """Beside two fields that act, forty that don't are worth less than 0.1 in all their bins; the two stay whole."""
    random = np.random.default_rng(3)
    columns = [drawn_bins(random, 1000) for _ in range(42)]
    won = random.random(1000) < expit(MIDDLES[columns[0] - 1] - MIDDLES[columns[1] - 1])
    singles = fit(columns, won, [NUMBER] * 42)
    assert max(np.abs(single).max() for single in singles[2:]) < 0.1
    for single, direction in zip(singles, (1, -1), strict=False):
        assert 0.8 < np.polyfit(MIDDLES, direction * single[1:], 1)[0] < 1.2


def test_levels_are_shrunk_by_how_few_their_leads_are() -> None:
    """Of two levels that won alike, that of 300 leads is worth more than that of six; what no lead has, nothing."""
    text = TextBins(("web", "fair", "rare"))
    level = np.repeat([1, 2, 3], [300, 300, 6])
    won = np.concatenate([np.arange(300) % 10 < 3, np.arange(300) % 10 < 7, np.arange(6) % 10 < 4])
    (single,) = fit([level], won, [text])
    assert single[1] < single[3] < single[2] - 0.2
    assert single[0] == 0
    assert single[4] == 0


@pytest.mark.parametrize("way", [1, -1])
def test_more_is_never_worse(way: int) -> None:
    """A table in an order keeps to it, whatever the leads say, and missing stays outside."""
    random = np.random.default_rng(4)
    number, flag = drawn_bins(random, 600), random.integers(1, 3, 600)
    number[:60] = 0
    won = random.random(600) < expit(np.where(number, np.sin(2.5 * MIDDLES[number - 1]), 2.0) - flag)
    singles = fit([number, flag], won, [NUMBER, FlagBins()], monotone=way, told_apart=(0,))
    for single in singles:
        assert (way * np.diff(single[1:]) >= 0).all()
    assert singles[0][0] > 0.8


def test_few_missing_values_are_worth_the_average() -> None:
    """Where a field has too few missing values to be told apart, they get nothing."""
    random = np.random.default_rng(5)
    number = drawn_bins(random, 500)
    number[:5] = 0
    won = np.where(number, random.random(500) < expit(MIDDLES[number - 1]), True)
    (single,) = fit([number], won, [NUMBER])
    assert single[0] == 0


def test_a_lead_of_weight_two_counts_as_two() -> None:
    """Weights and repetitions give the same tables."""
    random = np.random.default_rng(6)
    number, flag = drawn_bins(random, 300), random.integers(1, 3, 300)
    won = random.random(300) < expit(MIDDLES[number - 1])
    twice = np.arange(300) % 3 == 0
    again = np.concatenate([np.arange(300), np.flatnonzero(twice)])
    weighted = fit([number, flag], won, [NUMBER, FlagBins()], weights=1.0 + twice)
    repeated = fit([number[again], flag[again]], won[again], [NUMBER, FlagBins()])
    for single, other in zip(weighted, repeated, strict=True):
        assert single == pytest.approx(other, abs=1e-9)


def test_a_field_that_separates_the_outcomes_stays_finite() -> None:
    """All high values won and all low ones lost: a steep table, but one of a few in log-odds."""
    number = 1 + np.arange(400) % 20
    flag = np.ones(400, dtype=np.int64)
    singles = fit([number, flag], number > 10, [NUMBER, FlagBins()])
    assert 3 < np.ptp(singles[0]) < 30
    assert not singles[1].any()


def test_many_leads_are_thinned_out() -> None:
    """Of many lost leads a part is enough: the slope is that of all, and the average too."""
    random = np.random.default_rng(7)
    count = 8 * MOST_OF_A_KIND
    number = drawn_bins(random, count)
    won = random.random(count) < expit(0.8 * MIDDLES[number - 1] - 3)
    leads = TrainingLeads(number[:, None], won.astype(float), np.ones(count))
    kept = np.arange(count)
    start = np.full(count, leads.average(kept))
    intercept, (single,), _ = fit_smooth_effects(leads, (kept, kept[:0]), start, [NUMBER], [0], ())
    assert np.polyfit(MIDDLES, single[1:], 1)[0] == pytest.approx(0.8, abs=0.1)
    assert expit(start + intercept + single[number]).mean() == pytest.approx(won.mean(), rel=0.05)
