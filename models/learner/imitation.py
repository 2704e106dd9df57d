"""Imitation: a few small trees that say what the trees of all bags say on average, each over one set of fields.

The average of bags is better than any bag, but has too many trees to read and to score by. So the trees that are kept
are fitted to that average, by squared error: its noise is low, and few trees come near. Sets take turns, so that every
tree asks fields of one set, also where sets overlap. In the end all leaves are fitted once more, at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from scipy.sparse import csr_array

from leadledger.models.learner.additive import Floats, Indexes
from leadledger.models.learner.boosting import BoostedTrees, ColumnEncoding, TrainingLeads, encode
from leadledger.models.learner.combinations import asked_fields

MOST_TREES = 80  # over sets: as many as one lead can be scored by in some microseconds
LEAVES = 8
ROUNDS_ALONE = 100  # for what fields do by themselves
RATE = 0.2
LEAST_LEAF_LEADS = 20
TURNS = 2  # of each set
CLOSE_ENOUGH = 0.995  # of the variance that is to be imitated
REFITTED_LEADS = 20_000  # over which all leaves are fitted at once
# Beside those of each leaf and bin. With 20,000 simulated leads, of which fours act together, 0.030 of the variance was
# left before leaves were fitted at once, and 0.012 after, with 1 as with 10; with 100 it was 0.014.
LEADS_OF_NO_CHANGE = 10.0


@dataclass(frozen=True, eq=False)
class Changes:
    """What is added to the trees of an imitation when all of them are fitted at once.

    tables : per field (n_bins,), to what the field does by itself. leaves : per turn (n_trees, LEAVES), to each leaf.
    """

    tables: Sequence[Floats]
    leaves: Sequence[Floats]


@dataclass(frozen=True, eq=False)
class Imitation:
    """Small trees with their changes, which add up to what the bags' trees add on average, less `mean`.

    turns : the trees of each turn. mean : of what is imitated, over the leads. means, of_bags : the mean and the
    changes of each bag.
    """

    turns: Sequence[BoostedTrees]
    changes: Changes
    of_bags: Sequence[Changes]
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
    has changes of its own, for the standard errors; those that count are of the average.
    """
    indexes, weights = leads.indexes[sample], leads.weights[sample]
    means = [float(np.average(values[sample], weights=weights)) for values in added]
    bags_left = [values[sample] - mean for values, mean in zip(added, means, strict=True)]
    left = np.mean(bags_left, axis=0)
    close = (1 - CLOSE_ENOUGH) * float(np.average(left**2, weights=weights))
    rounds = [max(1, round(MOST_TREES * share / sum(shares) / TURNS)) for share in shares]
    turns: list[BoostedTrees] = []
    for encoding, most in [(alone, ROUNDS_ALONE), *TURNS * list(zip(of_sets, rounds, strict=True))]:
        if turns and np.average(left**2, weights=weights) <= close:
            break
        trees = _fit_turn(leads, sample, encoding, left, most)
        fitted = trees.add(indexes, trees.rounds)
        left = left - fitted
        bags_left = [bag_left - fitted for bag_left in bags_left]
        turns.append(trees)
    step = slice(None, None, 1 + len(sample) // REFITTED_LEADS)
    several = np.column_stack([left, *bags_left])[step]
    changes, *of_bags = _fit_changes(indexes[step], weights[step], alone, turns, several)
    return Imitation(turns, changes, of_bags, float(np.mean(means)), means)


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


def _fit_changes(
    indexes: Indexes, weights: Floats, alone: ColumnEncoding, turns: Sequence[BoostedTrees], left: Floats
) -> list[Changes]:
    """The changes that come nearest to each column of what is `left` (n, n_targets), all tables and leaves at once.

    One tree after the other, each sees what those before it left, and none what comes after. The first column is the
    average: there, a monotone field and the trees that ask one stay as they are, since changes could turn their order
    round. The other columns are bags, of which only the spread is used.
    """
    monotone = {field for (field, _), way in zip(alone.columns, alone.directions, strict=True) if way}
    sizes = [len(coarse) for coarse in alone.coarse]
    blocks, free = [indexes], [np.full(size, field not in monotone) for field, size in enumerate(sizes)]
    for trees in turns[1:]:
        leaves = trees.booster.predict(encode(indexes, trees.columns), pred_leaf=True, num_threads=1)
        blocks.append(np.asarray(leaves, dtype=np.int64).reshape(len(indexes), -1))
        free += [np.full(LEAVES, not monotone & fields) for fields in asked_fields(trees)]
    places = np.cumsum([0, *map(len, free)])
    cells = np.column_stack(blocks) + places[:-1]
    design = csr_array(
        (np.ones(cells.size), cells.ravel(), np.arange(0, cells.size + 1, len(free))), (len(cells), int(places[-1]))
    )
    weighted = (design * weights[:, None]).T.tocsr()
    curvature = (weighted @ design).toarray() + LEADS_OF_NO_CHANGE * np.eye(int(places[-1]))
    slope = weighted @ left
    solved = np.linalg.solve(curvature, slope)
    may_change = np.concatenate(free)
    solved[:, 0] = 0.0
    solved[may_change, 0] = np.linalg.solve(curvature[np.ix_(may_change, may_change)], slope[may_change, 0])
    ends = np.cumsum([trees.rounds for trees in turns[1:]])[:-1]
    return [
        Changes(
            np.split(change[: places[len(sizes)]], places[1 : len(sizes)]),
            [
                np.zeros((turns[0].rounds, LEAVES)),
                *np.split(change[places[len(sizes)] :].reshape(-1, LEAVES), ends),
            ],
        )
        for change in solved.T
    ]
