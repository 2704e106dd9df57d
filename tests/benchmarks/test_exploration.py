"""Exploration on simulated truth: what the next training gets wrong without it, and that the propensities add up."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import exploration
from benchmarks.exploration import add_up, draw_leads, measure, simulate
from leadledger.models.learner.classifier import AdditiveClassifier

QUICK = AdditiveClassifier(bags=2, pairs=0, combinations=0, random_state=0)


@pytest.mark.slow
def test_the_next_training_is_biased_without_exploration() -> None:
    """Below the threshold it predicts a fraction of the true rate; with drawn leads it comes near, above it stays."""
    without, having = (measure(share, 4_000, 1, 3, QUICK) for share in (0.0, 0.15))
    assert without.ratio_below < 0.25
    assert 0.7 < having.ratio_below < 1.4
    assert having.gap_below < without.gap_below / 3
    assert 0.6 < without.ratio_above < 1.6
    assert 0.6 < having.ratio_above < 1.6


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.01, 0.05])
def test_propensities_add_up(share: float) -> None:
    """The totals that they give are off by what chance explains: over ten histories, by a standard error on average."""
    errors = np.array([add_up(simulate(6_000, share, seed)) for seed in range(10)])
    assert np.abs(errors).max() < 4
    assert (np.sqrt((errors**2).mean(axis=0)) < 1.6).all()
    assert (np.abs(errors.mean(axis=0)) < 3 / np.sqrt(10)).all()


def test_unpromoted_leads_are_seldom_won() -> None:
    """Outcomes follow the truth where a lead is promoted, and a tenth of it elsewhere."""
    history = simulate(20_000, 0.05, 1)
    won, truth = history.frame["won"].to_numpy(bool), history.truth
    for leads, times in ((history.promoted, 1.0), (~history.promoted, exploration.UNPROMOTED)):
        assert won[leads].mean() == pytest.approx(times * truth[leads].mean(), rel=0.15)
    assert draw_leads(50, 7)[0].equals(draw_leads(50, 7)[0])


def test_what_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each share, or the same as JSON."""
    monkeypatch.setattr(exploration, "SHARES", (0.0,))
    monkeypatch.setattr(exploration, "predict", lambda history, share, new, estimator: np.full(len(new), 0.1))
    exploration.main(["--leads", "500", "--draws", "1"])
    line = capsys.readouterr().out
    assert line.startswith("  0%: gap below ")
    assert "errors –; " in line
    exploration.main(["--leads", "500", "--draws", "1", "--json"])
    (row,) = json.loads(capsys.readouterr().out)
    assert row["share"] == 0.0
    assert f"gap below {row['gap_below']:.4f}" in line
