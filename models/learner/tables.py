"""The tables of all bags: singles, finer bins, and the pairs that pay, on top of what each bag starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np

from leadledger.models.learner.additive import Fields, Floats, Indexes, add_up, read_off
from leadledger.models.learner.bags import BaggedTables, Bags, add_terms, choose_pairs, choose_rounds, drop_pairs
from leadledger.models.learner.pairs import rank_pairs
from leadledger.models.learner.parameters import PairsChoice
from leadledger.models.learner.recipe import FEW_LEADS, Recipe
from leadledger.models.learner.refinement import FinerLeads
from leadledger.models.learner.shrinkage import shrink_missing
from leadledger.models.learner.smooth_effects import smooth_bags

SINGLE_LEAVES = 4  # small trees: a table needs few steps at a time
PAIR_LEAVES = 8


def fit_tables(
    recipe: Recipe, bags: Bags, finer_leads: FinerLeads, choice: PairsChoice, random: np.random.RandomState
) -> BaggedTables:
    """Singles and pairs on top of the log-odds that each bag starts from."""
    sizes = recipe.sizes
    encoding = recipe.encode(recipe.each_bin, [(field,) for field in recipe.boosted_fields(bags)])
    options = recipe.choose_options(SINGLE_LEAVES if len(bags.folds[0][0]) >= FEW_LEADS else 2, bags)
    told_apart = [field for field, counts in enumerate(recipe.counts) if counts[0] >= recipe.least_missing]
    smooth = smooth_bags(bags, recipe.bins, recipe.monotone, told_apart, recipe.n_jobs)
    grown = bags.add_to_starts([add_up(*bag_terms, bags.leads.indexes) for bag_terms in smooth])
    fits = recipe.boost_bags(grown, encoding, options)
    rounds = choose_rounds(fits)
    boosted = [
        add_terms(bag_terms, read_off(partial(fit.add, rounds=most), sizes, [], [0] * len(sizes)))
        for bag_terms, fit, most in zip(smooth, fits, rounds, strict=True)
    ]
    terms = [
        shrink_missing(bags.leads, kept, start, bag_terms, told_apart)
        for (kept, _), start, bag_terms in zip(bags.folds, bags.starts, boosted, strict=True)
    ]
    on_singles = bags.add_to_starts([add_up(*bag_terms, bags.leads.indexes) for bag_terms in terms])
    finer = finer_leads.fit(on_singles, recipe.monotone, partial(recipe.boost_bags, options=options))
    bags = bags.add_to_starts([finer_leads.add(values) for values in finer])
    held_out = bags.held_out_decision(terms)
    coarse = recipe.coarsen_pairs()
    singles_only = BaggedTables(terms, held_out, [], [], round(float(np.mean(rounds))), finer)
    if choice != 0:
        singles_only = replace(singles_only, spanning=rank_spanning(recipe, bags, coarse, held_out))
    choose = partial(
        choose_pairs,
        bags.leads,
        coarse,
        choice=choice,
        random=random,
        apart=recipe.segment_field,
        may_meet=recipe.may_meet,
    )
    if choice != "auto":
        return fit_pairs(recipe, bags, coarse, singles_only, *choose(held_out))
    # Each half of the leads judges the pairs that the other chose. If these pay, all leads choose.
    candidate = np.full(len(held_out), np.nan)
    for side, (judging, choosing) in enumerate(zip(bags.halves, bags.halves[::-1], strict=True)):
        members = [bag for bag in range(len(bags.folds)) if bag % 2 == side or len(bags.folds) == 1]
        chosen = choose(np.where(choosing, held_out, np.nan))
        part = replace(singles_only, by_bag=[terms[bag] for bag in members])
        fitted = fit_pairs(recipe, bags.pick(members), coarse, part, *chosen)
        candidate[judging] = (fitted.held_out if chosen[0] else held_out)[judging]
    if not bags.pays(held_out, candidate):
        return singles_only
    having_pairs = fit_pairs(recipe, bags, coarse, singles_only, *choose(held_out))
    return replace(drop_pairs(bags, having_pairs, recipe.counts), held_out=candidate)


def rank_spanning(
    recipe: Recipe, bags: Bags, coarse: Sequence[Indexes], held_out: Floats
) -> list[tuple[float, Fields]]:
    """The pairs that are of two axes, and so aren't considered, with their gain on held-out leads, the best first.

    `held_out` are log-odds (n,) by single fields; NaN where no bag held a lead out.
    """
    known = np.isfinite(held_out)
    pairs = [pair for pair in combinations(range(len(coarse)), 2) if not recipe.may_meet(pair)]
    pairs = [pair for pair in pairs if recipe.segment_field not in pair]
    if not pairs or not known.any():
        return [(float("nan"), pair) for pair in pairs]
    leads, random = bags.leads, np.random.RandomState(0)  # of its own, so that nothing else is drawn otherwise
    return rank_pairs(
        leads.indexes[known], coarse, leads.outcome[known], held_out[known], leads.weights[known], random, pairs
    )


def fit_pairs(
    recipe: Recipe,
    bags: Bags,
    coarse: Sequence[Indexes],
    singles: BaggedTables,
    pairs: list[Fields],
    gains: list[float],
) -> BaggedTables:
    """Tables of single fields with pairs on top; `singles` as they are where there are no pairs."""
    if not pairs:
        return singles
    sizes = recipe.sizes
    grown = bags.add_to_starts([add_up(*terms, bags.leads.indexes) for terms in singles.by_bag])
    fits = recipe.boost_bags(grown, recipe.encode(coarse, pairs), recipe.choose_options(PAIR_LEAVES, bags))
    added = [
        read_off(partial(fit.add, rounds=rounds), sizes, pairs, [0] * len(sizes))
        for fit, rounds in zip(fits, choose_rounds(fits), strict=True)
    ]
    terms = [add_terms(*both) for both in zip(singles.by_bag, added, strict=True)]
    return replace(singles, by_bag=terms, held_out=bags.held_out_decision(terms), pairs=pairs, gains=gains)
