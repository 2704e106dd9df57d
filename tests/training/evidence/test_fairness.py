"""Fairness on simulated truth: a known bias is found, none is not, limits cover, and proxies are named."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.fairness import Fairness
from leadledger.training.evidence.fairness import (
    FEWEST_COMPARED,
    FairnessMeasures,
    FieldFairness,
    Gap,
    choose_best,
    find_gaps,
    find_proxies,
    list_uses,
    measure_fairness,
    measure_group,
    wilson_limits,
)

BOUNDS = Fairness(rate_ratio=0.8, precision_gap=0.15, calibration_gap=0.08)


def measure(
    rates: dict[str, float],
    leads: int = 600,
    precision: dict[str, float] | None = None,
    off: float = 0.0,
    seed: int = 0,
    bounds: Fairness | None = BOUNDS,
) -> FieldFairness:
    """A field `gender` whose groups are promoted at these rates; `off` is what group a wins beyond its forecast."""
    random = np.random.default_rng(seed)
    names = list(rates)
    groups = np.repeat(names, leads)
    chosen = random.random(len(groups)) < np.repeat(list(rates.values()), leads)
    hits = np.repeat([(precision or {}).get(name, 0.5) for name in names], leads)
    chance = np.where(chosen, hits, 0.1)
    won = random.random(len(groups)) < chance + off * (groups == names[0])
    held = np.arange(len(groups))
    (field,) = measure_fairness(
        {"gender": pd.Series(groups, dtype=object)},
        pd.DataFrame({"noise": random.normal(size=len(groups))}),
        chance,
        chosen,
        "promoted",
        won,
        held[::2],
        held,
        bounds,
    )
    return field


def compare_rates(random: np.random.Generator, rates: dict[str, float], leads: int, bounds: Fairness) -> Gap:
    """The gap in rates between groups of so many leads, drawn anew."""
    groups = []
    for name, rate in rates.items():
        chosen = random.random(leads) < rate
        groups.append(measure_group(name, np.full(leads, 0.5), chosen, chosen))
    return next(find_gaps("gender", groups, bounds, "promoted"))


def verdicts(field: FieldFairness) -> dict[str, str]:
    """The verdict on each bound."""
    return {gap.measure: gap.verdict for gap in field.gaps}


def test_a_bias_in_rates_is_found() -> None:
    """One group is promoted half as often as the other: the ratio, its limits and the bound say so."""
    field = measure({"f": 0.15, "m": 0.30})
    assert verdicts(field) == {"rate_ratio": "exceeded", "precision_gap": "kept", "calibration_gap": "kept"}
    gap = field.gaps[0]
    assert (gap.worse, gap.better) == ("f", "m")
    assert gap.high is not None
    assert gap.low < 0.5 < gap.high < 0.8
    assert gap.said == (
        "of gender f, 12.8% are promoted, of m 30.5%: a ratio of 0.42 (limits 0.34 to 0.51),"
        " below the card's bound of 0.8"
    )


def test_a_bias_in_precision_and_calibration_is_found() -> None:
    """Where promoted leads of one group are won less often, or a group wins more than was predicted, it is said."""
    field = measure({"f": 0.3, "m": 0.3}, leads=2000, precision={"f": 0.3, "m": 0.6})
    assert verdicts(field)["precision_gap"] == "exceeded"
    field = measure({"f": 0.3, "m": 0.3}, off=0.2)
    assert verdicts(field)["calibration_gap"] == "exceeded"
    assert field.gaps[2].said.endswith(", farther off than the card's bound of 0.08")


def test_groups_alike_keep_every_bound() -> None:
    """Enough leads without a bias keep the bounds; few leads can't tell, which exceeds nothing."""
    assert set(verdicts(measure({"f": 0.3, "m": 0.3}, leads=5000)).values()) == {"kept"}
    few = measure({"f": 0.3, "m": 0.3}, leads=60)
    assert verdicts(few)["rate_ratio"] == "open"
    assert few.gaps[0].said.endswith("; too few leads to tell whether the card's bound of 0.8 is kept")


def test_without_bounds_there_is_no_verdict() -> None:
    """The gaps are measured all the same."""
    field = measure({"f": 0.15, "m": 0.30}, bounds=None)
    assert set(verdicts(field).values()) == {""}
    assert field.gaps[0].said.endswith("(limits 0.34 to 0.51)")


@pytest.mark.parametrize(("f", "m", "leads"), [(0.15, 0.30, 200), (0.08, 0.10, 150), (0.5, 0.6, 60)])
def test_the_limits_cover_the_true_ratio(f: float, m: float, leads: int) -> None:
    """Of 300 draws, about 90 % have the true ratio of the pair that they show within the limits."""
    inside, random = 0, np.random.default_rng(0)
    for _ in range(300):
        gap = compare_rates(random, {"f": f, "m": m}, leads, Fairness())
        truth = f / m if gap.worse == "f" else m / f
        inside += gap.low <= truth and (gap.high is None or truth <= gap.high)
    assert inside / 300 > 0.86


def test_a_bound_that_is_just_kept_is_rarely_exceeded() -> None:
    """Six groups, the last at the bound: chance exceeds it in at most 5 % of draws, whichever pair is picked."""
    rates = {"a": 0.3, "b": 0.3, "c": 0.3, "d": 0.3, "e": 0.3, "f": 0.24}
    random = np.random.default_rng(0)
    exceeded = [compare_rates(random, rates, 150, BOUNDS).verdict == "exceeded" for _ in range(200)]
    assert np.mean(exceeded) <= 0.05


def test_a_group_without_promoted_leads_has_limits_too() -> None:
    """A ratio from nothing is 0, with an upper limit."""
    gap = measure({"f": 0.0, "m": 0.30}).gaps[0]
    assert (gap.value, gap.low) == (0, 0)
    assert gap.high is not None
    assert 0 < gap.high < 0.1
    assert wilson_limits(0, 50, 0.05)[0] == 0
    assert wilson_limits(50, 50, 0.05)[1] == 1


def test_small_and_unknown_groups_are_shown_and_not_compared() -> None:
    """A group below the least size, and leads without a value, have measures and no part in a gap."""
    values = pd.Series(["f"] * 200 + ["m"] * 200 + [None] * 50, dtype=object)
    n, held = len(values), np.arange(len(values))
    chosen = np.r_[np.arange(200) < 60, np.arange(200) < 60, np.zeros(50, bool)]
    (field,) = measure_fairness(
        {"gender": values}, pd.DataFrame(index=held), np.full(n, 0.3), chosen, "promoted", chosen, held, held, BOUNDS
    )
    assert [(group.group, group.leads, group.compared) for group in field.groups] == [
        ("missing", 50, False),
        ("f", 200, True),
        ("m", 200, True),
    ]
    assert field.gaps[0].value == 1
    few = np.zeros(FEWEST_COMPARED - 1, bool)
    assert not measure_group("d", np.full(len(few), 0.5), few, few).compared


def test_proxies_are_named_by_what_they_foretell_of_new_leads() -> None:
    """A field that nearly copies the group is named with its skill on held-out leads; noise is not."""
    random = np.random.default_rng(1)
    group = random.integers(1, 3, 3000)
    club = np.where(random.random(3000) < 0.8, np.where(group == 1, "golf", "yoga"), "chess")
    frame = pd.DataFrame({"club": club.astype(object), "noise": random.normal(size=3000)})
    frame["many"] = [f"street {i}" for i in random.integers(0, 300, 3000)]
    (proxy,) = find_proxies(frame.iloc[:2000], frame.iloc[2000:], group[:2000], group[2000:])
    assert proxy.name == "club"
    assert proxy.low < 0.8 < proxy.high
    assert proxy.guessed == pytest.approx(0.9, abs=0.03)
    assert proxy.without == pytest.approx(0.5, abs=0.05)
    assert find_proxies(frame.iloc[:20], frame.iloc[20:], group[:20], group[20:]) == ()


def test_the_best_fifth_takes_all_that_are_alike() -> None:
    """Leads with the same points are all in it, or none."""
    totals = np.array([9, 8, 8, 8, 7, 6, 5, 4, 3, 2])
    assert choose_best(totals).sum() == 4


def test_the_measures_are_json_and_say_all_in_one_sentence() -> None:
    """Bounds that are exceeded or open stand first, then those that are kept, what has no values, and proxies."""
    fields = (measure({"f": 0.15, "m": 0.30}),)
    measures = FairnessMeasures("promoted to opportunity", 1200, fields, ("age",)).to_dict()
    assert json.loads(json.dumps(measures)) == json.loads(json.dumps(measures))
    assert (len(measures["exceeded"]), len(measures["open"])) == (1, 0)
    said: Any = measures["said"]
    assert said.startswith(measures["exceeded"][0])
    assert said.endswith("; 2 of 3 bounds are kept; no lead has a value of age, so nothing could be measured there")
    nothing = FairnessMeasures("promoted to opportunity", 0, (), ()).to_dict()
    assert nothing["said"] == "the card sets no bound, and no field foretells a protected one"


def test_conditions_that_read_a_protected_field_are_listed_with_their_reason() -> None:
    """Through a computed field and by the date that a rule fades from, too."""
    card = parse_card("""
name: accepted
fields: {born: {kind: date}, years: {kind: number, is: days_since(born)}, need: {kind: text}}
protected: [born]
criteria: {of_age: {met: years >= 6574, uses_protected: no sale to minors}}
rules:
  - {name: keen, when: need = 'urgent', points: 5, reason: Is keen, half_life: 9 days of born, uses_protected: a test}
  - {name: plain, when: need = 'vague', points: 1, reason: Is less keen}
""")
    assert list_uses(card) == [
        {"kind": "criterion", "name": "of_age", "fields": ["years"], "reason": "no sale to minors"},
        {"kind": "rule", "name": "keen", "fields": ["born"], "reason": "a test"},
    ]
