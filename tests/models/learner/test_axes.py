"""Columns of two axes share no pair and no combination; what that costs is measured."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.models.learner.combinations import choose_sets

QUICK: dict[str, Any] = {"bags": 4, "max_rounds": 60, "random_state": 0}
AXES: dict[str | int, str] = {
    "size": "fit",
    "age": "fit",
    "budget": "fit",
    "visits": "engagement",
    "mails": "engagement",
}


def leads(within: float, across: float, n: int = 4_000) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Leads of which two columns of one axis act together, and two of two axes, each so strongly."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame(random.normal(size=(n, len(AXES))), columns=[*map(str, AXES)])
    together = within * np.sign(frame["size"] * frame["age"]) + across * np.sign(frame["budget"] * frame["visits"])
    return frame, random.random(n) < expit(0.5 * frame["mails"] + together - 0.3)


@pytest.mark.slow
def test_no_pair_spans_two_axes() -> None:
    """Of two pairs that act together, the one of one axis is learned, and the gain of the other is known."""
    frame, won = leads(1.0, 1.0)
    free = AdditiveClassifier(combinations=0, **QUICK).fit(frame, won)
    apart = AdditiveClassifier(combinations=0, axes=AXES, **QUICK).fit(frame, won)
    assert {(0, 1), (2, 3)} <= set(free.pairs_)
    assert free.spanning_ == []
    assert (0, 1) in apart.pairs_
    assert all((first < 3) == (second < 3) for first, second in apart.pairs_)
    assert len(apart.spanning_) == 6
    gain, pair = apart.spanning_[0]
    assert pair == (2, 3)
    assert gain > 100 > apart.spanning_[1][0]


@pytest.mark.slow
def test_no_tree_spans_two_axes() -> None:
    """Combinations are of columns of one axis, also where others act together."""
    frame, won = leads(0.0, 1.5)
    parity = np.sign(frame["size"] * frame["age"] * frame["budget"])
    won = np.random.default_rng(4).random(len(frame)) < expit(1.5 * parity + np.sign(frame["budget"] * frame["visits"]))
    fitted = AdditiveClassifier(combinations=2, axes=AXES, **QUICK).fit(frame, won)
    assert fitted.combinations_
    for fields in (*fitted.combinations_, *fitted.pairs_):
        assert len({field < 3 for field in fields}) == 1


def test_sets_grow_within_an_axis() -> None:
    """Fields that gain a lot in another group are not added to a set of the other axis."""
    gains = {frozenset({0, 1}): 9.0, frozenset({1, 2}): 8.0, frozenset({3, 4}): 9.5, frozenset({4, 5}): 8.5}
    sets, _ = choose_sets([gains], 8, axes=(0, 0, 0, 1, 1, 1))
    assert sets == [(3, 4, 5), (0, 1, 2)]


@pytest.mark.slow
def test_one_axis_is_none() -> None:
    """Where all columns are of one axis, the fit is the same as without."""
    frame, won = leads(1.0, 1.0, 1_500)
    plain = AdditiveClassifier(**QUICK).fit(frame, won)
    same = AdditiveClassifier(axes=dict.fromkeys(AXES, "fit"), **QUICK).fit(frame, won)
    assert np.array_equal(plain.decision_function(frame), same.decision_function(frame))


@pytest.mark.parametrize(
    ("axes", "pairs", "message"),
    [
        ({"visit": "fit"}, "auto", "axes names the column 'visit', which X doesn't have. Did you mean 'visits'?"),
        ({"visits": 1}, "auto", "axes must map columns to names of axes, not to 1."),
        (AXES, [("size", "visits")], "pairs holds ('size', 'visits'), and axes keeps these two columns apart."),
    ],
)
def test_wrong_axes_are_refused(axes: Any, pairs: Any, message: str) -> None:
    """A column that isn't there, an axis without a name, a listed pair of two axes."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        AdditiveClassifier(axes=axes, pairs=pairs, **QUICK).fit(*leads(0, 0, 300))
