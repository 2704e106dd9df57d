"""The benchmark of segments, in the small."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import segments
from benchmarks.segments import TEAMS, draw, main


def test_teams_have_one_truth() -> None:
    """Fresh leads are of the same teams; where all are alike, what a lead is worth doesn't depend on its team."""
    known = draw("equal", 3, TEAMS)
    assert known.frame["team"].value_counts().to_dict() == TEAMS
    assert np.array_equal(draw("equal", 3, TEAMS).won, known.won)
    assert not np.array_equal(draw("equal", 3, TEAMS, fresh=True).won, known.won)
    rates = [known.take(team).probability.mean() for team in ("east", "west")]
    assert rates[0] == pytest.approx(rates[1], abs=0.02)
    apart = draw("different", 3, {"east": 4_000, "west": 4_000})
    assert abs(np.subtract(*[apart.take(team).probability.mean() for team in ("east", "west")])) > 0.02


@pytest.mark.slow
def test_segments_are_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A row for each learner and team, with the weight of each team where segments were learned."""
    monkeypatch.setattr(segments, "TEAMS", {"north": 60, "west": 400})
    monkeypatch.setattr(segments, "FRESH_LEADS", 300)
    main(["--worlds", "different", "--draws", "1", "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert {(row["learner"], row["team"]) for row in rows} == {
        (learner, team) for learner in ("segments", "pool", "plain", "separate") for team in ("north", "west")
    }
    assert all(row["gap"] >= 0 for row in rows)
    assert all((row["weight"] is None) == (row["learner"] != "segments") for row in rows)
