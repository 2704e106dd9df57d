"""The benchmarks on simulated histories, in the small."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import million, promise
from benchmarks.promise import Calibration, JudgedLeads, PromiseResult, lines, simulated
from leadledger.scoring.card.reader import parse_card, read_card
from leadledger.scoring.scorecard import build_untrained


def test_true_precision_is_of_those_from_the_threshold_on() -> None:
    """The mean true probability of the leads whose total reaches the line, ties among them."""
    leads = JudgedLeads(np.array([700, 700, 600, 500]), np.zeros(4, bool), np.array([0.9, 0.5, 0.4, 0.1]))
    assert leads.precision(700) == pytest.approx(0.7)
    assert leads.precision(501) == pytest.approx(0.6)


@pytest.mark.slow
def test_truth_goes_with_its_lead() -> None:
    """Leads meet the criteria, keep their own truth, and more points mean more of it; outcomes follow the truth."""
    card = build_untrained(read_card(promise.CARD))
    leads = simulated(card, 40_000, 3)
    assert 1_000 < len(leads.totals) < 8_000
    high = leads.totals >= np.median(leads.totals)
    assert leads.truth[high].mean() > leads.truth[~high].mean() + 0.1
    spread = np.sqrt((leads.truth * (1 - leads.truth)).sum())
    assert abs(leads.won.sum() - leads.truth.sum()) < 4 * spread
    assert leads.truth[leads.won].mean() > leads.truth[~leads.won].mean() + 0.1


def test_verdict() -> None:
    """13 % broken is within, more is not; no line at all breaks nothing and says so."""
    calibration = Calibration(100, 1.0, 0.01, 0.2)
    kept = PromiseResult(0.7, 0.9, 200, 100, 13, 0.13, 0.07, 0.21, (0.6, 0.7, 0.8), (calibration,))
    assert "broken by the true precision in 13 (13.0%, 95 % interval 7.0% to 21.0%): within 13%" in "\n".join(
        lines(kept)
    )
    worse = PromiseResult(0.7, 0.9, 200, 100, 14, 0.14, 0.07, 0.21, (0.6, 0.7, 0.8), (calibration,))
    assert "NOT within 13%" in "\n".join(lines(worse))
    none = PromiseResult(0.7, 0.9, 200, 0, 0, 0.0, 0.0, 1.0, (), (calibration,))
    assert list(lines(none))[-1].endswith("200 draws, a threshold in 0")
    assert max(len(line) for line in lines(kept)) <= 100


@pytest.mark.slow
def test_promise_end_to_end(capsys: pytest.CaptureFixture[str]) -> None:
    """One training, three draws; the lines' precisions are counted against the promise."""
    promise.main(["--draws", "3", "--models", "1", "--leads", "6000", "--fresh", "20000", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["draws"] == 3
    assert printed["lines"] == len(printed["precisions"]) <= 3
    assert printed["broken"] == sum(precision < 0.7 for precision in printed["precisions"])
    assert 0.5 < printed["calibrations"][0]["slope"] < 1.5


def test_a_million_leads_have_twenty_fields() -> None:
    """The example's card, opened to three more fields, lets training learn from 20, and from nothing that leaks."""
    fields = million.learnable(parse_card(million.card_text(), "card.yaml"))
    assert len(fields) == million.FIELDS
    assert {"company", "unsubscribed", "competitor"} < set(fields)
    assert not {"lead_status", "proposal_value", "stage"} & set(fields)


@pytest.mark.slow
def test_million_in_the_small() -> None:
    """A small run gives the time and the memory of the training process."""
    training = million.measure(2_000)
    assert (training.leads, training.fields) == (2_000, 20)
    assert 0 < training.seconds < 600
    assert 50e6 < training.memory < 4e9
    assert training.to_dict()["leads_per_second"] == pytest.approx(2_000 / training.seconds, abs=0.1)


def test_a_failure_is_said() -> None:
    """A process that fails ends the benchmark with its status and its words."""
    with pytest.raises(RuntimeError, match="status 3: -c raise SystemExit"):
        million.run(["-c", "raise SystemExit(3)"])
