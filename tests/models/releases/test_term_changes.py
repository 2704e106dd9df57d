"""Changes of learned terms: bins are split at the edges of both releases, and exactly what changes is listed."""

from __future__ import annotations

import math
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from leadledger.models.releases.changes import PointsChange, TermChange
from leadledger.models.releases.diff import compare
from leadledger.models.releases.diff_text import diff_text
from leadledger.models.releases.term_changes import MOST_CELLS_COMPARED
from leadledger.scoring.bins import Bins, FlagBins, NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table, Term
from leadledger.scoring.scorecard import Learned, Scorecard
from tests.strategies import combinations

CARD = parse_card(
    """
name: small
fields:
  employees: {kind: number}
  industry: {kind: text}
  demo: {kind: flag}
  silent: {kind: number}
"""
)
NONE = Leaf(0, 1)


def compare_terms(old: Term, new: Term) -> TermChange | None:
    """The change of one term."""
    terms = compare(Scorecard(CARD, Learned(terms=(old,))), Scorecard(CARD, Learned(terms=(new,)))).terms
    return terms[0] if terms else None


def test_levels_called_missing_and_other() -> None:
    """A text that reads `missing` or `other` differs from the bins of that name by its quotes."""
    old = Table("industry", TextBins(()), (1, 2), (1, 1))
    new = Table("industry", TextBins(("missing", "other")), (3, 4, 5, 6), (1, 1, 1, 1))
    change = compare_terms(old, new)
    assert change is not None
    assert change.moves == (
        PointsChange("missing", 1, 3),
        PointsChange("'missing'", 2, 4),
        PointsChange("'other'", 2, 5),
        PointsChange("other", 2, 6),
    )


def test_field_of_another_kind() -> None:
    """Where a field has another kind of bins, the old table is gone and the new one is new."""
    old = Scorecard(CARD, Learned(terms=(Table("x", FlagBins(), (0, 1, 2), (1, 1, 1)),)))
    new = Scorecard(CARD, Learned(terms=(Table("x", NumberBins(()), (0, 1), (1, 1)),)))
    assert [(term.change, [move.moved for move in term.moves]) for term in compare(old, new).terms] == [
        ("removed", [-1, -2]),
        ("added", [1]),
    ]


@st.composite
def number_tables(draw: st.DrawFn) -> Table:
    """A table of a number with few edges, so that two of them often share some."""
    edges = sorted(draw(st.sets(st.sampled_from((-5.0, 0.0, 0.5, 10.0, 50.0)))))
    length = len(edges) + 2
    return Table(
        "employees", NumberBins(tuple(edges)), tuple(draw(st.integers(-2, 2)) for _ in range(length)), (1,) * length
    )


@given(number_tables(), number_tables())
def test_numbers_are_split_at_both_edges(old: Table, new: Table) -> None:
    """The changes listed are exactly those that some number has; no bin is listed twice."""
    assert isinstance(old.bins, NumberBins)
    assert isinstance(new.bins, NumberBins)
    cuts = sorted({*old.bins.edges, *new.bins.edges})
    probes = [None, -math.inf, *cuts, *(math.nextafter(cut, -math.inf) for cut in cuts), math.inf]
    seen = {(old.points[old.bins.find(probe)], new.points[new.bins.find(probe)]) for probe in probes}
    change = compare_terms(old, new)
    moves = change.moves if change else ()
    assert {(move.old, move.new) for move in moves} == {(before, after) for before, after in seen if before != after}
    assert len({move.name for move in moves}) == len(moves)


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """A pair of a number and a text."""
    first = NumberBins(tuple(sorted(draw(st.sets(st.sampled_from((0.0, 10.0)))))))
    second = TextBins(tuple(draw(st.lists(st.sampled_from("abc"), unique=True, max_size=2))))
    points = tuple(tuple(draw(st.integers(-2, 2)) for _ in range(len(second))) for _ in range(len(first)))
    return Pair(
        ("employees", "industry"), (first, second), points, tuple((1,) * len(second) for _ in range(len(first)))
    )


@given(pairs(), pairs())
def test_pairs_are_split_on_both_sides(old: Pair, new: Pair) -> None:
    """What moves in a pair is what moves for some number and some text."""
    seen = set()
    for number in (None, -1.0, 0.0, 5.0, 10.0, 11.0):
        for text in (None, "a", "b", "c", "else"):
            before, after = (
                pair.points[pair.bins[0].find(number)][pair.bins[1].find(text)]  # type: ignore[arg-type]
                for pair in (old, new)
            )
            if before != after:
                seen.add((before, after))
    change = compare_terms(old, new)
    assert {(move.old, move.new) for move in (change.moves if change else ())} == seen
    if change:
        assert change.most == max(abs(before - after) for before, after in seen)


FIELDS = ("employees", "industry", "demo")


@st.composite
def small_trees(draw: st.DrawFn) -> Combination:
    """A combination of a number, a text and a flag."""
    edges = sorted(draw(st.sets(st.sampled_from((0.0, 10.0)))))
    levels = draw(st.lists(st.sampled_from("abc"), unique=True, max_size=2))
    bins: dict[str, Bins] = dict(
        zip(FIELDS, (NumberBins(tuple(edges)), TextBins(tuple(levels)), FlagBins()), strict=True)
    )
    return draw(combinations(bins, st.integers(-2, 2), st.integers(0, 5)))


def points_of(term: Combination, lead: tuple[float | None, str | None, bool | None]) -> int:
    """The points of a lead."""
    return term.sum_points([bins.find(value) for bins, value in zip(term.bins, lead, strict=True)])  # type: ignore[arg-type]


@given(small_trees(), small_trees())
def test_combinations_are_split_on_all_sides(old: Combination, new: Combination) -> None:
    """What moves in a combination is what moves for some lead, and no cell stands twice."""
    leads = list(product((None, -1.0, 0.0, 5.0, 10.0, 11.0), (None, "a", "b", "c", "else"), (None, False, True)))
    points = {(points_of(old, lead), points_of(new, lead)) for lead in leads}
    change = compare_terms(old, new)
    moves = change.moves if change else ()
    assert {(move.old, move.new) for move in moves} == {(before, after) for before, after in points if before != after}
    assert len({move.name for move in moves}) == len(moves)


@given(small_trees(), st.booleans())
def test_a_combination_comes_or_goes(term: Combination, comes: bool) -> None:
    """Beside a release without it, each cell of a combination moves by its points."""
    without, having = Scorecard(CARD, Learned()), Scorecard(CARD, Learned(terms=(term,)))
    (change,) = compare(without, having).terms if comes else compare(having, without).terms
    assert (change.kind, change.change) == ("combination", "added" if comes else "removed")
    every = sorted(filter(None, map(term.sum_points, product(*(range(len(bins)) for bins in term.bins)))))
    assert sorted(move.moved if comes else -move.moved for move in change.moves) == every


def wide(points: int, count: int = 1) -> Combination:
    """A combination of more cells than are compared one by one."""
    size = int((MOST_CELLS_COMPARED / 3) ** 0.5) + 1
    bins = NumberBins(tuple(map(float, range(size))))
    tree = Branch(
        "employees", (3,), Leaf(points, count), Branch("silent", (7,), Branch("demo", (2,), Leaf(4, 1), NONE), NONE)
    )
    return Combination(("employees", "silent", "demo"), (bins, bins, FlagBins()), (tree,))


def test_combinations_of_many_cells() -> None:
    """Where the cells are too many to compare, the text says so, and what the trees could add up to."""
    change = compare_terms(wide(50), wide(70))
    assert change is not None
    assert (change.moves, change.most) == ((), 20)
    assert change.bounds == (
        PointsChange("the least that it can give", 0, 0),
        PointsChange("the most that it can give", 50, 70),
    )
    old, new = (Scorecard(CARD, Learned(terms=(wide(points),)), "x") for points in (50, 70))
    lines = diff_text(compare(old, new)).splitlines()
    assert lines[3] == f"  employees & silent & demo: {change.size:,} cells, too many to list"
    assert lines[5].split() == ["the", "most", "that", "it", "can", "give", "+5.0", "→", "+7.0", "+2.0"]
    assert compare_terms(wide(50), wide(50, count=9)) is None
    assert compare(old, Scorecard(CARD, Learned())).terms[0].change == "removed"


def test_errors_and_counts_move_nothing() -> None:
    """Counts and standard errors are no part of a score, and so no difference."""
    table = Table("demo", FlagBins(), (0, 1, 2), (1, 1, 1))
    assert compare_terms(table, Table("demo", FlagBins(), (0, 1, 2), (1, 1, 9), (3, 3, 3))) is None
