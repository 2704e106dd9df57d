"""Segments: parts of the leads, such as those of a sales team, to which a field may be worth something else.

The pool is what all leads say together. A segment is a level of one field, and its leads show what the pool misses
among them: how far they lie from it, and how far in each coarse bin of each other field. These deviations are random
effects, whose spread is learned, field by field, from all segments: where segments are alike it is zero, and a segment
of fifty leads stays near the pool while one of thousands is mostly its own. Held-out leads then say how much of it
counts. What is learned stands in the table of the segment and in pairs of the segment with another field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from scipy.special import expit
from sklearn.isotonic import isotonic_regression

from leadledger.models.learner.additive import Fields, Floats, Indexes, add_up
from leadledger.models.learner.bags import PAIR_ERRORS, WEIGHTS, BaggedTables, Bags, TermArrays, add_terms
from leadledger.models.learner.boosting import TrainingLeads, losses
from leadledger.models.learner.shrinkage import SPREAD_SWEEPS, SWEEPS, expect_spread
from leadledger.scoring.bins import Bins, NumberBins, TextBins

WEIGHT_SPREAD = 0.25  # by which the weights of segments typically lie from their common one
# Standard errors by which segments must lower the log-loss of leads that didn't weigh them. In 24 simulated histories
# whose segments are alike, 2 add something with 1.0 and none with 1.5; where one field in seven has a spread of 0.2, it
# is seen in 15 and 12 of 24.
SURE_SEGMENT_ERRORS = 1.5


@dataclass(frozen=True)
class Segment:
    """A segment: the bin of its level, its leads, and how much of it is its own, from 0, the pool, to 1."""

    bin: int
    leads: int
    weight: float


@dataclass(frozen=True, eq=False)
class Deviations:
    """How far segments lie from the pool, as one bag has learned it.

    tables : per field (n_segments, n_coarse), in log-odds; that of the segments' own field has one column.
    credit : (n_segments,) 0..1, the share of the variance among segments that the leads of each have explained.
    """

    tables: Sequence[Floats]
    credit: Floats


@dataclass(frozen=True, eq=False)
class SegmentFields:
    """What segments may differ in.

    own_field : the position of the field whose levels are segments. own : (n_segments,) its bins that are one. Missing
    values, and the rare and new levels that share a bin, belong to the pool.
    coarse : per field, the coarse bin of each bin; the segments' own field has but one.
    places : per field (n_coarse,), where the coarse bins of a number lie, centred and scaled; zeros for other fields.
    counts : per field, the leads in each bin.
    """

    own_field: int
    own: Indexes
    coarse: Sequence[Indexes]
    places: Sequence[Floats]
    counts: Sequence[Indexes]

    @classmethod
    def of(cls, own_field: int, bins: Sequence[Bins], counts: Sequence[Indexes], coarse: Sequence[Indexes]) -> Self:
        """Those of the levels of a text or a flag, given the coarse bin of each bin of each field."""
        last = len(bins[own_field]) - isinstance(bins[own_field], TextBins)
        own = np.array([level for level in range(1, last) if counts[own_field][level]], dtype=np.int64)
        coarse = [np.zeros_like(of_bin) if at == own_field else of_bin for at, of_bin in enumerate(coarse)]
        places = [
            find_places(of_bin, count) if isinstance(kind, NumberBins) else np.zeros(int(of_bin.max()) + 1)
            for kind, count, of_bin in zip(bins, counts, coarse, strict=True)
        ]
        return cls(own_field, own, coarse, places, counts)

    def find_members(self, indexes: Indexes) -> Indexes:
        """The segment (n,) of leads given by their bins (n, n_fields); -1 for the pool."""
        segment_of = np.full(len(self.counts[self.own_field]), -1)
        segment_of[self.own] = np.arange(len(self.own))
        members: Indexes = segment_of[indexes[:, self.own_field]]
        return members

    def learn(self, leads: TrainingLeads, kept: Indexes, start: Floats) -> Deviations:
        """What the pool, `start` in log-odds (n,), misses in each segment, as the kept leads show it."""
        members = self.find_members(leads.indexes)[kept]
        rows, members = kept[members >= 0], members[members >= 0]
        outcome, weights, decision = leads.outcome[rows], leads.weights[rows], start[rows].copy()
        effects = [_Effects.of(len(self.own), places) for places in self.places]
        cells = [
            members * len(of_field.places) + of_bin[leads.indexes[rows, at]]
            for at, (of_bin, of_field) in enumerate(zip(self.coarse, effects, strict=True))
        ]
        order = sorted(range(len(cells)), key=lambda at: at != self.own_field)  # the level of a segment first
        for sweep in range(SWEEPS):
            for at in order:
                shape = effects[at].cells.shape
                probability = expit(decision)
                slope, curvature = (
                    np.bincount(cells[at], of_leads, effects[at].cells.size).reshape(shape)
                    for of_leads in (weights * (outcome - probability), weights * probability * (1 - probability))
                )
                moved = effects[at].step(slope.astype(np.float64), curvature.astype(np.float64), sweep < SPREAD_SWEEPS)
                decision += moved.ravel()[cells[at]]
        before, after = np.zeros((2, len(self.own)))
        for of_field, of_leads in zip(effects, cells, strict=True):
            counts = np.bincount(of_leads, minlength=of_field.cells.size).reshape(of_field.cells.shape)
            prior, posterior = of_field.variances()
            before += np.sum(counts * prior, axis=1)
            after += np.sum(counts * posterior, axis=1)
        credit = np.where(before > 0, 1 - after / np.where(before > 0, before, 1.0), 0.0)
        return Deviations([of_field.table for of_field in effects], credit)

    def to_terms(self, deviations: Deviations) -> TermArrays:
        """Deviations as a table of the segment, and as pairs of it with each other field where they aren't all zero."""
        singles = [np.zeros(len(count)) for count in self.counts]
        singles[self.own_field][self.own] = deviations.tables[self.own_field][:, 0]
        pairs = {}
        for at, table in enumerate(deviations.tables):
            if at != self.own_field and table.any():
                rows = np.zeros((len(self.counts[self.own_field]), len(self.counts[at])))
                rows[self.own] = table[:, self.coarse[at]]
                pairs[self.pair_with(at)] = rows if self.own_field < at else rows.T
        return 0.0, singles, pairs

    def pair_with(self, other: int) -> Fields:
        """The pair of the segments' field with another one."""
        return min(self.own_field, other), max(self.own_field, other)

    def weigh(self, terms: TermArrays, weights: Floats) -> TermArrays:
        """Terms of segments, those of each multiplied by its weight (n_segments,)."""
        of_bin = np.zeros(len(self.counts[self.own_field]))
        of_bin[self.own] = weights
        intercept, singles, pairs = terms
        weighted = list(singles)
        weighted[self.own_field] = weighted[self.own_field] * of_bin
        across = {
            pair: cells * (of_bin[:, None] if pair[0] == self.own_field else of_bin) for pair, cells in pairs.items()
        }
        return intercept, weighted, across


def find_places(coarse: Indexes, counts: Indexes) -> Floats:
    """Where the coarse bins (n_coarse,) of a number lie by rank, with mean 0 and variance 1 over its known leads."""
    leads = np.bincount(coarse, counts).astype(np.float64)
    leads[0] = 0.0
    places = np.cumsum(leads) - leads / 2
    places -= np.average(places, weights=leads) if leads.any() else 0.0
    places[0] = 0.0  # a missing value has no place
    scale = np.sqrt(np.average(places**2, weights=leads)) if leads.any() else 0.0
    return places / scale if scale else np.zeros(len(leads))


@dataclass(eq=False)
class _Effects:
    """The random effects of a field while they are learned: a slope over its places, and what cells add to that.

    slopes : (n_segments,). cells : (n_segments, n_coarse). The spreads are standard deviations, in log-odds;
    the curvatures those of the log-likelihood, same shapes as the effects.
    """

    places: Floats
    slopes: Floats
    cells: Floats
    slope_spread: float = 0.0
    cell_spread: float = 0.0
    slope_curvature: Floats = field(default_factory=lambda: np.zeros(0))
    cell_curvature: Floats = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, n_segments: int, places: Floats) -> Self:
        """No effects yet."""
        return cls(places, np.zeros(n_segments), np.zeros((n_segments, len(places))))

    @property
    def table(self) -> Floats:
        """All of it together, (n_segments, n_coarse)."""
        return self.slopes[:, None] * self.places + self.cells

    def step(self, slope: Floats, curvature: Floats, choose: bool) -> Floats:
        """A step of Newton's, given slopes and curvatures of the log-likelihood (n_segments, n_coarse); what it moved.

        `choose`: the spreads are chosen anew.
        """
        before = self.table
        self.cell_curvature = curvature
        if self.places.any():
            along, self.slope_curvature = slope @ self.places, curvature @ self.places**2
            if choose:
                self.slope_spread = _spread_of(along, self.slope_curvature, self.slopes)
            moved = _shrunk(along, self.slope_curvature, self.slopes, self.slope_spread)
            self.slopes = self.slopes + moved
            slope = slope - curvature * moved[:, None] * self.places
        if choose:
            self.cell_spread = _spread_of(slope, curvature, self.cells)
        self.cells = self.cells + _shrunk(slope, curvature, self.cells, self.cell_spread)
        return self.table - before

    def variances(self) -> tuple[Floats, Floats]:
        """The variance of each cell of the table among segments, and what of it the leads have left open."""
        slopes, cells = self.slope_spread**2, self.cell_spread**2
        prior = np.broadcast_to(slopes * self.places**2 + cells, self.cells.shape)
        posterior = cells / (1 + cells * self.cell_curvature)
        if slopes:
            posterior = posterior + (slopes / (1 + slopes * self.slope_curvature))[:, None] * self.places**2
        return prior, posterior


def _spread_of(slope: Floats, curvature: Floats, effect: Floats) -> float:
    """The spread of effects, each with what it still misses; see `expect_spread`."""
    seen = curvature > 0
    return expect_spread(slope[seen] + curvature[seen] * effect[seen], curvature[seen])


def _shrunk(slope: Floats, curvature: Floats, effect: Floats, spread: float) -> Floats:
    """By how much effects of a spread move; back to zero where that is zero."""
    if not spread:
        return -effect
    moved: Floats = (slope - effect / spread**2) / (curvature + spread**-2)
    return moved


def keep_order(
    terms: TermArrays, pool: TermArrays, edges: Mapping[int, Floats], fields: SegmentFields, monotone: Sequence[int]
) -> TermArrays:
    """Terms of segments that don't break the order of a monotone field when the pool is added to them.

    `edges`: per field that has finer bins, what these add to the step from each of its bins to the next.
    """
    intercept, singles, pairs = terms
    ordered = dict(pairs)
    for at, direction in enumerate(monotone):
        pair = fields.pair_with(at)
        if not direction or pair not in pairs:
            continue
        steps = direction * (np.diff(pool[1][at][1:]) + edges.get(at, 0.0))
        for own_pair, cells in pool[2].items():
            if at in own_pair:
                along = cells if own_pair[0] == at else cells.T
                steps = steps + (direction * np.diff(along[1:], axis=0)).min(axis=1)
        room = np.concatenate([[0.0], np.cumsum(np.maximum(steps, 0.0))])
        rows = (pairs[pair] if pair[0] == fields.own_field else pairs[pair].T).copy()
        for row in rows:
            row[1:] = direction * (isotonic_regression(direction * row[1:] + room) - room)
        ordered[pair] = rows if pair[0] == fields.own_field else rows.T
    return intercept, singles, ordered


def add_segments(
    bags: Bags,
    tables: BaggedTables,
    fields: SegmentFields,
    monotone: Sequence[int],
    edges: Sequence[Mapping[int, Floats]],
) -> tuple[BaggedTables, list[Segment], list[TermArrays]]:
    """The tables with those of segments, the segments, and per bag what they add.

    `bags` start from what `tables` are added to, finer bins included.
    """
    leads = bags.leads
    deviations = [
        fields.learn(leads, kept, start + add_up(*terms, leads.indexes))
        for (kept, _), start, terms in zip(bags.folds, bags.starts, tables.by_bag, strict=True)
    ]
    own = [
        keep_order(fields.to_terms(of_bag), pool, of_edges, fields, monotone)
        for of_bag, pool, of_edges in zip(deviations, tables.by_bag, edges, strict=True)
    ]
    members = fields.find_members(leads.indexes)
    added = np.full(len(members), np.nan)
    for (_, held), terms in zip(bags.folds, own, strict=True):
        added[held] = add_up(*terms, leads.indexes[held])
    weights, held_out = weigh_segments(bags, tables.held_out, added, members, len(fields.own))
    credit = np.mean([of_bag.credit for of_bag in deviations], axis=0)
    segments = [
        Segment(int(level), int(fields.counts[fields.own_field][level]), float(weight))
        for level, weight in zip(fields.own, weights * credit, strict=True)
    ]
    if not weights.any():
        return tables, segments, []
    by_bag = drop_idle_pairs(bags, tables.held_out, [fields.weigh(terms, weights) for terms in own])
    new = [pair for pair in by_bag[0][2] if pair not in tables.pairs]
    tables = replace(
        tables,
        by_bag=[add_terms(*both) for both in zip(tables.by_bag, by_bag, strict=True)],
        held_out=held_out,
        pairs=[*tables.pairs, *new],
        gains=[*tables.gains, *[float("nan")] * len(new)],
    )
    return tables, segments, by_bag


def drop_idle_pairs(bags: Bags, pool: Floats, by_bag: Sequence[TermArrays]) -> list[TermArrays]:
    """What segments add, without the pairs that don't lower the log-loss of held-out leads by more than chance.

    `pool` (n,) are the held-out log-odds that it is added to. All bags have the same pairs in the end.
    """
    indexes = bags.leads.indexes
    of_pair = {pair: np.zeros(len(pool)) for terms in by_bag for pair in sorted(terms[2])}
    having = pool.copy()
    for (_, held), (intercept, singles, pairs) in zip(bags.folds, by_bag, strict=True):
        having[held] += add_up(intercept, singles, pairs, indexes[held])
        for (first, second), cells in pairs.items():
            of_pair[first, second][held] = cells[indexes[held, first], indexes[held, second]]
    kept = [pair for pair in sorted(of_pair) if bags.pays(having - of_pair[pair], having, PAIR_ERRORS)]
    shapes = {pair: cells.shape for terms in by_bag for pair, cells in terms[2].items()}
    return [
        (intercept, singles, {pair: pairs.get(pair, np.zeros(shapes[pair])) for pair in kept})
        for intercept, singles, pairs in by_bag
    ]


def weigh_segments(bags: Bags, pool: Floats, added: Floats, members: Indexes, n_segments: int) -> tuple[Floats, Floats]:
    """How much of what each segment adds counts, (n_segments,) 0..1, and the held-out log-odds (n,) with it.

    `pool` and `added` (n,) are held-out log-odds. Each half of the leads judges the weights that the other chose; where
    that doesn't pay, all weights are 0.
    """
    known = np.isfinite(pool) & np.isfinite(added) & (members >= 0)
    judged = pool.copy()
    first, second = bags.halves
    for choosing, judging in ((first, second), (second, first)):
        weights = _choose_weights(bags.leads, known & choosing, pool, added, members, n_segments)
        rows = known & judging
        judged[rows] += weights[members[rows]] * added[rows]
    if not bags.pays(pool, judged, SURE_SEGMENT_ERRORS):
        return np.zeros(n_segments), pool
    return _choose_weights(bags.leads, known, pool, added, members, n_segments), judged


def _choose_weights(
    leads: TrainingLeads, rows: np.ndarray, pool: Floats, added: Floats, members: Indexes, n_segments: int
) -> Floats:
    """The weights that suit some leads, each shrunk toward the common one."""
    outcome, weights = leads.outcome[rows], leads.weights[rows]
    sums = np.array(
        [
            np.bincount(members[rows], weights * losses(outcome, pool[rows] + weight * added[rows]), n_segments)
            for weight in WEIGHTS
        ]
    )
    common = WEIGHTS[int(np.argmin(sums.sum(axis=1)))]
    apart = (WEIGHTS[:, None] - common) ** 2 / (2 * WEIGHT_SPREAD**2)
    chosen: Floats = WEIGHTS[np.argmin(sums + apart, axis=0)] if common else np.zeros(n_segments)
    return chosen
