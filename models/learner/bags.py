"""Bags: models of the same recipe that each hold out another part of the leads, and what they say together.

The held-out leads choose the rounds and the pairs, judge whether pairs and combinations pay, and give the standard
errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from leadledger.models.learner.additive import (
    Additive,
    Fields,
    Floats,
    Indexes,
    add_trees,
    add_up,
    jackknife,
    purify,
    steady,
)
from leadledger.models.learner.boosting import BoostedTrees, Fold, TrainingLeads, losses
from leadledger.models.learner.pairs import rank_pairs
from leadledger.models.learner.parameters import PairsChoice

MOST_AUTO_PAIRS = 16  # more than a person wants to read
LEAST_AUTO_GAIN = 2.0  # gain of a pair in log-likelihood: about what one free parameter must bring (Akaike)
PRIOR_LEADS = 20.0  # of the average rate in each bin, before bins are made coarse for the trees
SURE_ERRORS = 2.0  # standard errors by which pairs, or trees, must lower the held-out log-loss that chose them

TermArrays: TypeAlias = tuple[float, list[Floats], dict[Fields, Floats]]  # intercept, singles, pairs


@dataclass(frozen=True, eq=False)
class Bags:
    """The leads, and for each bag the leads that it keeps and holds out, and the log-odds (n,) that it starts from."""

    leads: TrainingLeads
    folds: Sequence[Fold]
    starts: Sequence[Floats]

    @property
    def judges(self) -> NDArray[np.bool_]:
        """The leads (n,) that judge whether something pays: those that every other bag held out.

        The others choose the pairs, since what some leads chose always does well on them. There are no judges where
        one bag holds out all.
        """
        judges = np.zeros(len(self.leads.outcome), dtype=bool)
        for _, held in self.folds[1::2]:
            judges[held] = True
        return judges

    def add_to_starts(self, added: Sequence[Floats]) -> Bags:
        """The same bags, each starting from log-odds to which its own array (n,) is added."""
        return replace(self, starts=[start + more for start, more in zip(self.starts, added, strict=True)])

    def held_out_decision(self, terms: Sequence[TermArrays]) -> Floats:
        """The log-odds (n,) of each lead by the bag that held it out, given the terms of each; NaN where none did."""
        held_out = np.full(len(self.leads.outcome), np.nan)
        for (_, held), start, bag_terms in zip(self.folds, self.starts, terms, strict=True):
            held_out[held] = start[held] + add_up(*bag_terms, self.leads.indexes[held])
        return held_out

    def pays(self, without: Floats, having: Floats) -> bool:
        """Whether something lowers the log-loss of the judging leads by more than chance would.

        `without` and `having` are held-out log-odds (n,); where nobody judges, all leads that were held out do.
        """
        judges = self.judges
        judging = np.isfinite(without) & (judges if judges.any() else True)
        outcome = self.leads.outcome[judging]
        gain = self.leads.weights[judging] * (losses(outcome, without[judging]) - losses(outcome, having[judging]))
        return bool(gain.mean() > SURE_ERRORS * gain.std() / np.sqrt(len(gain)))


@dataclass(frozen=True, eq=False)
class BaggedTables:
    """The tables of all bags.

    by_bag : the terms of each bag. held_out : (n,) log-odds of each lead by the bag that held it out.
    pairs, gains : the pairs, and the gain of each. rounds : of the singles.
    finer : per bag and field that has them, what each finer bin adds.
    """

    by_bag: Sequence[TermArrays]
    held_out: Floats
    pairs: list[Fields]
    gains: list[float]
    rounds: int
    finer: Sequence[Mapping[int, Floats]] = ()


@dataclass(frozen=True, eq=False)
class BaggedTrees:
    """Small trees over some sets of fields: those of each bag, and those of all leads. The first `rounds` count."""

    sets: Sequence[tuple[int, ...]]
    by_bag: Sequence[BoostedTrees]
    of_all_leads: BoostedTrees
    rounds: int


def add_pairs(singles: TermArrays, pairs: TermArrays) -> TermArrays:
    """The sum of terms without pairs, and of terms with pairs."""
    tables = [single + more for single, more in zip(singles[1], pairs[1], strict=True)]
    return singles[0] + pairs[0], tables, pairs[2]


def choose_rounds(fits: Sequence[BoostedTrees]) -> int:
    """The rounds with the lowest mean held-out log-loss, of those that all bags have.

    The best rounds of one bag, chosen by the few leads that it holds out, vary widely; and bags with the same rounds
    differ only by their leads, as the standard errors need it.
    """
    if not len(fits[0].curve):
        return fits[0].rounds
    shortest = min(len(fit.curve) for fit in fits)
    return int(np.argmin(np.mean([fit.curve[:shortest] for fit in fits], axis=0)))


def add_errors(model: Additive, bags: Sequence[Additive], indexes: Indexes) -> Additive:
    """The purified model with standard errors, from the models of bags that each left out one part of the leads.

    `indexes` (n, n_fields): the leads over which the error of the sum of a set's trees is taken.
    """
    pure = [purify(bag) for bag in bags]
    none = {pair: np.zeros_like(cells) for pair, cells in model.pairs.items()}
    sums = {fields: [add_trees(bag.trees.get(fields, ()), indexes) for bag in bags] for fields in model.trees}
    return replace(
        model,
        errors=tuple(
            steady(jackknife(values), counts, len(bags))
            for values, counts in zip(zip(*(bag.singles for bag in pure), strict=True), model.counts, strict=True)
        ),
        pair_errors={pair: jackknife([bag.pairs.get(pair, none[pair]) for bag in pure]) for pair in model.pairs},
        finer={field: replace(table, errors=finer_errors(pure, field)) for field, table in model.finer.items()},
        tree_errors={fields: float(np.sqrt(np.mean(jackknife(values) ** 2))) for fields, values in sums.items()},
    )


def finer_errors(bags: Sequence[Additive], field: int) -> Floats:
    """The standard error of each finer bin of a field, its single included, from the purified models of bags."""
    values = [bag.singles[field][bag.finer[field].coarse] + bag.finer[field].values for bag in bags]
    return steady(jackknife(values), bags[0].finer[field].counts, len(bags))


def bin_effects(leads: TrainingLeads, counts: Sequence[Indexes]) -> list[Floats]:
    """Per field, the log-odds (n_bins,) of the outcomes in each bin, blended with some leads of the average."""
    rate = np.average(leads.outcome, weights=leads.weights)
    effects = []
    for field, count in enumerate(counts):
        bins = leads.indexes[:, field]
        leads_seen = np.bincount(bins, leads.weights, len(count)) + PRIOR_LEADS
        won = np.bincount(bins, leads.weights * leads.outcome, len(count)) + PRIOR_LEADS * rate
        effects.append(np.log(won) - np.log(leads_seen - won))
    return effects


def choose_pairs(
    leads: TrainingLeads,
    coarse: Sequence[Indexes],
    held_out: Floats,
    choice: PairsChoice,
    random: np.random.RandomState,
) -> tuple[list[Fields], list[float]]:
    """The pairs to fit, the best first (or as listed), and the gain of each.

    `held_out` are log-odds (n,) by single fields; leads with NaN take no part in the choice.
    """
    known = np.isfinite(held_out)
    if choice == 0 or len(coarse) < 2:
        return [], []
    if not known.any():  # nothing to choose by
        listed = choice if isinstance(choice, list) else []
        return listed, [float("nan")] * len(listed)
    ranked = rank_pairs(
        leads.indexes[known], coarse, leads.outcome[known], held_out[known], leads.weights[known], random
    )
    if isinstance(choice, list):
        gains = {pair: gain for gain, pair in ranked}
        return choice, [gains[pair] for pair in choice]
    if choice == "auto":
        # The best of many gains something by chance. Where it gains more, each pair is judged by its own gain.
        beyond_chance = ranked[0][0] > LEAST_AUTO_GAIN + np.log(len(ranked))
        ranked = [(gain, pair) for gain, pair in ranked if gain > LEAST_AUTO_GAIN and beyond_chance]
    ranked = ranked[: MOST_AUTO_PAIRS if choice == "auto" else choice]
    return [pair for _, pair in ranked], [gain for gain, _ in ranked]
