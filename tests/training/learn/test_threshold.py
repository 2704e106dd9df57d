"""The promotion thresholds by capacity and by value, what thresholds would promote, and all of them in a training."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import binomtest

from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.gate import Capacity, DealValue, Stage, Threshold
from leadledger.scoring.probability import compute_probability
from leadledger.training.history_reader import read_history
from leadledger.training.learn.capacity_threshold import DAYS_PER_PERIOD, find_capacity_threshold
from leadledger.training.learn.margin import total_at
from leadledger.training.learn.precision_threshold import Look, PrecisionThreshold, find_precision_threshold
from leadledger.training.learn.threshold import could_be_promoted, find_threshold, find_thresholds, precision_by_volume
from leadledger.training.learn.trust import LOG_ODDS
from leadledger.training.learn.value_threshold import find_value_threshold
from leadledger.training.runs.train import train

# -- by capacity ---------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.usefixtures("few_bags")
WEEK = Capacity(2, "week")


def test_a_capacity_is_the_lowest_threshold_that_holds_it() -> None:
    """Of six leads in two weeks, two a week are the four best; the fifth would be one too many."""
    totals = np.array([700, 300, 650, 500, 640, 400])
    won = np.array([True, False, False, True, True, False])
    threshold = find_threshold(Stage("lead", capacity=WEEK), totals, won, 14, 0.1)
    assert threshold is not None
    assert threshold.threshold == Threshold(
        500,
        promise="at most 2 per week are promoted: 2.0 would have been, 4 of 6 held-out leads that meet the criteria"
        " over 14 days, and 3 of them became opportunities",
    )
    assert threshold.to_dict() == {
        "kind": "capacity",
        "line": 50.0,
        "asked_capacity": 2,
        "period": "week",
        "promoted_per_period": 2.0,
        "held_out_days": 14,
        "held_out_leads_promoted": 4,
        "of_them_won": 3,
        "held_out_leads_that_meet_the_criteria": 6,
        "said": threshold.threshold.promise,
    }


def test_leads_with_one_total_are_promoted_together_or_not_at_all() -> None:
    """Where the next total would bring three at once, the threshold stays above it."""
    totals = np.array([700, 650, 500, 500, 500])
    assert find_capacity_threshold(totals, np.zeros(5, bool), WEEK, 14).threshold.points == 650


def test_where_fewer_come_in_no_threshold_is_needed() -> None:
    """Criteria alone decide, and it is said how many come in."""
    threshold = find_capacity_threshold(np.array([700, 300]), np.array([True, False]), WEEK, 14)
    assert threshold.threshold == Threshold(
        promise="no threshold is needed for 2 per week: 1.0 come in, 2 held-out leads that meet the criteria over"
        " 14 days"
    )


def test_where_the_best_are_too_many_the_gate_is_closed() -> None:
    """If even the highest total brings more than can be taken care of, no threshold can hold the capacity."""
    threshold = find_capacity_threshold(np.full(6, 612), np.ones(6, bool), WEEK, 14)
    assert threshold.threshold == Threshold(
        closed="no threshold can hold 2 per week: 3.0 would have been promoted by the highest, 61.2 points"
    )


@pytest.mark.parametrize(
    ("by_hand", "expected"),
    [
        (None, Threshold(closed="no threshold can be found for 2 per week: {}")),
        (600, Threshold(600, promise="the threshold that the card sets is used: {}")),
    ],
)
def test_without_days_the_inflow_is_not_known(by_hand: int | None, expected: Threshold) -> None:
    """The threshold that the card sets is used, with the reason; without one, the gate is closed."""
    why = "the history doesn't tell how many leads come in per week; name the day in `since` of `outcome`"
    threshold = find_threshold(Stage("lead", (), by_hand, capacity=WEEK), np.array([700]), np.array([True]), None, 0.1)
    assert threshold is not None
    assert threshold.threshold == replace(
        expected, closed=expected.closed.format(why), promise=expected.promise.format(why)
    )


@given(
    totals=arrays(np.int64, st.integers(1, 60), elements=st.integers(300, 330)),
    leads=st.integers(1, 9),
    period=st.sampled_from(sorted(DAYS_PER_PERIOD)),
    days=st.integers(1, 60),
)
def test_a_capacity_is_held_and_used(totals: NDArray[np.int64], leads: int, period: str, days: int) -> None:
    """No more are promoted than asked, and the next lower threshold would promote more."""
    threshold = find_capacity_threshold(totals, np.zeros(len(totals), bool), Capacity(leads, period), days)
    most = leads * days / DAYS_PER_PERIOD[period]
    if threshold.threshold.closed:
        assert (totals == totals.max()).sum() > most
        return
    promoted = totals if threshold.threshold.points is None else totals[totals >= threshold.threshold.points]
    assert len(promoted) == threshold.leads <= most
    if len(promoted) < len(totals):
        below = totals[totals < promoted.min()].max()
        assert (totals >= below).sum() > most


# -- by value ------------------------------------------------------------------------------------------------------


def test_a_value_is_the_threshold_where_a_promotion_pays() -> None:
    """At a base rate of a tenth, one in ten pays from 50.0 points; half of the four above would have been won."""
    totals = np.array([499, 500, 600, 550, 700])
    won = np.array([True, False, True, False, True])
    threshold = find_threshold(Stage("lead", value=DealValue(9000, 900)), totals, won, None, 0.1)
    assert threshold is not None
    low, high = binomtest(2, 4).proportion_ci(method="exact")
    assert threshold.to_dict() == {
        "kind": "value",
        "line": 50.0,
        "won_brings": 9000,
        "promotion_costs": 900,
        "least_probability": 0.1,
        "line_by_predicted_probability": 50.0,
        "held_out_leads_next_to_that": 4,
        "of_those_won": 2,
        "of_those_expected": 0.52,
        "net_per_promotion": 3600,
        "net_low": pytest.approx(low * 9000 - 900),
        "net_high": pytest.approx(high * 9000 - 900),
        "held_out_leads_promoted": 4,
        "of_them_won": 2,
        "held_out_leads_that_meet_the_criteria": 5,
        "said": "a promotion pays where 10.00% become opportunities that bring 9,000 each: 4 held-out leads, of which 2"
        " became opportunities, would have brought 3,600 each after the cost of 900 (95% confidence: -292 to 7,492);"
        " whether they pay is not sure yet",
    }


def test_where_nobody_reaches_the_threshold_none_pays() -> None:
    """The gate is closed, and the highest total is named."""
    threshold = find_value_threshold(np.array([499, 420]), np.array([True, False]), DealValue(9000, 900), 0.1)
    assert threshold.threshold == Threshold(
        closed="no threshold pays: no held-out lead reaches 50.0 points, where 10.00% become opportunities that bring"
        " 9,000 each; the highest of 2 has 49.9"
    )
    assert threshold.net is None


def test_where_the_leads_above_it_lose_no_threshold_pays() -> None:
    """A hundred held-out leads far above the threshold that bring nothing outweigh what the probability says."""
    threshold = find_value_threshold(np.full(100, 650), np.zeros(100, bool), DealValue(9000, 900), 0.1)
    assert threshold.threshold.points is None
    assert threshold.threshold.closed == (
        "no threshold pays: from 50.0 points, 100 held-out leads, of which 0 became opportunities, would have brought"
        " -900 each after the cost of 900 (95% confidence: -900 to -574)"
    )


def test_where_the_leads_next_to_the_threshold_lose_it_moves_to_where_they_pay() -> None:
    """Probabilities are 40 % too high, and the average still pays: the leads from 50.0 to 55.0 points don't."""
    random = np.random.default_rng(3)
    totals = np.round(random.normal(400, 150, 20_000)).astype(np.int64)
    won = random.random(20_000) < expit((totals - 500) * LOG_ODDS + logit(0.1)) / 1.4
    threshold = find_value_threshold(totals, won, DealValue(9000, 900), 0.1)
    assert threshold.predicted == 500
    assert threshold.threshold.points == pytest.approx(555, abs=15)
    next_to_it = (totals >= 500) & (totals < 540)
    assert won[next_to_it].mean() * 9000 < 900
    assert won[totals >= 500].mean() * 9000 > 900
    assert threshold.threshold.promise.startswith(
        "a promotion pays where 10.00% become opportunities that bring 9,000 each (by its probabilities from 50.0"
        f" points, but of {threshold.margin.leads:,} held-out leads within ten points of that {threshold.margin.won:,}"
        f" were won, and {threshold.margin.expected:,.0f} were expected): "
    )


@given(least=st.floats(0.001, 0.999), base_rate=st.floats(0.001, 0.999))
def test_the_total_at_a_probability_is_the_lowest_with_it(least: float, base_rate: float) -> None:
    """The probability that is shown at that total reaches it, and a tenth below it doesn't."""
    total = total_at(least, base_rate)
    here, below = compute_probability(base_rate, total), compute_probability(base_rate, total - 1)
    assert here is not None
    assert below is not None
    assert below < least <= here + 1e-7


def test_a_stage_that_asks_for_nothing_gets_nothing() -> None:
    """A threshold set by hand, or criteria alone, are left as they are."""
    assert find_threshold(Stage("lead", ("need",), 600), np.array([700]), np.array([True]), 14, 0.1) is None


def test_a_precision_is_found_through_the_same_door() -> None:
    """The base rate and what is known of the leads go with it."""
    totals, won = np.arange(400, 700), np.arange(300) >= 100
    stage = Stage("lead", precision=0.7, confidence=0.8)
    look = Look(error_share=0.5, history_leads=1200)
    assert find_threshold(stage, totals, won, None, 0.1, look) == find_precision_threshold(
        totals, won, 0.7, 0.8, 0.1, look
    )


def test_thresholds_know_no_order_of_the_file() -> None:
    """Leads with one total are promoted together, so that it makes no difference which of them come first."""
    totals = np.repeat([700, 650, 600, 400], [30, 40, 50, 60])
    won = np.arange(180) % 3 > 0
    order = np.random.default_rng(1).permutation(180)
    for stage in (
        Stage("lead", precision=0.5),
        Stage("lead", capacity=Capacity(60, "week")),
        Stage("lead", value=DealValue(9000, 900)),
    ):
        assert find_threshold(stage, totals, won, 14, 0.1) == find_threshold(stage, totals[order], won[order], 14, 0.1)


def test_a_history_whose_rate_falls_gets_a_promise_for_its_day() -> None:
    """The thresholds of a card know the days of the history: while the rate halves in a year, more is asked for."""
    card = read_card(find_examples() / "b2b-software" / "card.yaml")
    history = read_history(card, load_simulator().simulate(1500, seed=3))
    leads, random = len(history), np.random.default_rng(1)
    days = np.sort(random.integers(0, 3 * 365, leads))
    totals = np.round(random.normal(550, 200, leads)).astype(np.int64)
    history = replace(
        history,
        days=days,
        won=random.random(leads) < expit((totals - 500) * LOG_ODDS - np.log(2) * (days / 365 - 3)),
        criteria={name: np.ones(leads, np.int8) for name in history.criteria},
        excluded=np.zeros(leads, bool),
        as_of=date(1973, 3, 31),
    )
    found = find_thresholds(card, history, totals, np.arange(leads)[-leads // 2 :], 0.5)["opportunity"]
    assert isinstance(found, PrecisionThreshold)
    assert found.fall is not None
    assert found.fall.day == date(1973, 3, 31)
    assert found.threshold.promise.endswith("and the promise is for 1973-03-31: train again while the rate falls")
    unknown = np.full(leads, np.nan)
    steady = find_thresholds(card, history, totals, np.arange(leads)[-leads // 2 :], 0.5, comparable=unknown)
    assert isinstance(steady["opportunity"], PrecisionThreshold)
    assert steady["opportunity"].fall is None, "a fall is looked for by comparable totals alone"


# -- what thresholds would promote -----------------------------------------------------------------------------------


def test_only_points_hold_back_who_could_be_promoted() -> None:
    """Not excluded, and every required criterion met: an unknown one is not."""
    criteria = {
        "need": np.array([1, 1, 0, -1, 1], np.int8),
        "budget": np.array([1, 0, 1, 1, -1], np.int8),
        "timing": np.zeros(5, np.int8),
    }
    excluded = np.zeros(5, bool)
    both = Stage("lead", ("need", "budget"))
    assert could_be_promoted(both, criteria, excluded).tolist() == [True, False, False, False, False]
    assert could_be_promoted(Stage("lead"), criteria, ~excluded).tolist() == [False] * 5
    assert not excluded.any()


def test_precision_by_volume() -> None:
    """From the strictest threshold to all leads; ties together; each with its exact limits."""
    totals = np.repeat([400, 700, 600], [50, 10, 30])
    won = np.repeat([False, True, True, False], [50, 10, 10, 20])
    first, last = precision_by_volume(totals, won)
    low, high = binomtest(20, 40).proportion_ci(method="exact")
    assert first == {
        "points": 60.0,
        "leads": 40,
        "share": pytest.approx(40 / 90),
        "won": 20,
        "precision": 0.5,
        "low": pytest.approx(low),
        "high": pytest.approx(high),
    }
    assert (last["points"], last["leads"], last["share"], last["won"]) == (40.0, 90, 1.0, 20)
    assert precision_by_volume(totals[:0], won[:0]) == []
    assert [record["leads"] for record in precision_by_volume(totals[:5], won[:5])] == [5]


# -- in a training run ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_training_finds_the_thresholds_that_the_card_asks_for(tmp_path: Path) -> None:
    """A capacity and a value: the release holds both thresholds, and the held-out leads bear them out."""
    text = (find_examples() / "b2b-software" / "card.yaml").read_text("utf-8")
    text = text.replace("probability: {precision: 0.70, confidence: 0.90}", "capacity: 1 per week")
    text = text.replace("- {name: customer}", "- {name: customer, value: {won: 9000, cost: 900}}")
    path = tmp_path / "card.yaml"
    path.write_text(text, "utf-8")
    training = train(path, load_simulator().simulate(2000, seed=7, until=date(2026, 6, 30)))
    history, promises = training.history, training.metrics["promises"]
    assert history is not None
    assert history.days is not None
    held, totals = training.held, training.judged
    won = history.won[held]
    for stage in training.card.stages[2:]:
        threshold = training.learned.thresholds[stage.name]
        assert threshold.points is not None
        assert promises[stage.name]["said"] == threshold.promise
        able = could_be_promoted(stage, history.criteria, history.excluded)[held]
        promoted = able & (totals >= threshold.points)
        assert promises[stage.name]["held_out_leads_promoted"] == promoted.sum()
        assert promises[stage.name]["of_them_won"] == won[promoted].sum()
    weeks = (history.days[held].max() - history.days[held].min() + 1) / 7
    assert 0.5 < promises["opportunity"]["held_out_leads_promoted"] / weeks <= 1
    assert training.learned.base_rate is not None
    at_threshold = compute_probability(training.learned.base_rate, training.learned.thresholds["customer"].points or 0)
    assert at_threshold == pytest.approx(0.1, abs=0.001)
