"""The trees of all bags, which may ask any fields, and the few trees over sets of fields that stand for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from leadledger.models.learner.additive import Additive, Indexes, Tree
from leadledger.models.learner.bags import BaggedTrees, Bags, choose_rounds
from leadledger.models.learner.boosting import TrainingLeads
from leadledger.models.learner.combinations import LEAST_SET_SHARE, absorb, choose_sets, gains_together, read_variants
from leadledger.models.learner.imitation import Changes, imitate
from leadledger.models.learner.recipe import Recipe

TREE_LEAVES = 8
# How strongly leaves are shrunk to zero. In four histories each of two simulated worlds with 5,000 leads, trees with 20
# came nearer to the truth than with 1: by 7 % where fours act together, by 1 % in a mix. 40 was better still in the
# first, and worse in the second.
TREE_L2 = 20.0
MOST_TREE_ROUNDS = 200
IMITATED_LEADS = 50_000  # over which trees imitate those of the bags


def fit_trees(recipe: Recipe, bags: Bags, most_sets: int) -> BaggedTrees | None:
    """Small trees over all fields, and at most `most_sets` sets; None without a set, or without held-out leads."""
    if not most_sets or len(recipe.bins) < 3 or not len(bags.folds[0][1]):
        return None
    together = [field for field in range(len(recipe.bins)) if field != recipe.segment_field]
    encoding = recipe.encode(recipe.each_bin, recipe.split_by_axis(together))
    rounds = min(recipe.max_rounds, MOST_TREE_ROUNDS)
    options = replace(recipe.choose_options(TREE_LEAVES, bags, careful=True), rounds=rounds, l2=TREE_L2)
    fits = recipe.boost_bags(bags, encoding, options)
    chosen = list(zip(fits, choose_rounds(fits), strict=True))
    # Of more than 50 fields, an equal part is enough of a share: with 80, fewer sets lose more than they spare to read.
    least_share = min(LEAST_SET_SHARE, 1 / len(together))
    sets, shares = choose_sets([gains_together(fit, most) for fit, most in chosen], most_sets, least_share, recipe.axes)
    if not sets:
        return None
    return BaggedTrees([fit.add(bags.leads.indexes, most) for fit, most in chosen], sets, shares)


def absorb_trees(
    recipe: Recipe,
    leads: TrainingLeads,
    average: Additive,
    of_bags: Sequence[Additive],
    trees: BaggedTrees,
    weight: float,
    sample: Indexes,
) -> tuple[Additive, list[Additive]]:
    """The average and the bags with a few trees on top that imitate, on average, those of the bags.

    `weight`: how much the trees count, 0..1. `sample` (n, n_fields): the leads over which errors are taken.
    """
    fine = recipe.each_bin
    imitation = imitate(
        leads,
        np.arange(0, len(leads.outcome), 1 + len(leads.outcome) // IMITATED_LEADS),
        recipe.encode(fine, [(field,) for field in range(len(fine))]),
        [recipe.encode(fine, [fields]) for fields in trees.sets],
        trees.shares,
        trees.added,
    )

    def read(indexes: Indexes, versions: Sequence[Changes]) -> list[list[Tree]]:
        """The trees with the leads at their ends, by version of their leaves."""
        read_turns = [
            read_variants(turn, indexes, recipe.counts, weight, [changes.leaves[at] for changes in versions])
            for at, turn in enumerate(imitation.turns)
        ]
        return [[variants[at] for turn in read_turns for variants in turn] for at in range(len(versions))]

    def grow(model: Additive, mean: float, changes: Changes, of_imitation: Sequence[Tree]) -> Additive:
        singles = [single + weight * more for single, more in zip(model.singles, changes.tables, strict=True)]
        raised = replace(model, intercept=model.intercept + weight * mean, singles=tuple(singles))
        return absorb(raised, of_imitation, trees.sets, sample)

    of_sample = read(sample, imitation.of_bags)
    grown = [grow(*bag) for bag in zip(of_bags, imitation.means, imitation.of_bags, of_sample, strict=True)]
    return grow(average, imitation.mean, imitation.changes, *read(leads.indexes, [imitation.changes])), grown
