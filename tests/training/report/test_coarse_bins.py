"""Bins of a number as they are drawn: few where the data don't tell more apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.lookup import Table
from leadledger.training.report.coarse_bins import FEW_BINS, list_drawn_bins

EDGES = (5.0, 9.0, 15.0, 22.0, 25.0, 1350.0, 2000.0)


def test_neighbours_that_may_be_alike_are_one() -> None:
    """At the mean of their leads; those that differ surely stay apart, and the missing value always does."""
    points = (0, 10, 12, 11, 300, 310, 300, -200, -210)
    drawn = list_drawn_bins(Table("a", NumberBins(EDGES), points, (5, 100, 300, 100, 40, 40, 20, 70, 30), (9,) * 9))
    assert [(row.label, row.leads) for row in drawn] == [
        ("missing", 5),
        *(("below 15", 500), ("15 to 22", 40), ("22 to 25", 40), ("25 to 1350", 20)),
        *(("1350 to 2000", 70), ("2000 and up", 30)),
    ]
    assert drawn[1].points == pytest.approx((100 * 1.0 + 300 * 1.2 + 100 * 1.1) / 500)


def test_certain_differences_stay() -> None:
    """However many bins there are: what the data tell apart is seen."""
    points = tuple(range(0, 900, 100))
    drawn = list_drawn_bins(Table("a", NumberBins(EDGES), points, (10,) * 9, (1,) * 9))
    assert [row.points for row in drawn] == [point / 10 for point in points]


@pytest.mark.parametrize("bins", [TextBins(tuple("abcdefgh")), FlagBins(), NumberBins(()), NumberBins((1.0,))])
def test_other_bins_are_drawn_one_by_one(bins: TextBins | FlagBins | NumberBins) -> None:
    """Those of texts and flags have no neighbours; a few bins need no help, and without errors nobody can tell."""
    size = len(bins)
    drawn = list_drawn_bins(Table("a", bins, (0,) * size, (10,) * size, (50,) * size))
    assert [row.label for row in drawn] == list(bins.labels)
    many = Table("a", NumberBins(EDGES), (0,) * 9, (10,) * 9)
    assert len(list_drawn_bins(many)) == 9


@given(
    st.lists(st.tuples(st.integers(-300, 300), st.integers(0, 500), st.integers(0, 90)), min_size=4, max_size=30),
    st.data(),
)
def test_no_lead_is_lost(rows: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """The rows of a chart have all leads and the same mean, and lie between the lowest and the highest bin."""
    edges = data.draw(st.lists(st.integers(-999, 999), min_size=len(rows) - 2, max_size=len(rows) - 2, unique=True))
    points, counts, errors = zip(*rows, strict=True)
    table = Table("a", NumberBins(tuple(map(float, sorted(edges)))), points, counts, errors)
    drawn = list_drawn_bins(table)
    assert sum(row.leads for row in drawn) == sum(counts)
    total = sum(point * count for point, count in zip(points, counts, strict=True)) / 10
    assert sum(row.points * row.leads for row in drawn) == pytest.approx(total, abs=1e-6)
    assert all(min(points) / 10 - 1e-9 <= row.points <= max(points) / 10 + 1e-9 for row in drawn)
    assert len(drawn) >= min(len(rows), FEW_BINS + 1)
    assert drawn[0].label == "missing"
