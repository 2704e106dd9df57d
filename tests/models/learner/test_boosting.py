"""Boosting goes side by side in threads, and only we speak to the user."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import lightgbm as lgb
import numpy as np
import pytest

from leadledger.models.learner.boosting import _continue


def test_rounds_in_another_thread_print_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """A thread that didn't make the booster prints no warnings of LightGBM's where no split gains."""
    parameters = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 20, "num_threads": 1}
    booster = lgb.Booster(parameters, lgb.Dataset(np.zeros((30, 1)), np.arange(30) % 2, params=parameters))
    with ThreadPoolExecutor(1) as other:
        other.submit(_continue, booster, 2).result()
    assert capfd.readouterr() == ("", "")
