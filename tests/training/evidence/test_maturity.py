"""How long leads take: Kaplan and Meier's curve, and the word on the horizon."""

from __future__ import annotations

import json
import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from leadledger.scoring.card.reader import parse_card
from leadledger.training.evidence.maturity import FEWEST_WATCHED, MOST_CURVE_POINTS, Maturity, maturity
from leadledger.training.history_reader import read_history

CARD = """
name: small
fields:
  met: {kind: date}
  budget: {kind: number}
outcome: {became: {field: won_on, kind: date}, since: met, within: 30 days}
"""


def curve(estimate: Maturity | None) -> dict[int, float]:
    """The share by day."""
    assert estimate is not None
    return {point.day: point.share for point in estimate.curve}


def by_hand(days: NDArray[np.int64], converted: NDArray[np.bool_], day: int) -> tuple[float, float]:
    """The share that has not converted by a day, and Greenwood's sum: the textbook's product, written out."""
    left, greenwood = 1.0, 0.0
    for step in sorted(set(days[converted & (days <= day)])):
        watched, events = int((days >= step).sum()), int((converted & (days == step)).sum())
        left *= 1 - events / watched
        greenwood += events / (watched * (watched - events)) if watched > events else math.inf
    return left, greenwood


def test_the_curve_is_the_textbooks() -> None:
    """Twenty leads, worked out by hand: 2 of 20 on day 1, 1 of 17 on day 3; by then one is no longer watched."""
    days = np.array([1, 1, 2] + [3] + [5] * 16)
    converted = np.array([True, True, False, True] + [False] * 16)
    estimate = maturity(days, converted, horizon=2, immature=7)
    share = curve(estimate)
    assert share[0] == 0
    assert share[1] == share[2] == pytest.approx(0.1)
    assert share[3] == share[5] == pytest.approx(1 - 0.9 * 16 / 17)
    assert estimate is not None
    assert [point.at_risk for point in estimate.curve] == [20, 20, 18, 17, 16, 16]
    assert estimate.within_horizon == pytest.approx(0.1)
    assert estimate.eventually == share[5]
    assert (estimate.horizon, estimate.immature, estimate.leads) == (2, 7, 20)


@given(
    leads=st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=FEWEST_WATCHED, max_size=60),
    horizon=st.integers(1, 15),
)
def test_the_curve_agrees_with_the_product(leads: list[tuple[int, bool]], horizon: int) -> None:
    """Shares and log-log limits are those of the formulas; the share never falls and lies between its limits."""
    days, converted = np.array([lead[0] for lead in leads]), np.array([lead[1] for lead in leads])
    estimate = maturity(days, converted, horizon)
    assert estimate is not None
    json.dumps(estimate.to_dict(), allow_nan=False)
    shares = [point.share for point in estimate.curve]
    assert shares == sorted(shares)
    for point in estimate.curve:
        left, greenwood = by_hand(days, converted, point.day)
        assert point.share == pytest.approx(1 - left)
        assert 0 <= point.low <= point.share + 1e-12
        assert point.share - 1e-12 <= point.high <= 1
        if 1e-9 < left < 1 - 1e-9:
            apart = norm.ppf(0.975) * math.sqrt(greenwood) / abs(math.log(left))
            assert point.low == pytest.approx(1 - left ** math.exp(-apart))
            assert point.high == pytest.approx(1 - left ** math.exp(apart))


def test_it_finds_the_true_curve() -> None:
    """Leads that convert at an even pace for ever, watched for 0 to 400 days: the true share lies within the limits."""
    random = np.random.default_rng(3)
    takes, watched = random.exponential(200, 5000), random.uniform(0, 400, 5000)
    estimate = maturity(np.minimum(takes, watched).astype(np.int64), takes <= watched, 90)
    assert estimate is not None
    missed = [point for point in estimate.curve if not point.low <= 1 - math.exp(-(point.day + 1) / 200) <= point.high]
    assert len(missed) <= len(estimate.curve) / 10
    assert len(estimate.curve) <= MOST_CURVE_POINTS + 1


def test_a_curve_ends_where_hardly_anybody_is_watched() -> None:
    """Its last day is the last for which ten leads were watched; a horizon beyond it can't be judged."""
    days = np.array([10] * 20 + [50] * 9)
    estimate = maturity(days, np.arange(29) < 5, 40)
    assert estimate is not None
    assert (estimate.curve[-1].day, estimate.within_horizon) == (10, None)
    assert estimate.said == (
        "too few leads were watched for more than 10 days to tell whether leads convert after the horizon of 40 days;"
        " 17.2% of all leads had converted by then"
    )


def leads(
    *converted: tuple[int, int], watched: int = 300, of: int = 1000
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """So many leads that converted on a day, pairs of day and number, and the others watched to the end."""
    days = np.repeat([*(day for day, _ in converted), watched], [*(number for _, number in converted), 0])
    return np.concatenate([days, np.full(of - len(days), watched)]), np.arange(of) < len(days)


@pytest.mark.parametrize(
    ("converted", "sentence"),
    [
        (
            [(10, 40), (80, 50), (115, 6), (200, 4)],
            "90 days catch 90% of those who convert within the 300 days seen (9.0% of 10.0% of all leads); a lead that"
            " has not converted by then still does with a chance of 1.1%; 115 days would catch 95%",
        ),
        (
            [(10, 40), (180, 61)],
            "90 days catch 40% of those who convert within the 300 days seen (4.0% of 10.1% of all leads); a lead that"
            " has not converted by then still does with a chance of 6.4%; the horizon is short: 180 days would"
            " catch 95%",
        ),
        (
            [(10, 96), (120, 4)],
            "90 days catch 96% of those who convert within the 300 days seen (9.6% of 10.0% of all leads); a lead that"
            " has not converted by then still does with a chance of 0.4%; 10 days would catch 95%, and fewer leads"
            " would be too young to judge",
        ),
        (
            [(10, 40), (70, 56), (120, 4)],
            "90 days catch 96% of those who convert within the 300 days seen (9.6% of 10.0% of all leads); a lead that"
            " has not converted by then still does with a chance of 0.4%; the horizon is well chosen",
        ),
        ([], "no lead converted within the 300 days seen, which says nothing about the horizon"),
    ],
    ids=["nearly", "short", "long", "well", "none"],
)
def test_the_sentence_on_the_horizon(converted: list[tuple[int, int]], sentence: str) -> None:
    """Each case has its sentence, with the numbers that it rests on."""
    estimate = maturity(*leads(*converted), 90)
    assert estimate is not None
    assert estimate.said == sentence


def test_too_few_leads_have_no_curve() -> None:
    """Fewer than the end of a curve needs: nothing is said."""
    assert maturity(np.arange(FEWEST_WATCHED - 1), np.ones(FEWEST_WATCHED - 1, bool), 5) is None


def test_a_history_keeps_how_long_its_young_leads_were_watched() -> None:
    """Immature leads too; not those won before they were met, nor those met after the day of the history."""
    frame = pd.DataFrame(
        {
            "met": [
                "2026-01-01",
                "2026-01-01",
                "2026-03-20",
                "2026-03-25",
                "2026-03-01",
                "2026-02-01",
                "2026-05-01",
                "",
            ],
            "won_on": ["2026-01-31", "", "2026-03-22", "", "2026-02-01", "2026-04-20", "2026-05-02", "2026-01-05"],
            "budget": range(8),
        }
    )
    history = read_history(parse_card(CARD), frame, as_of=date(2026, 4, 1))
    assert history.waits is not None
    assert sorted(zip(history.waits.days.tolist(), history.waits.converted.tolist(), strict=True)) == [
        (2, True),
        (7, False),
        (30, True),
        (59, False),  # it was won later than the day of the history, on which nobody knew
        (90, False),
    ]
    counts = history.counts  # the lead of May lies after the day of the history
    assert (counts.immature, counts.future, counts.before, counts.used) == (2, 1, 1, 3)


def test_a_flag_has_no_waits() -> None:
    """Yes and no don't say when."""
    card = parse_card("name: a\nfields: {n: {kind: number}}\noutcome: {became: {field: y, kind: flag}}\n")
    assert read_history(card, pd.DataFrame({"n": [1.0, 2.0], "y": [1, 0]})).waits is None
