"""The benchmarks on simulated histories, in the small."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import logit

from benchmarks import million, promise
from benchmarks.promise import Outcomes, find_by_oracle, lines, shift, true_precision
from leadledger.scoring.card.reader import parse_card


def test_true_precision_is_of_the_promoted() -> None:
    """The mean true probability of the leads that are promoted; of none it is 0."""
    log_odds = logit(np.array([0.9, 0.5, 0.4]))
    assert true_precision(log_odds, np.array([True, True, False])) == pytest.approx(0.7)
    assert true_precision(log_odds, np.zeros(3, bool)) == 0


def test_how_worlds_move() -> None:
    """Steady stays, halves loses a doubling of the odds a year, late begins a year before the end."""
    years = np.array([1.0, 2.0, 3.0])
    assert shift("steady", years).tolist() == [0, 0, 0]
    assert np.diff(shift("halves", years)) == pytest.approx([-np.log(2)] * 2)
    assert shift("late", years) == pytest.approx([0, 0, -np.log(2)])


def test_an_oracle_finds_what_is_there() -> None:
    """It knows which candidates have the precision, and proves one where the leads bear it out."""
    totals = np.repeat([700, 600], [100, 100])
    log_odds = logit(np.repeat([0.95, 0.05], [100, 100]))
    assert find_by_oracle(totals, np.arange(200) < 95, totals, log_odds, 0.9)
    assert not find_by_oracle(totals, np.arange(200) < 80, totals, log_odds, 0.9)
    assert not find_by_oracle(totals, np.ones(200, bool), totals, log_odds, 0.99)


def test_verdict() -> None:
    """12 % broken is within, more is not; where the oracle finds none, nothing is compared."""
    kept = Outcomes(0.7, 100, 90, 12, 80, 70, (0.6, 0.7, 0.8))
    text = "\n".join(lines([kept], "steady"))
    assert "broken by the true precision in 12 of all draws (12.0%, 95 % interval 6.4% to 20.0%): within 12%" in text
    assert "found in 70 of the 80 draws in which the oracle finds one (87.5%): enough for 85%" in text
    assert max(len(line) for line in lines([kept], "steady")) <= 100
    worse = Outcomes(0.7, 100, 90, 13, 0, 0, ())
    assert "NOT within 12%" in "\n".join(lines([worse], "halves"))
    assert "oracle" not in "\n".join(lines([worse], "halves"))


@pytest.mark.slow
def test_promise_end_to_end(capsys: pytest.CaptureFixture[str]) -> None:
    """Two draws in one world; each trains a model, and the precisions are counted against the promise."""
    promise.main(["--draws", "2", "--leads", "3000", "--pool", "6000", "--worlds", "steady", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert [record["asked"] for record in printed["steady"]] == list(promise.PRECISIONS)
    for record in printed["steady"]:
        assert record["draws"] == 2
        assert record["found"] == len(record["precisions"]) <= 2
        assert record["broken"] == sum(precision < record["asked"] for precision in record["precisions"])


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
