"""Which days of a history are plausible, and which day counts as its present. No clock is read here.

A single mistyped year would make a history decades older: no lead would be too young to judge any more, and those that
are still open would count as lost. So the present is the newest *plausible* day:

- of the days of leads: none after the caller's today, and none beyond a gap that is longer than any in the bulk, with
  only a few leads behind it;
- of the days of outcomes: those after the newest lead count only if there are about as many as leads of that age
  bring, and as soon. Far fewer, far more or far later ones are mistyped, or days on which somebody expects to win.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, poisson

from leadledger.scoring.day_formats import PLACEHOLDERS

Days: TypeAlias = NDArray[np.float64]  # whole days since 1970, NaN where there is none
Marks: TypeAlias = NDArray[np.bool_]

EPOCH = date(1970, 1, 1)
PLACEHOLDER_DAYS = np.array([(date.fromisoformat(day) - EPOCH).days for day in PLACEHOLDERS], float)

FEWEST_DAYS = 10  # leads with a day, below which a gap says nothing
STRAY_SHARE = 0.05  # share of the leads that may lie beyond a gap; more are no slips of the pen
SHORTEST_GAP = 60  # days without a lead, before the newest of them are doubted
SHORTEST_OLD_GAP = 3653  # ... before the oldest are: a pilot long ago changes no present
SHORTEST_OUTCOME_GAP = 365  # days between two outcomes, after the newest lead
GAP_RATIO = 2  # a gap is longer than so many times the longest one in the bulk
SHORT_TAIL = 7  # days after the newest lead, in which any outcomes are believed: they move next to nothing
AS_MANY = 2.0  # outcomes after the newest lead: at most so many times more or fewer than leads of that age bring
LATE_SHARE = 0.7  # of the outcomes after the newest lead may come when half of them should have come already
MOST_CHANCE = 0.1  # ... or so much later, unless chance explains it: a doubt costs a few young leads only
LONGEST_EXPECTATION = 1096  # days ahead that somebody may expect to win; later ones are mistyped
TIME_ZONE_DAYS = 1  # the caller's today may be tomorrow somewhere


@dataclass(frozen=True)
class PlausibleDays:
    """The present of a history, and which of its rows (n,) name a day that can't be right.

    `newest_lead`: the newest plausible day of a lead. `future`, `past`: the lead's own day lies after the present, or
    is a placeholder or far before all others. `mistyped`: the day of the outcome lies years ahead. `expected`: it lies
    ahead, but not so far, or is a placeholder: the lead has not become one yet. `after_newest`: outcomes after the
    newest lead that don't count, and as many as leads of that age bring; None where they count. `late_share`: the share
    of the leads' days after the caller's today.
    """

    present: int
    newest_lead: int
    future: Marks
    past: Marks
    mistyped: Marks
    expected: Marks
    after_newest: tuple[int, float] | None = None
    late_share: float = 0.0


def find_plausible_days(
    since: Days, became: Days | None, first: Marks, as_of: date | None, today: date | None
) -> PlausibleDays:
    """The plausible days of leads, `since` (n,), and of their outcomes, (n,) or None. `as_of` fixes the present.

    `first` (n,) marks the first row of each lead: a lead that is repeated is no further evidence.
    """
    latest = _latest_day(as_of, today)
    dated = np.isfinite(since)
    placeholder = np.isin(since, PLACEHOLDER_DAYS)
    late = dated & ~placeholder & (since > latest)
    days = np.sort(since[dated & ~placeholder & ~late & first])
    oldest, newest = _bulk_ends(days) if len(days) else (0.0, 0.0)
    if as_of is not None:
        newest = latest
    future = (dated & (since > newest)) if len(days) or as_of is not None else late
    past = dated & ((placeholder & ~future) | (since < oldest))
    nothing = np.zeros(len(since), bool)
    if became is None:
        return PlausibleDays(int(newest), int(newest), future, past, nothing, nothing, None, _share(late, dated))
    usable = dated & ~future & ~past
    empty = np.isin(became, PLACEHOLDER_DAYS)
    present, after_newest = newest, None
    if as_of is None:
        told = np.where(usable & ~empty & (became >= since) & (became <= latest), became, np.nan)
        present, after_newest = _newest_outcome(since[usable & first], told[usable & first], newest)
    ahead = np.isfinite(became) & ~empty & (became > present)
    mistyped = usable & ahead & (became > present + LONGEST_EXPECTATION) & (as_of is None)
    return PlausibleDays(
        int(present),
        int(newest),
        future,
        past,
        mistyped,
        empty | (ahead & ~mistyped),
        after_newest,
        _share(late, dated),
    )


def _latest_day(as_of: date | None, today: date | None) -> float:
    """The last day that a history may name."""
    if as_of is not None:
        return float((as_of - EPOCH).days)
    return np.inf if today is None else float((today - EPOCH).days + TIME_ZONE_DAYS)


def _share(late: Marks, dated: Marks) -> float:
    return float(late.sum() / max(1, dated.sum()))


def _bulk_ends(days: Days) -> tuple[float, float]:
    """The oldest and the newest plausible of some days, ascending."""
    if len(days) < FEWEST_DAYS:
        return float(days[0]), float(days[-1])
    stray = max(1, int(STRAY_SHARE * len(days)))
    distinct, first = np.unique(days, return_index=True)
    behind = len(days) - first  # leads on each day and after it
    before = first  # leads before it
    gaps = np.diff(distinct)
    bulk = (before[1:] > stray) & (behind[1:] > stray)
    longest = float(gaps[bulk].max()) if bulk.any() else 0.0
    odd = (gaps >= SHORTEST_GAP) & (gaps > GAP_RATIO * longest) & (behind[1:] <= stray)
    old = (gaps >= SHORTEST_OLD_GAP) & (before[1:] <= stray)
    newest = distinct[np.flatnonzero(odd)[0]] if odd.any() else distinct[-1]
    oldest = distinct[np.flatnonzero(old)[-1] + 1] if old.any() else distinct[0]
    return float(oldest), float(newest)


def _newest_outcome(since: Days, became: Days, newest: float) -> tuple[float, tuple[int, float] | None]:
    """The newest day that is believed, of the leads' newest and of the outcomes after it; why, where these are not."""
    later = np.sort(became[became > newest])
    if not len(later):
        return newest, None
    odd = np.flatnonzero(np.diff(np.concatenate(([newest], later))) >= SHORTEST_OUTCOME_GAP)
    later = later[: odd[0]] if len(odd) else later
    if not len(later):
        return newest, None
    count = len(later)
    days = int(later[-1] - newest)
    if days <= SHORT_TAIL:
        return float(later[-1]), None
    brought = _outcomes_to_come(since, became, newest, days)
    total = float(brought[-1])
    more = count > AS_MANY * total and poisson.sf(count - 1, total + 1) < MOST_CHANCE  # few leads bring none
    fewer = count < total / AS_MANY and poisson.cdf(count, total) < MOST_CHANCE
    half = 1 + int(np.searchsorted(brought, total / 2))  # by this day, half of them should have come
    late = int((later > newest + half).sum())
    slower = late > LATE_SHARE * count and binom.sf(late - 1, count, 0.5) < MOST_CHANCE
    return (newest, (count, total)) if more or fewer or slower else (float(later[-1]), None)


def _outcomes_to_come(since: Days, became: Days, taken: float, days: int) -> Days:
    """How many open leads become one by each day (days,) after `taken`, if they do as leads of their age did so far."""
    converted = became <= taken
    watched = (np.where(converted, became, taken) - since).astype(np.int64)
    length = int(watched.max()) + 1
    at_risk = np.cumsum(np.bincount(watched, minlength=length)[::-1])[::-1]
    open_share = np.cumprod(1 - np.bincount(watched, converted, minlength=length) / np.maximum(at_risk, 1))
    ages, leads = np.unique(watched[~converted], return_counts=True)
    ages, leads = ages[open_share[ages] > 0], leads[open_share[ages] > 0]
    ahead = np.arange(1, days + 1)
    total = np.zeros(days)
    for age, many in zip(ages, leads, strict=True):
        total += many * (1 - open_share[np.minimum(age + ahead, length - 1)] / open_share[age])
    return total
