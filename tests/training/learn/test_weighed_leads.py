"""A lead that stands for several counts like so many leads, wherever all leads are spoken of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from leadledger.scoring.gate import Capacity, DealValue
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.learn.capacity_threshold import find_capacity_threshold
from leadledger.training.learn.newest_rate import find_newest_rate
from leadledger.training.learn.percentiles import find_percentiles
from leadledger.training.learn.precision_threshold import Look, find_precision_threshold
from leadledger.training.learn.proof import count_alike
from leadledger.training.learn.trust import combine, in_the_large
from leadledger.training.learn.value_threshold import find_value_threshold

LEADS = 400
RANDOM = np.random.default_rng(5)
TOTALS = RANDOM.integers(300, 800, LEADS)
WON = RANDOM.random(LEADS) < (TOTALS - 250) / 700
TIMES = RANDOM.choice([1, 1, 1, 3, 20], LEADS)
WEIGHTS = TIMES.astype(float)


def repeated(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """The values of leads, each as often as it counts."""
    return np.repeat(values, TIMES)


def test_a_judgement_is_that_of_repeated_leads() -> None:
    """All measures but the numbers of leads are those of a list in which each lead stands as often as it counts."""
    probability = (TOTALS - 250) / 600
    weighed = judge(WON, probability, WEIGHTS)
    whole = judge(repeated(WON), repeated(probability))  # type: ignore[arg-type]
    assert (weighed.leads, weighed.won) == (LEADS, WON.sum())
    for name in ("auc", "average_precision", "log_loss", "brier", "slope", "intercept"):
        assert getattr(weighed, name) == pytest.approx(getattr(whole, name), rel=1e-4), name
    assert weighed.gain == pytest.approx(whole.gain, abs=0.002)  # a tenth of the leads isn't a whole number of them
    assert judge(WON, probability, np.ones(LEADS)).log_loss == judge(WON, probability).log_loss


def test_trust_and_levels_are_those_of_repeated_leads() -> None:
    """Weights of rules and model, intercepts and the newest rate see each lead as often as it counts."""
    rules, model = RANDOM.integers(-100, 100, LEADS), RANDOM.normal(size=LEADS)
    weighed = combine(WON, rules, model, sample_weight=WEIGHTS * LEADS / WEIGHTS.sum())
    once = combine(WON, rules, model)
    assert weighed != once
    assert combine(WON, rules, model, sample_weight=np.ones(LEADS)) == once
    assert in_the_large(model, 0.3, WEIGHTS) == pytest.approx(in_the_large(repeated(model), 0.3))  # type: ignore[arg-type]
    assert find_newest_rate(model, WON, 0.3, np.ones(LEADS)) == find_newest_rate(model, WON, 0.3)


@given(st.lists(st.integers(-30, 30), min_size=100, max_size=250), st.integers(1, 9))
def test_places_with_equal_weights(totals: list[int], weight: int) -> None:
    """The places among leads are the same, whatever the weight that all leads have."""
    assert find_percentiles(np.array(totals), np.full(len(totals), float(weight))) == find_percentiles(np.array(totals))


def test_places_are_those_of_repeated_leads() -> None:
    """A step is where so many of all leads have fewer points."""
    assert find_percentiles(TOTALS, WEIGHTS) == find_percentiles(repeated(TOTALS))  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.booleans(), st.floats(1, 1000)), min_size=1, max_size=60))
def test_leads_of_unequal_weight_count_as_fewer(leads: list[tuple[bool, float]]) -> None:
    """Never as more than there are, never as none; where all weigh alike, as many as there are."""
    won, weights = (np.array(column) for column in zip(*leads, strict=True))
    volumes = np.arange(1, len(leads) + 1)
    alike, alike_won = count_alike(won, weights, volumes)
    assert ((alike >= 1) & (alike <= volumes) & (alike_won >= 0) & (alike_won <= alike)).all()
    alike, alike_won = count_alike(won, np.full(len(leads), weights[0]), volumes)
    assert (alike == volumes).all()
    assert (alike_won == np.cumsum(won)).all()


def test_a_capacity_counts_the_leads_that_they_stand_for() -> None:
    """The threshold by capacity is that of the repeated leads, word for word."""
    capacity = Capacity(40, "week")
    weighed = find_capacity_threshold(TOTALS, WON, capacity, 70, weights=WEIGHTS)
    assert weighed == find_capacity_threshold(repeated(TOTALS), repeated(WON), capacity, 70)  # type: ignore[arg-type]


def test_a_precision_is_proven_by_fewer_leads() -> None:
    """Equal weights prove what no weights do; a few heavy leads below prove less, and the sentence says so."""
    totals, won = np.repeat([700, 500], [200, 10]), np.concatenate([np.arange(200) < 190, np.arange(10) < 9])
    plain = find_precision_threshold(totals, won, 0.85, 0.9)
    assert plain.threshold.points == 500
    assert find_precision_threshold(totals, won, 0.85, 0.9, look=Look(weights=np.full(210, 3.0))) == plain
    weights = np.repeat([1.0, 100.0], [200, 10])
    weighed = find_precision_threshold(totals, won, 0.85, 0.9, look=Look(weights=weights))
    assert weighed.threshold.points == 700
    assert weighed.threshold.promise.endswith("190 of 200 held-out leads did, each scored once")
    heavy = np.repeat([1.0, 4.0], [150, 50])
    low = find_precision_threshold(np.full(200, 500), np.arange(200) % 10 > 0, 0.7, 0.9, look=Look(weights=heavy))
    assert low.threshold.promise.endswith(
        "180 of 200 held-out leads did, each scored once (by their weights 115 of 128)"
    )


def test_a_value_is_that_of_the_leads_they_stand_for() -> None:
    """The net of a promotion is the weighted one, and its limits are those of fewer leads."""
    totals, won = np.full(200, 700), np.arange(200) % 2 == 0
    weights = np.where(won, 1.0, 3.0)
    plain = find_value_threshold(totals, won, DealValue(100, 1), 0.1)
    weighed = find_value_threshold(totals, won, DealValue(100, 1), 0.1, weights)
    assert plain.net == pytest.approx(49)
    assert weighed.net == pytest.approx(24)
    assert plain.low is not None
    assert weighed.low is not None
    assert weighed.high is not None
    assert weighed.low < 24 < weighed.high
