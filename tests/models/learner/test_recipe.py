"""What all bags share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leadledger.models.learner.recipe import Recipe
from leadledger.scoring.bins import NumberBins, TextBins


@pytest.mark.parametrize(("leads", "bins", "levels"), [(500, 6, 10), (5_000, 8, 13), (20_000, 11, 19), (10**6, 16, 27)])
def test_pairs_have_more_bins_with_more_leads(leads: int, bins: int, levels: int) -> None:
    """With the fourth root of the leads, unless the parameters say how many."""
    recipe = Recipe(
        bins=[NumberBins(tuple(map(float, range(31)))), TextBins(tuple(f"level {i:02}" for i in range(40)))],
        counts=[np.array([0, *[leads // 32 + (i < leads % 32) for i in range(32)]]), np.ones(42, dtype=int)],
        monotone=(0, 0),
        nested=(),
        segment_field=None,
        min_count=20,
        pair_bins="auto",
        pair_levels="auto",
        max_rounds=600,
        learning_rate=0.2,
        n_jobs=None,
    )
    assert [int(coarse.max()) for coarse in recipe.coarsen_pairs()] == [bins, levels + 1]
    listed = replace(recipe, pair_bins=4, pair_levels=3)
    assert [int(coarse.max()) for coarse in listed.coarsen_pairs()] == [4, 4]
