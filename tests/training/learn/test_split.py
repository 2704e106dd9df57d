"""Which leads are held out, and that no lead is predicted by a model that has seen it, or anything later."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin

from leadledger.training.learn.split import HistorySplit, forecast_folds, split_history
from tests.effort import examples


class Remembers(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Foresees for every lead the newest day that it was fitted to."""

    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        """Remember."""
        self.classes_ = np.array([False, True])
        self.newest_, self.rows_ = int(X["day"].max()), set(X["row"])
        return self

    def decision_function(self, X: pd.DataFrame) -> Any:
        """The newest day of the fit; infinite where a lead was seen."""
        return np.array([np.inf if row in self.rows_ else self.newest_ for row in X["row"]], dtype=float)


def split(days: list[int] | None, won: list[bool], gap: int = 0, held_out: float = 0.25) -> HistorySplit:
    """The split of leads with these days, which ascend, and outcomes."""
    digests = np.random.default_rng(0).permutation(len(won)).astype(np.uint64)
    return split_history(np.array(won), None if days is None else np.array(days), held_out, digests, gap)


def foresee(days: list[int], won: list[bool], parts: HistorySplit) -> np.ndarray:
    """Per lead, the newest day that the model which judges it has learned from; NaN where none judges it."""
    frame = pd.DataFrame({"day": days, "row": range(len(days))})
    newest = np.full(len(days), np.nan)
    for forecast in forecast_folds(Remembers(), frame, np.array(won), parts):
        newest[forecast.fold.judged] = forecast.judged
    return newest


@settings(max_examples=examples(30))
@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=60, max_size=200), st.integers(0, 20))
def test_no_lead_is_predicted_from_what_was_not_known(leads: list[tuple[int, bool]], gap: int) -> None:
    """By time, a model has learned from earlier days alone, and, where enough are left, from known outcomes alone."""
    days, won = sorted(day for day, _ in leads), [outcome for _, outcome in leads]
    if min(sum(won), len(won) - sum(won)) < 5:
        return
    parts = split(days, won, gap)
    newest = foresee(days, won, parts)
    assert not np.isinf(newest).any()
    assert np.isfinite(newest[parts.held]).all()
    if parts.way == "time":
        judged = np.isfinite(newest)
        assert (newest[judged] < np.array(days)[judged]).all()
        assert len(days) - 1 in parts.held
        for fold in parts.folds:
            first = days[fold.judged[0]]
            assert not parts.gap_kept or days[fold.learned[-1]] + gap <= first
    else:
        assert len(parts.held) == len(days)


def test_windows_grow() -> None:
    """One model judges the middle, two the newest quarter, each from what came before."""
    days, won = list(range(400)), [i % 4 == 0 for i in range(400)]
    parts = split(days, won)
    assert (parts.way, parts.gap_kept) == ("time", True)
    assert [(len(fold.learned), fold.judged[0], fold.judged[-1], fold.held) for fold in parts.folds] == [
        (180, 180, 299, False),
        (300, 300, 349, True),
        (350, 350, 399, True),
    ]
    assert list(parts.held) == list(range(300, 400))


def test_an_outcome_must_be_known_before_it_is_learned_from() -> None:
    """With an outcome that takes 30 days, a model that judges from day 300 on has learned from leads up to day 270."""
    days, won = list(range(400)), [i % 4 == 0 for i in range(400)]
    parts = split(days, won, gap=30)
    assert (parts.gap, parts.gap_kept) == (30, True)
    assert [(len(fold.learned), fold.judged[0]) for fold in parts.folds] == [(151, 180), (271, 300), (321, 350)]


def test_a_gap_that_leaves_too_little_is_not_kept() -> None:
    """Where fewer than half of the older leads had a known outcome, all are learned from, and the split says so."""
    days, won = list(range(400)), [i % 4 == 0 for i in range(400)]
    parts = split(days, won, gap=160)
    assert not parts.gap_kept
    assert [len(fold.learned) for fold in parts.folds] == [180, 300, 191]


def test_no_day_lies_on_both_sides() -> None:
    """Leads of one day are learned from together or judged together; a history of one day is judged in random parts."""
    won = [i % 4 == 0 for i in range(200)]
    days = [i // 30 for i in range(200)]
    for fold in split(days, won).folds:
        assert days[fold.learned[-1]] < days[fold.judged[0]]
    assert split([7] * 200, won).way == "stratified"


def test_late_wins_leave_out_the_first_window() -> None:
    """A window without wins to learn from is left out."""
    parts = split(list(range(200)), [i > 140 for i in range(200)])
    assert [fold.held for fold in parts.folds] == [True, True]


@pytest.mark.parametrize(("held_out", "folds"), [(0.25, 4), (0.3, 3), (0.6, 2)])
def test_without_days_each_lead_is_judged_once(held_out: float, folds: int) -> None:
    """Parts of about the share that is held out, with the same share of opportunities."""
    won = [i % 5 == 0 for i in range(100)]
    parts = split(None, won, held_out=held_out)
    assert parts.way == "stratified"
    assert len(parts.folds) == folds
    assert list(parts.held) == list(range(100))
    rates = [np.array(won)[fold.judged].mean() for fold in parts.folds]
    assert rates == pytest.approx([0.2] * folds, abs=0.02)
