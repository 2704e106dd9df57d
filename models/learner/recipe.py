"""The recipe that all bags share: the bins of the fields, what boosting sees of them, and how it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from leadledger.models.learner.additive import Fields, Indexes
from leadledger.models.learner.bags import Bags
from leadledger.models.learner.binning import least_leads
from leadledger.models.learner.boosting import (
    L2,
    PATIENCE_ROUNDS,
    BoostedTrees,
    BoostOptions,
    ColumnEncoding,
    boost,
)
from leadledger.models.learner.pairs import coarsen
from leadledger.scoring.bins import Bins

FEW_LEADS = 1500  # with fewer, a bag goes by one step at a time, and its effects are shrunk more
FEW_LEADS_L2 = 5.0
# Bins of a pair grow with the fourth root of the leads, as the cells of a histogram of two numbers should. In simulated
# worlds with pairs, 6 and 8 bins came nearest to the truth with 5,000 leads; in one of them, 11 and 12 with 20,000 (of
# 6, 8, 11, 12, 16, 32). Levels grow as bins do; that was not measured.
FEWEST_PAIR_BINS = 6
FEWEST_PAIR_LEVELS = 10
LEADS_OF_FEWEST_BINS = 1_600
MOST_PAIR_GROWTH = 2.7
BLIND_ROUNDS = 30  # where no lead can be held out


@dataclass(frozen=True, eq=False)
class Recipe:
    """What every fit of a bag goes by; the parameters are those of `AdditiveClassifier`.

    bins, counts, monotone : per field, its bins, the leads in each, and its direction. nested : the fields of
    `parents`. segment_field : the field whose levels are segments, or None. axes : the axis of each field, empty where
    all may meet.
    """

    bins: Sequence[Bins]
    counts: Sequence[Indexes]
    monotone: Sequence[int]
    nested: Sequence[int]
    segment_field: int | None
    min_count: int
    pair_bins: Literal["auto"] | int
    pair_levels: Literal["auto"] | int
    max_rounds: int
    learning_rate: float
    n_jobs: int | None
    axes: Sequence[int] = ()

    def split_by_axis(self, fields: Sequence[int]) -> list[list[int]]:
        """Some fields, split into those that may meet."""
        if not self.axes:
            return [list(fields)]
        return [[field for field in fields if self.axes[field] == axis] for axis in sorted(set(self.axes))]

    def may_meet(self, pair: Fields) -> bool:
        """Whether a pair of fields may be learned: they are of one axis."""
        return not self.axes or self.axes[pair[0]] == self.axes[pair[1]]

    @property
    def sizes(self) -> list[int]:
        """Per field, how many bins it has."""
        return [len(bins) for bins in self.bins]

    @property
    def least_missing(self) -> int:
        """How many leads a missing bin must have to get a value of its own."""
        return least_leads(self.min_count, int(self.counts[0].sum()))

    @property
    def each_bin(self) -> list[Indexes]:
        """Per field, each bin by itself.

        Trees see them too: in four simulated worlds of 1,500 to 20,000 leads, and on three real sets, trees over 32
        bins were as good as over 12 or better; the gap to the truth was up to a fifth smaller at 20,000.
        """
        return [np.arange(size) for size in self.sizes]

    def boost_bags(self, bags: Bags, encoding: ColumnEncoding, options: BoostOptions) -> list[BoostedTrees]:
        """The fit of each bag on top of the log-odds that it starts from."""
        return boost(bags.leads, bags.folds, encoding, options, bags.starts, self.n_jobs)

    def choose_options(self, leaves: int, bags: Bags, *, careful: bool = False) -> BoostOptions:
        """How to boost trees of so many leaves.

        `careful`: rounds go half as far, as they do where leads are few or none is held out.
        """
        kept, held = bags.folds[0]
        few = len(kept) < FEW_LEADS
        rounds = self.max_rounds if len(held) else min(self.max_rounds, BLIND_ROUNDS)
        l2 = FEW_LEADS_L2 if few else L2
        if careful or few or not len(held):
            return BoostOptions(rounds, self.learning_rate / 2, leaves, l2, 2 * PATIENCE_ROUNDS)
        return BoostOptions(rounds, self.learning_rate, leaves, l2)

    def encode(self, coarse: Sequence[Indexes], groups: Sequence[Sequence[int]]) -> ColumnEncoding:
        """The columns of fields that may meet within each of `groups`, over coarse bins."""
        return ColumnEncoding.of(self.bins, self.counts, self.monotone, coarse, groups, self.least_missing)

    def boosted_fields(self, bags: Bags) -> list[int]:
        """The fields whose tables are boosted: all but nested ones, of which shrunk effects say more.

        Where no lead can be held out there are no such effects, and boosting with no field at all is none.
        """
        others = [field for field in range(len(self.bins)) if field not in self.nested]
        return others if others and len(bags.folds[0][1]) else list(range(len(self.bins)))

    def coarsen_pairs(self) -> list[Indexes]:
        """Per field, the coarse bin of each bin in a pair."""
        growth = float(np.clip((int(self.counts[0].sum()) / LEADS_OF_FEWEST_BINS) ** 0.25, 1.0, MOST_PAIR_GROWTH))
        bins = round(FEWEST_PAIR_BINS * growth) if self.pair_bins == "auto" else self.pair_bins
        levels = round(FEWEST_PAIR_LEVELS * growth) if self.pair_levels == "auto" else self.pair_levels
        return self.coarsen(bins, levels)

    def coarsen(self, most_bins: int, most_levels: int) -> list[Indexes]:
        """Per field, the coarse bin of each bin."""
        return [coarsen(*field, most_bins, most_levels) for field in zip(self.bins, self.counts, strict=True)]
