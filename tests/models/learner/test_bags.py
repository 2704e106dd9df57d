"""What a lead judges, it had no say in."""

from __future__ import annotations

import numpy as np
import pytest

from leadledger.models.learner.additive import Floats
from leadledger.models.learner.bags import BaggedTables, Bags, choose_rounds, drop_pair, mix_tables
from leadledger.models.learner.boosting import (
    BoostedTrees,
    BoostOptions,
    ColumnEncoding,
    TrainingLeads,
    boost,
    held_out_loss,
    hold_out,
)
from leadledger.scoring.bins import NumberBins


def make_leads(count: int) -> TrainingLeads:
    """Three fields of four bins; the first tells a little."""
    random = np.random.default_rng(0)
    indexes = random.integers(1, 5, (count, 3))
    outcome = (random.random(count) < 0.2 + 0.1 * indexes[:, 0]).astype(float)
    return TrainingLeads(indexes, outcome, np.ones(count))


def fit_bags(leads: TrainingLeads, bags: int) -> tuple[Bags, list[BoostedTrees]]:
    """Bags of the leads, with a fit of each over all fields."""
    counts = [np.bincount(leads.indexes[:, field], minlength=5) for field in range(3)]
    encoding = ColumnEncoding.of([NumberBins((1.0, 2.0, 3.0))] * 3, counts, (0,) * 3, [np.arange(5)] * 3, [range(3)])
    folds = hold_out(leads, bags, 0)
    starts = [np.full(len(leads.outcome), leads.average(kept)) for kept, _ in folds]
    return Bags(leads, folds, starts), boost(leads, folds, encoding, BoostOptions(60, 0.3, 8, patience=10), starts)


def test_a_bag_has_all_rounds_that_it_has_boosted() -> None:
    """Not only those up to the best for the leads that it holds out: they judge it, and would flatter it."""
    leads = make_leads(600)
    bags, fits = fit_bags(leads, 4)
    assert max(choose_rounds(fits)) < fits[0].rounds < 60
    for (_, held), start, fit in zip(bags.folds, bags.starts, fits, strict=True):
        last = len(fit.curve) - 1
        assert fit.booster.num_trees() == fit.rounds == last
        assert held_out_loss(leads, held, start + fit.add(leads.indexes, last)) == pytest.approx(fit.curve[last])


def curve(*losses: float) -> BoostedTrees:
    """A fit with this curve of held-out losses."""
    return BoostedTrees(None, [], 0, np.array(losses))  # type: ignore[arg-type]  # the curve alone is looked at


def test_the_rounds_of_a_bag_are_chosen_by_the_other_half() -> None:
    """The leads that a bag holds out have no say in its rounds."""
    early, late = curve(3.0, 1.0, 2.0), curve(3.0, 2.0, 1.0)
    assert choose_rounds([early, late, early, late]) == [2, 1, 2, 1]
    assert choose_rounds([early]) == [1]


def test_halves_are_of_all_held_out_leads() -> None:
    """Every other bag's, and the rest; of a single bag, every other lead that it holds out."""
    leads = make_leads(80)
    for count in (1, 4):
        folds = hold_out(leads, count, 0)
        bags = Bags(leads, folds, [np.zeros(80)] * len(folds))
        first, second = bags.halves
        held = np.unique(np.concatenate([held for _, held in folds]))
        assert not (first & second).any()
        assert np.array_equal(np.flatnonzero(first | second), held)
        assert abs(int(first.sum()) - int(second.sum())) <= 2


def test_the_rows_of_a_lead_are_held_out_together() -> None:
    """A lead with several rows is kept or held out in all of them, and each is held out once."""
    once = make_leads(200)
    rows = np.repeat(np.arange(200), 1 + np.arange(200) % 4)
    leads = TrainingLeads(once.indexes[rows], once.outcome[rows], once.weights[rows], rows)
    folds = hold_out(leads, 4, 0)
    for kept, held in folds:
        assert not set(rows[kept]) & set(rows[held])
        assert len(kept) + len(held) == len(rows)
    assert sorted(np.concatenate([held for _, held in folds])) == list(range(len(rows)))


def test_the_rows_of_a_lead_gain_together() -> None:
    """A gain is as sure on leads with four equal rows each as on these leads with one."""
    random = np.random.default_rng(2)
    outcome = (random.random(400) < 0.3).astype(float)
    without, having = np.full(400, -0.85), -0.85 + 0.35 * outcome + random.normal(0, 0.9, 400)

    def pays(times: int, errors: float, groups: bool = True) -> bool:
        rows = np.repeat(np.arange(400), times)
        leads = TrainingLeads(
            np.zeros((len(rows), 1), int), outcome[rows], np.ones(len(rows)), rows if groups else None
        )
        return Bags(leads, [], []).pays(without[rows], having[rows], errors)

    errors = np.linspace(-6, 6, 49)
    assert [pays(4, error) for error in errors] == [pays(1, error) for error in errors]
    assert [pays(4, error, groups=False) for error in errors] != [pays(1, error) for error in errors]


def weigh(size: float, noise: float) -> float:
    """The weight of a model that is better by `size` of the truth, and has some noise."""
    random = np.random.default_rng(3)
    truth = random.normal(size=4000)
    outcome = (random.random(4000) < 1 / (1 + np.exp(-truth))).astype(float)
    leads = TrainingLeads(np.zeros((4000, 1), dtype=np.int64), outcome, np.ones(4000))
    bags = Bags(leads, hold_out(leads, 8, 0), [np.zeros(4000)] * 8)
    return bags.weigh(np.zeros(4000), size * truth + noise * random.normal(size=4000))


def test_a_model_counts_as_far_as_it_pays() -> None:
    """All of a good one, a part of one that goes too far, nothing of noise; never less than nothing."""
    assert weigh(1.0, 0.0) >= 0.9
    assert 0.4 < weigh(2.0, 0.0) < 0.6
    assert weigh(0.0, 0.3) == 0.0
    assert weigh(-1.0, 0.0) == 0.0


def test_a_pair_is_dropped_but_not_what_its_fields_do() -> None:
    """Its rows and columns move to the tables; what is left out averages zero."""
    counts = [np.array([1, 3]), np.array([2, 2])]
    cells = np.array([[0.0, 2.0], [4.0, 8.0]])
    intercept, singles, pairs = drop_pair((0.0, [np.zeros(2), np.zeros(2)], {(0, 1): cells}), (0, 1), counts)
    assert pairs == {}
    left = cells - intercept - singles[0][:, None] - singles[1][None, :]
    assert np.allclose(left @ [0.5, 0.5], 0)
    assert np.allclose([0.25, 0.75] @ left, 0)


def test_tables_are_mixed_pair_by_pair() -> None:
    """A pair that one model alone has counts by the weight of that model."""

    def tables(pair: tuple[int, int], value: float) -> BaggedTables:
        cells: dict[tuple[int, int], Floats] = {pair: np.full((2, 2), value)}
        return BaggedTables([(value, [np.full(2, value)], cells)], np.full(3, value), [pair], [value], 5)

    mixed = mix_tables(tables((0, 1), 1.0), tables((0, 2), 3.0), 0.75)
    assert mixed.pairs == [(0, 2), (0, 1)]
    intercept, singles, pairs = mixed.by_bag[0]
    assert (intercept, singles[0].tolist(), pairs[0, 1][0, 0], pairs[0, 2][0, 0]) == (2.5, [2.5, 2.5], 0.25, 2.25)
    assert mixed.held_out.tolist() == [2.5] * 3
