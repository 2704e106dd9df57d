"""Boosting over bins: what a bag learns from and holds out, the columns that it sees, and one fit of small trees.

LightGBM, since it starts from given log-odds and, with one thread, gives the same bits whatever the machine does
beside. What may meet in a tree is bounded by groups of fields, so that its sum splits into tables again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

import lightgbm as lgb
import numpy as np
from sklearn.model_selection import StratifiedKFold

from leadledger.models.learner.additive import Floats, Indexes
from leadledger.scoring.lookup import Bins, TextBins

L2 = 1.0
LEAF = 20  # least leads in a leaf; a small history asks for a twentieth of its leads
PATIENCE = 40  # rounds without a gain on the held-out leads, after which a bag stops
LONE_FOLDS = 5  # a single bag holds out a fifth
LEVEL_PRIOR = 100.0  # leads of the average rate that each level of a text is blended with before levels are ordered

Fold: TypeAlias = tuple[Indexes, Indexes]  # positions of the leads that are kept, and of those that are held out


@dataclass(frozen=True, eq=False)
class Leads:
    """What is learned from: bins (n, n_fields), outcomes (n,) 0.0 or 1.0, weights (n,) that average 1."""

    indexes: Indexes
    outcome: Floats
    weights: Floats

    def average(self, kept: Indexes) -> float:
        """The log-odds of the average of some leads."""
        rate = float(np.average(self.outcome[kept], weights=self.weights[kept]))
        return float(np.log(rate / (1 - rate)))


@dataclass(frozen=True)
class Boost:
    """How to boost: most rounds, how far each goes, leaves of a tree, how strongly each is held to nothing.

    `patience` 0: all rounds, without a stop.
    """

    rounds: int
    rate: float
    leaves: int
    l2: float = L2
    patience: int = PATIENCE


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
    groups: Sequence[Sequence[int]]
    ways: Sequence[int]

    @classmethod
    def of(
        cls,
        bins: Sequence[Bins],
        counts: Sequence[Indexes],
        monotone: Sequence[int],
        coarse: Sequence[Indexes],
        groups: Sequence[Sequence[int]],
    ) -> Form:
        """The form in which the fields of a group may meet."""
        columns: list[tuple[int, Floats | None]] = []
        ways: list[int] = []
        of_field: dict[int, list[int]] = {}
        for field in sorted({field for group in groups for field in group}):
            order = np.arange(coarse[field].max() + 1, dtype=np.float64)
            order[0] = np.nan
            of_field[field] = [len(columns)]
            columns.append((field, None if isinstance(bins[field], TextBins) else order))
            ways.append(monotone[field])
            if monotone[field] and counts[field][0]:
                of_field[field].append(len(columns))
                columns.append((field, np.isnan(order).astype(np.float64)))
                ways.append(0)
        return cls(coarse, columns, [[at for field in group for at in of_field[field]] for group in groups], ways)

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


@dataclass(frozen=True, eq=False)
class Boosted:
    """A fit of small trees, to be added to the log-odds it started from.

    columns : as `Form.ranked` gives them. rounds : those that served the held-out leads best.
    curve : (rounds + 1,) log-loss of the held-out leads, from that of no round; empty where none was held out.
    """

    booster: lgb.Booster
    columns: Sequence[tuple[int, Floats]]
    rounds: int
    curve: Floats

    def add(self, indexes: Indexes, rounds: int) -> Floats:
        """What the first rounds add to the log-odds of leads given by their bins; shape (n,)."""
        if rounds == 0:
            return np.zeros(len(indexes))
        added = self.booster.predict(encode(indexes, self.columns), raw_score=True, num_iteration=rounds, num_threads=1)
        return np.asarray(added, dtype=np.float64)


def encode(indexes: Indexes, columns: Sequence[tuple[int, Floats]]) -> Floats:
    """The columns (n, n_columns) that boosting sees, of leads given by their bins."""
    return np.column_stack([values[indexes[:, field]] for field, values in columns])


def hold_out(leads: Leads, bags: int, seed: int) -> list[Fold]:
    """What each bag learns from, and what it holds out; stratified. None is held out where a class has one lead."""
    folds = min(bags if bags > 1 else LONE_FOLDS, int(leads.outcome.sum()), int((1 - leads.outcome).sum()))
    if folds < 2:
        return [(np.arange(len(leads.outcome)), np.arange(0))]
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(leads.indexes, leads.outcome)
    return list(parts) if bags > 1 else list(islice(parts, 1))


def boost(leads: Leads, fold: Fold, form: Form, how: Boost, start: Floats) -> Boosted:
    """Fit small trees to what `start`, the log-odds (n,) of all leads, misses on the kept ones."""
    kept, held = fold
    columns = form.ranked(leads, kept)
    options: dict[str, Any] = {
        "objective": "binary",
        "learning_rate": how.rate,
        "num_leaves": how.leaves,
        "lambda_l2": how.l2,
        "min_data_in_leaf": max(1, min(LEAF, len(kept) // 20)),
        "interaction_constraints": [list(group) for group in form.groups],
        "monotone_constraints": list(form.ways),
        "max_bin": max(255, *(len(one) + 1 for one in form.coarse)),
        "min_data_in_bin": 1,
        "feature_pre_filter": False,
        "deterministic": True,  # nothing is left to chance: no subsample, one thread, and the held-out leads are given
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
            params=options,
        )

    learned = dataset(kept)
    if not len(held):
        return Boosted(lgb.train(options, learned, how.rounds), columns, how.rounds, np.empty(0))
    record: dict[str, dict[str, list[float]]] = {}
    callbacks = [lgb.record_evaluation(record)]
    if how.patience:
        callbacks.append(lgb.early_stopping(how.patience, verbose=False))
    booster = lgb.train(
        {**options, "metric": "binary_logloss"},
        learned,
        how.rounds,
        valid_sets=[dataset(held, learned)],
        valid_names=["held"],
        callbacks=callbacks,
    )
    nothing = held_out_loss(leads, held, start)
    curve = np.array([nothing, *record["held"]["binary_logloss"]])
    return Boosted(booster, columns, int(np.argmin(curve)), curve)


def held_out_loss(leads: Leads, held: Indexes, decision: Floats) -> float:
    """The log-loss of the held-out leads by log-odds (n,) of all leads."""
    return float(np.average(losses(leads.outcome[held], decision[held]), weights=leads.weights[held]))


def losses(outcome: Floats, decision: Floats) -> Floats:
    """The log-loss of each lead; shape (n,)."""
    return np.logaddexp(0, (1 - 2 * outcome) * decision)
