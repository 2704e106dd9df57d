"""The benchmark of worlds whose truth is known, in the small."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import worlds
from benchmarks.worlds import RATE, WORLDS, draw, gap_to_truth, main


@pytest.mark.parametrize("name", WORLDS)
def test_worlds_are_drawn(name: str) -> None:
    """The same seed gives the same leads, fresh ones are others, and about a quarter is won."""
    leads, again, fresh = draw(name, 400, 1), draw(name, 400, 1), draw(name, 400, 1, fresh=True)
    assert leads.frame.equals(again.frame)
    assert np.array_equal(leads.won, again.won)
    assert not leads.frame.equals(fresh.frame)
    assert abs(fresh.probability.mean() - RATE) < 0.15
    assert set(leads.frame) == set(fresh.frame)


def test_the_gap_of_the_truth_is_nothing() -> None:
    """And any other forecast has one."""
    truth = np.array([0.1, 0.4, 0.9])
    assert gap_to_truth(truth, truth) == 0
    assert gap_to_truth(truth, np.full(3, 0.5)) > 0.05


def test_repeated_rows_are_learned_from_but_do_not_judge() -> None:
    """Three rows in five of `duplicates` are there twice or more."""
    assert draw("duplicates", 1000, 0).frame.duplicated().mean() > 0.5
    assert not draw("duplicates", 1000, 0, fresh=True).frame.duplicated().any()


def test_worlds_are_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each world and learner, or JSON."""
    monkeypatch.setattr(worlds, "FRESH_LEADS", 500)
    options = ["--worlds", "noise", "--learners", "rate,logistic", "--leads", "300", "--draws", "1"]
    main(options)
    first, second = capsys.readouterr().out.splitlines()[1:]
    assert first.split()[:2] == ["noise", "rate"]
    assert second.split()[:2] == ["noise", "logistic"]
    main([*options, "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert [row["learner"] for row in rows] == ["rate", "logistic"]
    assert rows[1]["sets"] is None
