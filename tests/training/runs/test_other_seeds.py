"""Training with several seeds, to show what the release owes to its own."""

from __future__ import annotations

import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.models.learner.binning import Binning
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.scoring.errors import DataError
from leadledger.training.runs.train import train
from leadledger.training.runs.train_text import summary_text

CARD = find_examples() / "b2b-software" / "card.yaml"
SMALL = AdditiveClassifier(bags=2, pairs=0, combinations=0, max_rounds=30)


@pytest.mark.slow
def test_further_seeds_are_measured_and_change_nothing() -> None:
    """The release is that of the first seed alone; the measures of the others stand beside it."""
    history = load_simulator().simulate(800, seed=11)
    alone = train(CARD, history, seed=5, estimator=SMALL.set_params(random_state=5))
    beside = train(CARD, history, seed=5, seeds=3, estimator=SMALL.set_params(random_state=5))
    assert beside.learned == alone.learned
    assert "seeds" not in alone.metrics
    seeds = beside.metrics["seeds"]
    assert seeds["log_losses"][0] == beside.metrics["held_out"]["leadledger"]["log_loss"]
    assert len(set(seeds["log_losses"])) == 3
    assert 0 < seeds["score_error"] < 5
    assert "With 3 seeds the log-loss lies between" in summary_text(beside)


@pytest.mark.slow
def test_a_classifier_without_a_seed() -> None:
    """It can't be fitted with others, and the message says why."""
    history = load_simulator().simulate(600, seed=11)
    plain = make_pipeline(
        Binning(), OneHotEncoder(handle_unknown="ignore", sparse_output=False), LinearDiscriminantAnalysis("lsqr", 0.5)
    )
    with pytest.raises(DataError) as raised:
        train(CARD, history, seeds=2, estimator=plain)
    assert (
        str(raised.value) == "LinearDiscriminantAnalysis has no `random_state`, so it can't be fitted with other seeds"
    )
