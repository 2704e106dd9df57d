"""A threshold by capacity: how many of the newest leads it would have promoted in a day, a week or a month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.scoring.gate import SET_BY_CARD, Capacity, Threshold
from leadledger.scoring.result import format_unsigned

DAYS_PER_PERIOD = {"day": 1.0, "week": 7.0, "month": 365.25 / 12}  # in days


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
            "line": None if self.threshold.points is None else self.threshold.points / 10,
            "asked_capacity": self.capacity.leads,
            "period": self.capacity.period,
            "promoted_per_period": None if self.per_period is None else round(self.per_period, 2),
            "held_out_days": self.days,
            "held_out_leads_promoted": self.leads,
            "of_them_won": self.won,
            "held_out_leads_that_meet_the_criteria": self.judged,
            "said": self.threshold.promise or self.threshold.closed,
        }


def find_capacity_threshold(
    totals: NDArray[np.int64],
    won: NDArray[np.bool_],
    capacity: Capacity,
    days: int | None,
    by_hand: int | None = None,
    weights: NDArray[np.float64] | None = None,
) -> CapacityThreshold:
    """Find the lowest threshold that promotes no more leads than there is capacity for, at the inflow of these.

    Arguments as `find_threshold`; `by_hand` (tenths) is the threshold where the inflow is not known. `weights` (n,):
    for how many leads each stands; None: for itself. Numbers of leads are of those that they stand for.
    """
    stands_for = np.ones(len(totals)) if weights is None else weights
    judged = round(stands_for.sum())
    if days is None:
        why = (
            f"the history doesn't tell how many leads come in per {capacity.period}; name the day in `since` of"
            " `outcome`"
        )
        if by_hand is None:
            threshold = Threshold(None, closed=f"no threshold can be found for {capacity}: {why}")
        else:
            threshold = Threshold(by_hand, promise=f"{SET_BY_CARD}: {why}")
        return CapacityThreshold(threshold, capacity, 0, 0, judged, None, None)
    periods = days / DAYS_PER_PERIOD[capacity.period]
    over = f"over {days:,} days"
    if judged <= capacity.leads * periods:
        sentence = (
            f"no threshold is needed for {capacity}: {_rate(judged / periods)} come in, {judged:,} held-out leads"
            f" that meet the criteria {over}"
        )
        return CapacityThreshold(
            Threshold(promise=sentence), capacity, judged, round(stands_for[won].sum()), judged, days, judged / periods
        )
    # Leads with one total are promoted together, or not at all.
    candidates, group = np.unique(totals, return_inverse=True)
    promoted = np.cumsum(np.bincount(group, stands_for)[::-1])[::-1]  # by each candidate
    few = np.flatnonzero(promoted <= capacity.leads * periods)
    if not len(few):
        highest = f"the highest, {format_unsigned(int(candidates[-1]))} points"
        why = f"{_rate(promoted[-1] / periods)} would have been promoted by {highest}"
        return CapacityThreshold(
            Threshold(closed=f"no threshold can hold {capacity}: {why}"), capacity, 0, 0, judged, days, 0.0
        )
    points = int(candidates[few[0]])
    above = totals >= points
    leads, of_them = round(stands_for[above].sum()), round(stands_for[above & won].sum())
    sentence = (
        f"at most {capacity} are promoted: {_rate(leads / periods)} would have been,"
        f" {leads:,} of {judged:,} held-out leads that meet the criteria {over}, and {of_them:,} of them became"
        " opportunities"
    )
    return CapacityThreshold(
        Threshold(points, promise=sentence), capacity, leads, of_them, judged, days, leads / periods
    )


def _rate(number: float) -> str:
    """How many of something, in a sentence: `38.5`."""
    return f"{number:,.1f}"
