"""The proof of a precision: an error that is shared out beforehand, and spent in turn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from leadledger.training.learn.proof import (
    FEWEST_PROVEN,
    Candidates,
    fewest_that_prove,
    find_proven,
    set_candidates,
    times_the_leads,
)


@settings(max_examples=25, deadline=None)
@given(
    totals=arrays(np.int64, st.integers(0, 400), elements=st.integers(300, 700)),
    precision=st.sampled_from([0.05, 0.5, 0.7, 0.9, 0.99, 0.999]),
    foresee=st.booleans(),
)
def test_the_whole_error_is_shared_out(totals: NDArray[np.int64], precision: float, foresee: bool) -> None:
    """Candidates promote more and more leads, at least twenty, ties together; their shares add up to one."""
    totals = np.sort(totals)[::-1]
    candidates = set_candidates(totals, np.linspace(0.99, 0.01, len(totals)) if foresee else None, precision, 0.1)
    assert len(candidates) == 0 if len(totals) < FEWEST_PROVEN else candidates.shares.sum() == pytest.approx(1)
    assert (np.diff(candidates.volumes) > 0).all()
    assert (candidates.volumes >= FEWEST_PROVEN).all()
    assert [(totals >= threshold).sum() for threshold in candidates.thresholds] == candidates.volumes.tolist()


def test_what_passes_hands_its_error_on() -> None:
    """The first has no error of its own; the second passes, and the third is tested at the error of both."""
    candidates = Candidates(np.array([700, 600, 500, 400]), np.array([20, 40, 80, 160]), np.array([0, 0.7, 0, 0.3]))
    passed, levels = find_proven(candidates, np.array([20, 40, 80, 0]), 0.9, 0.1)
    assert passed.tolist() == [False, True, True, False]
    assert levels.tolist() == pytest.approx([0, 0.07, 0.07, 0.1])


@pytest.mark.parametrize("forecast", [None, 0.6, 0.75, 0.95])
def test_whatever_the_forecasts_say_the_error_is_kept(forecast: float | None) -> None:
    """Where no threshold has the precision, one passes in at most a tenth of the draws."""
    random = np.random.default_rng(1)
    totals = np.arange(800)[::-1]
    forecasts = None if forecast is None else np.full(800, forecast)
    candidates = set_candidates(totals, forecasts, 0.7, 0.1)
    wrong = 0
    for _ in range(500):
        won = np.cumsum(random.random(800) < 0.6999, dtype=np.int64)[candidates.volumes - 1]
        wrong += int(find_proven(candidates, won, 0.7, 0.1)[0].any())
    assert 0 < wrong <= 0.1 * 500 + 2 * (500 * 0.1 * 0.9) ** 0.5


def test_most_of_the_error_starts_where_the_forecasts_promise_most() -> None:
    """Of leads that are won at 0.99 down to 0.01, the proof of 0.9 starts near the best hundred, not at the best 20."""
    forecasts = np.linspace(0.99, 0.01, 1000)
    candidates = set_candidates(np.arange(1000)[::-1], forecasts, 0.9, 0.1)
    assert 50 < candidates.volumes[candidates.shares.argmax()] < 150


@pytest.mark.parametrize(("precision", "fewest"), [(0.5, 20), (0.9, 22), (0.95, 45), (0.99, 230)])
def test_fewest_leads_that_prove(precision: float, fewest: int) -> None:
    """So many leads, all of them won, leave chance less than a tenth; one less doesn't."""
    assert fewest_that_prove(precision, 0.1) == fewest
    assert precision**fewest <= 0.1
    assert precision ** (fewest - 1) > 0.1 or fewest == FEWEST_PROVEN


def test_how_many_more_leads_would_prove_it() -> None:
    """Leads that are won more often than asked prove it in some number, others in none."""
    won = np.arange(200) % 4 > 0
    totals, forecasts = np.full(200, 600), np.full(200, 0.75)
    times = times_the_leads(totals, won, forecasts, 0.7, 0.1)
    assert times is not None
    assert 1.5 < times < 4
    assert times_the_leads(totals, won, forecasts, 0.9, 0.1) is None
    assert times_the_leads(totals[:0], won[:0], None, 0.7, 0.1) is None
