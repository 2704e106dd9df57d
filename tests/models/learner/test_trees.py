"""The trees of all bags."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from leadledger.models.learner.bags import Bags
from leadledger.models.learner.boosting import TrainingLeads, hold_out
from leadledger.models.learner.recipe import Recipe
from leadledger.models.learner.trees import fit_trees
from leadledger.scoring.bins import NumberBins

LEADS, FIELDS = 3_000, 8


def make_bags() -> tuple[Recipe, Bags]:
    """Two bags of leads of which the first three fields act together."""
    random = np.random.default_rng(0)
    indexes = random.integers(1, 11, (LEADS, FIELDS))
    together = (indexes[:, :3] > 4).all(axis=1)
    outcome = (random.random(LEADS) < expit(2 * together - 1)).astype(float)
    leads = TrainingLeads(indexes, outcome, np.ones(LEADS))
    folds = hold_out(leads, 2, 0)
    recipe = Recipe(
        bins=[NumberBins(tuple(map(float, range(9))))] * FIELDS,
        counts=[np.bincount(column, minlength=11) for column in indexes.T],
        monotone=(0,) * FIELDS,
        nested=(),
        segment_field=None,
        min_count=20,
        pair_bins="auto",
        pair_levels="auto",
        max_rounds=600,
        learning_rate=0.2,
        n_jobs=None,
    )
    return recipe, Bags(leads, folds, [np.full(LEADS, leads.average(kept)) for kept, _ in folds])


def test_trees_tell_fields_that_act_together() -> None:
    """The first set holds them, and what the trees add sets their leads apart from the rest, in each bag."""
    recipe, bags = make_bags()
    trees = fit_trees(recipe, bags, 8)
    assert trees is not None
    assert {0, 1, 2} <= set(trees.sets[0])
    together = (bags.leads.indexes[:, :3] > 4).all(axis=1)
    assert all(added[together].mean() - added[~together].mean() > 1.5 for added in trees.added)


def test_no_trees_where_none_may_be() -> None:
    """No set may be kept, or no lead is held out."""
    recipe, bags = make_bags()
    assert fit_trees(recipe, bags, 0) is None
    everyone = Bags(bags.leads, [(np.arange(LEADS), np.arange(0))], bags.starts[:1])
    assert fit_trees(recipe, everyone, 8) is None
