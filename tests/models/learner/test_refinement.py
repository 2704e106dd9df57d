"""Finer bins of single fields: levels of texts as random effects, and amounts in hundreds of parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from leadledger.models.learner.binning import learn_bins, learn_finer_bins
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.models.learner.compile import compile_additive, to_tables
from leadledger.models.learner.shrinkage import find_spread
from leadledger.scoring.bins import NumberBins, TextBins
from leadledger.scoring.lookup import Table
from tests.models.learner.test_compile import tenths


def leads(
    count: int, seed: int, levels: int = 300, spread: float = 0.7, wave: float = 0.0
) -> tuple[pd.DataFrame, NDArray[np.bool_], NDArray[np.float64]]:
    """Leads with a text of many levels whose effects have a known spread, an amount that acts in waves, and a size.

    With their outcomes, and the true probability of each.
    """
    effects = np.random.default_rng(1).normal(0, spread, levels)
    random = np.random.default_rng(seed)
    level = random.integers(0, levels, count)
    amount = np.round(np.exp(random.normal(6, 1.2, count)))
    frame = pd.DataFrame({"amount": amount, "size": random.normal(size=count)})
    frame["source"] = np.array([f"source {at}" for at in level], dtype=object)
    probability = expit(effects[level] + 0.5 * frame["size"].to_numpy() + wave * np.sin(8 * np.log(amount)) - 1)
    return frame, random.random(count) < probability, probability


def gap_to_truth(model: AdditiveClassifier, levels: int = 300, spread: float = 0.7, wave: float = 0.0) -> float:
    """The mean log-loss of new leads above that of the true probabilities, in expectation over their outcomes."""
    frame, _, truth = leads(10_000, 99, levels, spread, wave)
    foreseen = model.predict_proba(frame)[:, 1]
    return float(np.mean(truth * np.log(truth / foreseen) + (1 - truth) * np.log((1 - truth) / (1 - foreseen))))


def fit_plainly(frame: pd.DataFrame, won: NDArray[np.bool_]) -> AdditiveClassifier:
    """A classifier of single fields."""
    return AdditiveClassifier(bags=4, pairs=0, combinations=0, random_state=0).fit(frame, won)


@pytest.mark.slow
def test_many_levels_come_near_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """300 levels with ten leads each, as random effects: two thirds of the gap that 24 levels leave, or less."""
    frame, won, _ = leads(3000, 0)
    model = fit_plainly(frame, won)
    assert len(model.finer_[2].bins) > 250
    monkeypatch.setattr("leadledger.models.learner.refinement.learn_finer_bins", lambda *columns: {})
    assert gap_to_truth(model) < 0.67 * gap_to_truth(fit_plainly(frame, won))


def test_levels_without_effect_are_worth_next_to_nothing() -> None:
    """Where a text of many levels tells nothing, its levels are `other`, or near it if chance looked like an effect."""
    spreads = []
    for seed in range(4):
        frame, won, _ = leads(2000, seed, spread=0.0)
        finer = fit_plainly(frame[["source", "size"]], won).finer_.get(0)
        spreads.append(0.0 if finer is None else float(finer.values.std()))
    assert spreads.count(0.0) >= 3
    assert np.mean(spreads) < 0.06


@pytest.mark.slow
def test_an_amount_has_more_bins_where_leads_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waves that 32 bins are too wide for are learned from 5,000 leads, and the forecast is nearer to the truth."""
    frame, won, _ = leads(5000, 0, levels=5, spread=0.3, wave=0.8)
    model = fit_plainly(frame, won)
    assert len(model.finer_[0].bins) > 60
    monkeypatch.setattr("leadledger.models.learner.refinement.learn_finer_bins", lambda *columns: {})
    plain = fit_plainly(frame, won)
    assert gap_to_truth(model, 5, 0.3, 0.8) < 0.92 * gap_to_truth(plain, 5, 0.3, 0.8)


@pytest.mark.slow
def test_finer_bins_compile_to_tables() -> None:
    """Tables reproduce a classifier with finer bins, a pair and a monotone field; what they add averages zero."""
    frame, won, _ = leads(4000, 2, wave=0.4)
    frame.loc[::40, ["amount", "source"]] = None
    settings: dict[str, Any] = {"bags": 3, "max_rounds": 60, "random_state": 0}
    model = AdditiveClassifier(pairs=[("amount", "source")], monotone={"size": 1}, **settings).fit(frame, won)
    assert {0, 2} <= set(model.finer_)
    for finer in model.finer_.values():
        for bin_ in np.unique(finer.coarse):
            assert abs(finer.values[finer.coarse == bin_] @ finer.counts[finer.coarse == bin_]) < 1e-8
    fresh = leads(500, 7, levels=330)[0]  # thirty levels are new
    fresh.loc[::50, ["amount", "source"]] = None
    compiled = compile_additive(model, fresh)
    assert compiled.gap <= 1e-9
    terms = to_tables(compiled, list(frame.columns))
    exact = (model.decision_function(fresh) - compiled.intercept) * 100 / np.log(2)
    assert np.abs(tenths(terms, fresh) - exact).max() < 10  # a point
    size = next(term for term in terms if isinstance(term, Table) and term.field == "size")
    assert list(size.points[1:]) == sorted(size.points[1:])
    assert all(len(term.errors) == len(term.points) for term in terms if isinstance(term, Table))


def test_finer_bins_lie_within_the_bins() -> None:
    """A bin of a number is cut where both parts have 50 leads; a text keeps what two leads share, or five of names."""
    columns = [
        pd.Series(np.arange(2000.0)),
        pd.Series(np.arange(200.0).repeat(2)),
        pd.Series([f"level {at // 4}" for at in range(2000)], dtype=object),
        pd.Series([*["Acme"] * 6, *["Bob"] * 4, *(f"name {at}" for at in range(1990))], dtype=object),
    ]
    bins = learn_bins([column.iloc[:2000] for column in columns], 16, 24, 20)
    finer = learn_finer_bins(columns, bins)
    assert set(finer) == {0, 2, 3}
    number, coarse = finer[0]
    assert isinstance(bins[0], NumberBins)
    assert isinstance(number, NumberBins)
    assert set(bins[0].edges) < set(number.edges)
    assert np.bincount(np.searchsorted(number.edges, columns[0], side="right")).min() >= 50
    assert [bins[0].find(edge) for edge in number.edges] == coarse[2:].tolist()
    assert len(finer[2][0]) == 500 + 2
    assert finer[3][0] == TextBins(("Acme",))


def test_texts_share_the_levels_that_a_release_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two texts of 500 levels have half of the most levels each, the most frequent first; one of few takes no share."""
    monkeypatch.setattr("leadledger.models.learner.binning.MOST_LEVELS", 400)
    many = pd.Series([f"level {at // 4}" for at in range(2000)], dtype=object)
    columns = [many, many.str.upper(), pd.Series(["web", "fair"] * 1000, dtype=object)]
    finer = learn_finer_bins(columns, learn_bins(columns, 16, 24, 20))
    assert [len(bins) - 2 for bins, _ in finer.values()] == [200, 200]


def test_the_spread_of_effects_is_found() -> None:
    """Near the true one of 1,000 levels with few leads each, and zero where there is none."""
    random = np.random.default_rng(0)
    curvature = random.uniform(0.5, 5, 1000)
    for true in (0.0, 0.3, 1.0):
        effects = random.normal(0, true, 1000)
        slope = curvature * effects + random.normal(0, np.sqrt(curvature))
        assert find_spread(slope, curvature) == pytest.approx(true, rel=0.25)
