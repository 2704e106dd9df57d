"""How long leads take to become an opportunity, and whether the horizon was well chosen.

A lead that has not become one yet may still do so: how long it has been watched is all that is known. The share that
has converted after so many days is therefore estimated by Kaplan and Meier's product of the daily chances among those
still watched, over all dated leads, the immature ones too. Its limits are Greenwood's on the log-log scale, which stay
between 0 and 1.
"""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import CensoredData, ecdf

from leadledger.training.notebook import table

MOST_CURVE_POINTS = 60  # points of the curve that are reported
FEWEST_WATCHED = (
    10  # leads that must still be watched, or the curve ends: a single lead would move it by a tenth and more
)
ENOUGH_SHARE = 0.95  # of those who convert at all: a horizon that catches so many is long enough
SHORT_SHARE = 0.80  # and one that catches fewer than so many is short


@dataclass(frozen=True)
class Point:
    """The share (0..1) that has converted by the end of a day, with 95 % limits; the leads watched until then."""

    day: int
    share: float
    low: float
    high: float
    at_risk: int


@dataclass(frozen=True)
class Maturity:
    """The curve of conversion, up to the last day on which enough leads were watched.

    `within_horizon` and `eventually` are the shares (0..1) at the horizon and at the end of the curve; the first is
    None where the curve ends before. `immature` leads are too young to learn from. `said` puts it in a sentence.
    """

    horizon: int
    immature: int
    leads: int
    curve: tuple[Point, ...]
    within_horizon: float | None
    eventually: float
    said: str

    def _repr_html_(self) -> str:
        return table([asdict(point) for point in self.curve], "Days to become an opportunity", self.said)

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        return asdict(self) | {"curve": [asdict(point) for point in self.curve]}


def maturity(days: NDArray[np.int64], converted: NDArray[np.bool_], horizon: int, immature: int = 0) -> Maturity | None:
    """The curve of some leads, and the word on the horizon (days); None for fewer leads than a curve needs.

    Shapes: (n,) whole days until a lead became an opportunity, or for which it has been watched; (n,) whether it did.
    """
    if len(days) < FEWEST_WATCHED:
        return None
    survival = ecdf(CensoredData.right_censored(days, ~converted)).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no limits at shares of 0 and 1: these are given below
        limits = survival.confidence_interval(0.95, method="log-log") if converted.any() else None
    waits = np.sort(days)
    last = int(waits[-FEWEST_WATCHED])
    shown = {*np.linspace(0, last, min(MOST_CURVE_POINTS, last + 1)).round().astype(int).tolist(), last}
    if horizon <= last:
        shown.add(horizon)
    curve = []
    for day in sorted(shown):
        share = 1 - float(survival.evaluate(day))
        at_risk = len(waits) - int(np.searchsorted(waits, day))
        low, high = (0.0, 1.0) if limits is None else _limits(limits, day)
        # The log-log scale has no place for 0 and 1; the exact limit of a rate does.
        if share <= 0:
            low, high = 0.0, 1 - 0.025 ** (1 / at_risk)
        elif share >= 1:
            low, high = 0.025 ** (1 / len(waits)), 1.0
        curve.append(Point(day, share, low, high, at_risk))
    eventually = curve[-1].share
    within = 1 - float(survival.evaluate(horizon)) if horizon <= last else None
    enough = None
    if eventually > 0:
        steps = survival.quantiles[1 - survival.probabilities >= ENOUGH_SHARE * eventually - 1e-12]
        enough = int(steps[0])
    sentence = _said(horizon, last, within, eventually, enough)
    return Maturity(horizon, immature, len(days), tuple(curve), within, eventually, sentence)


def _limits(limits: Any, day: int) -> tuple[float, float]:
    """The limits of the share converted by a day, from those of the share that has not."""
    return 1 - float(limits.high.evaluate(day)), 1 - float(limits.low.evaluate(day))


def _said(horizon: int, last: int, within: float | None, eventually: float, enough: int | None) -> str:
    """Whether the horizon was well chosen. `enough`: the day by which most have converted; None: none ever did."""
    if enough is None:
        return f"no lead converted within the {last} days seen, which says nothing about the horizon"
    if within is None or horizon == last:
        return (
            f"too few leads were watched for more than {last} days to tell whether leads convert after the horizon of"
            f" {horizon} days; {eventually:.1%} of all leads had converted by then"
        )
    caught = within / eventually
    still = (eventually - within) / (1 - within) if within < 1 else 0.0
    sentence = (
        f"{horizon} days catch {caught:.0%} of those who convert within the {last} days seen ({within:.1%} of"
        f" {eventually:.1%} of all leads); a lead that has not converted by then still does with a chance of"
        f" {still:.1%}"
    )
    if enough > horizon:
        short = "the horizon is short: " if caught < SHORT_SHARE else ""
        return f"{sentence}; {short}{enough} days would catch {ENOUGH_SHARE:.0%}"
    if enough <= horizon / 2:
        return f"{sentence}; {enough} days would catch {ENOUGH_SHARE:.0%}, and fewer leads would be too young to judge"
    return f"{sentence}; the horizon is well chosen"
