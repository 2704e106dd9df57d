"""Points as odds, and as leads of a hundred."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.points_as_odds import describe_points

SENTENCES = {
    (150, 0.0945, None): "2.8 times the odds: of 100 average leads 23 instead of 9 become opportunities.",
    (150, 0.0945, 0.43): (
        "2.8 times the odds: of 100 average leads 23 instead of 9 become opportunities. It counts by 43\u00a0%: +6.5,"
        " so 14 instead of 9."
    ),
    (-150, 0.0945, 1): "The odds divided by 2.8: of 100 average leads 4 instead of 9 become opportunities.",
    (5, 0.0945, None): "1.04 times the odds: of 1,000 average leads 98 instead of 94 become opportunities.",
    (150, 0.0004, None): "2.8 times the odds: of 10,000 average leads 11 instead of 4 become opportunities.",
    (150, None, 0.5): "2.8 times the odds. How many leads that is, training will tell.",
    (0, 0.0945, None): "No points: the odds stay as they are.",
}


@pytest.mark.parametrize(("given_points", "sentence"), SENTENCES.items(), ids=SENTENCES.values())
def test_sentence(given_points: tuple[int, float | None, float | None], sentence: str) -> None:
    """Points are told as odds and as people, and what is left of them after trust."""
    assert describe_points(*given_points).sentence == sentence


def test_mark_and_data() -> None:
    """The short mark has a factor of 1 at least; the data are in points."""
    assert describe_points(200).mark == "odds × 4.0"
    assert describe_points(-100).mark == "odds ÷ 2.0"
    data = describe_points(150, 0.0945, 0.43).to_dict()
    assert data["points"] == 15
    assert data["trusted_points"] == 6.5
    assert data["before"] == pytest.approx(0.0945)


@given(st.integers(-1000, 1000), st.floats(0.001, 0.999), st.floats(0.01, 1))
def test_odds_multiply(tenths: int, base_rate: float, trust: float) -> None:
    """The factor is that of the odds before and after."""
    points = describe_points(tenths, base_rate, trust)
    assert points.before is not None
    assert points.after is not None
    odds = [rate / (1 - rate) for rate in (points.before, points.after)]
    assert odds[1] / odds[0] == pytest.approx(points.factor, rel=1e-6)
    assert points.sentence
