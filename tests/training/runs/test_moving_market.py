"""A market whose rate falls and whose buyers change: the release has learned from the newest leads, and says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.training.history_reader import read_history
from leadledger.training.learn.trust import probability_at
from leadledger.training.runs.train import train
from leadledger.training.runs.training_result import Training

CARD = """
name: moving
fields: {met: {kind: date}, seats: {kind: number}, demo: {kind: flag}}
outcome: {became: {field: won, kind: flag}, since: met}
"""
PAST = 900  # days of the history; what comes after them is to be foreseen
QUICK = AdditiveClassifier(bags=2, pairs=0, combinations=0, random_state=0)


@pytest.fixture(scope="module")
def market() -> pd.DataFrame:
    """Leads of 1,000 days: the log-odds fall from -0.5 to -2.5, and seats come to count. `truth` is their chance."""
    random = np.random.default_rng(4)
    days = np.sort(random.integers(0, 1000, 5000))
    seats, demo = random.uniform(0, 100, 5000).round(), random.random(5000) < 0.4
    truth = expit(-0.5 - 2 * days / 1000 + (seats - 50) / 25 * days / 1000 + 0.8 * demo)
    met = pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D")
    won = random.random(5000) < truth
    return pd.DataFrame({"day": days, "met": met.date, "seats": seats, "demo": demo, "won": won, "truth": truth})


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card."""
    path = tmp_path_factory.mktemp("card") / "card.yaml"
    path.write_text(CARD)
    return path


@pytest.fixture(scope="module")
def trained(card: Path, market: pd.DataFrame) -> Training:
    """The release of the day on which the history ends."""
    return train(card, market[market["day"] < PAST].drop(columns=["day", "truth"]), estimator=QUICK)


def loss(training: Training, market: pd.DataFrame) -> float:
    """The expected log-loss of a release on the leads to come, by their true chances."""
    future = market[market["day"] >= PAST].reset_index(drop=True)
    history = read_history(training.card, future.drop(columns=["day", "truth"]))
    foreseen = probability_at(training.learned, history.score(training.scorecard))
    truth = future["truth"].to_numpy()[history.rows - 1]
    return float(-(truth * np.log(foreseen) + (1 - truth) * np.log(1 - foreseen)).mean())


@pytest.mark.slow
def test_the_newest_leads_are_learned_from(card: Path, market: pd.DataFrame, trained: Training) -> None:
    """The release foresees the leads to come better than one that has learned from the older three quarters alone."""
    older = market[market["day"] < 0.75 * PAST].drop(columns=["day", "truth"])
    assert loss(trained, market) < loss(train(card, older, estimator=QUICK), market) - 0.01


@pytest.mark.slow
def test_the_base_rate_is_that_of_the_newest(trained: Training, market: pd.DataFrame) -> None:
    """It is moved to them, which the text and the metrics say, and foresees the leads to come better."""
    newest = trained.metrics["newest_rate"]
    assert newest["moved"]
    assert newest["after"] == trained.metrics["base_rate"] == trained.learned.base_rate
    assert (
        newest["after"] < newest["before"] == pytest.approx(market.loc[market["day"] < PAST, "won"].mean(), abs=0.005)
    )
    assert newest["said"] in trained.notes
    assert "The base rate is moved to them, from" in " ".join(str(trained).split())
    assert trained.held_back == ""


@pytest.mark.slow
def test_the_measures_are_of_models_that_did_not_know(trained: Training) -> None:
    """The rate fell after the judging models had learned, so they promised more than came; the measures show it."""
    judged = trained.metrics["held_out"]["leadledger"]
    foreseen = sum(tenth["leads"] * tenth["foreseen"] for tenth in judged["calibration"])
    assert foreseen > judged["won"]
    assert trained.learned.base_rate is not None
    assert logit(trained.learned.base_rate) < logit(trained.metrics["newest_rate"]["before"])
