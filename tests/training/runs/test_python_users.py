"""What a data scientist does with the result of a training, and with a classifier of their own."""

from __future__ import annotations

import pickle
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

import leadledger
from leadledger.models.learner.binning import Binning
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.scoring.errors import DataError
from leadledger.scoring.lookup import Table
from leadledger.training.history_reader import read_history
from leadledger.training.runs.train import train
from leadledger.training.runs.training_result import Training

pytestmark = pytest.mark.slow

CARD = """
name: small
title: A small card
fields:
  created: {kind: date}
  need: {kind: text}
  budget: {kind: number}
  demo: {kind: flag}
outcome: {became: {field: won, kind: flag}, since: created}
rules:
  - {name: demo, when: demo, points: 8, reason: Saw a demo}
  - {name: rich, when: budget >= 60, points: 5, group: money, reason: Is rich}
groups: {money: {max: 4}}
"""


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """A history of 1,500 leads."""
    random = np.random.default_rng(3)
    need = random.choice(["urgent", "clear", "vague"], 1500)
    budget, demo = random.uniform(0, 100, 1500).round(), random.random(1500) < 0.4
    chance = 1 / (1 + np.exp(2.5 - 1.5 * (need == "urgent") - budget / 60 - 0.8 * demo))
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.sort(random.integers(0, 500, 1500)), unit="D")
    won = random.random(1500) < chance
    return pd.DataFrame({"created": days.date, "need": need, "budget": budget, "demo": demo, "won": won})


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card."""
    path = tmp_path_factory.mktemp("card") / "card.yaml"
    path.write_text(CARD)
    return path


@pytest.fixture(scope="module")
def trained(card: Path, frame: pd.DataFrame) -> Training:
    """The card, trained."""
    return train(card, frame, estimator=AdditiveClassifier(bags=2, random_state=0))


def test_it_prints_a_screenful(trained: Training) -> None:
    """The measures as the command shows them, in 80 columns, without a word of a release."""
    lines = str(trained).splitlines()
    assert lines[0] == "A small card"
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert "Judged by 374 held-out leads" in str(trained)
    assert repr(trained) == "<Training of the card 'small' on 1,500 leads>"


def test_it_can_be_pickled(trained: Training, frame: pd.DataFrame) -> None:
    """The copy scores alike; what needs the list is refused in words."""
    copy = pickle.loads(pickle.dumps(trained))
    assert copy.learned == trained.learned
    day = date(2026, 7, 1)
    leads = frame.head(50).drop(columns="won")
    pd.testing.assert_frame_equal(
        leadledger.score_frame(copy, leads, day), leadledger.score_frame(trained.scorecard, leads, day)
    )
    with pytest.raises(DataError, match="this history was pickled, and has lost the list it came from; read it again"):
        copy.contributions()


def test_to_sql_takes_it(trained: Training) -> None:
    """As the scorecard that it holds."""
    day = date(2026, 7, 1)
    assert leadledger.to_sql(trained, day) == leadledger.to_sql(trained.scorecard, day)


def test_contributions_add_up(trained: Training) -> None:
    """Each held-out lead's entries sum to its total, which is its score."""
    assert trained.history is not None
    ledger = trained.contributions()
    assert list(ledger.columns[:4]) == ["start", "rule demo", "rule rich", "group money"]
    totals = trained.history.score(trained.scorecard)[trained.held] / 10
    np.testing.assert_allclose(ledger["total"], totals)
    np.testing.assert_allclose(ledger.drop(columns="total").sum(axis=1), totals)
    np.testing.assert_array_equal(ledger.index, trained.history.rows[trained.held])


def test_importance(trained: Training) -> None:
    """Shares of the spread add up to 1, and a field that tells something costs log-loss when it is left out."""
    importance = trained.importance()
    assert set(importance["field"]) == {"need", "budget", "demo"}
    assert importance["spread"].sum() == pytest.approx(1)
    assert importance["spread"].is_monotonic_decreasing
    assert float(importance.loc[importance["field"] == "need", "loss_if_left_out"].iloc[0]) > 0.005


def test_tables(trained: Training) -> None:
    """A row for each bin, with the points that the scorecard has."""
    tables = trained.tables()
    for term in trained.learned.terms:
        rows = tables[tables["term"] == term.name]
        if isinstance(term, Table):
            assert list(rows["points"]) == [points / 10 for points in term.points]
            assert list(rows["bin"]) == list(term.bins.labels)
            assert rows["leads"].sum() == sum(term.counts)


def test_nothing_learned(card: Path, frame: pd.DataFrame) -> None:
    """Where nothing was learned there are no tables, and the rest says why."""
    training = train(card, frame.head(30))
    assert training.tables().empty
    with pytest.raises(DataError, match="nothing was learned, so there are no held-out leads: 30 leads have an"):
        training.importance()
    assert "Rules alone, nothing was learned" in str(training)


def test_read_history_takes_the_path_of_a_card(card: Path, frame: pd.DataFrame) -> None:
    """As it takes the card."""
    assert len(read_history(card, frame)) == len(read_history(str(card), frame)) == 1500


def test_sample_weight(card: Path, frame: pd.DataFrame) -> None:
    """Weights of 1 change nothing; weights that leave out the urgent wins take their points away."""
    estimator = AdditiveClassifier(bags=2, random_state=0)

    def points(weights: Any) -> float:
        tables = train(card, frame, estimator=estimator, sample_weight=weights).tables()
        return float(tables[(tables["term"] == "need") & (tables["bin"] == "urgent")]["points"].sum())

    alike = points(None)
    assert points(np.ones(len(frame))) == alike
    assert points(np.where((frame["need"] == "urgent") & frame["won"], 0.2, 1)) < alike - 5


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2], r"`sample_weight` has the shape \(2,\); the history has 1,500 rows"),
        (["a"] * 1500, "`sample_weight` must be numbers, one for each row of the history"),
        ([-1.0] * 1500, "`sample_weight` must be finite numbers, 0 or more"),
    ],
)
def test_wrong_weights(card: Path, frame: pd.DataFrame, weights: Any, message: str) -> None:
    """They are refused in words."""
    with pytest.raises(DataError, match=message):
        train(card, frame, sample_weight=weights)


class ProbabilityOnly(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """A classifier without `predict_log_proba`."""

    def fit(self, X: Any, y: Any) -> Self:
        """Fit."""
        self.model_ = LogisticRegression(max_iter=500).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X: Any) -> Any:
        """The probabilities."""
        return self.model_.predict_proba(X)


class Silent(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """A classifier without probabilities."""

    def fit(self, X: Any, y: Any) -> Self:
        """Fit."""
        self.classes_ = np.unique(y)
        return self


class ForeignBins(Silent):
    """A classifier with `bins_` of its own kind, as InterpretML's has."""

    def fit(self, X: Any, y: Any) -> Self:
        """Fit."""
        self.bins_ = [[np.array([1.0, 2.0])]]
        return super().fit(X, y)

    def decision_function(self, X: Any) -> Any:
        """Log-odds."""
        return np.zeros(len(X))


class NamesPairs(AdditiveClassifier):
    """A classifier at the end of a Pipeline that names its pairs, over columns of whole numbers."""


def ordinal() -> OrdinalEncoder:
    """Bins to whole numbers, a column for a column."""
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)


def test_a_classifier_with_probabilities_alone(card: Path, frame: pd.DataFrame) -> None:
    """`predict_proba` is enough."""
    pipeline = make_pipeline(Binning(), OneHotEncoder(handle_unknown="ignore"), ProbabilityOnly())
    assert train(card, frame, estimator=pipeline).learned.terms


def test_pairs_of_the_last_step_count(card: Path, frame: pd.DataFrame) -> None:
    """A Pipeline whose last step names its pairs needs no `pairs_` of its own."""
    pipeline = make_pipeline(Binning(), ordinal(), NamesPairs(pairs=[(0, 1)], combinations=0, bags=2, random_state=0))
    together = (
        (frame["need"] == "urgent") ^ (frame["budget"] > 50) ^ (np.random.default_rng(1).random(len(frame)) < 0.2)
    )
    training = train(card, frame.assign(won=together), estimator=pipeline)
    assert any(" & " in term.name for term in training.learned.terms)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (
            LogisticRegression(),
            "LogisticRegression can't be fitted to the history: ValueError: .*put `Binning` before it",
        ),
        (ForeignBins(), "the `bins_` of ForeignBins are not leadledger's; put `Binning` before it in a Pipeline"),
        (make_pipeline(Binning(), ordinal(), Silent()), "Silent has no probabilities; it needs `decision_function`"),
        ("boosting", "str can't be fitted to the history: TypeError: "),
    ],
)
def test_a_classifier_that_cannot_be_used(card: Path, frame: pd.DataFrame, estimator: Any, message: str) -> None:
    """It is refused in words, with the mend."""
    with pytest.raises(DataError, match=message):
        train(card, frame, estimator=estimator)


def test_without_the_extra_the_verb_says_what_to_install() -> None:
    """`leadledger.train` without scikit-learn names the extra; scoring works without it."""
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import leadledger; leadledger.score\n"
        "try: leadledger.train\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "leadledger.train needs sklearn; install it with pip install 'leadledger[train]'\n"
