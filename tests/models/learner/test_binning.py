"""Bins: human edges, frequent levels, and the same bin for a column as for one value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.models.learner.binning import Binning, number_edges, roundest
from leadledger.scoring.bins import FlagBins, NumberBins, TextBins

NUMBERS = st.one_of(
    st.none(),
    st.integers(-5, 5).map(float),
    st.floats(allow_nan=False),  # infinite ones, too
    st.sampled_from([-0.0, 5e-324, 1.7976931348623157e308, -1.7976931348623157e308, math.inf, -math.inf]),
)
TEXTS = st.one_of(st.none(), st.sampled_from(["a", "b", "other", "missing", "", "'", "é", "e\u0301"]), st.text())
FLAGS = st.sampled_from([None, True, False])
LEADS = st.lists(st.tuples(NUMBERS, TEXTS, FLAGS), min_size=1, max_size=60)


def frame_of(leads: list[tuple[float | None, str | None, bool | None]]) -> pd.DataFrame:
    """A number, a text and a flag a lead, with the dtypes that a history has."""
    numbers, texts, flags = zip(*leads, strict=True)
    return pd.DataFrame(
        {
            "number": pd.Series(numbers, dtype="float64"),
            "text": pd.Series(texts, dtype="object"),
            "flag": pd.Series(flags, dtype="boolean"),
        }
    )


@given(LEADS, LEADS)
def test_a_column_is_binned_as_its_values_are(learned: list, later: list) -> None:
    """`transform` gives the bin that `find` gives, value by value, of leads seen in `fit` and of others."""
    binning = Binning(max_bins=5, max_levels=2, min_count=2).fit(frame_of(learned))
    edges = [(edge, None, None) for edge in binning.bins_[0].edges]  # type: ignore[union-attr]
    leads = [*learned, *later, *edges]
    indexes = binning.transform(frame_of(leads))
    assert indexes.tolist() == [
        [bins.find(value) for bins, value in zip(binning.bins_, lead, strict=True)] for lead in leads
    ]
    counts = [np.bincount(indexes[: len(learned), j], minlength=len(bins)) for j, bins in enumerate(binning.bins_)]
    assert all((actual == stored).all() for actual, stored in zip(counts, binning.counts_, strict=True))


@given(st.lists(NUMBERS, min_size=1, max_size=200), st.integers(2, 8), st.integers(1, 10))
def test_bins_of_numbers_are_full_and_few(values: list, most: int, least: int) -> None:
    """Edges ascend and are finite; there are at most `max_bins` bins, and each holds the least number of leads."""
    numbers = np.array(values, dtype=float)
    edges = number_edges(numbers, most, least)
    assert len(edges) < most
    assert list(edges) == sorted(set(edges))
    assert all(map(math.isfinite, edges))
    finite = numbers[np.isfinite(numbers)]
    counts = np.bincount(np.searchsorted(edges, finite, side="right"), minlength=len(edges) + 1)
    assert not edges or counts.min() >= least


@pytest.mark.parametrize(
    ("low", "high", "near", "whole", "expected"),
    [
        (9.73, 11.2, 10.4, False, 10.0),
        (0.72, 0.78, 0.74, False, 0.75),
        (2.2, 2.7, 2.4, False, 2.5),
        (2, 3, 3, True, 3.0),  # never 2.5 where all values are whole
        (2312, 2702, 2600, True, 2500.0),
        (-3, 4, 3, False, 0.0),
        (0.29, 0.31, 0.3, False, 0.3),  # not 0.30000000000000004
        (5e-324, 1e-323, 1e-323, False, 1e-323),
    ],
)
def test_edges_are_round(low: float, high: float, near: float, whole: bool, expected: float) -> None:
    """The roundest number in reach, one that a person would write."""
    assert roundest(low, high, near, whole=whole) == expected


def test_few_whole_numbers_have_a_bin_each() -> None:
    """Where a number has few values, each has its bin, if it has leads enough."""
    values = np.repeat([0, 1, 2, 3, 7], [50, 30, 20, 5, 20])
    assert number_edges(values.astype(float), 16, 10) == (1.0, 2.0, 3.0)


def test_a_heavy_value_has_a_bin_of_its_own() -> None:
    """Half of the leads with the same value don't use up the bins of the others."""
    values = np.concatenate([np.zeros(1000), np.linspace(1, 100, 1000)])
    edges = number_edges(values, 8, 20)
    assert len(edges) == 7
    assert 0 < edges[0] <= 1


def test_frequent_levels_come_first() -> None:
    """Levels of few leads share `other`; equally frequent ones go by the alphabet."""
    column = pd.Series(["x"] * 3 + ["b"] * 5 + ["a"] * 5 + [None] * 9 + ["rare"], dtype="object")
    binning = Binning(max_levels=3, min_count=2).fit(column.to_frame())
    assert binning.bins_ == [TextBins(("a", "b", "x"))]
    assert binning.counts_[0].tolist() == [9, 5, 5, 3, 1]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pd.Series([True, False]), FlagBins),
        (pd.Series([True, None], dtype="boolean"), FlagBins),
        (pd.Series([True, None], dtype="object"), FlagBins),
        (pd.Series([1, None], dtype="Int64"), NumberBins),
        (pd.Series([1, 2.5, None], dtype="object"), NumberBins),
        (pd.Series([1, "1"], dtype="object"), TextBins),
        (pd.Series(["a", None]), TextBins),
        (pd.Series(["a", None], dtype="category"), TextBins),
        (pd.Series([None, None], dtype="object"), TextBins),
    ],
)
def test_the_kind_of_a_column_is_that_of_its_values(column: pd.Series, kind: type) -> None:
    """The dtype says whether a column holds flags, numbers or texts; for objects, the values do."""
    assert [type(bins) for bins in Binning().fit(column.to_frame("c")).bins_] == [kind]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pd.Series(pd.to_datetime(["2026-01-01"])), "Column 'c' holds dates. Make a number of them first: days since"),
        (pd.Series([1 + 2j]), "Complex data not supported: column 'c'."),
    ],
)
def test_other_kinds_are_refused(column: pd.Series, message: str) -> None:
    """Dates must become days first."""
    with pytest.raises(ValueError, match=message):
        Binning().fit(column.to_frame("c"))


def test_a_text_among_numbers_is_named() -> None:
    """A column that was numbers in `fit` and is text later is refused by its name."""
    binning = Binning().fit(pd.DataFrame({"size": [1.0, 2.0]}))
    with pytest.raises(ValueError, match="Column 'size' must hold numbers, as in fit"):
        binning.transform(pd.DataFrame({"size": ["many"]}))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_bins": 1}, "max_bins must be a whole number of 2 or more, not 1."),
        ({"max_levels": 0}, "max_levels must be a whole number of 1 or more, not 0."),
        ({"min_count": True}, "min_count must be a whole number of 1 or more, not True."),
    ],
)
def test_wrong_parameters_are_refused(parameters: dict[str, Any], message: str) -> None:
    """Each by its name, when fitting."""
    with pytest.raises(ValueError, match=message):
        Binning(**parameters).fit([[1.0], [2.0]])
