"""A card with `axes:`, from its history to a release: no learned term spans both, and what that costs is said."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.scoring.axis_parts import find_term_axis
from leadledger.scoring.engine.score import score
from leadledger.scoring.errors import DataError
from leadledger.scoring.lookup import Pair
from leadledger.training.report.page import page
from leadledger.training.runs.train import train
from leadledger.training.runs.train_text import summary_text
from leadledger.training.runs.training_result import Training

CARD = """
name: axes
axes:
  fit: {grades: {A: 5, B: -5}}
  engagement: {grades: {1: 5, 2: -5}}
fields:
  size: {kind: number}
  budget: {kind: number}
  visits: {kind: number, axis: engagement}
  calls: {kind: number, axis: engagement}
  topics: {kind: choices, values: [crm, erp], axis: engagement}
  team: {kind: text}
outcome: {became: {field: won, kind: flag}}
rules:
  - {name: large, when: size > 1, points: 4, reason: Is large}
  - {name: called, when: calls > 0.5, points: 4, reason: Was called}
segment: team
readable: pairs
stages: [{name: lead}, {name: opportunity, engagement: 2, points: 55}]
"""
DAY = date(2026, 1, 1)

pytestmark = pytest.mark.slow


def simulate(n: int = 3_000) -> pd.DataFrame:
    """Leads of which fields of one axis act together, fields of two, and calls otherwise in each team."""
    random = np.random.default_rng(2)
    frame = pd.DataFrame(random.normal(size=(n, 4)).round(3), columns=["size", "budget", "visits", "calls"])
    frame["topics"] = random.choice(["crm", "erp", "crm;erp"], n)
    frame["team"] = random.choice(np.array(["north", "south"], dtype=object), n)
    within, across = np.sign(frame["size"] * frame["budget"]), np.sign(frame["size"] * frame["visits"])
    of_team = np.where(frame["team"] == "north", 1.2, -0.4) * frame["calls"]
    chance = 1 / (1 + np.exp(-(within + across + of_team + 0.3 * (frame["topics"] == "crm") - 0.8)))
    return frame.assign(won=random.random(n) < chance)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card."""
    path = tmp_path_factory.mktemp("card") / "card.yaml"
    path.write_text(CARD, "utf-8")
    return path


@pytest.fixture(scope="module")
def training(card: Path) -> Training:
    """Trained on these leads."""
    return train(card, simulate())


def test_no_learned_term_spans_both_axes(training: Training) -> None:
    """Pairs are of one axis, and those of a segment of the axis of the other field; the ledger adds up."""
    scorecard = training.scorecard
    pairs = {
        term.fields: find_term_axis(scorecard.card, term) for term in scorecard.learned.terms if isinstance(term, Pair)
    }
    assert pairs["size", "budget"] == "fit"
    assert pairs["calls", "team"] == "engagement"
    assert ("size", "visits") not in pairs
    assert (
        find_term_axis(scorecard.card, next(t for t in scorecard.learned.terms if "topics" in t.name)) == "engagement"
    )
    for lead in simulate(50).drop(columns="won").to_dict("records"):
        result = score(scorecard, {str(name): value for name, value in lead.items()}, DAY)
        assert result.tenths == scorecard.learned.start + sum(axis.tenths for axis in result.axes)
        for axis in result.axes:
            assert axis.tenths == sum(entry.tenths for entry in result.ledger if entry.axis == axis.axis)


def test_what_it_costs_is_said(training: Training) -> None:
    """The text and metrics.json say how many pairs were left out, and which would gain."""
    axes = training.metrics["axes"]
    gaining = axes["gaining_pairs"]
    assert gaining[0]["fields"] == ["size", "visits"]
    assert gaining[0]["gain"] > 0.01
    words = f"{axes['left_out_pairs']} pairs of fields span both axes and were not considered; "
    assert axes["said"].startswith(words)
    assert f"Axes: {words}" in " ".join(summary_text(training).split())


def test_the_report_shows_both(training: Training) -> None:
    """The report counts the held-out leads with each pair of grades."""
    rows = training.metrics["axes"]["grades"]
    assert sum(row["leads"] for row in rows) == len(training.held)
    assert training.history is not None
    assert sum(row["won"] for row in rows) == int(training.history.won[training.held].sum())
    best, worst = rows[0], rows[-1]
    assert (best["grades"], worst["grades"]) == ("A1", "C3")
    assert best["rate"] > worst["rate"]
    text = page(training.metrics, training.provenance, training.scorecard.learned, training.scorecard.card)
    assert "Fit and engagement" in text
    assert "/metrics/axes/grades/0/leads" in text


def test_a_stage_promotes_those_with_its_grade(training: Training) -> None:
    """The precision by volume is that of the held-out leads that have the grade."""
    rows, volumes = training.metrics["axes"]["grades"], training.metrics["precision_by_volume"]["opportunity"]
    having = [row for row in rows if row["grades"][1] in "12"]
    assert volumes[-1]["leads"] == sum(row["leads"] for row in having) < len(training.held)


def test_a_classifier_that_mixes_axes_is_refused(card: Path) -> None:
    """A classifier of the caller's that learns fields of both axes together is refused; one that doesn't isn't."""
    history = simulate(1_000)
    mixing = AdditiveClassifier(pairs=[("size", "visits")], combinations=0, bags=2, max_rounds=20, random_state=0)
    with pytest.raises(DataError, match=r"^the classifier has learned a term of both axes, 'size & visits', and each"):
        train(card, history, estimator=mixing)
    alone = AdditiveClassifier(pairs=0, combinations=0, bags=2, max_rounds=20, random_state=0)
    assert train(card, history, estimator=alone).metrics["axes"]["said"] == (
        "0 pairs of fields span both axes and were not considered"
    )
