"""A card with `segment:`, from its history to a release: tables of their own, their weights, and what they gain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from leadledger.models.learner.binning import Binning
from leadledger.scoring.engine.score import score
from leadledger.scoring.lookup import Pair
from leadledger.training.runs.train import train
from leadledger.training.runs.train_text import summary_text
from leadledger.training.runs.training_result import Training

CARD = """
name: teams
fields:
  size: {kind: number, better: higher}
  budget: {kind: number}
  source: {kind: text}
  team: {kind: text}
outcome: {became: {field: won, kind: flag}}
rules:
  - {name: large, when: size > 50, points: 5, reason: Is large}
stages: [{name: lead}, {name: opportunity, points: 60}]
readable: pairs
segment: team
"""
SIZES = {"west": 1_500, "east": 500, "north": 60}

pytestmark = pytest.mark.slow


def simulate(apart: float, seed: int = 0) -> pd.DataFrame:
    """Leads of three teams and of none; `apart` is how much more a budget is worth in the west, and less elsewhere."""
    random = np.random.default_rng(seed)
    team = np.array([name for name, count in SIZES.items() for _ in range(count)] + [None] * 40, dtype=object)
    count = len(team)
    size, budget = random.integers(1, 100, count), random.normal(size=count).round(3)
    slope = np.select([team == "west", pd.notna(team)], [1 + apart, 1 - apart], 1.0)
    source = random.choice(["web", "fair", "friend"], count)
    won = random.random(count) < 1 / (1 + np.exp(-(slope * budget + 0.01 * size - 1.5)))
    frame = pd.DataFrame({"size": size, "budget": budget, "source": source, "team": team, "won": won})
    return frame.iloc[random.permutation(count)].reset_index(drop=True)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card."""
    path = tmp_path_factory.mktemp("card") / "card.yaml"
    path.write_text(CARD, "utf-8")
    return path


@pytest.fixture(scope="module")
def different(card: Path) -> Training:
    """Trained on teams that differ."""
    return train(card, simulate(1.0))


def test_segments_are_measured(different: Training) -> None:
    """Each with its leads, weight, calibration and held-out log-loss, by its own forecast and by the pool's."""
    measured = different.metrics["segments"]
    assert measured["field"] == "team"
    rows = {row["segment"]: row for row in measured["segments"]}
    assert {name: row["leads"] for name, row in rows.items()} == {**SIZES, "all others": 40}
    assert all(row["judged"] == row["leads"] for row in rows.values())  # without days, each lead is judged once
    assert 1 >= rows["west"]["weight"] > rows["north"]["weight"] > 0
    assert rows["all others"]["weight"] == 0
    for name in ("west", "east"):
        assert rows[name]["log_loss"] < rows[name]["pool_log_loss"]
        assert rows[name]["came_low"] < rows[name]["foreseen"] < rows[name]["came_high"]
    assert measured["log_loss"] < measured["pool_log_loss"]
    assert measured["log_loss"] == pytest.approx(different.metrics["held_out"]["leadledger"]["log_loss"])
    pairs = [term.fields for term in different.learned.terms if isinstance(term, Pair)]
    assert ("budget", "team") in pairs


def test_the_text_says_what_segments_count(different: Training) -> None:
    """With the weights, and what they gain."""
    measured = different.metrics["segments"]
    weights = ", ".join(f"{row['segment']} {row['weight']:.0%}" for row in measured["segments"][:3])
    text = " ".join(summary_text(different).split())
    assert (
        f"Segments: those of team differ; what is a segment's own counts: {weights}. The log-loss of the held-out leads"
        f" is {measured['log_loss']:.4f}, and {measured['pool_log_loss']:.4f} without it."
    ) in text


def test_engines_score_segments_alike(different: Training) -> None:
    """In SQL and in Python, to the last tenth; a team that nobody has seen is scored by the pool."""
    assert different.history is not None
    totals = different.history.score(different.scorecard)
    positions = np.arange(0, len(totals), 40)
    leads = different.history.read_leads(positions)
    days = different.history.scoring_days(positions)
    for lead, day, total in zip(leads, days, totals[positions], strict=True):
        assert score(different.scorecard, lead, day).points == total / 10
    lead = {"size": 50, "budget": 1.5, "source": "web"}
    new, rare = (score(different.scorecard, lead | {"team": team}, days[0]) for team in ("a new one", "rare"))
    assert new.points == rare.points


def test_segments_that_are_alike_are_the_pool(card: Path) -> None:
    """Nothing is added, and the text says so."""
    training = train(card, simulate(0.0))
    measured = training.metrics["segments"]
    assert [row["weight"] for row in measured["segments"]] == [0, 0, 0, 0]
    assert measured["log_loss"] == measured["pool_log_loss"]
    text = " ".join(summary_text(training).split())
    assert "Segments: those of team differ no more than by chance, so all are scored alike." in text
    assert not any("team" in term.fields and isinstance(term, Pair) for term in training.learned.terms)


def test_why_there_are_no_segments_is_said(card: Path) -> None:
    """Where the field has one value only, or somebody's own classifier learns."""
    history = simulate(1.0)
    alike = train(card, history.assign(team="west"))
    assert "segments" not in alike.metrics
    assert "There are no segments: 'team' has the same value in every row." in alike.notes
    plain = make_pipeline(Binning(), OneHotEncoder(handle_unknown="ignore"), LogisticRegression(max_iter=1000))
    own = train(card, history, estimator=plain)
    assert "segments" not in own.metrics
    said = "There are no segments: 'team' is learned like any other by a classifier that isn't the default."
    assert said in own.notes
