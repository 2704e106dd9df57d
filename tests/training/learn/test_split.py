"""Which leads are held out, and that no lead is predicted by a model that has seen it, or anything later."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin

from leadledger.training.learn.split import out_of_fold
from tests.effort import examples


class Remembers(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Foresees for every lead the newest day and the number of leads that it was fitted to."""

    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        """Remember."""
        self.classes_ = np.array([False, True])
        self.newest_, self.rows_ = int(X["day"].max()), set(X["row"])
        return self

    def decision_function(self, X: pd.DataFrame) -> Any:
        """The newest day of the fit; infinite where a lead was seen."""
        return np.array([np.inf if row in self.rows_ else self.newest_ for row in X["row"]], dtype=float)


def history(days: list[int], won: list[bool]) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Leads in the order of their days."""
    order = np.sort(np.array(days))
    return pd.DataFrame({"day": order, "row": range(len(days))}), np.array(won), order


@settings(max_examples=examples(30))
@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=60, max_size=200))
def test_no_lead_is_predicted_from_later_ones(leads: list[tuple[int, bool]]) -> None:
    """By time, every model is fitted to earlier days only; else to other leads; and most leads are predicted."""
    frame, won, days = history([day for day, _ in leads], [outcome for _, outcome in leads])
    if min(won.sum(), (~won).sum()) < 5:
        return
    unseen = out_of_fold(Remembers(), frame, won, days, seed=0)
    predicted = np.isfinite(unseen.log_odds)
    assert not np.isinf(unseen.log_odds).any()
    if unseen.way == "time":
        assert (unseen.log_odds[predicted] < days[predicted]).all()
    else:
        assert predicted.all()


def test_windows_are_used_where_they_can_be() -> None:
    """Three windows over the newer six tenths; a history of one day, or of late wins only, is predicted at random."""
    won = [i % 4 == 0 for i in range(200)]
    frame, outcome, days = history(list(range(200)), won)
    unseen = out_of_fold(Remembers(), frame, outcome, days, seed=0)
    assert unseen.way == "time"
    assert sorted(set(unseen.log_odds[80:])) == [79, 119, 159]
    assert np.isnan(unseen.log_odds[:80]).all()
    frame, outcome, days = history([7] * 200, won)
    assert out_of_fold(Remembers(), frame, outcome, days, seed=0).way == "stratified"
    late = [i > 180 for i in range(200)]
    frame, outcome, days = history(list(range(200)), late)
    assert out_of_fold(Remembers(), frame, outcome, days, seed=0).way == "stratified"


@pytest.mark.parametrize("seed", [0, 1])
def test_without_days_all_leads_are_predicted(seed: int) -> None:
    """Random parts with the same share of opportunities."""
    frame, won, _ = history(list(range(100)), [i % 5 == 0 for i in range(100)])
    unseen = out_of_fold(Remembers(), frame, won, None, seed)
    assert unseen.way == "stratified"
    assert np.isfinite(unseen.log_odds).all()
