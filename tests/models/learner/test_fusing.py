"""Fewer rows where they say next to nothing, at a loss that is bounded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from leadledger.models.learner.additive import Floats, Indexes
from leadledger.models.learner.fusing import equalise
from leadledger.scoring.bins import Bins, FlagBins, NumberBins, TextBins

NUMBER = NumberBins((1.0, 2.0, 3.0, 4.0))


def rise_of_loss(tables: list[tuple[Bins, Floats, Indexes]], merged: list[Floats], intercept: float) -> float:
    """The rise of the mean log-loss, one table at a time, where the unmerged values are the truth."""
    rise = 0.0
    for (_, values, counts), equal in zip(tables, merged, strict=True):
        truth, foreseen = expit(values + intercept), expit(equal + intercept)
        losses = truth * np.log(truth / foreseen) + (1 - truth) * np.log((1 - truth) / (1 - foreseen))
        rise += float(losses @ counts) / counts.sum()
    return rise


@given(
    values=st.lists(st.floats(-1, 1), min_size=6, max_size=6),
    counts=st.lists(st.integers(1, 500), min_size=6, max_size=6),
    most=st.sampled_from([1e-5, 1e-4, 1e-3, 1e-2]),
)
def test_merging_costs_no_more_than_allowed(values: list[float], counts: list[int], most: float) -> None:
    """Whatever the tables, the log-loss of leads that are as the tables say rises by `most_loss` at most."""
    texts = TextBins(("a", "b", "c", "d"))
    tables: list[tuple[Bins, Floats, Indexes]] = [
        (NUMBER, np.array(values), np.array(counts)),
        (texts, np.array(values[::-1]), np.array(counts)),
    ]
    merged = equalise(tables, most)
    assert rise_of_loss(tables, merged, -1.0) <= most * 1.0001
    assert all(equal[0] == table[1][0] for equal, table in zip(merged, tables, strict=True))  # missing stays
    ordered = equalise([(NUMBER, np.sort(values), np.array(counts))], most)[0]
    assert (np.diff(ordered[1:]) >= 0).all()


@pytest.mark.parametrize(
    ("bins", "values", "counts", "expected"),
    [
        (NUMBER, [0.5, 0.0, 0.01, 0.4, 0.41, 0.9], [9, 300, 100, 50, 50, 90], [0.5, 0.0025, 0.0025, 0.405, 0.405, 0.9]),
        (TextBins(("a", "b", "c")), [0.5, 0.4, 0.02, 0.0, 0.0], [9, 100, 40, 60, 60], [0.5, 0.4, 0.005, 0.005, 0.005]),
        (TextBins(("a",)), [0.0, 0.5, 0.0], [0, 300, 0], [0.0, 0.5, 0.0]),  # no lead had another text
        (FlagBins(), [0.0, 0.01, 0.02], [0, 300, 300], [0.0, 0.01, 0.02]),
    ],
)
def test_bins_that_hardly_differ_become_one(bins: Bins, values: list, counts: list, expected: list) -> None:
    """Neighbours of a number, and levels that are nearly `other`; what differs stays, and so does a flag."""
    merged = equalise([(bins, np.array(values), np.array(counts))], 0.0002)[0]
    assert merged == pytest.approx(np.array(expected))
