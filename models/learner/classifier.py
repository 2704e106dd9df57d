"""The additive classifier: bagged boosting, restricted to single fields, some pairs and a few sets of fields.

First each field by itself, over its bins: smooth effects, then what boosting finds beyond them. Then the pairs that
held-out leads show to say more together than apart, over coarse bins, fitted to what the singles miss. Averages of
additive models are additive, so the bags become one set of tables. The same is fitted once more on top of small trees
over all fields, and the two are weighed by the leads that neither has seen. Where the trees count, a few trees over a
few sets of fields imitate what they say on average.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import assert_all_finite, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, check_is_fitted, column_or_1d

from leadledger.models.learner.additive import (
    Additive,
    Fields,
    Finer,
    Floats,
    Fork,
    Indexes,
    add_up,
    count_cells,
    purify,
    silence,
)
from leadledger.models.learner.bags import (
    BaggedTables,
    BaggedTrees,
    Bags,
    TermArrays,
    add_errors,
    average_terms,
    mix_tables,
)
from leadledger.models.learner.binning import (
    check_whole,
    count_bins,
    find_bins,
    find_indexes,
    learn_bins,
    read_columns,
)
from leadledger.models.learner.boosting import TrainingLeads, hold_out
from leadledger.models.learner.parameters import (
    encode_outcome,
    find_axes,
    find_directions,
    find_pairs,
    find_parents,
    find_segment,
    number_groups,
)
from leadledger.models.learner.recipe import FEWEST_PAIR_BINS, FEWEST_PAIR_LEVELS, Recipe
from leadledger.models.learner.refinement import FinerLeads
from leadledger.models.learner.segments import Segment, SegmentFields, add_segments
from leadledger.models.learner.tables import fit_tables
from leadledger.models.learner.trees import absorb_trees, fit_trees
from leadledger.scoring.bins import Bins, TextBins

MANY_LEADS = 200_000  # with as many or more, bags agree so far that a few suffice
BAGS_OF_MANY_LEADS = 4
FEWEST_AUTO_SETS, MOST_AUTO_SETS = 8, 16  # at most so many, as fields are few or many
FIELDS_A_SET = 5  # of all fields: more than eight sets from 45 fields on
ERROR_LEADS = 20_000  # over which the standard errors of trees are taken


class AdditiveClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """A binary classifier whose log-odds are a sum of tables and of small trees.

    One table a field, one a chosen pair of fields, and small trees over a few sets of three to seven fields.

    Takes a DataFrame of numbers, texts and flags, or an array of numbers, with missing values; see `Binning`.

    Parameters
    ----------
    max_bins, max_levels, min_count : as in `Binning`. With fewer missing values than `min_count` a field's missing bin
        is worth the average lead; with more, what its own leads show, shrunk toward that by how few they are.
    pairs : "auto": the pairs that pay on held-out leads, at most 16, none if they don't lower the held-out log-loss;
        a number: so many, the best first; or a list of pairs, of positions or of names of columns.
    pair_bins, pair_levels : most bins of a number, 2 or more, and most levels of a text, 1 or more, in a pair. "auto":
        they grow with the leads, from 6 and 10 to 16 and 27; with 5,000 leads 8 and 13, with 20,000 11 and 19.
    combinations : "auto": small trees over at most 8 sets of fields that act together (16 of 80 fields), as far as they
        lower the held-out log-loss; a number: over so many sets at most, 0 for none, whether they pay or not. Trees
        that ask two fields only become a pair.
    monotone : a mapping from column (name or position), or a sequence, one a column, of 1: more of it never lowers
        the log-odds, -1: never raises them, 0: free. Numbers and flags only. A missing value stays free.
    segment : a column of texts or flags (name or position) whose levels are segments: those of as many leads as make a
        level of their own learn how far they lie from the rest, the pool, by themselves and together with each other
        field. Pairs and combinations that are chosen leave this column out.
    parents : a mapping from a column of texts to another that is coarser, such as city to country. What a level of the
        child says is learned around what its parent says, so that a rare or a new one is worth its parent's value.
    axes : a mapping from a column (name or position) to the name of its axis. Pairs and combinations are of columns of
        one axis; those that aren't named have an axis of their own. A segment has tables with columns of any.
    bags : models that are averaged. Each holds out another part of the leads, to choose the rounds by. From 200,000
        leads on, four are enough.
    max_rounds : most boosting rounds of a bag, for the singles and again for the pairs.
    learning_rate : how far each round goes, above 0 and up to 1; half as far in small histories and combinations.
    random_state : draws the parts that are held out; with the same whole number, the same fit.
    n_jobs : threads, as in joblib; they share the bags. The result does not depend on it.

    Attributes
    ----------
    classes_ : array of the two classes; `decision_function` above 0 means the second.
    bins_ : list of bins, one a column. counts_ : list of int arrays, the leads in each.
    pairs_ : list of (i, j), positions of columns, i < j. pair_counts_ : list of int arrays, the leads in each cell.
    gains_ : gain of each pair of `pairs_` on held-out leads, in log-likelihood; NaN where none could be held out, and
        for pairs that come of trees or of segments.
    spanning_ : list of (gain, (i, j)), the pairs that weren't considered, since `axes` keeps them apart, the best
        first; the gain as in `gains_`, on top of the single fields.
    segment_field_ : the position of the column `segment`; None without one.
    segments_ : list of leadledger.models.learner.segments.Segment, with the weight of each.
    segment_terms_ : intercept, singles and pairs in log-odds: what segments add to the pool, as `additive_` holds it.
    combinations_ : list of the sets, tuples of positions of columns, ascending.
    trees_ : per set, a tuple of leadledger.models.learner.additive.Fork, the trees whose sum it adds.
    finer_ : per position of a column that has them, an additive.Finer: finer bins than `bins_`, and what they add.
    additive_ : additive.Additive, the tables and trees that `decision_function` adds up. Their standard errors
        come of the bags, a delete-a-group jackknife; there are none with a single bag.
    monotone_ : tuple of 1, -1 or 0, one a column. nested_ : columns that `parents` names, outer ones first.
    rounds_ : the rounds that a bag keeps for its singles, on average.
    combination_weight_ : how much of what combinations change counts, 0..1; 0 where there are none.
    held_out_decision_ : array (n_leads,), log-odds by the one bag that held the lead out; NaN where none did. The
        lead had no say in the rounds or the pairs of that bag.
    n_features_in_, feature_names_in_ : as in scikit-learn.
    """

    def __init__(
        self,
        max_bins: int = 32,
        max_levels: int = 24,
        min_count: int = 20,
        pairs: Literal["auto"] | int | Sequence[tuple[int | str, int | str]] = "auto",
        pair_bins: Literal["auto"] | int = "auto",
        pair_levels: Literal["auto"] | int = "auto",
        combinations: Literal["auto"] | int = "auto",
        monotone: Mapping[str | int, int] | Sequence[int] | None = None,
        segment: str | int | None = None,
        parents: Mapping[str | int, str | int] | None = None,
        axes: Mapping[str | int, str] | None = None,
        bags: int = 8,
        max_rounds: int = 600,
        learning_rate: float = 0.2,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.max_bins = max_bins
        self.max_levels = max_levels
        self.min_count = min_count
        self.pairs = pairs
        self.pair_bins = pair_bins
        self.pair_levels = pair_levels
        self.combinations = combinations
        self.monotone = monotone
        self.segment = segment
        self.parents = parents
        self.axes = axes
        self.bags = bags
        self.max_rounds = max_rounds
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self,
        X: pd.DataFrame | ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit to leads X (n_leads, n_columns) and outcomes y (n_leads,) of two classes.

        `sample_weight` (n_leads,): how much each lead counts, 0 or more; a lead of weight 0 is left out. Bins and
        counts are of leads, whatever their weights. `groups` (n_leads,): rows with the same value are of one lead, and
        are held out together; None: each row is a lead.
        """
        self._check_parameters()
        if y is None:
            raise ValueError("This AdditiveClassifier estimator requires y to be passed, but the target y is None.")
        columns = read_columns(self, X, reset=True)
        labels = column_or_1d(y, warn=True)
        assert_all_finite(labels, input_name="y")
        check_consistent_length(columns[0], labels)
        weights = _check_sample_weight(sample_weight, columns[0], dtype=np.float64, ensure_non_negative=True)
        used = weights > 0
        columns = [column[used] for column in columns]
        self.classes_, outcome = encode_outcome(labels[used])
        names = list(getattr(self, "feature_names_in_", ()))
        self.bins_: list[Bins] = learn_bins(columns, self.max_bins, self.max_levels, self.min_count)
        parents = find_parents(self.parents, names, self.bins_)
        self.bins_ = [TextBins(()) if field in parents else bins for field, bins in enumerate(self.bins_)]
        self.nested_: tuple[int, ...] = tuple(dict.fromkeys([*parents.values(), *parents]))
        indexes = find_indexes(self.bins_, columns)
        self.counts_: list[Indexes] = count_bins(self.bins_, indexes)
        self.monotone_: tuple[int, ...] = find_directions(self.monotone, names, self.bins_)
        self.segment_field_: int | None = find_segment(self.segment, names, self.bins_, self.monotone_)
        axes = find_axes(self.axes, names, len(self.bins_), self.segment_field_)
        choice = find_pairs(self.pairs, names, len(self.bins_), axes)
        random = check_random_state(self.random_state)
        finer_leads = FinerLeads.of(columns, self.bins_, self.nested_)
        leads = TrainingLeads(indexes, outcome, weights[used] / weights[used].mean(), number_groups(groups, used))
        bags = self._make_bags(leads, random)
        recipe = self._make_recipe(axes)
        auto_sets = int(np.clip(len(self.bins_) // FIELDS_A_SET, FEWEST_AUTO_SETS, MOST_AUTO_SETS))
        most_sets = auto_sets if self.combinations == "auto" else self.combinations
        tables = fit_tables(recipe, bags, finer_leads, choice, random)
        self.spanning_: list[tuple[float, Fields]] = list(tables.spanning)
        trees = fit_trees(recipe, bags, most_sets)
        self.combination_weight_ = 0.0
        if trees is not None:
            having_trees = fit_tables(recipe, bags.add_to_starts(trees.added), finer_leads, choice, random)
            forced = self.combinations != "auto"
            self.combination_weight_ = 1.0 if forced else bags.weigh(tables.held_out, having_trees.held_out)
            if self.combination_weight_:
                tables = mix_tables(tables, having_trees, self.combination_weight_)
        tables = self._fit_segments(recipe, bags, finer_leads, tables, trees)
        self.rounds_: int = tables.rounds
        self.held_out_decision_: Floats = np.full(len(used), np.nan)
        self.held_out_decision_[used] = tables.held_out
        self._average_bags(recipe, bags, finer_leads, tables, trees if self.combination_weight_ else None)
        return self

    def decision_function(self, X: pd.DataFrame | ArrayLike) -> Floats:
        """The log-odds of the second class; shape (n_leads,)."""
        check_is_fitted(self, "additive_")
        columns = read_columns(self, X, reset=False)
        finer_indexes = {field: find_bins(finer.bins, columns[field]) for field, finer in self.finer_.items()}
        return self.additive_.log_odds(find_indexes(self.bins_, columns), finer_indexes)

    def segment_decision(self, X: pd.DataFrame | ArrayLike) -> Floats:
        """The part of the log-odds that segments add to the pool; shape (n_leads,), 0 for leads of the pool."""
        check_is_fitted(self, "additive_")
        return add_up(*self.segment_terms_, find_indexes(self.bins_, read_columns(self, X, reset=False)))

    def predict_proba(self, X: pd.DataFrame | ArrayLike) -> Floats:
        """The probability of each class, 0..1; shape (n_leads, 2)."""
        second = np.asarray(expit(self.decision_function(X)), dtype=np.float64)
        return np.column_stack([1 - second, second])

    def predict(self, X: pd.DataFrame | ArrayLike) -> NDArray[Any]:
        """The likelier class; shape (n_leads,)."""
        decision = self.decision_function(X)
        likelier: NDArray[Any] = self.classes_[(decision > 0).astype(int)]
        return likelier

    def _check_parameters(self) -> None:
        check_whole("bags", self.bags, 1)
        check_whole("max_rounds", self.max_rounds, 1)
        if self.pair_bins != "auto":
            check_whole("pair_bins", self.pair_bins, 2)
        if self.pair_levels != "auto":
            check_whole("pair_levels", self.pair_levels, 1)
        if self.combinations != "auto":
            check_whole("combinations", self.combinations, 0)
        rate = self.learning_rate
        if isinstance(rate, bool) or not isinstance(rate, Real) or not 0 < rate <= 1:
            raise ValueError(f"learning_rate must be a number above 0 and up to 1, not {rate!r}.")

    def _make_recipe(self, axes: Sequence[int]) -> Recipe:
        return Recipe(
            bins=self.bins_,
            counts=self.counts_,
            monotone=self.monotone_,
            nested=self.nested_,
            segment_field=self.segment_field_,
            min_count=self.min_count,
            pair_bins=self.pair_bins,
            pair_levels=self.pair_levels,
            max_rounds=self.max_rounds,
            learning_rate=self.learning_rate,
            n_jobs=self.n_jobs,
            axes=axes,
        )

    def _make_bags(self, leads: TrainingLeads, random: np.random.RandomState) -> Bags:
        """The bags, each starting from the log-odds of the average of the leads that it keeps."""
        n_bags = self.bags if len(leads.outcome) < MANY_LEADS else min(self.bags, BAGS_OF_MANY_LEADS)
        folds = hold_out(leads, n_bags, int(random.randint(2**31)))
        return Bags(leads, folds, [np.full(len(leads.outcome), leads.average(kept)) for kept, _ in folds])

    def _fit_segments(
        self, recipe: Recipe, bags: Bags, finer_leads: FinerLeads, tables: BaggedTables, trees: BaggedTrees | None
    ) -> BaggedTables:
        """The tables, with what segments add to them where that pays."""
        self.segments_: list[Segment] = []
        self.segment_terms_: TermArrays = 0.0, [np.zeros(len(bins)) for bins in self.bins_], {}
        if self.segment_field_ is None or not len(bags.folds[0][1]):
            return tables
        if trees is not None:
            bags = bags.add_to_starts([self.combination_weight_ * added for added in trees.added])
        bags = bags.add_to_starts([finer_leads.add(values) for values in tables.finer])
        coarse = recipe.coarsen(FEWEST_PAIR_BINS, FEWEST_PAIR_LEVELS)
        fields = SegmentFields.of(self.segment_field_, self.bins_, self.counts_, coarse)
        edges = [finer_leads.find_steps(values) for values in tables.finer]
        tables, self.segments_, added = add_segments(bags, tables, fields, self.monotone_, edges)
        if added:
            self.segment_terms_ = average_terms(added)
        return tables

    def _average_bags(
        self, recipe: Recipe, bags: Bags, finer_leads: FinerLeads, tables: BaggedTables, trees: BaggedTrees | None
    ) -> None:
        """Set what is learned: the average of the bags, with standard errors from how far the bags differ."""
        leads = bags.leads
        finer = finer_leads.average(tables.finer)
        of_bags = [
            replace(
                self._additive(leads.average(kept) + intercept, singles, pairs),
                finer={field: replace(table, values=values[field]) for field, table in finer.items()},
            )
            for (kept, _), (intercept, singles, pairs), values in zip(
                bags.folds, tables.by_bag, tables.finer, strict=True
            )
        ]
        average = self._additive(
            float(np.mean([bag.intercept for bag in of_bags])),
            [np.mean(values, axis=0) for values in zip(*(bag.singles for bag in of_bags), strict=True)],
            {pair: np.mean([bag.pairs[pair] for bag in of_bags], axis=0) for pair in tables.pairs},
        )
        sample = leads.indexes[:: 1 + len(leads.indexes) // ERROR_LEADS]
        if trees is not None:
            average, of_bags = absorb_trees(recipe, leads, average, of_bags, trees, self.combination_weight_, sample)
        self.pairs_: list[Fields] = list(average.pairs)
        self.gains_: list[float] = [*tables.gains, *[float("nan")] * (len(average.pairs) - len(tables.pairs))]
        self.pair_counts_: list[Indexes] = [count_cells(self.bins_, leads.indexes, pair) for pair in self.pairs_]
        self.combinations_: list[tuple[int, ...]] = list(average.trees)
        self.trees_: dict[tuple[int, ...], tuple[Fork, ...]] = dict(average.trees)
        pair_counts = dict(zip(self.pairs_, self.pair_counts_, strict=True))
        average = purify(replace(average, pair_counts=pair_counts, finer=finer))
        average = average if len(of_bags) < 2 else add_errors(average, of_bags, sample)
        self.additive_: Additive = silence(average, self.segment_field_)
        self.finer_: dict[int, Finer] = dict(self.additive_.finer)

    def _additive(self, intercept: float, singles: Sequence[Floats], pairs: Mapping[Fields, Floats]) -> Additive:
        """These values over the bins of the classifier; the cells of pairs are not counted yet."""
        return Additive(
            bins=tuple(self.bins_),
            intercept=intercept,
            singles=tuple(singles),
            pairs=dict(pairs),
            counts=tuple(self.counts_),
            pair_counts={},
            monotone=self.monotone_,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags
