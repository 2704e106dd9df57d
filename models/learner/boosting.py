"""Boosting over bins: the leads that a bag keeps and holds out, the columns that it sees, and one fit of small trees.

LightGBM starts from given log-odds and, with one thread, always gives the same bits. Groups of fields restrict which
fields may meet in a tree, so that the sum of the trees splits into tables again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from threading import local
from typing import Any, TypeAlias

import lightgbm as lgb
import numpy as np
from joblib import Parallel, delayed
from sklearn.model_selection import StratifiedKFold

from leadledger.models.learner.additive import Floats, Indexes
from leadledger.scoring.bins import Bins, TextBins

L2 = 1.0
LEAST_LEAF_LEADS = 20  # least leads in a leaf; of a small history, a twentieth of its leads
PATIENCE_ROUNDS = 20  # rounds without a gain on the held-out leads, after which boosting stops
ROUNDS_AT_A_TIME = 10  # of all bags, before they look at what the rounds have gained
SINGLE_BAG_FOLDS = 5  # a single bag holds out a fifth
LEVEL_PRIOR_LEADS = 100.0  # of the average rate, blended into each level of a text before levels are ordered
_SILENT = local()  # says which threads LightGBM prints nothing in

Fold: TypeAlias = tuple[Indexes, Indexes]  # positions of the leads that are kept, and of those that are held out


@dataclass(frozen=True, eq=False)
class TrainingLeads:
    """The leads that are learned from: bins (n, n_fields), outcomes (n,) 0.0 or 1.0, weights (n,) that average 1.

    `groups` (n,) number the leads from 0 where one has several rows, which then stay together; None: each has one.
    """

    indexes: Indexes
    outcome: Floats
    weights: Floats
    groups: Indexes | None = None

    def average(self, kept: Indexes) -> float:
        """The log-odds of the average of some leads."""
        rate = float(np.average(self.outcome[kept], weights=self.weights[kept]))
        return float(np.log(rate / (1 - rate)))


@dataclass(frozen=True)
class BoostOptions:
    """How to boost.

    rounds : at most. rate : how far each round goes. leaves : of a tree. l2 : how strongly leaves are shrunk to zero.
    patience : rounds without a gain on the held-out leads, after which boosting stops; 0: it never stops early.
    """

    rounds: int
    rate: float
    leaves: int
    l2: float = L2
    patience: int = PATIENCE_ROUNDS


@dataclass(frozen=True, eq=False)
class ColumnEncoding:
    """How bins become the columns that boosting sees.

    A number or flag is its bin, in order; missing is NaN, or the middle lead's bin where too few are missing to tell
    anything: a split would send them to whichever side suits their outcomes. A text is the rank of its level by the
    rate of outcomes, shrunk toward the average: few steps then suffice, and levels of few leads stay in the middle. A
    monotone field that may be missing has a second column for that, since boosting would otherwise keep missing values
    in the order.

    coarse : per field, the coarse bin of each bin.
    columns : per column its field, and either the values of the coarse bins, or None: rank them in each bag.
    groups : the columns that may meet in a tree. directions : per column, 1, -1 or 0, as in `monotone`.
    """

    coarse: Sequence[Indexes]
    columns: Sequence[tuple[int, Floats | None]]
    groups: Sequence[Sequence[int]]
    directions: Sequence[int]

    @classmethod
    def of(
        cls,
        bins: Sequence[Bins],
        counts: Sequence[Indexes],
        monotone: Sequence[int],
        coarse: Sequence[Indexes],
        groups: Sequence[Sequence[int]],
        least_missing: int = 1,
    ) -> ColumnEncoding:
        """The columns of fields that may meet within each of `groups`.

        `least_missing`: how many leads a missing bin must have to get a value of its own.
        """
        columns: list[tuple[int, Floats | None]] = []
        directions: list[int] = []
        of_field: dict[int, list[int]] = {}
        for field in sorted({field for group in groups for field in group}):
            order = np.arange(coarse[field].max() + 1, dtype=np.float64)
            few_missing = 0 < counts[field][0] < least_missing
            order[0] = order[coarse[field][middle_bin(counts[field])]] if few_missing else np.nan
            of_field[field] = [len(columns)]
            columns.append((field, None if isinstance(bins[field], TextBins) else order))
            directions.append(monotone[field])
            if monotone[field] and counts[field][0] and not few_missing:
                of_field[field].append(len(columns))
                columns.append((field, np.isnan(order).astype(np.float64)))
                directions.append(0)
        return cls(
            coarse, columns, [[column for field in group for column in of_field[field]] for group in groups], directions
        )

    def rank_levels(self, leads: TrainingLeads, kept: Indexes) -> list[tuple[int, Floats]]:
        """Per column, its field and the value of each bin, with the levels of texts ranked on the kept leads."""
        average = np.average(leads.outcome[kept], weights=leads.weights[kept])
        columns = []
        for field, values in self.columns:
            coarse = self.coarse[field]
            if values is None:
                levels, weights = coarse[leads.indexes[kept, field]], leads.weights[kept]
                size = int(coarse.max()) + 1
                leads_seen = np.bincount(levels, weights, size)
                won = np.bincount(levels, weights * leads.outcome[kept], size)
                rate = (won + LEVEL_PRIOR_LEADS * average) / (leads_seen + LEVEL_PRIOR_LEADS)
                values = np.argsort(np.argsort(rate, kind="stable"), kind="stable").astype(np.float64)
            columns.append((field, values[coarse]))
        return columns


@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """A fit of small trees, to be added to the log-odds it started from.

    columns : as from `ColumnEncoding.rank_levels`. rounds : of the fit.
    curve : (rounds + 1,) log-loss of the held-out leads, from that of no round; empty where none was held out.
    """

    booster: lgb.Booster
    columns: Sequence[tuple[int, Floats]]
    rounds: int
    curve: Floats

    def add(self, indexes: Indexes, rounds: int) -> Floats:
        """What the first rounds add to the log-odds (n,) of leads given by their bins (n, n_fields)."""
        if rounds == 0:
            return np.zeros(len(indexes))
        added = self.booster.predict(encode(indexes, self.columns), raw_score=True, num_iteration=rounds, num_threads=1)
        return np.asarray(added, dtype=np.float64)


def middle_bin(counts: Indexes) -> int:
    """The bin of the middle lead among those without a missing value, given the leads in each bin."""
    known = np.cumsum(counts[1:])
    return 1 + int(np.searchsorted(known, known[-1] / 2))


def encode(indexes: Indexes, columns: Sequence[tuple[int, Floats]]) -> Floats:
    """The columns (n, n_columns) that boosting sees, of leads given by their bins."""
    return np.column_stack([values[indexes[:, field]] for field, values in columns])


def hold_out(leads: TrainingLeads, bags: int, seed: int) -> list[Fold]:
    """The leads that each bag keeps and holds out, stratified. Where a class has one lead, none is held out.

    The rows of a lead are kept or held out together, and count as won where any of them is.
    """
    groups, outcome = leads.groups, leads.outcome
    if groups is not None:
        outcome = (np.bincount(groups, leads.outcome) > 0).astype(float)
    folds = min(bags if bags > 1 else SINGLE_BAG_FOLDS, int(outcome.sum()), int((1 - outcome).sum()))
    if folds < 2:
        return [(np.arange(len(leads.outcome)), np.arange(0))]
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(outcome, outcome)
    if groups is not None:
        parts = ((np.flatnonzero(np.isin(groups, kept)), np.flatnonzero(np.isin(groups, held))) for kept, held in parts)
    return list(parts) if bags > 1 else list(islice(parts, 1))


def boost(
    leads: TrainingLeads,
    folds: Sequence[Fold],
    encoding: ColumnEncoding,
    options: BoostOptions,
    starts: Sequence[Floats],
    n_jobs: int | None = None,
) -> list[BoostedTrees]:
    """Fit small trees for each bag, on the leads that its fold keeps, to what its start, log-odds (n,), misses.

    Bags go side by side in threads, since boosting mostly works without the interpreter's lock, some rounds at a time:
    all stop together, once no half of them has gained for a while. Were each to stop by its own leads, the unluckiest
    would set the rounds of all: in two simulated worlds of 1,000 leads the gap to the truth was a tenth larger by that.
    The result does not depend on the threads.
    """
    with Parallel(n_jobs=n_jobs, prefer="threads") as parallel:
        begun: list[BoostedTrees] = parallel(
            delayed(_begin)(leads, fold, encoding, options, start) for fold, start in zip(folds, starts, strict=True)
        )
        curves = np.array([fit.curve for fit in begun])
        for rounds in range(0, options.rounds, ROUNDS_AT_A_TIME):
            more = min(ROUNDS_AT_A_TIME, options.rounds - rounds)
            curves = np.hstack([curves, parallel(delayed(_continue)(fit.booster, more) for fit in begun)])
            best = best_rounds(curves)
            if options.patience and best and rounds + more - max(best) >= options.patience:
                break
    for fit in begun:
        fit.booster.free_dataset()
    return [
        replace(fit, rounds=fit.booster.current_iteration(), curve=curve)
        for fit, curve in zip(begun, curves, strict=True)
    ]


def best_rounds(curves: Floats) -> list[int]:
    """The rounds at which the mean of every other curve, and that of the rest, is lowest; curves (n_bags, rounds + 1).

    There are none where no lead was held out, and twice the same for one bag.
    """
    if not curves.shape[1]:
        return []
    return [
        int(np.argmin(np.mean(half, axis=0))) for half in (curves[::2], curves[1::2] if len(curves) > 1 else curves)
    ]


def _begin(
    leads: TrainingLeads, fold: Fold, encoding: ColumnEncoding, options: BoostOptions, start: Floats
) -> BoostedTrees:
    """The fit of a bag before its first round."""
    kept, held = fold
    columns = encoding.rank_levels(leads, kept)
    parameters: dict[str, Any] = {
        "objective": "binary",
        "metric": "binary_logloss" if len(held) else "none",
        "learning_rate": options.rate,
        "num_leaves": options.leaves,
        "lambda_l2": options.l2,
        "min_data_in_leaf": max(1, min(LEAST_LEAF_LEADS, len(kept) // 20)),
        "interaction_constraints": [list(group) for group in encoding.groups],
        "monotone_constraints": list(encoding.directions),
        "max_bin": max(255, *(len(bins) + 1 for bins in encoding.coarse)),
        "min_data_in_bin": 1,
        "feature_pre_filter": False,
        "deterministic": True,  # no subsample, one thread, and the held-out leads are given
        "force_row_wise": True,
        "num_threads": 1,
        "seed": 0,
        "verbose": -1,
    }

    def dataset(part: Indexes, reference: lgb.Dataset | None = None) -> lgb.Dataset:
        return lgb.Dataset(
            encode(leads.indexes[part], columns),
            leads.outcome[part],
            weight=leads.weights[part],
            init_score=start[part],
            reference=reference,
            params=parameters,
        )

    learned = dataset(kept)
    booster = lgb.Booster(parameters, learned)
    if not len(held):
        return BoostedTrees(booster, columns, 0, np.empty(0))
    booster.add_valid(dataset(held, learned), "held")
    return BoostedTrees(booster, columns, 0, np.array([held_out_loss(leads, held, start)]))


def _continue(booster: lgb.Booster, rounds: int) -> Floats:
    """The log-loss of the held-out leads after each of some more rounds; empty where none are held out."""
    _silence_thread()
    losses: list[float] = []
    for _ in range(rounds):
        booster.update()
        losses += [evaluation[2] for evaluation in booster.eval_valid()]
    return np.array(losses)


def _silence_thread() -> None:
    """Keep LightGBM from printing in this thread, which need not be the one that made the booster.

    Its log level is a variable of each thread (LightGBM's utils/log.h), set by whatever reads parameters there.
    """
    if not hasattr(_SILENT, "is_set"):
        lgb.Dataset(np.zeros((1, 1)), params={"verbose": -1}).construct()
        _SILENT.is_set = True


def held_out_loss(leads: TrainingLeads, held: Indexes, decision: Floats) -> float:
    """The log-loss of the held-out leads by log-odds (n,) of all leads."""
    return float(np.average(losses(leads.outcome[held], decision[held]), weights=leads.weights[held]))


def losses(outcome: Floats, decision: Floats) -> Floats:
    """The log-loss of each lead; shape (n,)."""
    return np.logaddexp(0, (1 - 2 * outcome) * decision)
