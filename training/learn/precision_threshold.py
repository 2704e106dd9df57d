"""A threshold by precision, with its promise in words, or the reason why there is none and what would be needed.

It is the lowest of several candidates that is proven (`proof`): the chance that its true precision is below the promise
is at most 1 - confidence. Where leads that score alike are won less and less often, the held-out leads must show so
much more as will be lost until the day of the promise (`falling_rate`).

The promise is about leads that are scored once. A lead that is scored again and again until it passes has several
tries, and of those who pass in the end fewer are won.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from leadledger.scoring.gate import Threshold
from leadledger.scoring.result import format_unsigned
from leadledger.scoring.scorecard import START_TENTHS
from leadledger.training.intervals import lower_limit
from leadledger.training.learn.falling_rate import Fall
from leadledger.training.learn.proof import (
    count_alike,
    fewest_that_prove,
    find_proven,
    set_candidates,
    strictest_first,
    times_the_leads,
)
from leadledger.training.learn.trust import LOG_ODDS

FEWEST_MORE = 1.1  # times the leads: where a promise fails by a little, a few leads more would be named in vain
MOST_MORE = 20  # times the leads: more than that nobody waits for


@dataclass(frozen=True)
class PrecisionThreshold:
    """A threshold by precision: `won` of the `leads` held-out leads from it on; `bound` is what they show for sure.

    `bound` is the lower limit of the precision on the day of the promise, at the error that was spent on it; without a
    threshold, that of the candidate that came nearest. `fall` is what the held-out leads lose until that day, None
    where their rate doesn't fall. `more` is how many more leads the history would need; None where none are needed, or
    none would help.
    """

    threshold: Threshold
    precision: float
    confidence: float
    leads: int
    won: int
    bound: float
    judged: int
    fall: Fall | None = None
    more: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "kind": "precision",
            "line": None if self.threshold.points is None else self.threshold.points / 10,
            "asked_precision": self.precision,
            "confidence": self.confidence,
            "held_out_leads_promoted": self.leads,
            "of_them_won": self.won,
            "precision_lower_bound": round(self.bound, 4),
            "held_out_leads_that_meet_the_criteria": self.judged,
            "asked_of_held_out_leads": round(self.fall.raise_precision(self.precision), 4) if self.fall else None,
            "odds_lost_per_month": round(self.fall.per_month, 4) if self.fall else None,
            "promised_for": self.fall.day.isoformat() if self.fall else None,
            "more_leads_needed": self.more,
            "said": self.threshold.promise or self.threshold.closed,
        }


@dataclass(frozen=True)
class Look:
    """What a promise takes into account beside the leads. `fall`: what they lose until its day; None: nothing.

    `error_share` (0..1) of the error may be spent. `history_leads`: how many leads the history has, from which those
    that could be promoted were held out; None: no more than those. `weights` (n,): for how many leads each of those
    stands; None: for itself.
    """

    fall: Fall | None = None
    error_share: float = 1.0
    history_leads: int | None = None
    weights: NDArray[np.float64] | None = None


ONE_LOOK = Look()


def find_precision_threshold(
    totals: NDArray[np.int64],
    won: NDArray[np.bool_],
    precision: float,
    confidence: float,
    base_rate: float | None = None,
    look: Look = ONE_LOOK,
) -> PrecisionThreshold:
    """Find the threshold for leads that could be promoted. Shapes: (n,) totals (tenths), (n,) outcomes.

    With the `base_rate` (0..1) of the scorecard, the search starts where the predicted probabilities promise most,
    else at volumes that double. Either way the promise is kept as often as it says.
    """
    sorted_totals, sorted_won = strictest_first(totals, won)
    error = (1 - confidence) * look.error_share
    shown = precision if look.fall is None else look.fall.raise_precision(precision)
    forecasts = None if base_rate is None else expit((sorted_totals - START_TENTHS) * LOG_ODDS + logit(base_rate))
    candidates = set_candidates(sorted_totals, forecasts, shown, error)
    won_of = np.cumsum(sorted_won, dtype=np.int64)[candidates.volumes - 1]
    tested, tested_won = candidates, won_of
    if look.weights is not None:
        sorted_weights = look.weights[np.argsort(-totals, kind="stable")]
        alike, tested_won = count_alike(sorted_won, sorted_weights, candidates.volumes)
        tested = replace(candidates, volumes=alike)
    passed, levels = find_proven(tested, tested_won, shown, error)
    bounds = [
        _bound(int(of_them), int(leads), float(level), look.fall)
        for of_them, leads, level in zip(tested_won, tested.volumes, levels, strict=True)
    ]
    promise = f"{precision:.0%} of the promoted become opportunities, with {confidence:.0%} confidence"
    if passed.any():
        lowest = int(np.flatnonzero(passed)[-1])
        leads, of_them = int(candidates.volumes[lowest]), int(won_of[lowest])
        sentence = (
            f"at least {promise}: {of_them:,} of {leads:,} held-out leads did, each scored once"
            f"{_weighed(leads, int(tested.volumes[lowest]), int(tested_won[lowest]))}{_caution(look.fall, shown)}"
        )
        threshold = Threshold(int(candidates.thresholds[lowest]), promise=sentence)
        return PrecisionThreshold(
            threshold, precision, confidence, leads, of_them, bounds[lowest], len(totals), look.fall
        )
    fewest = fewest_that_prove(shown, error)
    if len(totals) < fewest:
        why = f"only {len(totals):,} held-out leads meet the criteria, {fewest:,} are needed, all of them won"
        closed = Threshold(closed=f"no threshold can promise that {promise}: {why}")
        return PrecisionThreshold(closed, precision, confidence, 0, 0, 0.0, len(totals), look.fall)
    nearest = int(np.argmax(bounds))
    start = format_unsigned(int(candidates.thresholds[nearest]))
    more = _more_leads(
        times_the_leads(sorted_totals, sorted_won, forecasts, shown, error), look.history_leads or len(totals)
    )
    why = (
        f"{won_of[nearest]:,} of the {candidates.volumes[nearest]:,} held-out leads from {start} points on did"
        f"{_weighed(int(candidates.volumes[nearest]), int(tested.volumes[nearest]), int(tested_won[nearest]))}, which"
        # Rounded down, so that it never reads as what was asked for.
        f" proves {math.floor(bounds[nearest] * 1000) / 1000:.1%}{_reason(look.fall)}; {_cure(more)}"
    )
    closed = Threshold(closed=f"no threshold can promise that {promise}: {why}")
    return PrecisionThreshold(closed, precision, confidence, 0, 0, bounds[nearest], len(totals), look.fall, more)


def _bound(won: int, leads: int, level: float, fall: Fall | None) -> float:
    """The lower limit of a precision on the day of the promise, at the error `level`; 0 where it was not tested."""
    limit = lower_limit(won, leads, 1 - level) if level > 0 else 0.0
    return limit if fall is None else fall.lower(limit)


def _more_leads(times: float | None, leads: int) -> int | None:
    """How many more leads so many times as many are, in two digits; None: more than anybody waits for."""
    if times is None or times > MOST_MORE:
        return None
    more = (max(times, FEWEST_MORE) - 1) * leads
    unit = int(10 ** max(len(str(int(more))) - 2, 0))
    return math.ceil(more / unit) * unit


def _cure(more: int | None) -> str:
    if more is None:
        return f"{MOST_MORE} times as many leads like these would not be enough"
    return f"with about {more:,} more leads like these in the history it could be promised"


def _weighed(leads: int, alike: int, won: int) -> str:
    """What is said beside leads of unequal weight."""
    return "" if alike == leads else f" (by their weights {won:,} of {alike:,})"


def _caution(fall: Fall | None, shown: float) -> str:
    """What is said beside a promise while the rate falls."""
    if fall is None:
        return ""
    return (
        f"; leads that score alike lose {fall.per_month:.0%} of their odds a month, so {shown:.0%} was asked of the"
        f" held-out leads, and the promise is for {fall.day}: train again while the rate falls"
    )


def _reason(fall: Fall | None) -> str:
    """What is said of a falling rate where there is no promise."""
    return (
        ""
        if fall is None
        else f" for {fall.day}, since leads that score alike lose {fall.per_month:.0%} of their odds a month"
    )
