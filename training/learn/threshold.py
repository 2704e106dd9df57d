"""The promotion threshold: found on held-out leads as a stage asks for it, or the reason why no threshold can do it.

By precision, it is Learn-then-Test with a fixed sequence (Angelopoulos and others, 2021). The candidate thresholds are
set by how many held-out leads they promote, never by the outcomes of these leads. They are tested from the strictest
on, each by the exact binomial (Clopper-Pearson) bound at the full confidence, and the last one before the first failure
is taken. So the chance that the true precision of the threshold is below the promise is at most 1 - confidence.

By capacity, it is counted: how many of the newest leads a threshold would have promoted in a day, a week or a month. By
value, it is where the calibrated probability reaches the cost of a promotion over what an opportunity brings; beside it
stands what the held-out leads above it would have brought.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from leadledger.scoring.gate import Capacity, DealValue, Stage, Threshold
from leadledger.scoring.result import format_unsigned
from leadledger.scoring.scorecard import START_TENTHS, TENTHS_PER_DOUBLING, Card
from leadledger.training.history import History
from leadledger.training.intervals import lower_limit, rate_limits

FEWEST_PROMOTED = (
    30  # leads that the strictest candidate promotes; fewer prove nothing, and one bad one would end the sequence
)
CANDIDATE_GROWTH = 1.15  # each candidate promotes so many times the leads of the one before
DAYS_PER_PERIOD = {"day": 1.0, "week": 7.0, "month": 365.25 / 12}  # in days


@dataclass(frozen=True)
class PrecisionThreshold:
    """A threshold by precision: `bound` is the lower limit of the precision, `won` of `leads` held-out leads."""

    threshold: Threshold
    precision: float
    confidence: float
    leads: int
    won: int
    bound: float
    judged: int

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "kind": "precision",
            "line": _points(self.threshold),
            "asked_precision": self.precision,
            "confidence": self.confidence,
            "held_out_leads_promoted": self.leads,
            "of_them_won": self.won,
            "precision_lower_bound": round(self.bound, 4),
            "held_out_leads_that_meet_the_criteria": self.judged,
            "said": self.threshold.promise or self.threshold.closed,
        }


@dataclass(frozen=True)
class CapacityThreshold:
    """A threshold by capacity: `leads` of `judged` held-out leads are promoted, which came in over `days`.

    `days` and `per_period` are None where the history has no days.
    """

    threshold: Threshold
    capacity: Capacity
    leads: int
    won: int
    judged: int
    days: int | None
    per_period: float | None

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "kind": "capacity",
            "line": _points(self.threshold),
            "asked_capacity": self.capacity.leads,
            "period": self.capacity.period,
            "promoted_per_period": None if self.per_period is None else round(self.per_period, 2),
            "held_out_days": self.days,
            "held_out_leads_promoted": self.leads,
            "of_them_won": self.won,
            "held_out_leads_that_meet_the_criteria": self.judged,
            "said": self.threshold.promise or self.threshold.closed,
        }


@dataclass(frozen=True)
class ValueThreshold:
    """A threshold by value: `net` is what a promotion above it brought on average, less its cost.

    `low` and `high` are its limits with 95 % confidence; all three are None where no held-out lead is promoted.
    """

    threshold: Threshold
    value: DealValue
    leads: int
    won: int
    judged: int
    net: float | None
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "kind": "value",
            "line": _points(self.threshold),
            "won_brings": self.value.won,
            "promotion_costs": self.value.cost,
            "least_probability": round(self.value.least, 6),
            "net_per_promotion": self.net,
            "net_low": self.low,
            "net_high": self.high,
            "held_out_leads_promoted": self.leads,
            "of_them_won": self.won,
            "held_out_leads_that_meet_the_criteria": self.judged,
            "said": self.threshold.promise or self.threshold.closed,
        }


FoundThreshold: TypeAlias = PrecisionThreshold | CapacityThreshold | ValueThreshold


def could_be_promoted(
    stage: Stage, criteria: Mapping[str, NDArray[np.int8]], excluded: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which leads points alone hold back from a stage: not excluded, and all that it requires is met.

    Shapes: (n,) each criterion by name (1 met, 0 unmet, -1 unknown), (n,) excluded; (n,) the answer.
    """
    able = ~excluded
    for name in stage.requires:
        able &= criteria[name] == 1
    return able


def find_thresholds(
    card: Card, history: History, totals: NDArray[np.int64], held: NDArray[np.intp], base_rate: float
) -> dict[str, FoundThreshold]:
    """The threshold of each stage that asks training for one, on the held-out leads that could be promoted.

    Shapes: (n,) totals (tenths) of all leads of the history, (m,) positions of those held out.
    """
    days = None if history.days is None else int(np.ptp(history.days[held])) + 1
    thresholds: dict[str, FoundThreshold] = {}
    for stage in card.stages:
        able = held[could_be_promoted(stage, history.criteria, history.excluded)[held]]
        threshold = find_threshold(stage, totals[able], history.won[able], days, base_rate)
        if threshold is not None:
            thresholds[stage.name] = threshold
    return thresholds


def find_threshold(
    stage: Stage, totals: NDArray[np.int64], won: NDArray[np.bool_], days: int | None, base_rate: float
) -> FoundThreshold | None:
    """The threshold that a stage asks training for; None where it asks for none.

    Shapes: (n,) totals (tenths) and (n,) outcomes of the held-out leads that could be promoted. `days` is the number of
    days over which the held-out leads came in, all of them; None: the history has no days. `base_rate` (0..1) is that
    of the scorecard which gave the totals.
    """
    if stage.precision is not None:
        return find_precision_threshold(totals, won, stage.precision, stage.confidence)
    if stage.capacity is not None:
        return find_capacity_threshold(totals, won, stage.capacity, days, stage.points)
    if stage.value is not None:
        return find_value_threshold(totals, won, stage.value, base_rate)
    return None


def precision_by_volume(totals: NDArray[np.int64], won: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """What thresholds would promote, the strictest first, the last one all: leads, their share, precision with limits.

    Shapes: (n,) totals (tenths) and (n,) outcomes of the held-out leads that could be promoted.
    """
    sorted_totals, sorted_won = _strictest_first(totals, won)
    thresholds = _candidates(sorted_totals)
    if len(totals) and sorted_totals[-1] not in thresholds:
        thresholds.append(int(sorted_totals[-1]))
    records = []
    for threshold in thresholds:
        leads, of_them = _promoted(sorted_totals, sorted_won, threshold)
        low, high = rate_limits(of_them, leads)
        records.append(
            {
                "points": threshold / 10,
                "leads": leads,
                "share": leads / len(totals),
                "won": of_them,
                "precision": of_them / leads,
                "low": low,
                "high": high,
            }
        )
    return records


def find_precision_threshold(
    totals: NDArray[np.int64], won: NDArray[np.bool_], precision: float, confidence: float
) -> PrecisionThreshold:
    """Find the threshold for leads that could be promoted. Shapes: (n,) totals (tenths), (n,) outcomes."""
    sorted_totals, sorted_won = _strictest_first(totals, won)
    lowest: PrecisionThreshold | None = None
    best: tuple[float, int] | None = None
    open_ = True
    for threshold in _candidates(sorted_totals):
        leads, of_them = _promoted(sorted_totals, sorted_won, threshold)
        bound = lower_limit(of_them, leads, confidence)
        if best is None or bound > best[0]:
            best = (bound, threshold)
        open_ = open_ and bound >= precision
        if open_:
            sentence = (
                f"at least {precision:.0%} of the promoted become opportunities, with {confidence:.0%} confidence:"
                f" {of_them:,} of {leads:,} held-out leads did"
            )
            lowest = PrecisionThreshold(
                Threshold(threshold, promise=sentence), precision, confidence, leads, of_them, bound, len(totals)
            )
    if lowest is not None:
        return lowest
    if best is None:
        why = f"only {len(totals):,} held-out leads meet the criteria, {FEWEST_PROMOTED} are needed"
    else:
        why = f"the best bound is {best[0]:.2f} at {format_unsigned(best[1])} points"
    closed = Threshold(
        None, closed=f"no threshold can promise that {precision:.0%} of the promoted become opportunities; {why}"
    )
    return PrecisionThreshold(closed, precision, confidence, 0, 0, best[0] if best else 0.0, len(totals))


def find_capacity_threshold(
    totals: NDArray[np.int64], won: NDArray[np.bool_], capacity: Capacity, days: int | None, by_hand: int | None = None
) -> CapacityThreshold:
    """Find the lowest threshold that promotes no more leads than there is capacity for, at the inflow of these.

    Arguments as `find_threshold`; `by_hand` (tenths) is the threshold where the inflow is not known.
    """
    judged = len(totals)
    if days is None:
        why = (
            f"the history doesn't tell how many leads come in per {capacity.period}; name the day in `since` of"
            " `outcome`"
        )
        if by_hand is None:
            threshold = Threshold(None, closed=f"no threshold can be found for {capacity}: {why}")
        else:
            threshold = Threshold(by_hand, promise=f"the threshold that the card sets is used: {why}")
        return CapacityThreshold(threshold, capacity, 0, 0, judged, None, None)
    periods = days / DAYS_PER_PERIOD[capacity.period]
    sorted_totals, sorted_won = _strictest_first(totals, won)
    over = f"over {days:,} days"
    if judged <= capacity.leads * periods:
        sentence = (
            f"no threshold is needed for {capacity}: {_rate(judged / periods)} come in, {judged:,} held-out leads"
            f" that meet the criteria {over}"
        )
        return CapacityThreshold(
            Threshold(promise=sentence), capacity, judged, int(won.sum()), judged, days, judged / periods
        )
    # Leads with one total are promoted together, or not at all.
    candidates, together = np.unique(sorted_totals, return_counts=True)
    promoted = np.cumsum(together[::-1])[::-1]  # by each candidate
    few = np.flatnonzero(promoted <= capacity.leads * periods)
    if not len(few):
        highest = f"the highest, {format_unsigned(int(candidates[-1]))} points"
        why = f"{_rate(promoted[-1] / periods)} would have been promoted by {highest}"
        return CapacityThreshold(
            Threshold(closed=f"no threshold can hold {capacity}: {why}"), capacity, 0, 0, judged, days, 0.0
        )
    points = int(candidates[few[0]])
    leads, of_them = _promoted(sorted_totals, sorted_won, points)
    sentence = (
        f"at most {capacity} are promoted: {_rate(leads / periods)} would have been,"
        f" {leads:,} of {judged:,} held-out leads that meet the criteria {over}, and {of_them:,} of them became"
        " opportunities"
    )
    return CapacityThreshold(
        Threshold(points, promise=sentence), capacity, leads, of_them, judged, days, leads / periods
    )


def find_value_threshold(
    totals: NDArray[np.int64], won: NDArray[np.bool_], value: DealValue, base_rate: float
) -> ValueThreshold:
    """Find the threshold from which a promotion pays; arguments as `find_threshold`.

    Closed where no held-out lead reaches it, and where the held-out leads above it show (the whole interval is below 0)
    that promotions lose by it.
    """
    judged = len(totals)
    threshold = total_at(value.least, base_rate)
    above = totals >= threshold
    leads, of_them = int(above.sum()), int(won[above].sum())
    pays = f"{value.least:.2%} become opportunities that bring {_money(value.won)} each"
    if not leads:
        why = (
            f"the highest of {judged:,} has {format_unsigned(int(totals.max()))}"
            if judged
            else "none meets the criteria"
        )
        closed = Threshold(
            closed=f"no threshold pays: no held-out lead reaches {format_unsigned(threshold)} points,"
            f" where {pays}; {why}"
        )
        return ValueThreshold(closed, value, 0, 0, judged, None, None, None)
    low, high = (rate * value.won - value.cost for rate in rate_limits(of_them, leads))
    net = of_them / leads * value.won - value.cost
    brought = (
        f"{leads:,} held-out leads, of which {of_them:,} became opportunities, would have brought {_money(net)} each"
        f" after the cost of {_money(value.cost)} (95% confidence: {_money(low)} to {_money(high)})"
    )
    if high < 0:
        return ValueThreshold(
            Threshold(closed=f"no threshold pays: from {format_unsigned(threshold)} points, {brought}"),
            value,
            0,
            0,
            judged,
            net,
            low,
            high,
        )
    unsure = "; whether they pay is not sure yet" if low < 0 else ""
    sentence = f"a promotion pays where {pays}: {brought}{unsure}"
    return ValueThreshold(Threshold(threshold, promise=sentence), value, leads, of_them, judged, net, low, high)


def total_at(probability: float, base_rate: float) -> int:
    """The lowest total (tenths) with at least a probability, both rates strictly between 0 and 1."""
    exact = START_TENTHS + (logit(probability) - logit(base_rate)) / math.log(2) * TENTHS_PER_DOUBLING
    return math.ceil(round(float(exact), 6))  # a total that is meant to be whole is not lifted by the last bit


def _rate(number: float) -> str:
    """How many of something, in a sentence: `38.5`."""
    return f"{number:,.1f}"


def _money(number: float) -> str:
    """An amount, in a sentence: `9,000`, `0.35`."""
    return f"{number:,.0f}" if abs(number) >= 100 or number == round(number) else f"{number:,.2f}"


def _points(threshold: Threshold) -> float | None:
    return None if threshold.points is None else threshold.points / 10


def _strictest_first(totals: NDArray[np.int64], won: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    order = np.argsort(-totals, kind="stable")
    return totals[order], won[order]


def _promoted(sorted_totals: NDArray[np.int64], sorted_won: NDArray[np.bool_], threshold: int) -> tuple[int, int]:
    """How many leads a threshold promotes, and how many of them were won."""
    leads = int(np.searchsorted(-sorted_totals, -threshold, side="right"))
    return leads, int(sorted_won[:leads].sum())


def _candidates(sorted_totals: NDArray[np.int64]) -> list[int]:
    """The thresholds to test, strictest first: they promote about 30, 35, 40, … leads, ties always together."""
    candidates: dict[int, None] = {}
    size = float(FEWEST_PROMOTED)
    while size <= len(sorted_totals):
        candidates[int(sorted_totals[int(size) - 1])] = None
        size *= CANDIDATE_GROWTH
    return list(candidates)
