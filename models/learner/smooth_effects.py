"""Smooth effects of single fields, which boosting starts from: lines, waves and shrunk levels over the bins.

Steps of small trees spend many leads on a line. Here each field is a few columns over its bins, fitted by logistic
regression. How widely the effects of a kind are spread is learned from all fields together, as a mixture: of forty
fields that tell nothing and three that do, the forty are shrunk to nearly nothing and the three hardly at all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit
from sklearn.isotonic import isotonic_regression
from threadpoolctl import threadpool_limits

from leadledger.models.learner.additive import Floats, Indexes
from leadledger.models.learner.bags import Bags, TermArrays
from leadledger.models.learner.boosting import Fold, TrainingLeads
from leadledger.models.learner.shrinkage import MISSING_SPREAD
from leadledger.scoring.bins import Bins, NumberBins, TextBins

MOST_OF_A_KIND = 5_000  # leads won, and as many lost, that a bag fits to: with more, boosting finds what is left
MOST_WAVES = 12  # of a number; on simulated and real draws of 1,000 and 3,000 leads a little better than 6
# Of a bag, so that many fields don't cost more than boosting does: with 80 numbers, all of their waves took three
# quarters of the time. Fields share them: what has no column, fast waves and rare levels, is left to boosting.
MOST_COLUMNS = 400
EFFECT_SPREADS = (0.0, 0.03, 0.06, 0.12, 0.25, 0.5, 1.0)  # in log-odds, that an effect may have
PRIOR_EFFECTS = 1.0  # as many effects, spread evenly over the spreads, are added to those that are counted
STEPS = 4  # of Newton's; each passes over the leads
UPDATES = 5  # of the spreads, within a step
MIXTURE_ROUNDS = 20  # after which the shares of the spreads hardly move
MOST_MOVE = 3.0  # in log-odds, of a lead in a step: Newton's overshoots where an effect separates the outcomes
LEAST_VALUE_SHARE = 0.001  # of the variance of a line over values, that a line over ranks must leave


@dataclass(frozen=True, eq=False)
class Effect:
    """Columns (n_bins, n_columns) over the bins of a field that share a spread. `kind` is line, wave, level or gap."""

    field: int
    kind: str
    columns: Floats


def smooth_bags(
    bags: Bags, bins: Sequence[Bins], monotone: Sequence[int], told_apart: Collection[int], n_jobs: int | None
) -> list[TermArrays]:
    """The smooth effects of each bag, side by side in threads."""
    tasks = [
        delayed(fit_smooth_effects)(bags.leads, fold, start, bins, monotone, told_apart)
        for fold, start in zip(bags.folds, bags.starts, strict=True)
    ]
    with threadpool_limits(1, user_api="blas"):  # its threads would change the last bits
        smooth: list[TermArrays] = Parallel(n_jobs=n_jobs, prefer="threads")(tasks)
    return smooth


def fit_smooth_effects(
    leads: TrainingLeads,
    fold: Fold,
    start: Floats,
    bins: Sequence[Bins],
    monotone: Sequence[int],
    told_apart: Collection[int],
) -> TermArrays:
    """Terms without pairs that add smooth effects to `start`, log-odds (n,), by the leads that a fold keeps.

    `monotone` has 1, -1 or 0 a field; `told_apart` are the fields whose missing values are more than a few.
    """
    kept, shift = _thin_out(leads, fold[0])
    indexes, weights = leads.indexes[kept], leads.weights[kept]
    counts: list[Floats] = [
        np.bincount(indexes[:, field], weights, len(of_field)).astype(np.float64) for field, of_field in enumerate(bins)
    ]
    effects = [
        effect
        for field, of_field in enumerate(bins)
        for effect in list_effects(field, of_field, counts[field], field in told_apart, MOST_COLUMNS // len(bins))
    ]
    columns = np.column_stack([np.ones(len(kept)), *(effect.columns[indexes[:, effect.field]] for effect in effects)])
    values = _fit_mixture(columns, effects, leads.outcome[kept], weights, start[kept] + shift)
    singles = [np.zeros(len(of_field)) for of_field in bins]
    for effect, part in zip(effects, _parts(effects), strict=True):
        singles[effect.field] += effect.columns @ values[part]
    for single, direction, count in zip(singles, monotone, counts, strict=True):
        if direction:
            single[1:] = isotonic_regression(
                single[1:], sample_weight=np.maximum(count[1:], 1e-9), increasing=direction > 0
            )
    return float(values[0]), singles, {}


def _thin_out(leads: TrainingLeads, kept: Indexes) -> tuple[Indexes, float]:
    """Some of the leads, evenly, and by how much their log-odds are higher than those of all, since won ones stay."""
    outcome = leads.outcome[kept]
    won, lost = kept[outcome == 1], kept[outcome == 0]
    won_step, lost_step = (1 + (len(kind) - 1) // MOST_OF_A_KIND for kind in (won, lost))
    chosen: Indexes = np.sort(np.concatenate([won[::won_step], lost[::lost_step]]))
    return chosen, float(np.log(lost_step / won_step))


def list_effects(field: int, bins: Bins, counts: Floats, gap: bool, room: int) -> list[Effect]:
    """The effects of a field, given the weight (n_bins,) of its leads in each bin; `gap`: missing is one of them.

    Of a number or flag a line over the ranks of its bins, of a number also a line over their values and waves. A
    column averages zero over the leads; a missing value is worth zero in all but its own. `room` is about how many
    columns it may have; the most frequent levels come first, and the slow waves.
    """
    missing = np.zeros((len(bins), 1))
    missing[0] = 1.0
    effects = [Effect(field, "gap", missing)] if gap else []
    known = np.flatnonzero(counts[1:]) + 1
    if len(known) < 2:
        return effects
    if isinstance(bins, TextBins):
        frequent = np.sort(known[np.argsort(-counts[known], kind="stable")[: max(room, 2)]])
        return [*effects, Effect(field, "level", np.eye(len(bins))[:, frequent])]

    def spread_out(columns: Floats) -> Floats:
        """Columns of all bins but the missing one, as those of all bins; averaging zero over the leads."""
        return np.vstack([np.zeros(columns.shape[1]), columns - np.average(columns, axis=0, weights=counts[1:])])

    below = np.cumsum(counts[1:])
    line = _standardise(below - counts[1:] / 2, counts[1:])
    effects.append(Effect(field, "line", spread_out(line[:, None])))
    if isinstance(bins, NumberBins) and len(bins.edges) > 1:

        def leave(columns: Floats) -> Floats:
            """What a line over ranks leaves of columns."""
            return columns - np.outer(line, np.average(columns * line[:, None], axis=0, weights=counts[1:]))

        rest = leave(_standardise(_middles(bins), counts[1:])[:, None])[:, 0]
        if np.average(rest**2, weights=counts[1:]) > LEAST_VALUE_SHARE:
            effects.append(Effect(field, "line", spread_out(_standardise(rest, counts[1:])[:, None])))
        size = len(bins) - 1
        numbers = np.arange(1, min(MOST_WAVES, max(room - 2, 1), size - 1) + 1)
        # A random walk over the bins is a sum of these cosines, with standard deviations of one over their number.
        waves = np.cos(np.pi * np.outer(np.arange(size) + 0.5, numbers) / size) / numbers
        effects.append(Effect(field, "wave", spread_out(leave(waves))))
    return effects


def _standardise(values: Floats, counts: Floats) -> Floats:
    """Values of bins with the mean 0 and the variance 1 over the leads."""
    centred = values - np.average(values, weights=counts)
    scaled: Floats = centred / np.sqrt(np.average(centred**2, weights=counts))
    return scaled


def _middles(bins: NumberBins) -> Floats:
    """The middle of each bin but the missing one; an outer bin is taken to be as wide as its neighbour."""
    edges = np.asarray(bins.edges)
    edges = edges / max(np.abs(edges))  # the largest floats would overflow
    low, high = 2 * edges[0] - edges[1], 2 * edges[-1] - edges[-2]
    ends = np.concatenate([[low], edges, [high]])
    middles: Floats = (ends[:-1] + ends[1:]) / 2
    return middles


def _parts(effects: Sequence[Effect]) -> list[slice]:
    """Where the columns of each effect are, after that of the intercept."""
    ends = 1 + np.cumsum([effect.columns.shape[1] for effect in effects], dtype=int)
    return [slice(end - effect.columns.shape[1], end) for effect, end in zip(effects, ends.tolist(), strict=True)]


def _fit_mixture(columns: Floats, effects: Sequence[Effect], outcome: Floats, weights: Floats, start: Floats) -> Floats:
    """The value (n_columns,) of each column: their posterior means, with the spreads learned from all effects.

    Newton's steps make the likelihood normal; there, each effect has a mixture of normal priors, whose posterior mean
    is matched by a precision for each column (expectation propagation). How common each spread is among the effects of
    a kind is learned by expectation maximisation.
    """
    values = np.zeros(columns.shape[1])
    precision = np.full(len(values), MISSING_SPREAD**-2)
    precision[0] = 1e-6
    shares: dict[str, Floats] = {}
    for _ in range(STEPS):
        decision = start + columns @ values
        probability = expit(decision)
        slope = columns.T @ (weights * (outcome - probability))
        curvature = columns.T @ ((weights * probability * (1 - probability))[:, None] * columns)
        target = slope + curvature @ values
        moved = values
        for update in range(UPDATES):
            factor = cho_factor(curvature + np.diag(precision))
            moved = cho_solve(factor, target)
            if update < UPDATES - 1:
                variance = np.diag(cho_solve(factor, np.eye(len(values))))
                precision = _match(effects, moved, variance, precision, shares)
        step = moved - values
        values = values + step * min(1.0, MOST_MOVE / max(float(np.abs(columns @ step).max()), 1e-9))
    return values


def _match(
    effects: Sequence[Effect], values: Floats, variance: Floats, precision: Floats, shares: dict[str, Floats]
) -> Floats:
    """The precision of each column with which its posterior mean is that under the mixture.

    `values` and `variance` are those of the posterior under the present precision. `shares`, per kind how common each
    spread is, is brought up to date.
    """
    matched = precision.copy()
    prior = np.array(EFFECT_SPREADS) ** 2
    evidence = np.maximum(1 / variance - precision, 1e-9)  # the precision of what the leads say of each column
    shown = values / variance / evidence
    parts = _parts(effects)
    for kind in sorted({effect.kind for effect in effects} - {"gap"}):
        members = [part for effect, part in zip(effects, parts, strict=True) if effect.kind == kind]
        likelihood = np.empty((len(members), len(prior)))
        for row, part in zip(likelihood, members, strict=True):
            spread = 1 / evidence[part, None] + prior
            row[:] = -0.5 * np.sum(np.log(spread) + shown[part, None] ** 2 / spread, axis=0)
        likelihood = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
        share = shares.get(kind, np.full(len(prior), 1 / len(prior)))
        for _ in range(MIXTURE_ROUNDS):
            belongs = share * likelihood
            belongs /= belongs.sum(axis=1, keepdims=True)
            share = belongs.sum(axis=0) + PRIOR_EFFECTS / len(prior)
            share /= share.sum()
        shares[kind] = share
        for part, chances in zip(members, belongs, strict=True):
            of_column = evidence[part, None] * prior
            shrunk_to = (of_column / (1 + of_column)) @ chances  # of what the leads show, 0..1
            matched[part] = evidence[part] * (1 / np.maximum(shrunk_to, 1e-6) - 1)
    return matched
