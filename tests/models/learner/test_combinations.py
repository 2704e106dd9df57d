"""Which fields act together, and what of their trees each field does by itself."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.models.learner.additive import Additive, End, Fork, Tree, evaluate_tree
from leadledger.models.learner.combinations import absorb, choose_sets, effects_of, staircase
from leadledger.scoring.bins import NumberBins
from tests.effort import examples

SIZES = (4, 3, 5, 3)  # bins of each field
LEADS = np.random.default_rng(0).integers(0, SIZES, size=(400, 4))
COUNTS = tuple(np.bincount(LEADS[:, field], minlength=size) for field, size in enumerate(SIZES))
NOTHING = Additive(
    bins=tuple(NumberBins(tuple(float(edge) for edge in range(size - 2))) for size in SIZES),
    intercept=-1.0,
    singles=tuple(np.zeros(size) for size in SIZES),
    pairs={},
    counts=COUNTS,
    pair_counts={},
)


def trees(fields: tuple[int, ...], depth: int = 3) -> st.SearchStrategy[Tree]:
    """Random trees over some fields; the counts are filled in by the leads that come to each end."""
    end = st.floats(-2, 2).map(lambda value: End(value, 1))
    if not depth:
        return end

    def fork(field: int) -> st.SearchStrategy[Tree]:
        chosen = st.sets(st.integers(0, SIZES[field] - 1), min_size=1, max_size=SIZES[field] - 1)
        return st.builds(
            lambda bins, then, otherwise: Fork(field, tuple(sorted(bins)), then, otherwise),
            chosen,
            trees(fields, depth - 1),
            trees(fields, depth - 1),
        )

    return st.one_of(end, st.sampled_from(fields).flatmap(fork))


@settings(max_examples=examples(60))
@given(st.lists(trees((0, 1, 2)), max_size=4))
def test_absorbing_keeps_the_sum(some: list[Tree]) -> None:
    """Every lead has the log-odds that the trees gave it, whatever went to tables, pairs and combinations."""
    model = absorb(NOTHING, some, [(0, 1, 2)], LEADS)
    expected = -1.0 + sum((evaluate_tree(tree, dict(enumerate(LEADS.T))) for tree in some), np.zeros(len(LEADS)))
    assert np.abs(model.log_odds(LEADS) - expected).max() < 1e-9
    assert set(model.trees) <= {(0, 1, 2)}


@settings(max_examples=examples(30))
@given(trees((0, 2, 3)))
def test_a_combination_does_nothing_by_one_field(tree: Tree) -> None:
    """What each of its fields does on average is in the tables; in the set, nothing of it is left."""
    model = absorb(NOTHING, [tree], [(0, 2, 3)], LEADS)
    for together in model.trees.values():
        for effect in effects_of(together, LEADS, COUNTS).values():
            assert np.abs(effect).max() < 1e-9


def test_a_staircase_is_its_values() -> None:
    """One end for each value, whichever bins have it, and the leads of all bins."""
    values = np.array([0.5, -1.0, 0.5, 2.0, -1.0])
    tree = staircase(2, values, np.array([1, 2, 3, 4, 5]))
    assert evaluate_tree(tree, {2: np.arange(5)}).tolist() == values.tolist()
    assert tree == Fork(2, (1, 4), End(-1.0, 7), Fork(2, (0, 2), End(0.5, 4), End(2.0, 4)))
    assert staircase(0, np.zeros(4), COUNTS[0]) == End(0.0, 400)


def test_sets_hold_most_of_the_gain_and_the_best_comes_first() -> None:
    """What is not worth reading is left."""
    first, second = frozenset({0, 1, 2, 3}), frozenset({4, 5, 6, 7})
    gains = {first: 50.0, frozenset({0, 1}): 5.0, second: 20.0, frozenset({2, 8, 9}): 0.1}
    sets, shares = choose_sets([gains], 8)
    assert sets == [(0, 1, 2, 3), (4, 5, 6, 7)]
    assert np.allclose(shares, [55 / 75.1, 20 / 75.1])
    assert choose_sets([gains], 1)[0] == [(0, 1, 2, 3)]
    assert choose_sets([{}], 8) == ([], [])
    assert choose_sets([gains], 8, least_share=0.5)[0] == [(0, 1, 2, 3)]
    assert choose_sets([gains], 8, least_share=0.001)[0] == [(0, 1, 2, 3), (4, 5, 6, 7), (2, 8, 9)]


def test_sets_overlap_where_a_field_acts_in_several() -> None:
    """A field that several sets share stands in each of them; no set has more than seven."""
    groups = [frozenset({0, *range(at, at + 5)}) for at in (10, 20, 30)]
    sets, _ = choose_sets([dict.fromkeys(groups, 10.0), {frozenset({70, 71}): 0.3}], 8)
    assert {frozenset(fields) for fields in sets} == set(groups)
    wide = {frozenset({at, (at + 1) % 20, (at + 5) % 20}): 1.0 for at in range(20)}
    assert all(3 <= len(fields) <= 7 for fields in choose_sets([wide], 8)[0])


def test_two_fields_alone_are_no_set() -> None:
    """They become a pair."""
    assert choose_sets([{frozenset({1, 4}): 9.0}], 8) == ([], [])
