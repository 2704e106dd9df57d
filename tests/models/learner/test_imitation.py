"""A few trees that say what those of all bags say on average."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from leadledger.models.learner.additive import Floats, Indexes, add_trees, find_fields
from leadledger.models.learner.boosting import ColumnEncoding, TrainingLeads
from leadledger.models.learner.combinations import read_trees, read_variants
from leadledger.models.learner.imitation import Imitation, imitate
from leadledger.scoring.bins import NumberBins

BINS = [NumberBins((1.0, 2.0, 3.0))] * 6
SETS = [(0, 1, 2), (2, 3, 4)]


@pytest.fixture(scope="module")
def leads() -> TrainingLeads:
    """Leads in the bins of six fields; their outcomes don't matter here."""
    random = np.random.default_rng(0)
    indexes = random.integers(1, 5, (3000, 6))
    return TrainingLeads(indexes, random.integers(0, 2, 3000).astype(float), np.ones(3000))


@pytest.fixture(scope="module")
def added(leads: TrainingLeads) -> list[Floats]:
    """What the trees of three bags add: one field by itself, two sets together, and some noise of each bag."""
    high = leads.indexes > 2
    together = high[:, 0] & high[:, 1] & high[:, 2]
    overlapping = high[:, 2] & high[:, 3] & ~high[:, 4]
    random = np.random.default_rng(1)
    common = 0.5 + 0.4 * high[:, 5] + 1.0 * together - 0.8 * overlapping
    return [common + 0.1 * bag * together + random.normal(0, 0.02, 3000) for bag in (-1, 0, 1)]


@pytest.fixture(scope="module")
def imitation(leads: TrainingLeads, added: list[Floats]) -> Imitation:
    """The trees that imitate the three bags."""
    return fit(leads, added, (0,) * 6)


def fit(leads: TrainingLeads, added: list[Floats], monotone: Sequence[int]) -> Imitation:
    """An imitation of what bags add, with fields of these directions."""
    counts = [np.bincount(leads.indexes[:, field], minlength=5) for field in range(6)]
    encode = partial(ColumnEncoding.of, BINS, counts, monotone, [np.arange(5)] * 6)
    alone, *of_sets = (encode(groups) for groups in ([(field,) for field in range(6)], [SETS[0]], [SETS[1]]))
    return imitate(leads, np.arange(3000), alone, of_sets, [0.6, 0.4], added)


def total(imitation: Imitation, indexes: Indexes, bag: int | None) -> Floats:
    """What is added for each lead, on average or with the changes of a bag."""
    counts = [np.bincount(indexes[:, field], minlength=5) for field in range(6)]
    changes = imitation.changes if bag is None else imitation.of_bags[bag]
    trees = [
        tree
        for turn, leaves in zip(imitation.turns, changes.leaves, strict=True)
        for tree in read_trees(turn, indexes, counts, 1.0, leaves)
    ]
    tables = sum(table[indexes[:, field]] for field, table in enumerate(changes.tables))
    return add_trees(trees, indexes) + tables + (imitation.mean if bag is None else imitation.means[bag])


def test_few_trees_come_near_the_average_of_the_bags(
    leads: TrainingLeads, added: list[Floats], imitation: Imitation
) -> None:
    """All but the noise."""
    average = np.mean(added, axis=0)
    left = total(imitation, leads.indexes, None) - average
    assert np.var(left) < 0.01 * np.var(average)
    assert np.abs(left).max() < 0.2


def test_the_changes_are_the_average_of_those_of_the_bags(leads: TrainingLeads, imitation: Imitation) -> None:
    """On one structure of trees, each bag has changes of its own, from which the standard errors come."""
    few = leads.indexes[:200]
    of_bags = [total(imitation, few, bag) for bag in range(3)]
    assert np.allclose(np.mean(of_bags, axis=0), total(imitation, few, None), atol=1e-6)
    assert np.ptp(of_bags, axis=0).max() > 0.1


def test_trees_are_read_once_for_all_bags(leads: TrainingLeads, imitation: Imitation) -> None:
    """Each bag has the trees that it has when they are read for it alone."""
    counts = [np.bincount(leads.indexes[:, field], minlength=5) for field in range(6)]
    at = len(imitation.turns) - 1
    variants = [None, *(changes.leaves[at] for changes in imitation.of_bags)]
    alone = [read_trees(imitation.turns[at], leads.indexes, counts, 0.5, variant) for variant in variants]
    together = read_variants(imitation.turns[at], leads.indexes, counts, 0.5, variants)
    assert [list(trees) for trees in zip(*alone, strict=True)] == together
    assert alone[0] != alone[1]


def test_every_tree_asks_fields_of_one_set(leads: TrainingLeads, imitation: Imitation) -> None:
    """Also where sets overlap; what a field does by itself comes first, in trees of that field alone."""
    alone, *of_sets = imitation.turns
    counts = [np.bincount(leads.indexes[:, field], minlength=5) for field in range(6)]
    fields = [find_fields(tree) for tree in read_trees(alone, leads.indexes, counts, 1.0)]
    assert {5} in fields
    assert max(map(len, fields)) == 1
    for at, turn in enumerate(of_sets):
        for tree in read_trees(turn, leads.indexes, counts, 1.0):
            assert find_fields(tree) <= set(SETS[at % 2])


def test_all_leaves_at_once_come_nearer_than_one_tree_after_the_other(
    leads: TrainingLeads, added: list[Floats], imitation: Imitation
) -> None:
    """What is left of the average has less than half of the variance that it has without changes."""
    average = np.mean(added, axis=0) - imitation.mean
    without = np.sum([turn.add(leads.indexes, turn.rounds) for turn in imitation.turns], axis=0)
    left = total(imitation, leads.indexes, None) - imitation.mean - average
    assert np.var(left) < 0.5 * np.var(without - average)


def test_a_monotone_field_keeps_its_order(leads: TrainingLeads, added: list[Floats]) -> None:
    """What a monotone field does, alone or in the trees that ask it, isn't changed on average; other fields are."""
    imitation = fit(leads, added, (1, 0, 0, 0, 0, 1))
    changed = [bool(np.any(table)) for table in imitation.changes.tables]
    assert changed == [False, True, True, True, True, False]
    for value in range(1, 4):
        lower, higher = leads.indexes.copy(), leads.indexes.copy()
        lower[:, 0], higher[:, 0] = value, value + 1
        assert np.all(total(imitation, higher, None) >= total(imitation, lower, None) - 1e-9)
