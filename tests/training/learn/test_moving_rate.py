"""The rate of leads that score alike, on simulated histories: only one that falls costs a promise something."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.promise import (
    CARD,
    CERTAINTY,
    STAGE,
    certain,
    draw_history,
    quick_classifier,
    with_precision,
)
from leadledger.api.cli.examples import load_simulator
from leadledger.scoring.card.reader import read_card
from leadledger.training.history import History
from leadledger.training.history_reader import read_history
from leadledger.training.learn.fit import fit_card
from leadledger.training.learn.precision_threshold import PrecisionThreshold
from leadledger.training.learn.split import split_history
from leadledger.training.learn.threshold import find_thresholds
from leadledger.training.runs.train import HELD_OUT

LEADS, POOL = 4_000, 8_000


@pytest.fixture(scope="module")
def pool() -> tuple[History, np.ndarray]:
    """Leads to draw from, and their true log-odds."""
    frame = load_simulator().simulate(POOL, seed=5, truth=True)
    history = read_history(read_card(CARD), frame.drop(columns="true_probability"))
    return history, certain(frame["true_probability"].to_numpy()[history.rows - 1], CERTAINTY)


@pytest.mark.slow
@pytest.mark.parametrize(("world", "draws", "fewest", "most"), [("steady", 4, 0, 1), ("halves", 3, 3, 3)])
def test_only_a_rate_that_falls_is_seen_to_fall(
    pool: tuple[History, np.ndarray], world: str, draws: int, fewest: int, most: int
) -> None:
    """Models of fewer leads judge the older ones, and spread their totals less: that is no fall."""
    card = with_precision(read_card(CARD), 0.7)
    assert card.outcome is not None
    random = np.random.default_rng(5)
    falls = []
    for _ in range(draws):
        history, _ = draw_history(*pool, world, LEADS, random)
        split = split_history(
            history.won, history.time_order, HELD_OUT, np.zeros(LEADS, np.uint64), card.outcome.within
        )
        fit = fit_card(card, history, split, quick_classifier())
        assert fit.learned.base_rate is not None
        base_rate, comparable = fit.learned.base_rate, fit.comparable_totals
        found = find_thresholds(card, history, fit.judged_totals, split.held, base_rate, comparable=comparable)[STAGE]
        assert isinstance(found, PrecisionThreshold)
        falls.append(found.fall is not None)
        for fold in split.folds:  # whatever is promised of them, the published card promotes as many of the judged
            judged, published = fit.judged_totals[fold.judged], fit.totals[fold.judged]
            assert np.quantile(judged, [0.5, 0.9, 0.99]) == pytest.approx(
                np.quantile(published, [0.5, 0.9, 0.99]), abs=2
            )
    assert fewest <= sum(falls) <= most, falls
