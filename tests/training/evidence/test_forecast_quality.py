"""The measures of a forecast, on numbers that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from leadledger.training.evidence.forecast_quality import judge


def test_the_calibration_error_is_the_mean_gap_of_the_tenths() -> None:
    """Ten tenths of ten leads, each predicted 0.1 too high: 0.1; predicted as they were: 0."""
    won = np.concatenate([np.arange(10) < k for k in range(10)])
    actual = np.repeat(np.arange(10) / 10, 10)
    assert judge(won, actual).calibration_error == pytest.approx(0, abs=1e-6)
    assert judge(won, actual + 0.1).calibration_error == pytest.approx(0.1, abs=1e-6)


def test_leads_that_score_alike_have_no_order() -> None:
    """A constant forecast finds a tenth in the best tenth and has no error, also where the won leads stand first."""
    won_first = np.arange(1000) < 100
    for won in (won_first, won_first[::-1]):
        quality = judge(won, np.full(1000, 0.1))
        assert quality.gain == pytest.approx(0.1)
        assert quality.calibration_error == pytest.approx(0)
        assert [tenth.leads for tenth in quality.calibration] == [1000]


def test_one_outcome_only() -> None:
    """What needs both outcomes is None; the loss is there."""
    quality = judge(np.zeros(5, bool), np.full(5, 0.2))
    assert (quality.auc, quality.gain, quality.slope) == (None, None, None)
    assert quality.log_loss == pytest.approx(-np.log(0.8))
    assert quality.brier == pytest.approx(0.04)
