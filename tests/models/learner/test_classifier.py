"""What the classifier promises beyond scikit-learn's contract."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from leadledger.models.learner.classifier import AdditiveClassifier


def leads(count: int, seed: int) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """`size` helps, its lack hurts more than anything; `x` and `y` matter only together; `noise` doesn't."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(count, 4)), columns=["size", "x", "y", "noise"])
    unknown = random.random(count) < 0.2
    together = np.sign(frame["x"] * frame["y"])
    log_odds = np.where(unknown, -3, np.clip(frame["size"], -1, 1)) + 0.9 * together - 0.5
    frame.loc[unknown, "size"] = np.nan
    frame["kind"] = random.choice(np.array(["shop", "bank", None], dtype=object), count)
    return frame, random.random(count) < expit(log_odds)


QUICK: dict[str, Any] = {"bags": 3, "max_rounds": 100, "random_state": 0}


@pytest.fixture(scope="module")
def fitted() -> AdditiveClassifier:
    """Fitted with `size` monotone, pairs as they pay."""
    return AdditiveClassifier(monotone={"size": 1}, **QUICK).fit(*leads(4000, 1))


@pytest.mark.slow
def test_the_pair_that_matters_is_found(fitted: AdditiveClassifier) -> None:
    """Of all pairs, the one of which neither field tells anything by itself comes first."""
    names = list(fitted.feature_names_in_)
    first, second = fitted.pairs_[0]
    assert {names[first], names[second]} == {"x", "y"}
    assert fitted.gains_[0] > 50
    assert fitted.pair_counts_[0].sum() == 4000


def test_no_pair_where_none_pays() -> None:
    """Chance alone makes no pair."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame(random.normal(size=(3000, 5)))
    won = random.random(3000) < expit(frame[0].to_numpy())
    assert AdditiveClassifier(**QUICK).fit(frame, won).pairs_ == []


def test_noise_alone_is_the_base_rate() -> None:
    """Where nothing can be learned, every lead has about the rate of the history."""
    random = np.random.default_rng(4)
    won = random.random(2000) < 0.2
    model = AdditiveClassifier(**QUICK).fit(random.normal(size=(2000, 4)), won)
    log_odds = model.decision_function(random.normal(size=(500, 4)))
    assert np.abs(log_odds - logit(won.mean())).max() < 0.35


@pytest.mark.slow
def test_more_is_never_worse(fitted: AdditiveClassifier) -> None:
    """Whatever else a lead has, more of a monotone field never lowers its log-odds."""
    frame, _ = leads(300, 2)
    sizes = np.linspace(-4, 4, 60)
    swept = np.array([fitted.decision_function(frame.assign(size=size)) for size in sizes])
    assert np.diff(swept, axis=0).min() >= -1e-12
    assert np.ptp(swept, axis=0).min() > 0.5


@pytest.mark.slow
def test_a_missing_value_stays_outside_the_order(fitted: AdditiveClassifier) -> None:
    """A monotone field that is missing may be worse than its lowest value, if the history says so."""
    missing, *bins = fitted.additive_.singles[0]
    assert missing < min(bins) - 0.5


@pytest.mark.slow
def test_the_same_state_gives_the_same_fit() -> None:
    """The same bits, with one thread or two."""
    frame, won = leads(1500, 6)
    alone = AdditiveClassifier(n_jobs=1, **QUICK).fit(frame, won).decision_function(frame)
    threaded = AdditiveClassifier(n_jobs=2, **QUICK).fit(frame, won).decision_function(frame)
    reseeded = AdditiveClassifier(**(QUICK | {"random_state": 1})).fit(frame, won).decision_function(frame)
    assert (alone == threaded).all()
    assert (alone != reseeded).any()


def test_a_bin_without_leads_says_nothing(fitted: AdditiveClassifier) -> None:
    """A text that the history never had is worth the average, neither good nor bad."""
    assert fitted.counts_[4][-1] == 0
    assert fitted.additive_.singles[4][-1] == 0


def test_singles_average_zero(fitted: AdditiveClassifier) -> None:
    """The intercept is the average lead: over the history, each table adds nothing on average."""
    for values, counts in zip(fitted.additive_.singles, fitted.counts_, strict=True):
        assert abs(np.average(values, weights=counts)) < 1e-12


def test_tables_of_pairs_are_coarse() -> None:
    """Of 4,000 leads, a pair tells at most eight bins of a number apart, and the missing one.

    Combinations have finer bins, and their trees of two fields are added to pairs.
    """
    tables = AdditiveClassifier(combinations=0, **QUICK).fit(*leads(4000, 1))
    cells = tables.additive_.pairs[tables.pairs_[0]]
    assert len(np.unique(np.round(cells, 9), axis=0)) <= 9
    assert len(np.unique(np.round(cells, 9), axis=1).T) <= 9


def test_pairs_may_be_listed() -> None:
    """By name or by position; each once, in whatever order its fields are given."""
    listed: list[tuple[int | str, int | str]] = [("y", "x"), (0, 3), (1, 2)]
    model = AdditiveClassifier(pairs=listed, **QUICK).fit(*leads(500, 7))
    assert model.pairs_ == [(1, 2), (0, 3)]


def test_every_lead_is_held_out_once(fitted: AdditiveClassifier) -> None:
    """The log-odds by the bag that did not learn from a lead are there for each; a single bag holds out a fifth."""
    frame, won = leads(4000, 1)
    unseen = fitted.held_out_decision_
    assert np.isfinite(unseen).all()
    assert 0.5 < np.corrcoef(unseen, fitted.decision_function(frame))[0, 1] < 1
    alone = AdditiveClassifier(**(QUICK | {"bags": 1})).fit(frame, won)
    assert np.isfinite(alone.held_out_decision_).sum() == 800


def test_a_lead_of_no_weight_is_left_out() -> None:
    """It moves neither bins nor counts nor tables."""
    frame, won = leads(600, 8)
    weights = np.repeat([1.0, 0.0], 300)
    whole = AdditiveClassifier(**QUICK).fit(frame, won, sample_weight=weights)
    half = AdditiveClassifier(**QUICK).fit(frame[:300], won[:300])
    assert (whole.decision_function(frame) == half.decision_function(frame)).all()
    assert np.isnan(whole.held_out_decision_[300:]).all()


def test_one_lead_of_a_class_is_enough_to_fit() -> None:
    """Nothing can be held out then; a few rounds are boosted blindly."""
    won = np.arange(30) == 7
    model = AdditiveClassifier(**QUICK).fit(np.arange(30.0)[:, None], won)
    assert np.isfinite(model.decision_function([[7.0], [np.nan]])).all()
    assert np.isnan(model.held_out_decision_).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bags": 0}, "bags must be a whole number of 1 or more, not 0."),
        ({"learning_rate": 0}, "learning_rate must be a number above 0 and up to 1, not 0."),
        ({"pairs": "all"}, "pairs must be \"auto\", a whole number, or a list of pairs, not 'all'."),
        ({"pairs": -1}, "pairs must be a whole number of 0 or more, not -1."),
        ({"pairs": ["xy"]}, "pairs must list pairs of columns, not 'xy'."),
        ({"pairs": [("x", 1)]}, r"pairs holds \('x', 1\); a pair is of two columns."),
        ({"pairs": [("x", "z")]}, "pairs names the column 'z', which X doesn't have."),
        ({"monotone": {"sise": 1}}, "monotone names the column 'sise', .* Did you mean 'size'?"),
        ({"monotone": [1]}, "monotone has 1 entries, but X has 5 columns."),
        ({"monotone": {"size": 2}}, "monotone must be -1, 0 or 1, not 2 as for column 'size'."),
        ({"monotone": {"kind": 1}}, "monotone asks for an order of column 'kind', but its texts have none."),
    ],
)
def test_wrong_parameters_are_refused(parameters: dict[str, Any], message: str) -> None:
    """Each by its name, with what to mend."""
    with pytest.raises(ValueError, match=message):
        AdditiveClassifier(**parameters).fit(*leads(50, 9))
