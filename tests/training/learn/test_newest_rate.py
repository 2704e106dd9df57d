"""The base rate of the newest leads: moved where they differ from the forecast beyond chance, else left."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from leadledger.training.learn.newest_rate import NewestRate, find_newest_rate
from leadledger.training.learn.trust import in_the_large


def measure(rates: NDArray[np.float64], seed: int = 0) -> tuple[NewestRate, NDArray[np.float64]]:
    """The newest rate of leads whose true rates move so (n,), and a forecast that knows the mean rate alone."""
    random = np.random.default_rng(seed)
    skill = random.normal(0, 1, len(rates))
    truth = expit(logit(rates) + skill)
    won = random.random(len(rates)) < truth
    rate = float(won.mean())
    forecast = skill + in_the_large(skill, rate)
    return find_newest_rate(forecast, won, rate), truth


def test_a_steady_rate_is_that_of_all_leads() -> None:
    """Of 100 histories whose rate stands, few are moved by chance."""
    found = [measure(np.full(2000, 0.1), seed)[0] for seed in range(100)]
    assert sum(newest.moved for newest in found) <= 14  # two looks at two standard errors each
    steady = next(newest for newest in found if not newest.moved)
    assert steady.after == steady.before
    assert steady.said.endswith(f"Chance explains that; the base rate is that of all leads, {steady.before:.1%}.")


def test_a_rate_that_fell_sets_the_base_rate() -> None:
    """Where the newest quarter wins half as often, the forecast at the new base rate comes true on it."""
    newest, truth = measure(np.repeat([0.2, 0.1], [3000, 1000]))
    assert newest.moved
    assert not newest.moving
    assert (newest.leads, newest.deviation < -2) == (1000, True)
    shift = float(logit(newest.after) - logit(newest.before))
    random = np.random.default_rng(0).normal(0, 1, 4000)
    forecast = expit(random + in_the_large(random, newest.before) + shift)
    assert forecast[-1000:].mean() == pytest.approx(truth[-1000:].mean(), abs=0.025)
    assert newest.said == (
        f"Of the 1,000 newest leads {newest.won} became opportunities, and {newest.expected:.0f} were to be expected at"
        f" the rate of all leads: {-newest.deviation:.1f} standard errors apart. The base rate is moved to them, from"
        f" {newest.before:.1%} to {newest.after:.1%}."
    )


def test_a_rate_that_is_still_falling_is_that_of_the_newest_half() -> None:
    """Where it falls on within the newest quarter, its newer half sets the rate, and the sentence says what to do."""
    newest, _ = measure(np.linspace(0.4, 0.05, 8000))
    assert (newest.moved, newest.moving, newest.leads) == (True, True, 1000)
    assert newest.said.endswith(
        "It is still moving: run `leadledger recalibrate` as soon as newer outcomes are known, and rely on promises"
        " with caution until then."
    )


def test_few_outcomes_move_nothing() -> None:
    """With fewer than 20 newest leads of either outcome the rate of all stays."""
    newest, _ = measure(np.repeat([0.4, 0.05], [300, 100]))
    assert not newest.moved
