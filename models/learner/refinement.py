"""Finer bins of single fields, on top of the coarse ones that boosting, pairs and trees see.

A bag learns what its coarse tables miss: the levels of texts by shrinkage, finer bins of numbers by boosting for as
many rounds as lower the held-out log-loss, none if none does. So an amount of thousands of values has hundreds of bins
where the leads suffice, and a text has as many levels as there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd

from leadledger.models.learner.additive import Finer, Floats, Indexes, add_finer, read_off
from leadledger.models.learner.bags import Bags, choose_rounds
from leadledger.models.learner.binning import find_bins, learn_finer_bins
from leadledger.models.learner.boosting import BoostedTrees, ColumnEncoding, losses
from leadledger.models.learner.shrinkage import shrink_levels
from leadledger.scoring.bins import Bins, NumberBins, TextBins

BoostBags: TypeAlias = Callable[[Bags, ColumnEncoding], list[BoostedTrees]]
BagValues: TypeAlias = dict[int, Floats]  # per field, what each of its finer bins adds in one bag


@dataclass(frozen=True, eq=False)
class FinerLeads:
    """Per field that has them, its finer bins, the bin that holds each, and the finer bin (n,) of each lead."""

    bins: Mapping[int, Bins]
    coarse: Mapping[int, Indexes]
    indexes: Mapping[int, Indexes]

    @classmethod
    def of(cls, columns: Sequence[pd.Series[Any]], bins: Sequence[Bins], nested: Sequence[int] = ()) -> Self:
        """Those of columns of leads, given the bins of each.

        `nested` are texts whose levels lie within those of another, the outer ones first: only shrunk effects say what
        a level is worth, each on top of those of the levels around it.
        """
        learned = learn_finer_bins(columns, bins, nested)
        learned = {field: learned[field] for field in dict.fromkeys([*nested, *learned])}
        finer_bins = {field: finer for field, (finer, _) in learned.items()}
        return cls(
            finer_bins,
            {field: coarse for field, (_, coarse) in learned.items()},
            {field: find_bins(finer, columns[field]) for field, finer in finer_bins.items()},
        )

    def count(self, field: int) -> Indexes:
        """The leads (n_bins,) in each finer bin of a field."""
        return np.bincount(self.indexes[field], minlength=len(self.bins[field]))

    def fit(self, bags: Bags, monotone: Sequence[int], boost_bags: BoostBags) -> list[BagValues]:
        """What finer bins add to the log-odds that each bag starts from, by bag; nothing where none can be held out."""
        by_bag: list[BagValues] = [{} for _ in bags.folds]
        if len(bags.folds[0][1]):
            self._add_levels(by_bag, bags)
            self._add_numbers(by_bag, bags.add_to_starts([self.add(values) for values in by_bag]), monotone, boost_bags)
        return by_bag

    def _add_levels(self, by_bag: Sequence[BagValues], bags: Bags) -> None:
        """Add the effects of the levels of those texts where they lower the held-out log-loss."""
        texts = [field for field, bins in self.bins.items() if isinstance(bins, TextBins)]
        sized = {field: (self.indexes[field], len(self.bins[field])) for field in texts}
        effects = [
            shrink_levels(bags.leads, kept, start, sized)
            for (kept, _), start in zip(bags.folds, bags.starts, strict=True)
        ]
        for field in texts:
            gain = 0.0
            for (_, held), start, effect in zip(bags.folds, bags.starts, effects, strict=True):
                having = start[held] + self.add(effect)[held]
                without = having - effect[field][self.indexes[field][held]]
                outcome = bags.leads.outcome[held]
                gain += float(bags.leads.weights[held] @ (losses(outcome, without) - losses(outcome, having)))
            if gain > 0:
                for values, effect in zip(by_bag, effects, strict=True):
                    values[field] = effect[field]

    def _add_numbers(
        self, by_bag: Sequence[BagValues], bags: Bags, monotone: Sequence[int], boost_bags: BoostBags
    ) -> None:
        """Add what boosting over the finer bins of numbers says, for the rounds that lower the held-out log-loss."""
        numbers = [field for field, bins in self.bins.items() if isinstance(bins, NumberBins)]
        if not numbers:
            return
        counts = [self.count(field) for field in numbers]
        sizes = [len(count) for count in counts]
        encoding = ColumnEncoding.of(
            [self.bins[field] for field in numbers],
            counts,
            [monotone[field] for field in numbers],
            [np.arange(size) for size in sizes],
            [(at,) for at in range(len(numbers))],
            least_missing=len(bags.leads.outcome) + 1,  # the coarse bins say what a missing value is worth
        )
        indexes = np.column_stack([self.indexes[field] for field in numbers])
        fits = boost_bags(replace(bags, leads=replace(bags.leads, indexes=indexes)), encoding)
        rounds = choose_rounds(fits)
        if not any(rounds):
            return
        for values, fit, most in zip(by_bag, fits, rounds, strict=True):
            _, tables, _ = read_off(partial(fit.add, rounds=most), sizes, [], [1] * len(sizes))
            for field, table, count in zip(numbers, tables, counts, strict=True):
                centred = table - np.average(table[1:], weights=count[1:])
                centred[0] = 0.0
                values[field] = centred

    def add(self, values: Mapping[int, Floats]) -> Floats:
        """What the finer bins of one bag add to each lead (n,); 0 where there are none."""
        return add_finer(values, {field: self.indexes[field] for field in values})

    def find_steps(self, values: Mapping[int, Floats]) -> dict[int, Floats]:
        """What the finer bins of one bag add to the step from each bin of a number to the next, missing left out."""
        steps = {}
        for field, of_field in values.items():
            if isinstance(self.bins[field], NumberBins):
                last = np.flatnonzero(np.diff(self.coarse[field]))[1:]
                steps[field] = of_field[last + 1] - of_field[last]
        return steps

    def average(self, by_bag: Sequence[Mapping[int, Floats]]) -> dict[int, Finer]:
        """The mean over some bags, per field whose finer bins add anything."""
        return {
            field: Finer(
                self.bins[field], self.coarse[field], np.mean([bag[field] for bag in by_bag], axis=0), self.count(field)
            )
            for field in sorted(by_bag[0])
            if any(bag[field].any() for bag in by_bag)
        }
