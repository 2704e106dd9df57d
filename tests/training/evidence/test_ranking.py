"""Ranking takes expectations over leads that score alike."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.training.evidence.ranking import groups_by_score, share_among_best, won_among_best

LEADS = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=40)


def test_a_cut_through_a_tie_takes_an_equal_share_of_each() -> None:
    """Of four leads that score alike, two of them won, a cut after two holds one."""
    scores, won = np.array([9, 5, 5, 5, 5, 1]), np.array([False, True, True, False, False, True])
    assert won_among_best(scores, won, [0, 1, 3, 5, 6]).tolist() == [0, 0, 1, 2, 3]
    assert share_among_best(scores, 3).tolist() == [1, 0.5, 0.5, 0.5, 0.5, 0]


@given(LEADS, st.randoms(use_true_random=False))
def test_the_order_of_the_file_changes_nothing(leads: list[tuple[int, bool]], random: Random) -> None:
    """Shuffled leads have as many won among the best, and the same groups."""
    shuffled = list(leads)
    random.shuffle(shuffled)
    counts = list(range(len(leads) + 1))
    results = []
    for some in (leads, shuffled):
        scores, won = np.array([score for score, _ in some]), np.array([ended for _, ended in some])
        best = won_among_best(scores, won, counts)
        shares = [share_among_best(scores, count) for count in counts]
        assert [share.sum() for share in shares] == pytest.approx(counts)
        assert [share[won].sum() for share in shares] == pytest.approx(best)
        groups = [(sorted(scores[group]), int(won[group].sum())) for group in groups_by_score(scores, 10)]
        results.append((best.tolist(), groups))
    assert results[0] == results[1]


def test_groups_are_about_equal() -> None:
    """Scores that all differ make groups of equal size, lowest first; no lead makes no group."""
    groups = groups_by_score(np.arange(1005)[::-1], 10)
    assert {len(group) for group in groups} == {100, 101}
    assert groups[0].max() == 1004
    assert groups_by_score(np.zeros(0), 10) == []
