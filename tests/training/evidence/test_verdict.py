"""The verdict: it rests on calibration, rate, drift and power together, and says what it saw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leadledger.training.evidence.chart_measures import by_grade, by_points, reliability
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.evidence.verdict import measure_rate, reach_verdict


def measure(seed: int, leads: int = 1500, true_rate: float = 1.0, signal: float = 1.0) -> dict[str, Any]:
    """Metrics of a forecast that was right, but for the odds of all leads, which became `true_rate` of themselves."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(-1.5, 1, leads)
    probability = 1 / (1 + np.exp(-log_odds))
    truth = signal * log_odds + (1 - signal) * -1.5 + np.log(true_rate)
    won = random.random(leads) < 1 / (1 + np.exp(-truth))
    return {
        "split": "time",
        "held_out": {"leadledger": judge(won, probability).to_dict()},
        "rate": measure_rate(won, probability),
        "reliability": reliability(won, probability),
    }


@pytest.mark.slow
def test_a_right_forecast_can_be_relied_on() -> None:
    """Chance raises a doubt about the rate in about one draw of twenty, and hardly another."""
    verdicts = [reach_verdict(measure(seed)) for seed in range(60)]
    assert sum(verdict["level"] == "good" for verdict in verdicts) >= 52
    assert verdicts[0] == {"level": "good", "doubts": [], "said": "You can rely on the scores"}


def test_a_rate_that_moved_is_a_caution() -> None:
    """Where the odds of all leads fell by a third, the verdict names both rates, and the cure."""
    metrics = measure(0, true_rate=0.65)
    assert metrics["rate"]["errors"] < -3
    verdict = reach_verdict(metrics)
    assert verdict["level"] == "care"
    (doubt,) = [doubt for doubt in verdict["doubts"] if doubt["kind"] == "rate"]
    assert doubt["said"] == (
        "16.5% of the newest leads became opportunities and 21.9% were predicted to, 5.4 standard errors apart:"
        " the probabilities are too high (leadledger recalibrate moves them)"
    )
    metrics["split"] = "stratified"
    assert "of the held-out leads became" in reach_verdict(metrics)["said"]


def test_without_signal_nothing_can_be_relied_on() -> None:
    """Scores that have nothing to do with the outcome are told from weak ones by the errors of the area."""
    verdict = reach_verdict(measure(1, signal=0.0))
    assert verdict["level"] == "none"
    assert verdict["said"].startswith(
        "Don't rely on the scores: they don't tell the better leads from the worse beyond"
    )


def test_few_leads_vouch_for_nothing() -> None:
    """With fewer than thirty won leads to judge by, no measure is sure."""
    metrics = measure(2, leads=100)
    won = metrics["held_out"]["leadledger"]["won"]
    assert won < 30
    assert (
        f"only {won} of the 100 leads to judge by became opportunities, too few to be sure"
        in (reach_verdict(metrics)["said"])
    )


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        ({"score": "moved", "fields": {}}, "the scores of the newest leads have moved (stability index 0.30)"),
        ({"score": "steady", "fields": {"need": "shifted"}}, "the newest leads differ in need"),
        ({"score": "steady", "fields": {"need": "moved"}}, ""),
    ],
)
def test_drift_counts(drift: dict[str, Any], said: str) -> None:
    """A score that moved, or a field that shifted, is a caution; a field that moved is not."""
    metrics = measure(0) | {
        "drift": {
            "score": {"band": drift["score"], "psi": 0.3},
            "fields": [{"name": name, "band": band} for name, band in drift["fields"].items()],
        }
    }
    assert reach_verdict(metrics)["said"] == (
        f"Use the scores with care: {said}" if said else "You can rely on the scores"
    )


def test_unfair_scores_are_a_caution() -> None:
    """A bound of the card that is exceeded stands in the verdict."""
    metrics = measure(0) | {"fairness": {"exceeded": ["of gender f, …"]}}
    assert reach_verdict(metrics)["said"].endswith("a bound of the card's fairness is exceeded")


def test_a_sure_forecast_has_no_errors_to_count() -> None:
    """Where every lead was said to be surely lost, no number of errors can be told."""
    rate = measure_rate(np.array([False, False]), np.zeros(2))
    assert rate == {"leads": 2, "won": 0, "foreseen": 0.0, "came": 0.0, "errors": None}


def test_scores_and_grades_hold_every_lead_once() -> None:
    """Outer bands are open, cut-offs belong to the better grade, and empty ones are left out."""
    totals = np.array([-300, 0, 99, 100, 499, 500, 649, 650, 1500])
    won = totals >= 500
    bands = by_points(totals, won, np.full(9, 0.5))
    assert [(band["band"], band["leads"], band["won"]) for band in bands] == [
        ("below 10", 3, 0),
        ("10 to 20", 1, 0),
        ("40 to 50", 1, 0),
        ("50 to 60", 1, 1),
        ("60 to 70", 2, 2),
        ("90 and up", 1, 1),
    ]
    grades = by_grade(totals, won, np.full(9, 0.5), (("A", 650), ("B", 500), ("C", 350)), "D")
    assert [(grade["grade"], grade["leads"], grade["came"]) for grade in grades] == [
        ("A", 2, 1.0),
        ("B", 2, 1.0),
        ("C", 1, 0.0),
        ("D", 4, 0.0),
    ]
    assert sum(grade["share"] for grade in grades) == pytest.approx(1)
