"""Drift: the population stability index, its bands, and what chance alone would bring."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.stats import chi2, entropy

from leadledger.models.stability import LEADS_ADDED, index
from leadledger.training.evidence.drift import Drift, drift, measure_shift

COUNTS = arrays(np.int64, 5, elements=st.integers(0, 1000)).filter(lambda counts: counts.sum() > 0)


def leads(random: np.random.Generator, number: int, moved: float = 0.0) -> tuple[pd.DataFrame, dict, NDArray[np.int64]]:
    """A frame, two rules and totals; `moved` (0..1) moves the budget, the industry, one rule and the totals."""
    budget = random.normal(100 + 30 * moved, 30, number)
    budget[random.random(number) < 0.2] = np.nan
    shares = [0.5 - 0.4 * moved, 0.3, 0.2 + 0.4 * moved]
    frame = pd.DataFrame(
        {
            "budget": budget,
            "industry": random.choice(np.array(["bank", "shop", None], object), number, p=shares),
            "agreed": pd.array(random.random(number) < 0.4, dtype="boolean"),
        }
    )
    rules = {
        "rich": np.where(np.isnan(budget), -1, budget > 110).astype(np.int8),
        "agreed": random.integers(-1, 2, number).astype(np.int8),
    }
    return frame, rules, np.round(random.normal(500 + 100 * moved, 100, number)).astype(np.int64)


def compare(seed: int, older: int, newest: int, moved: float) -> Drift:
    """The drift between two draws."""
    random = np.random.default_rng(seed)
    (frame_old, rules_old, totals_old), (frame_new, rules_new, totals_new) = (
        leads(random, older),
        leads(random, newest, moved),
    )
    return drift(frame_old, frame_new, rules_old, rules_new, totals_old, totals_new)


def test_the_index_by_hand() -> None:
    """From 60, 30 and 10 of a hundred to 40, 30 and 30: the sum over the bins, half a lead added to each."""
    expected = (40.5 - 60.5) / 101.5 * math.log(40.5 / 60.5) + (30.5 - 10.5) / 101.5 * math.log(30.5 / 10.5)
    assert index([60, 30, 10], [40, 30, 30]) == pytest.approx(expected)


def test_what_chance_brings_is_taken_off() -> None:
    """Of three bins, two are free: twice 1/100 + 1/100 is taken off, and chance ends where chi-squared has its 99 %."""
    old, new = np.array([60, 30, 10]), np.array([40, 30, 30])
    shift = measure_shift("a", old, new)
    assert shift.psi == pytest.approx(index(old.tolist(), new.tolist()) - 0.04, abs=1e-4)
    assert shift.chance == pytest.approx((chi2.ppf(0.99, 2) - 2) * 0.02, abs=1e-4)
    assert shift.band == "moved"


@given(old=COUNTS, new=COUNTS)
def test_the_index_is_twice_the_divergence(old: NDArray[np.int64], new: NDArray[np.int64]) -> None:
    """It is the two relative entropies together, so it has no direction, and is 0 only without any change."""
    both = entropy(old + LEADS_ADDED, new + LEADS_ADDED) + entropy(new + LEADS_ADDED, old + LEADS_ADDED)
    before, after = old.tolist(), new.tolist()
    assert index(before, after) == pytest.approx(both, abs=1e-9)
    assert index(before, after) == pytest.approx(index(after, before), abs=1e-9)
    assert index(before, before) == 0


@pytest.mark.parametrize(
    ("new", "band"),
    [([5000, 5000], "steady"), ([3600, 6400], "steady"), ([3300, 6700], "moved"), ([2400, 7600], "shifted")],
)
def test_bands(new: list[int], band: str) -> None:
    """0.08, 0.12 and 0.30, of ten thousand leads, where chance plays no part."""
    shift = measure_shift("a", np.array([5000, 5000]), np.array(new))
    assert shift.band == band


def test_few_leads_do_not_cry_wolf() -> None:
    """Two draws of the same leads, of 60 and 25: hardly ever is anything told to have moved."""
    alarms = shifts = raw = 0
    for seed in range(60):
        drifted = compare(seed, 60, 25, 0.0)
        every = (drifted.score, *drifted.fields, *drifted.rules)
        shifts += len(every)
        alarms += sum(shift.band != "steady" for shift in every)
        random = np.random.default_rng(seed)
        drawn = (random.multinomial(leads, [0.1] * 10).tolist() for leads in (60, 25))
        raw += index(*drawn) >= 0.25
    assert alarms / shifts <= 0.02
    assert raw >= 30  # as the plain index does


def test_what_has_moved_is_named() -> None:
    """The fields, the rule and the score that were moved, the farthest first, and not the others."""
    drifted = compare(1, 3000, 1000, 1.0)
    assert [(shift.name, shift.band) for shift in drifted.fields] == [
        ("industry", "shifted"),
        ("budget", "shifted"),
        ("agreed", "steady"),
    ]
    assert [(shift.name, shift.band) for shift in drifted.rules] == [("rich", "shifted"), ("agreed", "steady")]
    assert drifted.score.band == "shifted"
    assert drifted.said == (
        "from the 3,000 older leads to the 1,000 newest, the score has shifted; the fields industry, budget shifted;"
        " the rule rich shifted"
    )


def test_what_stays_is_steady() -> None:
    """Nothing has moved, and the record is JSON with the keys that a report reads."""
    drifted = compare(2, 3000, 1000, 0.0)
    assert drifted.said == ("from the 3,000 older leads to the 1,000 newest, score, fields and rules are steady")
    content = json.loads(json.dumps(drifted.to_dict(), allow_nan=False))
    assert set(content) == {"score", "fields", "rules", "older", "newest", "said"}
    assert set(content["score"]) == {"name", "psi", "chance", "band"}
    assert [rule["name"] for rule in content["rules"]] == [rule.name for rule in drifted.rules]


def test_a_value_that_goes_missing_is_drift() -> None:
    """Missing is a bin: a field that is filled as before, but less often, has moved."""
    random = np.random.default_rng(4)
    (old, rules, totals), (new, _, _) = leads(random, 2000), leads(random, 2000)
    new.loc[new.index < 1000, "agreed"] = pd.NA
    bands = {field.name: field.band for field in drift(old, new, rules, rules, totals, totals).fields}
    assert bands == {"agreed": "shifted", "budget": "steady", "industry": "steady"}


def test_no_fields_and_equal_totals() -> None:
    """Rules alone, and a score that is the same for all, have nothing that could drift."""
    nothing = pd.DataFrame(index=range(40))
    drifted = drift(nothing, nothing, {}, {}, np.full(40, 500), np.full(40, 500))
    assert (drifted.fields, drifted.rules) == ((), ())
    assert (drifted.score.psi, drifted.score.chance, drifted.score.band) == (0, 0, "steady")
