"""The promotion line: a promise that holds as often as it says, or the word that none can be made."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from training.combine import LOG_ODDS
from training.threshold import FEWEST, lower_bound, promise


def test_the_bound_is_exact() -> None:
    """At the lower limit, as many successes as were seen have exactly the probability 1 - confidence."""
    for won, leads in [(1, 1), (28, 30), (70, 100), (30, 30)]:
        limit = lower_bound(won, leads, 0.9)
        assert binom.sf(won - 1, leads, limit) == pytest.approx(0.1)
    assert lower_bound(0, 50, 0.9) == 0.0


@pytest.mark.parametrize("asked", [0.5, 0.7])
def test_a_promise_is_broken_no_oftener_than_it_says(asked: float) -> None:
    """Over 400 draws, the true precision of the line is below the promise in at most 1 - confidence of them."""
    random = np.random.default_rng(7)
    given = broken = 0
    for _ in range(400):
        totals = np.round(random.normal(500, 200, 1500)).astype(np.int64)
        true = expit((totals - 560) * LOG_ODDS)
        found = promise(totals, random.random(1500) < true, asked, 0.9)
        if found.line.points is not None:
            given += 1
            broken += true[totals >= found.line.points].mean() < asked
    assert given > 300
    assert broken / given <= 0.1


def test_where_nothing_can_be_promised_it_is_said() -> None:
    """The gate stays closed, and the best bound is named."""
    totals = np.arange(400, 700)
    found = promise(totals, np.arange(300) % 3 == 0, 0.7, 0.9)
    assert found.line.points is None
    assert found.line.closed == (
        "no line can promise that 70% of the promoted become opportunities; the best bound is 0.30 at 42.0 points"
    )


def test_too_few_leads_promise_nothing() -> None:
    """Fewer held-out leads than prove anything close the gate, even if all of them were won."""
    found = promise(np.full(FEWEST - 1, 600), np.ones(FEWEST - 1, bool), 0.7, 0.9)
    assert found.line.closed.endswith(f"only {FEWEST - 1} held-out leads meet the criteria, {FEWEST} are needed")


def test_ties_are_promoted_together() -> None:
    """A line promotes every lead with its total, so all of them are counted."""
    totals = np.repeat([700, 600], [10, 90])
    won = np.repeat([True, False], [85, 15])
    found = promise(totals, won, 0.7, 0.9)
    assert (found.line.points, found.leads, found.won) == (600, 100, 85)
