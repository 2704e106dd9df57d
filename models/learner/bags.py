"""Bags: models of the same recipe that each hold out another part of the leads, and what they say together.

The held-out leads choose the rounds and the pairs, judge whether pairs and combinations pay, and give the standard
errors. What a lead judges, it had no say in: one half of the leads chooses for the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
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
from leadledger.models.learner.boosting import BoostedTrees, Fold, TrainingLeads, best_rounds, losses
from leadledger.models.learner.pairs import rank_pairs
from leadledger.models.learner.parameters import PairsChoice

MOST_AUTO_PAIRS = 16  # more than a person wants to read
LEAST_AUTO_GAIN = 2.0  # gain of a pair in log-likelihood: about what one free parameter must bring (Akaike)
SURE_ERRORS = 2.0  # standard errors by which pairs must lower the log-loss of leads that did not choose them
PAIR_ERRORS = 1.0  # the same for one pair, among those that pay together
# The same for combinations. Bags share most of their leads, so that their losses vary together: in 15 additive worlds
# the gain was spread over 1.6 of the standard errors that leads by themselves suggest. With 2.0, 4 of 60 such
# worlds get a combination, which costs nothing there, and 7 of 8 worlds with pairs and threes get theirs; with 3.0 it
# is 1 of 60, and 3 of 8.
SURE_COMBINATION_ERRORS = 2.0
# Bags agree more than histories do: they share most of their leads, and with them how far effects are shrunk. Over 14
# simulated histories of 1,500, 2,000 and 8,000 leads each, the jackknife shows 0.76, 0.81 and 0.84 of the true spread.
BAG_AGREEMENT = 1.25
WEIGHTS = np.linspace(0, 1, 21)  # of combinations, that are tried

TermArrays: TypeAlias = tuple[float, list[Floats], dict[Fields, Floats]]  # intercept, singles, pairs


@dataclass(frozen=True, eq=False)
class Bags:
    """The leads, and for each bag the leads that it keeps and holds out, and the log-odds (n,) that it starts from."""

    leads: TrainingLeads
    folds: Sequence[Fold]
    starts: Sequence[Floats]

    @property
    def halves(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Two halves of the held-out leads, each (n,): those of every other bag, and the rest; of one bag, half each.

        One half judges what the other chose, since what some leads chose always does well on them.
        """
        first, second = np.zeros((2, len(self.leads.outcome)), dtype=bool)
        if len(self.folds) == 1:
            _, held = self.folds[0]
            first[held[::2]] = True
            second[held[1::2]] = True
        for bag, (_, held) in enumerate(self.folds if len(self.folds) > 1 else ()):
            (second if bag % 2 else first)[held] = True
        return first, second

    def pick(self, bags: Sequence[int]) -> Bags:
        """Some of the bags, by their positions."""
        return replace(self, folds=[self.folds[bag] for bag in bags], starts=[self.starts[bag] for bag in bags])

    def add_to_starts(self, added: Sequence[Floats]) -> Bags:
        """The same bags, each starting from log-odds to which its own array (n,) is added."""
        return replace(self, starts=[start + more for start, more in zip(self.starts, added, strict=True)])

    def held_out_decision(self, terms: Sequence[TermArrays]) -> Floats:
        """The log-odds (n,) of each lead by the bag that held it out, given the terms of each; NaN where none did."""
        held_out = np.full(len(self.leads.outcome), np.nan)
        for (_, held), start, bag_terms in zip(self.folds, self.starts, terms, strict=True):
            held_out[held] = start[held] + add_up(*bag_terms, self.leads.indexes[held])
        return held_out

    def pays(self, without: Floats, having: Floats, errors: float = SURE_ERRORS) -> bool:
        """Whether something lowers the log-loss of leads that didn't choose it, by so many standard errors.

        `without` and `having` are held-out log-odds (n,); NaN where nobody judges.
        """
        judging = np.isfinite(without) & np.isfinite(having)
        outcome = self.leads.outcome[judging]
        gain = self.leads.weights[judging] * (losses(outcome, without[judging]) - losses(outcome, having[judging]))
        if self.leads.groups is not None:  # the rows of a lead gain together
            numbers = np.unique(self.leads.groups[judging], return_inverse=True)[1]
            gain = np.bincount(numbers, gain).astype(np.float64)
        return bool(len(gain) and gain.mean() > errors * gain.std() / np.sqrt(len(gain)))

    def weigh(self, without: Floats, having: Floats) -> float:
        """How far to go from one model to another, 0..1, by the log-loss of the leads that neither had seen.

        `without` and `having` are held-out log-odds (n,). Each half of the leads judges the weight that is best for
        the other; where that doesn't pay by more than chance, the weight is 0.
        """
        step = having - without
        judged = np.full(len(without), np.nan)
        first, second = self.halves
        for choosing, judging in ((first, second), (second, first)):
            judged[judging] = without[judging] + self._best_weight(choosing, without, step) * step[judging]
        known = np.isfinite(without)
        return self._best_weight(known, without, step) if self.pays(without, judged, SURE_COMBINATION_ERRORS) else 0.0

    def _best_weight(self, known: NDArray[np.bool_], without: Floats, step: Floats) -> float:
        outcome, weights = self.leads.outcome[known], self.leads.weights[known]
        sums = [weights @ losses(outcome, without[known] + weight * step[known]) for weight in WEIGHTS]
        return float(WEIGHTS[int(np.argmin(sums))])


@dataclass(frozen=True, eq=False)
class BaggedTables:
    """The tables of all bags.

    by_bag : the terms of each bag. held_out : (n,) log-odds of each lead by the bag that held it out.
    pairs, gains : the pairs, and the gain of each. rounds : of the singles.
    finer : per bag and field that has them, what each finer bin adds. spanning : the pairs that weren't considered,
    since they are of two axes, with the gain of each, the best first.
    """

    by_bag: Sequence[TermArrays]
    held_out: Floats
    pairs: list[Fields]
    gains: list[float]
    rounds: int
    finer: Sequence[Mapping[int, Floats]] = ()
    spanning: Sequence[tuple[float, Fields]] = ()


@dataclass(frozen=True, eq=False)
class BaggedTrees:
    """Small trees over all fields, and the sets of fields that act together in them.

    added : per bag, what its trees add to the log-odds (n,) of all leads. shares : what each set holds of the gain.
    """

    added: Sequence[Floats]
    sets: Sequence[tuple[int, ...]]
    shares: Sequence[float]


def add_terms(first: TermArrays, second: TermArrays) -> TermArrays:
    """The sum of two additive models."""
    tables = [single + more for single, more in zip(first[1], second[1], strict=True)]
    pairs = dict(first[2])
    for pair, cells in second[2].items():
        pairs[pair] = pairs[pair] + cells if pair in pairs else cells
    return first[0] + second[0], tables, pairs


def scale_terms(terms: TermArrays, by: float) -> TermArrays:
    """An additive model, multiplied."""
    return by * terms[0], [by * single for single in terms[1]], {pair: by * cells for pair, cells in terms[2].items()}


def average_terms(by_bag: Sequence[TermArrays]) -> TermArrays:
    """The mean of additive models that have the same pairs."""
    return (
        float(np.mean([intercept for intercept, _, _ in by_bag])),
        [np.mean(values, axis=0) for values in zip(*(singles for _, singles, _ in by_bag), strict=True)],
        {pair: np.mean([pairs[pair] for _, _, pairs in by_bag], axis=0) for pair in by_bag[0][2]},
    )


def mix_tables(without: BaggedTables, having: BaggedTables, weight: float) -> BaggedTables:
    """So much of the second, 0..1, and the rest of the first."""
    gains = dict(zip(without.pairs, without.gains, strict=True)) if weight < 1 else {}
    gains |= dict(zip(having.pairs, having.gains, strict=True))
    pairs = [*having.pairs, *(pair for pair in gains if pair not in having.pairs)]
    return BaggedTables(
        [
            add_terms(scale_terms(having_terms, weight), scale_terms(terms, 1 - weight)) if weight < 1 else having_terms
            for terms, having_terms in zip(without.by_bag, having.by_bag, strict=True)
        ],
        weight * having.held_out + (1 - weight) * without.held_out,
        pairs,
        [gains[pair] for pair in pairs],
        having.rounds,
        [
            {
                field: np.asarray(weight * having_values.get(field, 0.0) + (1 - weight) * values.get(field, 0.0))
                for field in sorted({*having_values, *values})
            }
            for values, having_values in zip(without.finer, having.finer, strict=True)
        ],
    )


def drop_pairs(bags: Bags, tables: BaggedTables, counts: Sequence[Indexes]) -> BaggedTables:
    """The tables without the pairs that bring nothing on the leads that each bag held out.

    `bags` start from what the tables are added to. `counts`: per field, the leads in each bin.
    """
    for pair in tables.pairs[::-1]:  # the worst first
        terms = [drop_pair(bag_terms, pair, counts) for bag_terms in tables.by_bag]
        without = bags.held_out_decision(terms)
        if not bags.pays(without, bags.held_out_decision(tables.by_bag), PAIR_ERRORS):
            kept = [at for at, other in enumerate(tables.pairs) if other != pair]
            pairs, gains = [tables.pairs[at] for at in kept], [tables.gains[at] for at in kept]
            tables = replace(tables, by_bag=terms, pairs=pairs, gains=gains)
    return tables


def drop_pair(terms: TermArrays, pair: Fields, counts: Sequence[Indexes]) -> TermArrays:
    """An additive model without what two fields do together; what each does by itself stays, in its table."""
    intercept, singles, pairs = terms
    (first, second), cells = pair, pairs[pair]
    of_first, of_second = (counts[field] / counts[field].sum() for field in pair)
    rows, columns = cells @ of_second, of_first @ cells
    mean = float(of_first @ rows)
    tables = list(singles)
    tables[first] = tables[first] + rows - mean
    tables[second] = tables[second] + columns - mean
    return intercept + mean, tables, {other: values for other, values in pairs.items() if other != pair}


def choose_rounds(fits: Sequence[BoostedTrees]) -> list[int]:
    """The rounds of each bag: those with the lowest mean held-out log-loss of the other half of the bags.

    The leads that choose the rounds of a model flatter it. So every other bag has the rounds that the rest of the bags
    choose, and the leads that a bag holds out have no say in its model. The best rounds of one bag alone, chosen by
    the few leads that it holds out, vary widely.
    """
    best = best_rounds(np.array([fit.curve for fit in fits]))
    return [best[1 - bag % 2] if best else fit.rounds for bag, fit in enumerate(fits)]


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
            steady(spread_of_bags(values), counts, len(bags))
            for values, counts in zip(zip(*(bag.singles for bag in pure), strict=True), model.counts, strict=True)
        ),
        pair_errors={pair: spread_of_bags([bag.pairs.get(pair, none[pair]) for bag in pure]) for pair in model.pairs},
        finer={field: replace(table, errors=finer_errors(pure, field)) for field, table in model.finer.items()},
        tree_errors={fields: float(np.sqrt(np.mean(spread_of_bags(values) ** 2))) for fields, values in sums.items()},
    )


def finer_errors(bags: Sequence[Additive], field: int) -> Floats:
    """The standard error of each finer bin of a field, its single included, from the purified models of bags."""
    values = [bag.singles[field][bag.finer[field].coarse] + bag.finer[field].values for bag in bags]
    return steady(spread_of_bags(values), bags[0].finer[field].counts, len(bags))


def spread_of_bags(values: Sequence[Floats]) -> Floats:
    """The standard error of a value by the jackknife within each half of the bags, whose rounds differ."""
    bags = len(values)
    if bags < 4:
        return BAG_AGREEMENT * jackknife(values)
    array = np.asarray(values)
    centred = array.copy()
    for half in (slice(0, None, 2), slice(1, None, 2)):
        centred[half] -= array[half].mean(axis=0)
    error: Floats = BAG_AGREEMENT * jackknife(list(centred)) * np.sqrt((bags - 1) / (bags - 2))
    return error


def choose_pairs(
    leads: TrainingLeads,
    coarse: Sequence[Indexes],
    held_out: Floats,
    choice: PairsChoice,
    random: np.random.RandomState,
    apart: int | None = None,
    may_meet: Callable[[Fields], bool] = lambda pair: True,
) -> tuple[list[Fields], list[float]]:
    """The pairs to fit, the best first (or as listed), and the gain of each.

    `held_out` are log-odds (n,) by single fields; leads with NaN take no part in the choice. `apart` is the position of
    a field that only a listed pair may hold. Pairs that may not meet aren't considered.
    """
    known = np.isfinite(held_out)
    if choice == 0 or len(coarse) < 2:
        return [], []
    if not known.any():  # nothing to choose by
        listed = choice if isinstance(choice, list) else []
        return listed, [float("nan")] * len(listed)
    ranked = rank_pairs(
        leads.indexes[known],
        coarse,
        leads.outcome[known],
        held_out[known],
        leads.weights[known],
        random,
        filter(may_meet, combinations(range(len(coarse)), 2)),
    )
    if isinstance(choice, list):
        gains = {pair: gain for gain, pair in ranked}
        return choice, [gains[pair] for pair in choice]
    ranked = [(gain, pair) for gain, pair in ranked if apart not in pair]
    if choice == "auto" and ranked:
        # The best of many gains something by chance. Where it gains more, each pair is judged by its own gain.
        beyond_chance = ranked[0][0] > LEAST_AUTO_GAIN + np.log(len(ranked))
        ranked = [(gain, pair) for gain, pair in ranked if gain > LEAST_AUTO_GAIN and beyond_chance]
    ranked = ranked[: MOST_AUTO_PAIRS if choice == "auto" else choice]
    return [pair for _, pair in ranked], [gain for gain, _ in ranked]
