"""Which thresholds keep a precision: several are tested, and the error is shared out among them beforehand.

It is Learn-then-Test (Angelopoulos and others, 2021) by the fallback procedure (Wiens, 2003). The candidates, and how
much of the error each may spend, are set before any outcome is looked at: by how many of the judged leads a candidate
promotes, and by what the forecasts say of them. From the strictest on, each is tested by the exact binomial bound at
its own share of the error; one that passes hands what it had to the next. The chance that any candidate which passes
has too low a precision is at most the whole error, however the tests hang together.

Nearly all of the error starts where the forecasts expect the proof to be easiest. The rest is spread over volumes that
double, so that a proof is found, given more leads, where the forecasts are wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm

FEWEST_PROVEN = 20  # leads that a candidate promotes; with fewer, the leads of a single week would decide
VOLUME_GROWTH = 1.15  # a candidate promotes so many times the leads of the one before, and at the least…
CLOSEST_GROWTH = 1.08  # …so many, where it is the smallest volume that allows for one more lost lead
FIRST_VOLUME = 30  # leads, from which volumes grow and double
MOST_EXACT = 3000  # leads; below, a volume is set to where the exact test uses up its error
MAIN_SHARE = 0.95  # of the error, for the start that the forecasts choose
POWER = 0.8  # chance with which a promise should be found among the leads that are said to be needed
FORECAST_LEADS = 30  # leads that a forecast counts for beside outcomes, in what more leads would show


@dataclass(frozen=True)
class Candidates:
    """Thresholds to test, the strictest first; shapes (k,).

    `thresholds` are totals (tenths), `volumes` the judged leads that each promotes, `shares` of the error add up to 1.
    """

    thresholds: NDArray[np.int64]
    volumes: NDArray[np.int64]
    shares: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.volumes)


def strictest_first(totals: NDArray[np.int64], won: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Totals and outcomes (n,), the highest totals first."""
    order = np.argsort(-totals, kind="stable")
    return totals[order], won[order]


def set_candidates(
    sorted_totals: NDArray[np.int64], forecasts: NDArray[np.float64] | None, precision: float, error: float
) -> Candidates:
    """What is to be tested, from totals and forecasts alone.

    Shapes: (n,) totals (tenths), the highest first; (n,) predicted probabilities (0..1) in the same order, None where
    there are none. `precision` and `error` (0..1) are those of the test.
    """
    thresholds, volumes = _thresholds_by_volume(sorted_totals, precision, error)
    shares = np.zeros(len(volumes))
    if not len(volumes):
        return Candidates(thresholds, volumes, shares)
    doubled = FIRST_VOLUME * 2.0 ** np.arange(np.log2(max(volumes[-1] / FIRST_VOLUME, 1)) + 1)
    starts = np.unique(np.abs(np.log(volumes[:, None] / doubled)).argmin(axis=0))
    shares[starts] = 1 / len(starts)
    if forecasts is not None:
        expected = np.cumsum(forecasts)[volumes - 1] / volumes
        likely = _chance_to_pass(volumes, np.clip(expected, 0, 1), precision, error * MAIN_SHARE)
        shares *= 1 - MAIN_SHARE
        shares[int(likely.argmax())] += MAIN_SHARE
    return Candidates(thresholds, volumes, shares)


def find_proven(
    candidates: Candidates, won: NDArray[np.int64], precision: float, error: float
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which candidates pass, and the error (0..1) at which each was tested, 0 where it was not.

    Shapes: (k,) how many of the leads that each promotes were won; (k,) both answers.
    """
    chance = binom.sf(won - 1, candidates.volumes, precision)  # of as many wins, where the precision is just too low
    passed = np.zeros(len(candidates), dtype=bool)
    levels = np.zeros(len(candidates))
    carried = 0.0
    for number, share in enumerate(candidates.shares):
        levels[number] = carried + share * error
        passed[number] = chance[number] <= levels[number]
        carried = levels[number] if passed[number] else 0.0
    return passed, levels


def count_alike(
    sorted_won: NDArray[np.bool_], sorted_weights: NDArray[np.float64], volumes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """As how many leads of equal weight the leads of each volume count, and how many of these are won; both (k,).

    Shapes: (n,) outcomes, and for how many leads each stands, the highest totals first; (k,) volumes. It is Kish's
    effective size, and the weighted rate of it, both rounded down, as Korn and Graubard test proportions of surveys
    (Survey Methodology 24, 1998, 193-201): no exact test where weights differ, and the exact one where they don't.
    """
    whole, squares = np.cumsum(sorted_weights), np.cumsum(sorted_weights**2)
    rates = np.cumsum(sorted_weights * sorted_won) / whole
    at = volumes - 1
    leads = np.floor(whole[at] ** 2 / squares[at] + 1e-9).astype(np.int64)
    return leads, np.floor(leads * rates[at] + 1e-9).astype(np.int64)


def fewest_that_prove(precision: float, error: float) -> int:
    """How many leads prove a precision where all of them are won."""
    return max(FEWEST_PROVEN, int(np.ceil(np.log(error) / np.log(precision))))


def times_the_leads(
    sorted_totals: NDArray[np.int64],
    sorted_won: NDArray[np.bool_],
    forecasts: NDArray[np.float64] | None,
    precision: float,
    error: float,
) -> float | None:
    """How many times as many leads would show the precision with a chance of 80 %; None: no number of them.

    Shapes: (n,) totals (tenths), outcomes and predicted probabilities, the highest totals first. More leads of the
    kind can be chosen more strictly, so that any volume counts, and what is expected of one lies between its outcomes
    and its forecasts: the best of many outcomes is flattered by chance. Without forecasts (None), outcomes count alone.
    """
    volumes = np.flatnonzero(np.diff(sorted_totals, append=np.iinfo(np.int64).min)) + 1  # ties always together
    volumes = volumes[volumes >= (1 if forecasts is not None else FEWEST_PROVEN)]
    wins = np.cumsum(sorted_won)[volumes - 1].astype(np.float64)
    rates = wins / volumes
    if forecasts is not None:
        foreseen = np.cumsum(forecasts)[volumes - 1] / volumes
        rates = (wins + FORECAST_LEADS * foreseen) / (volumes + FORECAST_LEADS)
    better = rates > precision
    if not better.any():
        return None
    rates, volumes = rates[better], volumes[better]
    spread = norm.isf(error * MAIN_SHARE) * np.sqrt(precision * (1 - precision))
    spread = spread + norm.ppf(POWER) * np.sqrt(rates * (1 - rates))
    needed = np.maximum((spread / (rates - precision)) ** 2, fewest_that_prove(precision, error))
    return float((needed / volumes).min())


def _thresholds_by_volume(
    sorted_totals: NDArray[np.int64], precision: float, error: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The thresholds, and how many leads each promotes: ties always together."""
    leads = len(sorted_totals)
    sizes = np.arange(1, min(leads, MOST_EXACT) + 1)
    allowed = binom.ppf(error * MAIN_SHARE, sizes, 1 - precision)  # lost leads, one too many where it isn't exact
    allowed -= binom.cdf(allowed, sizes, 1 - precision) > error * MAIN_SHARE
    exact = sizes[np.flatnonzero(np.diff(allowed, prepend=-1) > 0)]
    wanted: list[int] = []
    for size in exact[exact >= FEWEST_PROVEN]:
        if not wanted or size >= CLOSEST_GROWTH * wanted[-1]:
            wanted.append(int(size))
    size = float(FIRST_VOLUME)
    while size <= leads:
        wanted.append(int(size))
        size *= VOLUME_GROWTH
    if leads >= FEWEST_PROVEN:
        wanted.append(leads)
    thresholds = np.unique(sorted_totals[np.array(wanted, dtype=np.intp) - 1])[::-1]
    volumes = np.searchsorted(-sorted_totals, -thresholds, side="right")
    return thresholds.astype(np.int64), volumes.astype(np.int64)


def _chance_to_pass(
    volumes: NDArray[np.int64], rates: NDArray[np.float64], precision: float, error: float
) -> NDArray[np.float64]:
    """The chance (k,) that a test at this error passes, where the leads are won at these rates (k,)."""
    fewest_won = binom.isf(error, volumes, precision) + 1
    return np.asarray(binom.sf(fewest_won - 1, volumes, rates))
