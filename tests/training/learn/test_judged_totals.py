"""Scores of a model that had not seen the leads, on the scale of the published card."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.training.learn.judged_totals import to_published_scale


@pytest.mark.parametrize(
    ("points", "totals", "judged"),
    [
        ([0.1, 0.3, 0.2], [300, 500, 900], [300, 900, 500]),  # the best lead has the highest total
        ([10.0, 30.0, 20.0], [300, 500, 900], [300, 900, 500]),  # how far the points are spread has no say
        ([1.0, 2.0, 2.0, 3.0], [100, 200, 300, 401], [100, 250, 250, 401]),  # leads alike share their places
        ([2.0, 2.0], [100, 301], [200, 200]),  # a model that tells nothing leaves the mean
        ([], [], []),
    ],
)
def test_places(points: list[float], totals: list[int], judged: list[int]) -> None:
    """The order is that of the points, the spread that of the published totals."""
    assert to_published_scale(np.array(points), np.array(totals, np.int64)).tolist() == judged


@given(st.lists(st.tuples(st.floats(-9, 9), st.integers(-2000, 3000)), min_size=1, unique_by=lambda lead: lead[0]))
def test_a_threshold_promotes_as_many_leads_as_it_was_proven_on(leads: list[tuple[float, int]]) -> None:
    """Whatever the threshold, as many judged leads reach it by their published totals."""
    points, totals = np.array([lead[0] for lead in leads]), np.array([lead[1] for lead in leads], np.int64)
    judged = to_published_scale(points, totals)
    for threshold in judged:
        assert (judged >= threshold).sum() == (totals >= threshold).sum()
    assert (np.diff(judged[np.argsort(points)]) >= 0).all()
