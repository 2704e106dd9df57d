"""The additive classifier: bagged boosting, held to single fields and a few pairs, kept as tables.

First each field for itself: boosting with `interaction_cst` over the bins. Then the pairs: those that held-out leads
show to tell more together than apart are fitted, over coarse bins, to what the singles miss. Averages of additive
models are additive, so the bags become one set of tables, and `decision_function` adds up their values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from numbers import Real
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import assert_all_finite, check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, check_is_fitted, column_or_1d
from threadpoolctl import threadpool_limits

from models.additive import Additive, Fields, Floats, Indexes, add_up, count_cells, purify, read_off, silence
from models.binning import check_whole, count_bins, find_indexes, learn_bins, read_columns
from models.pairs import coarsen, rank_pairs
from scoring.errors import did_you_mean
from scoring.lookup import Bins, TextBins

SINGLE_LEAVES = 4  # small trees: a table needs few steps at a time
PAIR_LEAVES = 8
L2 = 1.0
LEAF = 20  # least leads in a leaf; a small history asks for a twentieth of its leads
PATIENCE = 15  # rounds without a gain on the held-out leads, after which a bag stops
BLIND_ROUNDS = 30  # where no lead can be held out
LONE_FOLDS = 5  # a single bag holds out a fifth
LEVEL_PRIOR = 100.0  # leads of the average rate that each level of a text is blended with before levels are ordered
AUTO_PAIRS = 16  # more than a person wants to read
AUTO_GAIN = 2.0  # least gain in log-likelihood of a pair: about what one free parameter must bring (Akaike)

Ready: TypeAlias = tuple[float, list[Floats], dict[Fields, Floats]]  # intercept, singles, pairs


class AdditiveClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """A binary classifier whose log-odds are a sum of one table a field and one a chosen pair of fields.

    Takes a DataFrame of numbers, texts and flags, or an array of numbers, with missing values; see `Binning`.

    Parameters
    ----------
    max_bins, max_levels, min_count : as in `Binning`.
    pairs : "auto": the pairs that pay on held-out leads, at most 16, none if they don't lower the held-out log-loss;
        a number: so many, the best first; or a list of pairs, of positions or of names of columns.
    pair_bins, pair_levels : most bins of a number, 2 or more, and most levels of a text, 1 or more, in a pair.
    monotone : a mapping from column (name or position), or a sequence, one a column, of 1: more of it never lowers
        the log-odds, -1: never raises them, 0: free. Numbers and flags only. A missing value stays free.
    bags : models that are averaged. Each holds out another part of the leads, to choose its rounds by.
    max_rounds : most boosting rounds of a bag, for the singles and again for the pairs.
    learning_rate : how far each round goes, above 0 and up to 1.
    random_state : draws the parts that are held out; with the same whole number, the same fit.
    n_jobs : threads, as in joblib; they share the bags. The result does not depend on it.

    Attributes
    ----------
    classes_ : array of the two classes; `decision_function` above 0 means the second.
    bins_ : list of bins, one a column. counts_ : list of int arrays, the leads in each.
    pairs_ : list of (i, j), positions of columns, i < j. pair_counts_ : list of int arrays, the leads in each cell.
    gains_ : gain of each pair of `pairs_` on held-out leads, in log-likelihood; NaN where none could be held out.
    additive_ : models.additive.Additive, the tables that `decision_function` adds up.
    monotone_ : tuple of 1, -1 or 0, one a column.
    rounds_ : list of the rounds that each bag keeps for its singles.
    held_out_decision_ : array (n_leads,), log-odds by the one bag that held the lead out; NaN where none did. Its
        rounds were chosen by these leads among others, so it flatters a little.
    n_features_in_, feature_names_in_ : as in scikit-learn.
    """

    def __init__(
        self,
        max_bins: int = 32,
        max_levels: int = 24,
        min_count: int = 20,
        pairs: Literal["auto"] | int | Sequence[tuple[int | str, int | str]] = "auto",
        pair_bins: int = 6,
        pair_levels: int = 10,
        monotone: Mapping[str | int, int] | Sequence[int] | None = None,
        bags: int = 8,
        max_rounds: int = 600,
        learning_rate: float = 0.1,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.max_bins = max_bins
        self.max_levels = max_levels
        self.min_count = min_count
        self.pairs = pairs
        self.pair_bins = pair_bins
        self.pair_levels = pair_levels
        self.monotone = monotone
        self.bags = bags
        self.max_rounds = max_rounds
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: pd.DataFrame | ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to leads X (n_leads, n_columns) and outcomes y (n_leads,) of two classes.

        `sample_weight` (n_leads,): how much each lead counts, 0 or more; a lead of weight 0 is left out. Bins and
        counts are of leads, whatever their weights.
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
        self.classes_, outcome = self._outcome(labels[used])
        self.bins_: list[Bins] = learn_bins(columns, self.max_bins, self.max_levels, self.min_count)
        indexes = find_indexes(self.bins_, columns)
        self.counts_: list[Indexes] = count_bins(self.bins_, indexes)
        self.monotone_: tuple[int, ...] = self._monotone()
        asked = self._asked_pairs()
        random = check_random_state(self.random_state)
        leads = Leads(indexes, outcome, weights[used] / weights[used].mean())
        folds = hold_out(leads, self.bags, int(random.randint(2**31)))
        form = Form.of(self.bins_, self.counts_, self.monotone_, [np.arange(len(one)) for one in self.bins_])
        boost = Boost(self.max_rounds, self.learning_rate)
        parts = self._run(fit_singles, [(leads, fold, form, boost) for fold in folds])
        self.rounds_: list[int] = [rounds for _, rounds in parts]
        ready = [part for part, _ in parts]
        unseen = held_out_decision(leads, folds, ready)
        effects = [np.mean(values, axis=0) for values in zip(*(part[1] for part in ready), strict=True)]
        coarse = [
            coarsen(*field, self.pair_bins, self.pair_levels)
            for field in zip(self.bins_, self.counts_, effects, strict=True)
        ]
        self.pairs_: list[Fields]
        self.gains_: list[float]
        self.pairs_, self.gains_ = choose_pairs(leads, coarse, unseen, asked, random)
        if self.pairs_:
            form = Form.of(self.bins_, self.counts_, self.monotone_, coarse, self.pairs_)
            tasks = [(leads, fold, form, boost, part) for fold, part in zip(folds, ready, strict=True)]
            paired = self._run(fit_pairs, tasks)
            unseen_paired = held_out_decision(leads, folds, paired)
            if asked == "auto" and not pays(leads, unseen, unseen_paired):
                self.pairs_, self.gains_ = [], []
            else:
                ready, unseen = paired, unseen_paired
        self.held_out_decision_: Floats = np.full(len(used), np.nan)
        self.held_out_decision_[used] = unseen
        self.pair_counts_: list[Indexes] = [count_cells(self.bins_, indexes, pair) for pair in self.pairs_]
        self.additive_: Additive = silence(purify(self._average(ready)))
        return self

    def decision_function(self, X: pd.DataFrame | ArrayLike) -> Floats:
        """The log-odds of the second class; shape (n_leads,)."""
        check_is_fitted(self, "additive_")
        return self.additive_.log_odds(find_indexes(self.bins_, read_columns(self, X, reset=False)))

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
        check_whole("pair_bins", self.pair_bins, 2)
        check_whole("pair_levels", self.pair_levels, 1)
        rate = self.learning_rate
        if isinstance(rate, bool) or not isinstance(rate, Real) or not 0 < rate <= 1:
            raise ValueError(f"learning_rate must be a number above 0 and up to 1, not {rate!r}.")

    def _outcome(self, labels: NDArray[Any]) -> tuple[NDArray[Any], Floats]:
        """The two classes, and each lead's outcome as 0.0 or 1.0."""
        if not len(labels):
            raise ValueError("Sample weights must contain at least one non-zero number.")
        check_classification_targets(labels)
        classes, codes = np.unique(labels, return_inverse=True)
        if len(classes) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{type_of_target(labels, input_name='y')}."
            )
        if len(classes) < 2:
            raise ValueError(f"AdditiveClassifier needs leads of 2 classes, but y has one class only: {classes[0]!r}.")
        return classes, codes.astype(np.float64)

    def _position(self, column: object, parameter: str) -> int:
        """The position of a column that is given by its name or its position."""
        names = list(getattr(self, "feature_names_in_", ()))
        if isinstance(column, str) and column in names:
            return names.index(column)
        if isinstance(column, (int, np.integer)) and not isinstance(column, bool) and 0 <= column < len(self.bins_):
            return int(column)
        hint = did_you_mean(str(column), names) or f" Columns are 0 to {len(self.bins_) - 1}."
        raise ValueError(f"{parameter} names the column {column!r}, which X doesn't have.{hint}")

    def _monotone(self) -> tuple[int, ...]:
        given = self.monotone
        if given is None:
            return (0,) * len(self.bins_)
        if isinstance(given, Mapping):
            ways: list[Any] = [0] * len(self.bins_)
            for column, way in given.items():
                ways[self._position(column, "monotone")] = way
        else:
            ways = list(given)
            if len(ways) != len(self.bins_):
                raise ValueError(f"monotone has {len(ways)} entries, but X has {len(self.bins_)} columns.")
        names = getattr(self, "feature_names_in_", range(len(self.bins_)))
        for name, way, bins in zip(names, ways, self.bins_, strict=True):
            if way not in (-1, 0, 1):
                raise ValueError(f"monotone must be -1, 0 or 1, not {way!r} as for column {name!r}.")
            if way and isinstance(bins, TextBins):
                raise ValueError(f"monotone asks for an order of column {name!r}, but its texts have none.")
        return tuple(int(way) for way in ways)

    def _asked_pairs(self) -> Literal["auto"] | int | list[Fields]:
        asked = self.pairs
        if isinstance(asked, str):
            if asked != "auto":
                raise ValueError(f'pairs must be "auto", a whole number, or a list of pairs, not {asked!r}.')
            return "auto"
        if isinstance(asked, Sequence):
            found: dict[Fields, None] = {}
            for pair in asked:
                if isinstance(pair, str) or len(pair) != 2:
                    raise ValueError(f"pairs must list pairs of columns, not {pair!r}.")
                one, other = sorted(self._position(column, "pairs") for column in pair)
                if one == other:
                    raise ValueError(f"pairs holds {pair!r}; a pair is of two columns.")
                found[one, other] = None
            return list(found)
        check_whole("pairs", asked, 0)
        return asked

    def _run(self, task: Any, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The bags, side by side in threads; boosting works without the interpreter's lock for most of its time."""
        found: list[Any] = Parallel(n_jobs=self.n_jobs, prefer="threads")(delayed(alone)(task, *call) for call in calls)
        return found

    def _average(self, ready: Sequence[Ready]) -> Additive:
        """The tables of all bags, averaged."""
        intercepts, singles, pairs = zip(*ready, strict=True)
        return Additive(
            bins=tuple(self.bins_),
            intercept=float(np.mean(intercepts)),
            singles=tuple(np.mean(values, axis=0) for values in zip(*singles, strict=True)),
            pairs={pair: np.mean([cells[pair] for cells in pairs], axis=0) for pair in self.pairs_},
            counts=tuple(self.counts_),
            pair_counts=dict(zip(self.pairs_, self.pair_counts_, strict=True)),
            monotone=self.monotone_,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags


@dataclass(frozen=True, eq=False)
class Leads:
    """What is learned from: bins (n, n_fields), outcomes (n,) 0.0 or 1.0, weights (n,) that average 1."""

    indexes: Indexes
    outcome: Floats
    weights: Floats


@dataclass(frozen=True)
class Boost:
    """How to boost."""

    rounds: int
    rate: float


@dataclass(frozen=True, eq=False)
class Form:
    """How bins become the columns that boosting sees.

    A number or flag is its bin, in order; missing is NaN. A text is the rank of its level by the rate of outcomes,
    shrunk toward the average: few steps then tell much, and levels of few leads stay in the middle. A monotone field
    that may be missing has a second column that tells so, since boosting would else keep missing values in the order.

    coarse : per field, the coarse bin of each bin.
    columns : per column its field, and either the values of the coarse bins, or None: rank them in each bag.
    groups : the columns that may meet in a tree. ways : per column, 1, -1 or 0, as in `monotone`.
    """

    coarse: Sequence[Indexes]
    columns: Sequence[tuple[int, Floats | None]]
    groups: Sequence[set[int]]
    ways: Sequence[int]
    pairs: Sequence[Fields]

    @classmethod
    def of(
        cls,
        bins: Sequence[Bins],
        counts: Sequence[Indexes],
        monotone: Sequence[int],
        coarse: Sequence[Indexes],
        pairs: Sequence[Fields] | None = None,
    ) -> Form:
        """The form for the singles of all fields; or, with `pairs`, for those."""
        fields = range(len(bins)) if pairs is None else sorted({field for pair in pairs for field in pair})
        columns: list[tuple[int, Floats | None]] = []
        ways: list[int] = []
        of_field: dict[int, set[int]] = {}
        for field in fields:
            order = np.arange(coarse[field].max() + 1, dtype=np.float64)
            order[0] = np.nan
            of_field[field] = {len(columns)}
            columns.append((field, None if isinstance(bins[field], TextBins) else order))
            ways.append(monotone[field])
            if monotone[field] and counts[field][0]:
                of_field[field].add(len(columns))
                columns.append((field, np.isnan(order).astype(np.float64)))
                ways.append(0)
        groups = list(of_field.values()) if pairs is None else [of_field[one] | of_field[other] for one, other in pairs]
        return cls(coarse, columns, groups, ways, pairs or ())

    def ranked(self, leads: Leads, kept: Indexes) -> list[tuple[int, Floats]]:
        """Per column, its field and the value of each bin, with the levels of texts ranked on the kept leads."""
        average = np.average(leads.outcome[kept], weights=leads.weights[kept])
        found = []
        for field, values in self.columns:
            coarse = self.coarse[field]
            if values is None:
                groups, weights = coarse[leads.indexes[kept, field]], leads.weights[kept]
                size = int(coarse.max()) + 1
                seen = np.bincount(groups, weights, size)
                won = np.bincount(groups, weights * leads.outcome[kept], size)
                rate = (won + LEVEL_PRIOR * average) / (seen + LEVEL_PRIOR)
                values = np.argsort(np.argsort(rate, kind="stable"), kind="stable").astype(np.float64)
            found.append((field, values[coarse]))
        return found


def encode(indexes: Indexes, columns: Sequence[tuple[int, Floats]]) -> Floats:
    """The columns (n, n_columns) that boosting sees, of leads given by their bins."""
    return np.column_stack([values[indexes[:, field]] for field, values in columns])


Fold: TypeAlias = tuple[Indexes, Indexes]  # positions of the leads that are kept, and of those that are held out


def hold_out(leads: Leads, bags: int, seed: int) -> list[Fold]:
    """What each bag learns from, and what it holds out; stratified. None is held out where a class has one lead."""
    folds = min(bags if bags > 1 else LONE_FOLDS, int(leads.outcome.sum()), int((1 - leads.outcome).sum()))
    if folds < 2:
        return [(np.arange(len(leads.outcome)), np.arange(0))]
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(leads.indexes, leads.outcome)
    return list(parts) if bags > 1 else list(islice(parts, 1))


def held_out_decision(leads: Leads, folds: Sequence[Fold], ready: Sequence[Ready]) -> Floats:
    """The log-odds (n,) of each lead by the bag that held it out; NaN where none did."""
    unseen = np.full(len(leads.outcome), np.nan)
    for (_, held), part in zip(folds, ready, strict=True):
        unseen[held] = add_up(*part, leads.indexes[held])
    return unseen


def alone(task: Any, *arguments: Any) -> Any:
    """Run a task with one thread of its own.

    Threads that wait for one another on a busy machine cost many times more than they bring.
    """
    with threadpool_limits(1, user_api="openmp"):
        return task(*arguments)


def fit_singles(leads: Leads, fold: Fold, form: Form, boost: Boost) -> tuple[Ready, int]:
    """One bag's singles, and its rounds."""
    model = HistGradientBoostingClassifier(max_leaf_nodes=SINGLE_LEAVES, **settings(form, fold, boost))
    average = np.average(leads.outcome[fold[0]], weights=leads.weights[fold[0]])
    return boosted(model, leads, fold, form, float(logit(average)))


def fit_pairs(leads: Leads, fold: Fold, form: Form, boost: Boost, single: Ready) -> Ready:
    """One bag's singles with its pairs added, as one Newton step.

    The pairs are fitted, by weighted squares, to what the singles miss, since boosting of scikit-learn can't start from
    given log-odds. What pairs add is small, so that one step is near enough.
    """
    probability = expit(add_up(*single, leads.indexes))
    curvature = np.maximum(probability * (1 - probability), 1e-3)
    missed = (leads.outcome - probability) / curvature
    step = replace(leads, outcome=missed, weights=leads.weights * curvature)
    model = HistGradientBoostingRegressor(max_leaf_nodes=PAIR_LEAVES, **settings(form, fold, boost))
    average = np.average(missed[fold[0]], weights=step.weights[fold[0]])
    (intercept, singles, pairs), _ = boosted(model, step, fold, form, float(average))
    return single[0] + intercept, [one + more for one, more in zip(single[1], singles, strict=True)], pairs


def settings(form: Form, fold: Fold, boost: Boost) -> dict[str, Any]:
    """The parameters of boosting."""
    kept, held = fold
    return {
        "learning_rate": boost.rate,
        "max_iter": boost.rounds if len(held) else min(boost.rounds, BLIND_ROUNDS),
        "l2_regularization": L2,
        "min_samples_leaf": max(1, min(LEAF, len(kept) // 20)),
        "categorical_features": None,
        "monotonic_cst": list(form.ways),
        "interaction_cst": list(form.groups),
        "early_stopping": bool(len(held)),
        "n_iter_no_change": PATIENCE,
        "tol": 0.0,
        "scoring": "loss",
        "random_state": 0,  # nothing is left to chance: no subsample, and the held-out leads are given
    }


def boosted(model: Any, leads: Leads, fold: Fold, form: Form, average: float) -> tuple[Ready, int]:
    """Fit, keep the rounds that served the held-out leads best, and read off the tables.

    `average` is the prediction of no round at all.
    """
    kept, held = fold
    columns = form.ranked(leads, kept)
    given = encode(leads.indexes, columns)
    late = {}
    if len(held):
        late = {"X_val": given[held], "y_val": leads.outcome[held], "sample_weight_val": leads.weights[held]}
    model.fit(given[kept], leads.outcome[kept], sample_weight=leads.weights[kept], **late)
    rounds = int(np.argmax(model.validation_score_)) if len(held) else int(model.n_iter_)  # score 0: of no round
    staged = model.staged_decision_function if hasattr(model, "staged_decision_function") else model.staged_predict

    def decide(probes: Indexes) -> Floats:
        if rounds == 0:
            return np.full(len(probes), average)
        answer: Floats = next(islice(staged(encode(probes, columns)), rounds - 1, None))
        return answer

    sizes = [len(one) for one in form.coarse]
    return read_off(decide, sizes, form.pairs, [0] * len(sizes)), rounds


def choose_pairs(
    leads: Leads,
    coarse: Sequence[Indexes],
    unseen: Floats,
    asked: Literal["auto"] | int | list[Fields],
    random: np.random.RandomState,
) -> tuple[list[Fields], list[float]]:
    """The pairs to fit, the best first (or as listed), and the gain of each."""
    seen = np.isfinite(unseen)
    if asked == 0 or len(coarse) < 2:
        return [], []
    if not seen.any():  # nothing to choose by
        listed = asked if isinstance(asked, list) else []
        return listed, [float("nan")] * len(listed)
    ranked = rank_pairs(leads.indexes[seen], coarse, leads.outcome[seen], unseen[seen], leads.weights[seen], random)
    if isinstance(asked, list):
        gains = {pair: gain for gain, pair in ranked}
        return asked, [gains[pair] for pair in asked]
    if asked == "auto":
        ranked = [(gain, pair) for gain, pair in ranked if gain > AUTO_GAIN]
    ranked = ranked[: AUTO_PAIRS if asked == "auto" else asked]
    return [pair for _, pair in ranked], [gain for gain, _ in ranked]


def pays(leads: Leads, without: Floats, having: Floats) -> bool:
    """Whether pairs lower the log-loss of held-out leads by more than its standard error."""
    seen = np.isfinite(without)
    sign = 1 - 2 * leads.outcome[seen]
    gain = leads.weights[seen] * (np.logaddexp(0, sign * without[seen]) - np.logaddexp(0, sign * having[seen]))
    return bool(gain.mean() > gain.std() / np.sqrt(len(gain)))
