"""Compiled tables reproduce the classifier exactly; rounded and fused tables nearly."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier

from leadledger.models.learner.additive import Additive, End, Fork
from leadledger.models.learner.binning import Binning, find_bins, find_indexes, read_columns
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.models.learner.compile import TENTHS_PER_LOG_ODDS, compile_additive, fuse, to_tables
from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.errors import CompileError
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table, Term
from tests.effort import examples


def leads(count: int, seed: int) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Numbers, texts and flags, each sometimes missing, with effects of single fields and of a pair."""
    random = np.random.default_rng(seed)
    size = np.ceil(np.exp(random.normal(4, 1.5, count)))
    kind = random.choice(["shop", "bank", "farm", "mill"], count, p=[0.5, 0.3, 0.15, 0.05])
    asked = random.random(count) < 0.3
    late = random.normal(0, 1, count)
    log_odds = 0.5 * np.log(size / 50) + (kind == "bank") * 1.0 + asked * 0.8 + np.where(asked, late, -late) * 0.7 - 1
    won = random.random(count) < expit(log_odds)
    frame = pd.DataFrame({"size": size, "kind": kind.astype(object), "asked": pd.array(asked), "late": late})
    for column in frame:
        frame.loc[random.random(count) < 0.1, column] = None
    frame["asked"] = frame["asked"].astype("boolean")
    return frame, won


@pytest.fixture(scope="module")
def fitted() -> AdditiveClassifier:
    """A classifier that has pairs."""
    return AdditiveClassifier(random_state=0, bags=4).fit(*leads(6000, 1))


def leaf(tree: Branch | Leaf, term: Combination, record: dict[Any, Any]) -> Leaf:
    """The leaf of a lead in a tree of a combination."""
    while isinstance(tree, Branch):
        at = term.fields.index(tree.field)
        tree = tree.then if term.bins[at].find(record[tree.field]) in tree.bins else tree.otherwise
    return tree


def tenths(terms: tuple[Term | Combination, ...], frame: pd.DataFrame) -> NDArray[np.int64]:
    """The points of each lead, looked up lead by lead; shape (n,)."""
    totals = []
    for record in frame.astype(object).where(frame.notna(), None).to_dict("records"):
        total = 0
        for term in terms:
            if isinstance(term, Table):
                total += term.points[term.bins.find(record[term.field])]
            elif isinstance(term, Combination):
                total += sum(leaf(tree, term, record).points for tree in term.trees)
            else:
                row, column = (bins.find(record[name]) for bins, name in zip(term.bins, term.fields, strict=True))
                total += term.points[row][column]
        totals.append(total)
    return np.array(totals)


@pytest.mark.slow
def test_tables_reproduce_the_classifier(fitted: AdditiveClassifier) -> None:
    """On leads it has not seen, to 1e-9 in log-odds, before rounding."""
    frame, _ = leads(4000, 2)
    compiled = compile_additive(fitted, frame)
    columns = read_columns(fitted, frame, reset=False)
    indexes = find_indexes(fitted.bins_, columns)
    finer_indexes = {field: find_bins(finer.bins, columns[field]) for field, finer in compiled.finer.items()}
    assert fitted.pairs_
    assert compiled.gap <= 1e-9
    assert np.abs(compiled.log_odds(indexes, finer_indexes) - fitted.decision_function(frame)).max() <= 1e-9


@settings(max_examples=examples(10))
@given(seed=st.integers(0, 1000), count=st.integers(60, 400), pairs=st.sampled_from(["auto", 0, 2]))
def test_small_histories_compile_too(seed: int, count: int, pairs: Any) -> None:
    """Whatever is fitted, on few leads as well, compiles to 1e-9."""
    frame, won = leads(count, seed)
    won[:2] = [True, False]
    model = AdditiveClassifier(random_state=0, bags=2, max_rounds=30, pairs=pairs).fit(frame, won)
    assert compile_additive(model, leads(200, seed + 1)[0]).gap <= 1e-9


@pytest.mark.slow
def test_rounding_and_fusing_move_little(fitted: AdditiveClassifier) -> None:
    """Rounding: under a quarter of a point on average, one at most; merging leaves fewer bins than were fitted."""
    frame, _ = leads(2000, 3)
    compiled = compile_additive(fitted, frame)
    terms = to_tables(compiled, list(frame.columns))
    exact = (fitted.decision_function(frame) - compiled.intercept) * TENTHS_PER_LOG_ODDS
    gap = np.abs(tenths(terms, frame) - exact) / 10
    assert gap.mean() < 0.25
    assert gap.max() < 1.0
    assert any(isinstance(term, Pair) for term in terms)
    merged = to_tables(compiled, list(frame.columns), most_loss=0.0002)
    size = next(term for term in merged if isinstance(term, Table) and term.field == "size")
    assert len(size.bins) < len(fitted.bins_[0])
    assert sum(size.counts) == 6000


def test_a_classifier_that_is_not_additive_is_refused() -> None:
    """Boosting in which all fields act together is not a sum of tables; the error names the gap."""
    frame, won = leads(3000, 4)
    model = AdditiveClassifier(random_state=0, bags=2, pairs=0).fit(frame[["size", "late"]], won)

    class Together(HistGradientBoostingClassifier):  # type: ignore[misc]  # scikit-learn is untyped
        bins_ = model.bins_

    boosting = Together(random_state=0, max_iter=20).fit(frame[["size", "late"]], won)
    with pytest.raises(CompileError, match=r"Together is not a sum of tables: the tables differ from it by up to"):
        compile_additive(boosting, frame[["size", "late"]])


def test_better_stays_better() -> None:
    """Where the card says that more is better, no bin of the table earns less than the one below."""
    frame, won = leads(3000, 5)
    model = AdditiveClassifier(random_state=0, bags=2, monotone={"size": 1}).fit(frame, won)
    terms = to_tables(compile_additive(model, frame), list(frame.columns))
    size = next(term for term in terms if isinstance(term, Table) and term.field == "size")
    assert list(size.points[1:]) == sorted(size.points[1:])


@pytest.mark.parametrize(
    ("bins", "values", "fused", "groups"),
    [
        (NumberBins((1.0, 2.0)), [9, 5, 5.9, 7], NumberBins((2.0,)), [[0], [1, 2], [3]]),
        (NumberBins((1.0, 2.0)), [0, 0, 0.6, 1.2], NumberBins((2.0,)), [[0], [1, 2], [3]]),
        (NumberBins(()), [1, 2], NumberBins(()), [[0], [1]]),
        (TextBins(("a", "b")), [3, 1, 9, 1.4], TextBins(("b",)), [[0], [2], [1, 3]]),
    ],
)
def test_bins_that_say_the_same_are_fused(bins: object, values: list, fused: object, groups: list) -> None:
    """Neighbours within a tenth, and levels with the points of `other`; the missing bin stays alone."""
    assert fuse(bins, np.array(values, float)[:, None]) == (fused, groups)  # type: ignore[arg-type]


@pytest.mark.slow
def test_more_is_never_worse_in_points() -> None:
    """Whatever else a lead has, more of a monotone field never costs a tenth, its pairs and the rounding included."""
    frame, won = leads(3000, 6)
    pairs: list[tuple[int | str, int | str]] = [("size", "late"), ("size", "asked"), ("size", "kind")]
    model = AdditiveClassifier(random_state=0, bags=2, max_rounds=100, monotone={"size": 1}, pairs=pairs)
    compiled = compile_additive(model.fit(frame, won), frame)
    assert isinstance(model.bins_[0], NumberBins)
    sizes = [0.0, *model.bins_[0].edges]
    few = frame.iloc[:60]
    for weight in (1.0, 0.3):  # a low weight makes many small steps, which rounding is most likely to turn
        terms = to_tables(compiled, list(frame.columns), weight)
        swept = [tenths(terms, few.assign(size=size)) for size in sizes]
        assert np.diff(swept, axis=0).min() >= 0


def test_rounding_does_not_turn_an_order() -> None:
    """A step of +1.3 tenths and one of -1.2 in a pair are +0.1 together, but +1 and -2 when each is rounded."""
    cells = np.array([[0, 0, 0], [0, 0.6, 0], [0, -0.6, 0]]) / TENTHS_PER_LOG_ODDS
    model = Additive(
        bins=(NumberBins((1.0,)), FlagBins()),
        intercept=0.0,
        singles=(np.array([0, 0, 1.3]) / TENTHS_PER_LOG_ODDS, np.zeros(3)),
        pairs={(0, 1): cells},
        counts=(np.array([0, 5, 5]), np.array([0, 5, 5])),
        pair_counts={(0, 1): np.array([[0, 0, 0], [0, 3, 2], [0, 2, 3]])},
        monotone=(1, 0),
    )
    size, pair = to_tables(model, ["size", "asked"])
    assert isinstance(size, Table)
    assert isinstance(pair, Pair)
    assert pair.points == ((0, 0, 0), (0, 1, 0), (0, -1, 0))
    assert size.points == (0, 0, 2)
    (size, _) = to_tables(replace(model, monotone=()), ["size", "asked"])
    assert isinstance(size, Table)
    assert size.points == (0, 0, 1)


def test_trees_become_a_combination() -> None:
    """Trees of one shape are added, bins are as fine as the forks need, and forks without effect are dropped."""
    inner = Fork(2, (2,), End(0.5 / TENTHS_PER_LOG_ODDS, 3), End(-0.4 / TENTHS_PER_LOG_ODDS, 4))
    tree = Fork(0, (1, 2), Fork(1, (1,), End(20 / TENTHS_PER_LOG_ODDS, 5), inner), End(-10 / TENTHS_PER_LOG_ODDS, 8))
    model = Additive(
        bins=(NumberBins((1.0, 2.0, 3.0)), TextBins(("x", "y")), FlagBins()),
        intercept=0.0,
        singles=(np.zeros(5), np.zeros(4), np.zeros(3)),
        pairs={},
        counts=(np.ones(5, int), np.ones(4, int), np.ones(3, int)),
        pair_counts={},
        trees={(0, 1, 2): (tree, tree)},
        tree_errors={(0, 1, 2): 7.4 / TENTHS_PER_LOG_ODDS},
    )
    (combination,) = to_tables(model, ["size", "kind", "asked"])
    assert isinstance(combination, Combination)
    assert combination.fields == ("size", "kind", "asked")
    assert combination.bins == (NumberBins((2.0,)), TextBins(("x",)), FlagBins())
    flag = Branch("asked", (2,), Leaf(1, 3), Leaf(-1, 4))
    assert combination.trees == (Branch("size", (1,), Branch("kind", (1,), Leaf(40, 5), flag), Leaf(-20, 8)),)
    assert combination.error == 7
    (half,) = to_tables(model, ["size", "kind", "asked"], 0.4)
    assert isinstance(half, Combination)
    assert half.trees == (Branch("size", (1,), Branch("kind", (1,), Leaf(16, 5), Leaf(0, 7)), Leaf(-8, 8)),)
    assert to_tables(model, ["size", "kind", "asked"], 0.01) == ()


@pytest.mark.slow
def test_trees_under_other_fields_are_refused(fitted: AdditiveClassifier) -> None:
    """A set must hold every field of its trees."""
    frame, _ = leads(50, 9)
    wrong = copy(fitted)
    wrong.trees_ = {(0, 1, 2): (Fork(3, (1,), End(1.0, 1), End(-1.0, 1)),)}
    with pytest.raises(CompileError, match=r"`trees_` must hold trees under the positions .* not \(0, 1, 2\)"):
        compile_additive(wrong, frame)


class Borrowed(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Boosting of single fields over bins, made by hand: another additive classifier than ours."""

    def fit(self, X: pd.DataFrame, y: NDArray[np.bool_]) -> Borrowed:
        """Fit."""
        self.binning_ = Binning(max_bins=8).fit(X)
        self.bins_ = self.binning_.bins_
        self.feature_names_in_ = self.binning_.feature_names_in_
        boosting = HistGradientBoostingClassifier(max_iter=20, interaction_cst="no_interactions", random_state=0)
        self.boosting_ = boosting.fit(self.binning_.transform(X), y)
        return self

    def decision_function(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Log-odds."""
        return self.boosting_.decision_function(self.binning_.transform(X))


def test_any_additive_classifier_compiles() -> None:
    """A classifier needs `bins_` only; the leads are counted where it doesn't count them."""
    frame, won = leads(2000, 7)
    compiled = compile_additive(Borrowed().fit(frame, won), frame)
    assert compiled.gap <= 1e-9
    assert [count.sum() for count in compiled.counts] == [2000] * 4
    assert compiled.monotone == (0, 0, 0, 0)


def test_a_pair_that_is_not_declared_is_refused(fitted: AdditiveClassifier) -> None:
    """The check on other leads finds what probing one field at a time can't see."""
    frame, _ = leads(500, 8)
    hiding = copy(fitted)
    hiding.pairs_, hiding.pair_counts_ = [], []
    with pytest.raises(CompileError, match="Fields that `pairs_` doesn't name interact in it"):
        compile_additive(hiding, frame)


def test_a_classifier_must_have_bins(fitted: AdditiveClassifier) -> None:
    """A classifier without bins, or with pairs in the wrong order, is refused."""
    frame, _ = leads(50, 9)
    with pytest.raises(CompileError, match="AdditiveClassifier has no `bins_`: fit it first"):
        compile_additive(AdditiveClassifier(), frame)
    wrong = copy(fitted)
    wrong.pairs_ = [(1, 0)]
    with pytest.raises(CompileError, match=r"`pairs_` must hold each pair once, as \(i, j\) with 0 <= i < j < 4"):
        compile_additive(wrong, frame)
