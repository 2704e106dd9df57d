"""A forecast that tells nothing of the outcome is seen, and one that tells something is believed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from leadledger.training.evidence.signal import Signal, find_signal

RATE = 0.3


def signal(strength: float, leads: int, seed: int, told: float = 1.0, held: float = 1.0) -> Signal:
    """Of a forecast of leads, half of them without one; `told` is how strong it takes the signal to be.

    `held`: how strong the signal is among the held-out leads, the last fifth.
    """
    random = np.random.default_rng(seed)
    log_odds = random.normal(0, 1, leads)
    newest = np.arange(leads) >= 0.8 * leads
    start = np.log(RATE / (1 - RATE))
    won = random.random(leads) < expit(start + np.where(newest, held, 1.0) * strength * log_odds)
    probability = np.where(np.arange(leads) < leads / 2, np.nan, expit(start + told * log_odds))
    return find_signal(won, probability, np.flatnonzero(newest), RATE)


@pytest.mark.parametrize("seed", range(5))
def test_a_signal(seed: int) -> None:
    """A forecast that foresees more than chance does is believed, also of few leads."""
    for leads in (800, 3_000):
        found = signal(1.0, leads, seed)
        assert found.present
        assert found.said == ""
        assert found.log_loss < found.base_log_loss


@pytest.mark.parametrize(
    ("strength", "told", "held"), [(0.0, 0.5, 1.0), (0.0, 1e-4, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, -1.0)]
)
def test_no_signal(strength: float, told: float, held: float) -> None:
    """Wrong forecasts, nearly constant ones, constant ones, and those that no longer hold for the newest leads."""
    for seed in range(5):
        assert not signal(strength, 1_000, seed, told, held).present


def test_the_sentence() -> None:
    """It names the leads, the base rate and both losses."""
    won: NDArray[np.bool_] = np.arange(1_200) % 4 == 0
    found = find_signal(won, np.full(1_200, 0.25), np.arange(900, 1_200), 0.25)
    assert found == Signal(1_200, found.log_loss, found.log_loss, 0.25, False, found.said)
    assert found.said == (
        "on 1,200 leads that it had not seen, its forecast is no better than the base rate of the history, 25.0%,"
        " beyond what chance does (log-loss 0.5623 against 0.5623); the fields and rules tell nothing of the outcome"
        " that could be relied on"
    )
    assert found.to_dict()["present"] is False
