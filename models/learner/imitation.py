"""Imitation: a few small trees that say what the trees of all bags say on average, each over one set of fields.

The average of bags is better than any bag, but has too many trees to read and to score by. So the trees that are kept
are fitted to that average, by squared error: its noise is low, and few trees come near. Sets take turns, so that every
tree asks fields of one set, also where sets overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from leadledger.models.learner.additive import Floats, Indexes
from leadledger.models.learner.boosting import BoostedTrees, ColumnEncoding, TrainingLeads, encode

MOST_TREES = 80  # over sets: as many as one lead can be scored by in some microseconds
LEAVES = 8
ROUNDS_ALONE = 100  # for what fields do by themselves
RATE = 0.2
LEAST_LEAF_LEADS = 20
TURNS = 2  # of each set
CLOSE_ENOUGH = 0.995  # of the variance that is to be imitated


@dataclass(frozen=True, eq=False)
class ImitationTurn:
    """The trees of one turn, and the values (n_trees, n_leaves) of their leaves for each bag."""

    trees: BoostedTrees
    of_bags: Sequence[Floats]


@dataclass(frozen=True, eq=False)
class Imitation:
    """Small trees, which add up to what the bags' trees add on average, less `mean`.

    mean : of what is imitated, over the leads. means : the same of each bag.
    """

    turns: Sequence[ImitationTurn]
    mean: float
    means: Sequence[float]


def imitate(
    leads: TrainingLeads,
    sample: Indexes,
    alone: ColumnEncoding,
    of_sets: Sequence[ColumnEncoding],
    shares: Sequence[float],
    added: Sequence[Floats],
) -> Imitation:
    """Trees that imitate the average of `added`, per bag what its trees add to the log-odds (n,) of the leads.

    `sample`: the positions of the leads to learn from. First comes what fields do by themselves, since that goes to
    tables: `alone` has the columns of all fields, none of which meet. Then the sets take turns: `of_sets` has the
    columns of each, `shares` how much of the trees each gets, in proportion. On the structure of the trees, every bag
    has leaf values of its own, for the standard errors; the values that count are those of the average.
    """
    indexes, weights = leads.indexes[sample], leads.weights[sample]
    means = [float(np.average(values[sample], weights=weights)) for values in added]
    bags_left = [values[sample] - mean for values, mean in zip(added, means, strict=True)]
    left = np.mean(bags_left, axis=0)
    close = (1 - CLOSE_ENOUGH) * float(np.average(left**2, weights=weights))
    rounds = [max(1, round(MOST_TREES * share / sum(shares) / TURNS)) for share in shares]
    turns: list[ImitationTurn] = []
    for encoding, most in [(alone, ROUNDS_ALONE), *TURNS * list(zip(of_sets, rounds, strict=True))]:
        if np.average(left**2, weights=weights) <= close:
            break
        trees = _fit_turn(leads, sample, encoding, left, most)
        leaves = trees.booster.predict(encode(indexes, trees.columns), pred_leaf=True, num_threads=1)
        of_leads = np.asarray(leaves, dtype=np.int64).reshape(len(sample), -1)
        of_bags = [_take_turn(of_leads, weights, bag_left) for bag_left in bags_left]
        left = left - trees.add(indexes, trees.rounds)
        turns.append(ImitationTurn(trees, of_bags))
    return Imitation(turns, float(np.mean(means)), means)


def _fit_turn(
    leads: TrainingLeads, sample: Indexes, encoding: ColumnEncoding, left: Floats, rounds: int
) -> BoostedTrees:
    """So many trees over one set, fitted to what is left (n_sample,)."""
    columns = encoding.rank_levels(leads, np.arange(len(leads.outcome)))
    parameters: dict[str, Any] = {
        "objective": "regression",
        "boost_from_average": False,
        "learning_rate": RATE,
        "num_leaves": LEAVES,
        "min_data_in_leaf": max(1, min(LEAST_LEAF_LEADS, len(sample) // 20)),
        "interaction_constraints": [list(group) for group in encoding.groups],
        "monotone_constraints": list(encoding.directions),
        "max_bin": max(255, *(len(bins) + 1 for bins in encoding.coarse)),
        "min_data_in_bin": 1,
        "feature_pre_filter": False,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": 0,
        "verbose": -1,
    }
    values = encode(leads.indexes[sample], columns)
    learned = lgb.Dataset(values, left, weight=leads.weights[sample], params=parameters)
    booster = lgb.train(parameters, learned, rounds)
    return BoostedTrees(booster, columns, booster.num_trees(), np.empty(0))


def _take_turn(of_leads: Indexes, weights: Floats, left: Floats) -> Floats:
    """The leaf values (n_trees, n_leaves) that fit what is left (n,) of a bag, which is taken off it.

    `of_leads` (n, n_trees): the leaf of each lead.
    """
    values = np.zeros((of_leads.shape[1], LEAVES))
    for tree, leaf in enumerate(of_leads.T):
        seen = np.bincount(leaf, weights, LEAVES)
        mean = np.bincount(leaf, weights * left, LEAVES) / np.maximum(seen, 1e-12)
        values[tree] = RATE * mean
        left -= values[tree][leaf]
    return values
