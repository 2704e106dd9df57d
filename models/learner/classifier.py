"""The additive classifier: bagged boosting, held to single fields, some pairs and a few sets, kept as tables and trees.

First each field for itself, over its bins. Then the pairs: those that held-out leads show to tell more together than
apart, over coarse bins, fitted to what the singles miss. Averages of additive models are additive, so the bags become
one set of tables. Where more fields act together, the same is fitted once more on top of small trees over a few sets of
fields, and kept if held-out leads show that it pays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from numbers import Real
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import assert_all_finite, check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, check_is_fitted, column_or_1d

from leadledger.models.learner.additive import (
    Additive,
    Fields,
    Floats,
    Fork,
    Indexes,
    add_trees,
    add_up,
    count_cells,
    jackknife,
    purify,
    read_off,
    silence,
)
from leadledger.models.learner.binning import check_whole, count_bins, find_indexes, learn_bins, read_columns
from leadledger.models.learner.boosting import L2, Boost, Boosted, Fold, Form, Leads, boost, hold_out, losses
from leadledger.models.learner.combinations import absorb, choose_sets, gains_together, read_trees
from leadledger.models.learner.pairs import coarsen, rank_pairs
from leadledger.scoring.errors import did_you_mean
from leadledger.scoring.lookup import Bins, TextBins

SINGLE_LEAVES = 4  # small trees: a table needs few steps at a time
FEW = 1500  # leads, with fewer of which a bag goes by one step at a time, and is held more strongly to no effect
FEW_L2 = 5.0
PAIR_LEAVES = 8
TREE_LEAVES = 8
TREE_ROUNDS = 100  # most trees of the combinations
SCOUTS = 3  # bags that look which fields act together
SCOUT_ROUNDS = 60
BLIND_ROUNDS = 30  # where no lead can be held out
LONG = 200_000  # leads, from which on bags agree so far that few do
LONG_BAGS = 4
AUTO_PAIRS = 16  # more than a person wants to read
AUTO_GAIN = 2.0  # least gain in log-likelihood of a pair: about what one free parameter must bring (Akaike)
AUTO_SETS = 8
BLENDED = 20.0  # leads of the average rate in each bin, before bins are made coarse for the trees
SURE = 2.0  # standard errors by which pairs, or trees, must lower the held-out log-loss that chose them
SAMPLE = 20_000  # leads by which the standard errors of trees are told

Ready: TypeAlias = tuple[float, list[Floats], dict[Fields, Floats]]  # intercept, singles, pairs


class AdditiveClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """A binary classifier whose log-odds are a sum of tables and of small trees.

    One table a field, one a chosen pair of fields, and small trees over a few disjoint sets of three to seven fields.

    Takes a DataFrame of numbers, texts and flags, or an array of numbers, with missing values; see `Binning`.

    Parameters
    ----------
    max_bins, max_levels, min_count : as in `Binning`.
    pairs : "auto": the pairs that pay on held-out leads, at most 16, none if they don't lower the held-out log-loss;
        a number: so many, the best first; or a list of pairs, of positions or of names of columns.
    pair_bins, pair_levels : most bins of a number, 2 or more, and most levels of a text, 1 or more, in a pair.
    combinations : "auto": small trees over at most 8 sets of fields that act together, if they lower the held-out
        log-loss; a number: over so many sets at most, 0 for none, whether they pay or not. Trees that ask two fields
        only become a pair.
    monotone : a mapping from column (name or position), or a sequence, one a column, of 1: more of it never lowers
        the log-odds, -1: never raises them, 0: free. Numbers and flags only. A missing value stays free.
    bags : models that are averaged. Each holds out another part of the leads, to choose the rounds by. From 200,000
        leads on, four are enough.
    max_rounds : most boosting rounds of a bag, for the singles and again for the pairs.
    learning_rate : how far each round goes, above 0 and up to 1.
    random_state : draws the parts that are held out; with the same whole number, the same fit.
    n_jobs : threads, as in joblib; they share the bags. The result does not depend on it.

    Attributes
    ----------
    classes_ : array of the two classes; `decision_function` above 0 means the second.
    bins_ : list of bins, one a column. counts_ : list of int arrays, the leads in each.
    pairs_ : list of (i, j), positions of columns, i < j. pair_counts_ : list of int arrays, the leads in each cell.
    gains_ : gain of each pair of `pairs_` on held-out leads, in log-likelihood; NaN where none could be held out, and
        for pairs that come of trees.
    combinations_ : list of the sets, tuples of positions of columns, ascending.
    trees_ : per set, a tuple of leadledger.models.learner.additive.Fork, the trees whose sum it adds.
    additive_ : additive.Additive, the tables and trees that `decision_function` adds up. Their standard errors
        come of the bags, a delete-a-group jackknife; there are none with a single bag.
    monotone_ : tuple of 1, -1 or 0, one a column.
    rounds_ : the rounds that each bag keeps for its singles.
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
        combinations: Literal["auto"] | int = "auto",
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
        self.combinations = combinations
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
        bags = self.bags if len(leads.outcome) < LONG else min(self.bags, LONG_BAGS)
        folds = hold_out(leads, bags, int(random.randint(2**31)))
        bases = [leads.average(kept) for kept, _ in folds]
        starts = [np.full(len(leads.outcome), base) for base in bases]
        tables = self._fit_tables(leads, folds, starts, asked, random)
        wood = self._fit_wood(leads, folds, starts)
        if wood is not None:
            grown = [start + part.add(indexes, wood.rounds) for start, part in zip(starts, wood.parts, strict=True)]
            having = self._fit_tables(leads, folds, grown, asked, random)
            if self.combinations != "auto" or pays(
                leads, judging(folds, len(leads.outcome)), tables.unseen, having.unseen
            ):
                tables = having
            else:
                wood = None
        self.rounds_: int = tables.rounds
        self.held_out_decision_: Floats = np.full(len(used), np.nan)
        self.held_out_decision_[used] = tables.unseen
        self._keep(leads, bases, tables, wood)
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
        if self.combinations != "auto":
            check_whole("combinations", self.combinations, 0)
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
        found: list[Any] = Parallel(n_jobs=self.n_jobs, prefer="threads")(delayed(task)(*call) for call in calls)
        return found

    def _boost(self, leaves: int, folds: Sequence[Fold]) -> Boost:
        kept, held = folds[0]
        rounds = self.max_rounds if len(held) else min(self.max_rounds, BLIND_ROUNDS)
        return Boost(rounds, self.learning_rate, leaves, L2 if len(kept) >= FEW else FEW_L2)

    def _form(self, coarse: Sequence[Indexes], groups: Sequence[Sequence[int]]) -> Form:
        return Form.of(self.bins_, self.counts_, self.monotone_, coarse, groups)

    def _fit_tables(
        self,
        leads: Leads,
        folds: Sequence[Fold],
        starts: Sequence[Floats],
        asked: Literal["auto"] | int | list[Fields],
        random: np.random.RandomState,
    ) -> Tables:
        """Singles and pairs on top of log-odds (n,) that each bag starts from."""
        judges = judging(folds, len(leads.outcome))
        fine = [np.arange(len(one)) for one in self.bins_]
        form = self._form(fine, [(field,) for field in range(len(fine))])
        how = self._boost(SINGLE_LEAVES if len(folds[0][0]) >= FEW else 2, folds)
        parts = self._run(boost, [(leads, fold, form, how, start) for fold, start in zip(folds, starts, strict=True)])
        rounds = agreed(parts)
        sizes = [len(one) for one in self.bins_]
        base = [0] * len(sizes)
        ready = [read_off(partial(part.add, rounds=rounds), sizes, [], base) for part in parts]
        unseen = held_out_decision(leads, folds, starts, ready)
        effects = [np.mean(values, axis=0) for values in zip(*(part[1] for part in ready), strict=True)]
        coarse = self._coarse(effects)
        plain = Tables(ready, unseen, unseen, [], [], rounds)
        if asked != "auto":
            return self._add_pairs(
                leads, folds, starts, coarse, plain, *choose_pairs(leads, coarse, unseen, asked, random)
            )
        # Chosen by some leads and judged by others; and where they pay, chosen once more by all.
        honest = choose_pairs(leads, coarse, np.where(judges, np.nan, unseen), asked, random)
        tried = self._add_pairs(leads, folds, starts, coarse, plain, *honest)
        if not tried.pairs or not pays(leads, judges, unseen, tried.unseen):
            return plain
        if judges.any():
            best = choose_pairs(leads, coarse, unseen, asked, random)
            return replace(self._add_pairs(leads, folds, starts, coarse, plain, *best), judged=tried.unseen)
        return tried

    def _add_pairs(
        self,
        leads: Leads,
        folds: Sequence[Fold],
        starts: Sequence[Floats],
        coarse: Sequence[Indexes],
        plain: Tables,
        pairs: list[Fields],
        gains: list[float],
    ) -> Tables:
        """Tables of single fields with pairs on top; as they are where there are none."""
        if not pairs:
            return plain
        form = self._form(coarse, pairs)
        how = self._boost(PAIR_LEAVES, folds)
        grown = [start + add_up(*one, leads.indexes) for start, one in zip(starts, plain.ready, strict=True)]
        parts = self._run(boost, [(leads, fold, form, how, start) for fold, start in zip(folds, grown, strict=True)])
        kept, sizes = agreed(parts), [len(one) for one in self.bins_]
        more = [read_off(partial(part.add, rounds=kept), sizes, pairs, [0] * len(sizes)) for part in parts]
        ready = [joined(*both) for both in zip(plain.ready, more, strict=True)]
        unseen = held_out_decision(leads, folds, starts, ready)
        return Tables(ready, unseen, unseen, pairs, gains, plain.rounds)

    def _coarse(self, effects: Sequence[Floats]) -> list[Indexes]:
        """Per field, the coarse bin of each bin."""
        return [
            coarsen(*field, self.pair_bins, self.pair_levels)
            for field in zip(self.bins_, self.counts_, effects, strict=True)
        ]

    def _fit_wood(self, leads: Leads, folds: Sequence[Fold], starts: Sequence[Floats]) -> Wood | None:
        """Small trees over the sets of fields that act together; None where there are none, or nothing to judge by."""
        most = AUTO_SETS if self.combinations == "auto" else self.combinations
        if not most or len(self.bins_) < 3 or not len(folds[0][1]):
            return None
        coarse = self._coarse(effects_alone(leads, self.counts_))
        l2 = self._boost(TREE_LEAVES, folds).l2
        how = Boost(SCOUT_ROUNDS, self.learning_rate, TREE_LEAVES, l2, patience=0)
        form = self._form(coarse, [range(len(coarse))])
        tasks = [(leads, fold, form, how, start) for fold, start in zip(folds, starts, strict=True)]
        scouts = self._run(boost, tasks[:SCOUTS])
        sets = choose_sets([gains_together(scout, scout.rounds) for scout in scouts], most)
        if not sets:
            return None
        how = Boost(min(self.max_rounds, TREE_ROUNDS), self.learning_rate, TREE_LEAVES, l2, patience=0)
        form = self._form(coarse, sets)
        everyone = np.arange(len(leads.outcome))
        tasks = [(leads, fold, form, how, start) for fold, start in zip(folds, starts, strict=True)]
        parts = self._run(boost, tasks)
        rounds = agreed(parts)
        if not rounds:
            return None
        how = Boost(rounds, self.learning_rate, TREE_LEAVES, l2)
        start = np.full(len(everyone), leads.average(everyone))
        return Wood(sets, parts, boost(leads, (everyone, everyone[:0]), form, how, start), rounds)

    def _keep(self, leads: Leads, bases: Sequence[float], tables: Tables, wood: Wood | None) -> None:
        """The average of all bags, and how far they differ."""
        bags = [
            Additive(
                bins=tuple(self.bins_),
                intercept=base + intercept,
                singles=tuple(singles),
                pairs={pair: pairs[pair] for pair in tables.pairs},
                counts=tuple(self.counts_),
                pair_counts={},
                monotone=self.monotone_,
            )
            for base, (intercept, singles, pairs) in zip(bases, tables.ready, strict=True)
        ]
        found = Additive(
            bins=tuple(self.bins_),
            intercept=float(np.mean([bag.intercept for bag in bags])),
            singles=tuple(np.mean(values, axis=0) for values in zip(*(bag.singles for bag in bags), strict=True)),
            pairs={pair: np.mean([bag.pairs[pair] for bag in bags], axis=0) for pair in tables.pairs},
            counts=tuple(self.counts_),
            pair_counts={},
            monotone=self.monotone_,
        )
        some = leads.indexes[:: 1 + len(leads.indexes) // SAMPLE]
        if wood is not None:
            found = absorb(found, read_trees(wood.whole, wood.rounds, leads.indexes, self.counts_), wood.sets, some)
            bags = [
                absorb(bag, read_trees(part, wood.rounds, some, self.counts_), wood.sets, some)
                for bag, part in zip(bags, wood.parts, strict=True)
            ]
        self.pairs_: list[Fields] = list(found.pairs)
        self.gains_: list[float] = [*tables.gains, *[float("nan")] * (len(found.pairs) - len(tables.pairs))]
        self.pair_counts_: list[Indexes] = [count_cells(self.bins_, leads.indexes, pair) for pair in self.pairs_]
        self.combinations_: list[tuple[int, ...]] = list(found.trees)
        self.trees_: dict[tuple[int, ...], tuple[Fork, ...]] = dict(found.trees)
        found = purify(replace(found, pair_counts=dict(zip(self.pairs_, self.pair_counts_, strict=True))))
        self.additive_: Additive = silence(found if len(bags) < 2 else with_errors(found, bags, some))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags


@dataclass(frozen=True, eq=False)
class Tables:
    """What all bags found: theirs each, the log-odds (n,) of each lead by the one that held it out, and their pairs.

    judged : (n,) as `unseen`, with pairs that the judging leads had no part in choosing.
    """

    ready: Sequence[Ready]
    unseen: Floats
    judged: Floats
    pairs: list[Fields]
    gains: list[float]
    rounds: int


@dataclass(frozen=True, eq=False)
class Wood:
    """Small trees over some sets of fields: those of each bag, and those of all leads. The first `rounds` count."""

    sets: Sequence[tuple[int, ...]]
    parts: Sequence[Boosted]
    whole: Boosted
    rounds: int


def joined(one: Ready, more: Ready) -> Ready:
    """The sum of singles, and of singles and pairs."""
    return one[0] + more[0], [own + added for own, added in zip(one[1], more[1], strict=True)], more[2]


def agreed(parts: Sequence[Boosted]) -> int:
    """The rounds that serve all bags best, of those that all have.

    The rounds of one bag, chosen by the few leads that it holds out, vary widely; and bags that went equally far differ
    only by their leads, as error bars ask.
    """
    if not len(parts[0].curve):
        return parts[0].rounds
    shortest = min(len(part.curve) for part in parts)
    return int(np.argmin(np.mean([part.curve[:shortest] for part in parts], axis=0)))


def with_errors(model: Additive, bags: Sequence[Additive], indexes: Indexes) -> Additive:
    """The purified model with the standard errors that bags tell which each left out one part of the leads.

    `indexes` (n, n_fields): the leads over which the error of the sum of a set's trees is taken.
    """
    pure = [purify(bag) for bag in bags]
    none = {pair: np.zeros_like(cells) for pair, cells in model.pairs.items()}
    sums = {fields: [add_trees(bag.trees.get(fields, ()), indexes) for bag in bags] for fields in model.trees}
    return replace(
        model,
        errors=tuple(jackknife(values) for values in zip(*(bag.singles for bag in pure), strict=True)),
        pair_errors={pair: jackknife([bag.pairs.get(pair, none[pair]) for bag in pure]) for pair in model.pairs},
        tree_errors={fields: float(np.sqrt(np.mean(jackknife(values) ** 2))) for fields, values in sums.items()},
    )


def effects_alone(leads: Leads, counts: Sequence[Indexes]) -> list[Floats]:
    """Per field, the log-odds (n_bins,) of the outcomes in each bin, blended with some leads of the average."""
    rate = np.average(leads.outcome, weights=leads.weights)
    found = []
    for field, count in enumerate(counts):
        at = leads.indexes[:, field]
        seen = np.bincount(at, leads.weights, len(count)) + BLENDED
        won = np.bincount(at, leads.weights * leads.outcome, len(count)) + BLENDED * rate
        found.append(np.log(won) - np.log(seen - won))
    return found


def held_out_decision(leads: Leads, folds: Sequence[Fold], starts: Sequence[Floats], ready: Sequence[Ready]) -> Floats:
    """The log-odds (n,) of each lead by the bag that held it out; NaN where none did."""
    unseen = np.full(len(leads.outcome), np.nan)
    for (_, held), start, part in zip(folds, starts, ready, strict=True):
        unseen[held] = start[held] + add_up(*part, leads.indexes[held])
    return unseen


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
        # The best of many does well by chance; where it does better than that, the others are judged by themselves.
        beyond_chance = ranked[0][0] > AUTO_GAIN + np.log(len(ranked))
        ranked = [(gain, pair) for gain, pair in ranked if gain > AUTO_GAIN and beyond_chance]
    ranked = ranked[: AUTO_PAIRS if asked == "auto" else asked]
    return [pair for _, pair in ranked], [gain for gain, _ in ranked]


def judging(folds: Sequence[Fold], leads: int) -> NDArray[np.bool_]:
    """The leads (n,) that say whether something pays: those that every other bag held out.

    The others choose the pairs, since what was chosen by some leads always does well on them. Nobody judges where all
    leads are held out by one bag.
    """
    found = np.zeros(leads, dtype=bool)
    for _, held in folds[1::2]:
        found[held] = True
    return found


def pays(leads: Leads, judges: NDArray[np.bool_], without: Floats, having: Floats) -> bool:
    """Whether something lowers the log-loss of the leads that judge, by more than chance would."""
    seen = np.isfinite(without) & (judges if judges.any() else True)
    outcome = leads.outcome[seen]
    gain = leads.weights[seen] * (losses(outcome, without[seen]) - losses(outcome, having[seen]))
    return bool(gain.mean() > SURE * gain.std() / np.sqrt(len(gain)))
