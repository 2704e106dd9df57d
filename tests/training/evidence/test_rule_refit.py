"""The points that the data support for one rule: the interval ends, and holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from leadledger.training.evidence.rule_refit import refit
from leadledger.training.learn.trust import LOG_ODDS


def test_a_perfect_rule_has_an_end() -> None:
    """Where every lead with the rule was won the points stay finite, and their upper limit lies far out."""
    share = np.repeat([1.0, 0.0], [12, 500])
    won = np.repeat([True, False, True], [12, 300, 200])
    supported = refit(np.zeros(512, dtype=np.int64), share, np.zeros(512, dtype=np.int64), won)
    assert supported is not None
    assert 0 < supported.low < supported.points < supported.high < 1500
    assert refit(np.zeros(12, dtype=np.int64), share[:12], np.zeros(12, dtype=np.int64), won[:12]) is None


@pytest.mark.slow
@pytest.mark.parametrize(("leads", "fires", "points"), [(400, 0.3, 60.0), (3000, 0.02, -80.0), (3000, 0.5, 20.0)])
def test_intervals_hold_the_truth(leads: int, fires: float, points: float) -> None:
    """In 300 histories drawn with known points, the 95 % interval holds them in 91 to 98.5 %."""
    rng = np.random.default_rng(3)
    findings = 0
    for _ in range(300):
        offset = rng.integers(-150, 150, leads)
        beside = np.where(rng.random(leads) < 0.3, 80, 0)
        share = (rng.random(leads) < fires).astype(float)
        won = rng.random(leads) < expit(-1 + LOG_ODDS * (offset + 0.5 * beside + points * share))
        supported = refit(offset, share, beside, won)
        assert supported is not None
        findings += supported.low <= points <= supported.high
    assert 0.91 * 300 <= findings <= 0.985 * 300
