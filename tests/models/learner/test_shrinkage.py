"""Bins of few leads claim little."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.models.learner.shrinkage import expect_spread, find_spread

POINTS_PER_LOG_ODDS = 10 / np.log(2)


def leads_with_missing(
    seed: int, missing: int, outcome: Literal["won", "lost", "any"], effect: float = 0.0
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """2,000 leads with a number, a flag and a text that tell, each missing for `missing` leads of such an outcome.

    `effect`: the log-odds of a lead whose number is missing, beside the average one.
    """
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"size": random.normal(size=2000)})
    frame["asked"] = pd.array(random.random(2000) < 0.4, dtype="boolean")
    frame["source"] = random.choice(np.array(["web", "fair", "call"], dtype=object), 2000)
    unknown = np.zeros(2000, dtype=bool)
    unknown[random.choice(2000, missing, replace=False)] = effect != 0
    log_odds = np.where(unknown, effect, 0.8 * frame["size"]) + 0.6 * frame["asked"].to_numpy(bool) - 1.0
    won = random.random(2000) < expit(log_odds)
    if effect:
        frame.loc[unknown, "size"] = np.nan
        return frame, won
    for column in frame:
        like = np.flatnonzero({"won": won, "lost": ~won, "any": won | ~won}[outcome])
        frame.loc[random.choice(like, missing, replace=False), column] = None
    return frame, won


@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["won", "lost", "any"])
def test_a_handful_of_missing_values_is_worth_the_average(outcome: Literal["won", "lost", "any"]) -> None:
    """Three missing values of 2,000, with outcomes alike or not, move no lead by more than three points."""
    for seed in range(3):
        frame, won = leads_with_missing(seed, 3, outcome)
        model = AdditiveClassifier(bags=3, max_rounds=100, pairs=1, random_state=seed).fit(frame, won)
        assert all(abs(values[0]) * POINTS_PER_LOG_ODDS < 3 for values in model.additive_.singles)
        typical = frame.dropna().iloc[:200]
        for column in map(str, frame):
            moved = model.decision_function(typical.assign(**{column: None}).astype(frame.dtypes))
            assert abs((moved - model.decision_function(typical)).mean()) * POINTS_PER_LOG_ODDS < 3


@pytest.mark.slow
@pytest.mark.parametrize(("missing", "least", "most"), [(25, 0.1, 0.9), (600, 1.0, 1.6)])
def test_a_missing_bin_is_worth_as_much_as_its_leads_show(missing: int, least: float, most: float) -> None:
    """A lead that lacks a field and lies 1.3 in log-odds off is shown nearly so by 600 such leads, far less by 25."""
    values = []
    for seed in range(3):
        frame, won = leads_with_missing(seed, missing, "any", effect=1.3)
        table = AdditiveClassifier(bags=3, max_rounds=100, pairs=0, random_state=0).fit(frame, won).additive_
        values.append(table.singles[0][0] - np.average(table.singles[0][1:], weights=table.counts[0][1:]))
    assert least < np.mean(values) < most


def test_a_spread_is_found_or_expected() -> None:
    """Many effects tell their spread; a handful of small ones could have none, and are taken for a little."""
    random = np.random.default_rng(0)
    many = np.full(400, 50.0)
    slopes = many * 0.5 * random.normal(size=400) + np.sqrt(many) * random.normal(size=400)
    assert find_spread(slopes, many) == pytest.approx(0.5, rel=0.2)
    assert expect_spread(slopes, many) == pytest.approx(0.5, rel=0.2)
    few = np.array([50.0, 50.0, 50.0])
    weak = np.array([9.0, -11.0, 10.0])
    assert find_spread(weak, few) == 0
    assert 0 < expect_spread(np.zeros(3), few) < expect_spread(weak, few) < 0.3
