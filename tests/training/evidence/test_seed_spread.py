"""How far trainings with other seeds differ."""

from __future__ import annotations

import numpy as np
import pytest

from leadledger.training.evidence.seed_spread import spread_over_seeds


def test_the_spread_of_two_seeds() -> None:
    """Standard deviations with one degree of freedom less than seeds; points, not tenths."""
    spread = spread_over_seeds([0.30, 0.34], [np.array([500, 300]), np.array([520, 300])])
    assert spread.log_loss_error == pytest.approx(0.02 * np.sqrt(2))
    assert spread.score_error == pytest.approx(1.0)  # 1.41 points of the first lead, 0 of the second
    assert spread.to_dict()["said"] == (
        "With 2 seeds the log-loss lies between 0.3000 and 0.3400 (standard deviation 0.0283), and a lead's score"
        " differs by 1.0 points from seed to seed (standard deviation)."
    )
