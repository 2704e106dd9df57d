"""Choosing pairs, and the coarse bins of their tables."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from leadledger.models.learner.pairs import coarsen, merge, rank_pairs
from leadledger.scoring.bins import FlagBins, NumberBins, TextBins


def test_coarse_bins_hold_about_as_many_leads_each() -> None:
    """Neighbours go together, in order, whatever their outcomes, and the missing bin stays alone."""
    coarse = coarsen(NumberBins((1, 2, 3, 4, 5)), np.array([30, 10, 10, 20, 5, 5, 10]), 3, 10)
    assert coarse.tolist() == [0, 1, 1, 2, 3, 3, 3]


def test_merging_stops_at_the_number_asked_for() -> None:
    """So many groups, also where all bins are alike."""
    assert merge(np.ones(8), 4).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert sorted(set(merge(np.ones(9), 4).tolist())) == [0, 1, 2, 3]


def test_rare_levels_join_other() -> None:
    """Of a text, the most frequent levels stay; flags, and numbers of few bins, stay as they are."""
    counts = np.ones(6, dtype=np.int64)
    assert coarsen(TextBins(("a", "b", "c", "d")), counts, 6, 2).tolist() == [0, 1, 2, 3, 3, 3]
    assert coarsen(TextBins(("a", "b", "c", "d")), counts, 6, 4).tolist() == [0, 1, 2, 3, 4, 5]
    assert coarsen(FlagBins(), counts[:3], 2, 1).tolist() == [0, 1, 2]
    assert coarsen(NumberBins((1, 2)), counts[:4], 6, 1).tolist() == [0, 1, 2, 3]


def test_only_what_fields_do_together_gains() -> None:
    """A pair that acts together gains; the others lose a little, since chance fills their cells."""
    random = np.random.default_rng(0)
    indexes = random.integers(0, 4, (4000, 4))
    outcome = (random.random(4000) < expit((indexes[:, 1] - 1.5) * (indexes[:, 3] - 1.5))).astype(float)
    ranked = rank_pairs(indexes, [np.arange(4)] * 4, outcome, np.zeros(4000), np.ones(4000), np.random.RandomState(0))
    gains = {pair: gain for gain, pair in ranked}
    assert ranked[0][1] == (1, 3)
    assert gains.pop((1, 3)) > 100
    assert max(gains.values()) < 2
