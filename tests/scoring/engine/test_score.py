"""The verbs that score: error bars, combinations in the ledger, and the kinds of values that a lead may bring."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger import explain, score
from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine, round_root
from leadledger.scoring.errors import LeadError
from leadledger.scoring.known_results import MOST_REMEMBERED
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table, Term
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained

AS_OF = date(2026, 7, 1)
CARD = parse_card(
    """
name: small
fields:
  employees: {kind: number, label: size}
  country: {kind: text}
  demo: {kind: flag, ask: Do they want to see it?}
  seen: {kind: date}
"""
)
TABLE = Table("employees", NumberBins((10.0,)), (-5, 5, 15), (1, 1, 1), (30, 0, 12))
PAIR = Pair(
    ("employees", "demo"),
    (NumberBins(()), FlagBins()),
    ((1, 2, 3), (4, 5, 6)),
    ((1,) * 3,) * 2,
    ((40, 1, 2), (3, 4, 5)),
)
COMBINATION = Combination(
    ("employees", "country", "demo"),
    (NumberBins((50.0,)), TextBins(("NO",)), FlagBins()),
    (
        Branch("employees", (2,), Branch("country", (1,), Leaf(30, 9), Leaf(-10, 9)), Leaf(4, 9)),
        Branch("demo", (0, 1), Leaf(-2, 9), Leaf(7, 9)),
    ),
    error=84,
)


def scorecard(*terms: Term) -> Scorecard:
    """The card with some learned terms."""
    return Scorecard(CARD, Learned(terms=terms))


def test_a_combination_is_one_entry() -> None:
    """The ledger names a combination by its fields, and the entry says in which bin of each the lead fell."""
    result = score(scorecard(COMBINATION), {"employees": 120, "country": "NO", "demo": "yes"}, AS_OF)
    (entry,) = result.ledger[1:]
    assert (entry.name, entry.kind, entry.tenths) == ("employees & country & demo", "combination", 37)
    assert entry.reason == "size: 50 and up, country: NO, demo: yes"
    assert result.tenths == 537


def test_a_missing_answer_frees_the_trees_that_ask_it() -> None:
    """What a question may still bring counts for the trees that ask it, and for no other."""
    result = score(scorecard(COMBINATION), {}, AS_OF)
    assert (result.tenths, result.low, result.high) == (500 + 4 - 2, 500 + 4 - 2, 500 + 4 + 7)


def test_an_answer_that_only_a_combination_tells_is_asked() -> None:
    """A question counts by what a combination makes of its answer, at the edges of the combination too."""
    card = parse_card(
        """
name: asked
fields:
  a: {kind: number, ask: How many?}
  b: {kind: text}
  c: {kind: flag}
  d: {kind: flag, ask: Is it?}
stages: [{name: lead}, {name: opportunity, points: 60}]
"""
    )
    tree = Branch("c", (0,), Branch("a", (2,), Leaf(110, 1), Branch("b", (1,), Leaf(90, 1), Leaf(0, 1))), Leaf(0, 1))
    term = Combination(("a", "b", "c"), (NumberBins((1000.0,)), TextBins(("x",)), FlagBins()), (tree,))
    advice = score(Scorecard(card, Learned(terms=(term,))), {}, AS_OF).recommendation
    assert advice.verdict == "ask"
    # Either side of the edge settles it, which no rule and no table knows of; `d` changes nothing.
    assert [(question.field, question.settles) for question in advice.questions] == [("a", 1.0)]


@pytest.mark.parametrize(
    ("terms", "lead", "error"),
    [
        ((), {}, None),
        ((Table("demo", FlagBins(), (0, 1, 2), (1, 1, 1)),), {}, None),
        ((TABLE,), {}, 30),
        ((TABLE,), {"employees": 5}, 0),
        ((TABLE, PAIR), {}, 50),
        ((TABLE, PAIR), {"employees": 12, "demo": True}, 13),
        ((COMBINATION,), {}, 84),
        ((TABLE, COMBINATION, PAIR), {"employees": 12}, round(math.sqrt(12**2 + 3**2 + 84**2))),
        ((TABLE, Table("demo", FlagBins(), (0, 1, 2), (1, 1, 1))), {"employees": 99}, 12),
    ],
)
def test_errors_add_up_in_squares(terms: tuple[Term, ...], lead: dict[str, Any], error: int | None) -> None:
    """The error of a score is that of the bins in which the lead fell; without any errors it is not known."""
    result = score(scorecard(*terms), lead, AS_OF)
    assert result.error == error
    assert result.to_dict()["plus_minus"] == (None if error is None else error / 10)


@pytest.mark.parametrize(("error", "shown"), [(0, "0.0"), (9, "0.9"), (10, "1"), (44, "4"), (45, "5"), (312, "31")])
def test_the_picture_shows_the_error(error: int, shown: str) -> None:
    """Whole points stand behind the score; less than a point keeps its decimal."""
    table = Table("demo", FlagBins(), (0, 1, 2), (1, 1, 1), (error,) * 3)
    assert f"Score 50 ± {shown} · grade" in explain(scorecard(table), {}, AS_OF)
    assert "Score 50 · grade" in explain(scorecard(), {}, AS_OF)


@given(st.integers(0, 10**15))
def test_roots_are_exact(squares: int) -> None:
    """The root of a sum of squares is the nearest whole number, and there is no tie."""
    nearest = round_root(squares)
    assert (2 * nearest - 1) ** 2 < 4 * squares or nearest == 0
    assert 4 * squares < (2 * nearest + 1) ** 2


def test_entries_of_a_combination_are_bounded() -> None:
    """However many cells the leads fall in, only so many entries are kept, and each is right."""
    bins = NumberBins(tuple(map(float, range(200))))
    tree = Branch(
        "employees", (0,), Leaf(1, 1), Branch("weight", (0,), Leaf(2, 1), Branch("demo", (0,), Leaf(3, 1), Leaf(4, 1)))
    )
    card = parse_card("name: wide\nfields: {employees: {kind: number}, weight: {kind: number}, demo: {kind: flag}}")
    term = Combination(("employees", "weight", "demo"), (bins, bins, FlagBins()), (tree,))
    ready = get_engine(Scorecard(card, Learned(terms=(term,))))
    for i in range(MOST_REMEMBERED + 500):
        values = {"employees": float(i % 190), "weight": float(i // 190), "demo": None}
        (entry,) = ready.build_result(values, AS_OF).ledger[1:]
        assert (
            entry.reason
            == f"employees: {i % 190} to {i % 190 + 1}, weight: {i // 190} to {i // 190 + 1}, demo: missing"
        )
        assert entry.tenths == 3
    (kept,) = (cells for cells in ready._ledger._terms if isinstance(cells, dict))
    assert len(kept) <= MOST_REMEMBERED


# -- scalars of NumPy -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "plain"),
    [
        ("employees", np.float64(2.5), 2.5),
        ("employees", np.float32(2.5), 2.5),
        ("employees", np.int64(7), 7.0),
        ("employees", np.uint8(7), 7.0),
        ("employees", np.float32("nan"), None),
        ("demo", np.bool_(True), True),
        ("demo", np.int8(0), False),
        ("country", np.int32(47), "47"),
        ("country", np.str_("NO"), "NO"),
        ("seen", np.datetime64("2026-03-01"), date(2026, 3, 1)),
        ("seen", np.datetime64("2026-03-01T23:59:59.999999999", "ns"), date(2026, 3, 1)),
        ("seen", np.datetime64("2026-03", "M"), date(2026, 3, 1)),
        ("seen", np.datetime64("NaT"), None),
    ],
)
def test_numpy_scalars_are_values(field: str, value: Any, plain: Any) -> None:
    """A value from an array or a DataFrame is read as the plain value that it is."""
    cleaned = get_engine(build_untrained(CARD)).clean({field: value}).values[field]
    assert cleaned == plain
    assert type(cleaned) is type(plain)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("employees", np.bool_(True)),
        ("employees", np.array(5)),
        ("employees", np.array([5])),
        ("employees", np.datetime64("2026-03-01", "ns")),
        ("employees", np.timedelta64(5)),
        ("employees", np.complex64(5)),
        ("employees", np.float32("inf")),
        ("demo", np.int8(2)),
        ("country", np.float64(2.5)),
        ("seen", np.int64(20_000)),
        ("seen", np.datetime64(10**18, "s")),
    ],
)
def test_other_numpy_values_are_refused(field: str, value: Any) -> None:
    """What would be refused as a plain value is refused as NumPy's, and so is an array."""
    with pytest.raises(LeadError):
        get_engine(build_untrained(CARD)).clean({field: value})
