"""Values of bins that few leads fall in, learned from what a fit without them misses, and shrunk by how few they are.

Boosting sends a missing value to the side of a split that suits its leads, whether these are three or three thousand,
so that a handful takes the most extreme value of the whole field. Here such a bin starts from the average of the
known values, and moves as far as its own leads are evidence. So do the levels of a text, however many they are: each is
a random effect around what boosting says of it, or of `other`, with a spread that all levels together show.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from scipy.special import expit

from leadledger.models.learner.additive import Fields, Floats, Indexes, add_up
from leadledger.models.learner.boosting import TrainingLeads

# In log-odds, how far a missing value typically lies from the average of the known ones, before its leads are asked.
# On simulated fields whose missing bin lay apart by 0, 0.3, 0.6 and 1.2, with 3 to 300 leads in it, 0.5 came nearest.
MISSING_SPREAD = 0.5
SPREADS = (0.0, *(0.05 * 1.25**step for step in range(20)))  # 0.05 to 3.5
LEAST_LIKELIHOOD_GAIN = 2.0  # of a spread above 0, in log-likelihood: chance brings as much to one text in forty
# In log-odds, of a handful of effects: no spread at all is as likely as any, and those follow a half-normal of this
# scale. On 16 simulated histories each, of four segments whose effects were spread by 0.2, 0.4 and 0.8, 0.2 did well in
# all; 0.1 was too timid from 0.4 on, and with 0.5 or no end segments of 50 leads were worse off than the pool at 0.2.
TYPICAL_SPREAD = 0.2
SPREAD_SWEEPS = 4  # after which the spread of a text stays
SWEEPS = 8  # over all fields, each of which takes a step of Newton's; two that are missing together share the rest


def shrink_missing(
    leads: TrainingLeads,
    kept: Indexes,
    start: Floats,
    terms: tuple[float, list[Floats], dict[Fields, Floats]],
    told_apart: Collection[int],
) -> tuple[float, list[Floats], dict[Fields, Floats]]:
    """Terms without pairs whose missing bins are worth what the kept leads in them show, shrunk toward the average.

    `start` are the log-odds (n,) that the terms are added to. `told_apart` are the fields with enough missing values;
    that of another field is worth the average of its known ones. Leads without missing values keep their sums.
    """
    intercept, singles, _ = terms
    singles = [values.copy() for values in singles]
    rows: dict[int, Indexes] = {}
    for field, values in enumerate(singles):
        bins = leads.indexes[kept, field]
        counts = np.bincount(bins, leads.weights[kept], len(values))
        if not counts[0] or not counts[1:].any():
            continue
        mean = float(np.average(values[1:], weights=counts[1:]))
        values -= mean
        intercept += mean
        values[0] = 0.0
        if field in told_apart:
            rows[field] = np.flatnonzero(bins == 0)
    outcome, weights = leads.outcome[kept], leads.weights[kept]
    decision = start[kept] + add_up(intercept, singles, {}, leads.indexes[kept])
    for _ in range(SWEEPS):
        for field, missing in rows.items():
            probability = expit(decision[missing])
            slope = float(np.sum(weights[missing] * (outcome[missing] - probability)))
            curvature = float(np.sum(weights[missing] * probability * (1 - probability)))
            step = (slope - singles[field][0] / MISSING_SPREAD**2) / (curvature + MISSING_SPREAD**-2)
            singles[field][0] += step
            decision[missing] += step
    return intercept, singles, {}


def shrink_levels(
    leads: TrainingLeads, kept: Indexes, start: Floats, fields: Mapping[int, tuple[Indexes, int]]
) -> dict[int, Floats]:
    """What each level of some texts adds to `start`, log-odds (n,), as the kept leads show it, shrunk toward nothing.

    `fields` maps a field to the levels (n,) of the leads and their number; the first, missing, and the last, every
    other text, add nothing. The result has an array (n_levels,) a field.
    """
    outcome, weights, decision = leads.outcome[kept], leads.weights[kept], start[kept].copy()
    effects = {field: np.zeros(size) for field, (_, size) in fields.items()}
    spreads = dict.fromkeys(fields, 0.0)
    for sweep in range(SWEEPS):
        for field, (all_levels, size) in fields.items():
            levels, effect = all_levels[kept], effects[field]
            probability = expit(decision)
            slope = np.bincount(levels, weights * (outcome - probability), size).astype(np.float64)
            curvature = np.bincount(levels, weights * probability * (1 - probability), size).astype(np.float64)
            own = (curvature > 0) & (np.arange(size) > 0) & (np.arange(size) < size - 1)
            if sweep < SPREAD_SWEEPS:
                spreads[field] = find_spread(slope[own] + curvature[own] * effect[own], curvature[own])
            moved = np.zeros(size)
            if spreads[field]:
                precision = spreads[field] ** -2
                moved[own] = (slope[own] - effect[own] * precision) / (curvature[own] + precision)
            effect += moved
            decision += moved[levels]
    return effects


def find_spread(slope: Floats, curvature: Floats) -> float:
    """The standard deviation of effects that makes their slopes likeliest; 0 where chance explains them as well."""
    likelihood = _likelihood_of_spreads(slope, curvature)
    best = int(np.argmax(likelihood))
    return SPREADS[best] if likelihood[best] > likelihood[0] + LEAST_LIKELIHOOD_GAIN else 0.0


def expect_spread(slope: Floats, curvature: Floats) -> float:
    """The standard deviation of effects, on average over all that their slopes make likely.

    For a handful of effects: their likeliest spread says little, and one that is too wide lets small segments run wild.
    """
    spreads = np.array(SPREADS)
    prior = spreads * np.exp(-((spreads / TYPICAL_SPREAD) ** 2) / 2)  # the grid is even in the logarithm
    prior[0] = prior.sum()
    likelihood = _likelihood_of_spreads(slope, curvature)
    share = prior * np.exp(likelihood - likelihood.max())
    return float(np.sqrt(share @ spreads**2 / share.sum()))


def _likelihood_of_spreads(slope: Floats, curvature: Floats) -> Floats:
    """The log-likelihood (n_spreads,) of each of SPREADS.

    An effect with the slope s and the curvature h is taken as normal: s has the variance h + (h * spread)**2.
    """
    spreads = np.array(SPREADS)[:, None]
    variance = curvature + (curvature * spreads) ** 2
    likelihood: Floats = -0.5 * np.sum(np.log(variance) + slope**2 / variance, axis=1)
    return likelihood
