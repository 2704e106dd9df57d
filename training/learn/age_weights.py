"""Whether older leads foretell less, and how fast: the half-life of a lead's weight, chosen by leads that came later.

Where what makes a lead good changes with the years, a model learns more from recent leads. A quick model, a logistic
regression over bins, is fitted with several half-lives on growing windows of the leads before the held-out ones, and
judged on those that follow each window; so the leads that judge the release have no say. A half-life is taken only
where it lowers the log-loss by more than chance. The level of each forecast is that of the newest leads it was fitted
to: a rate that moves for all leads alike is a matter of the base rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from leadledger.models.learner.binning import find_indexes, learn_bins
from leadledger.models.learner.boosting import losses
from leadledger.training.history import History
from leadledger.training.learn.split import HistorySplit, split_history
from leadledger.training.learn.trust import in_the_large

HALF_LIVES = (4.0, 2.0, 1.0, 0.5)  # years, or shares of the leads where these have an order and no days
LONGEST_SPANS = 2.0  # half-lives beyond so many spans of the history weigh all leads alike
JUDGED_SHARE = 0.5  # of the leads before the held-out ones: the newest, in two windows, and a third before these
BEYOND_CHANCE = 2.0  # standard errors by which the log-loss must fall
FEWEST_OF_A_KIND = 100  # judged leads of either outcome; fewer can't tell half-lives apart
MOST_BINS, MOST_LEVELS, FEWEST_PER_BIN = 6, 12, 20
MOST_WORK = 1e9  # leads times columns squared; of more leads, every so-manieth is looked at. Seconds, whatever the list
RIDGE = 1.0  # effects of a bin have a standard deviation of about 1
NEWTON_STEPS = 12
LEVEL_SHARE = 0.25  # of the leads of a window: the newest, at whose rate it judges
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class TriedHalfLife:
    """A half-life beside equal weights, on the judged leads: how much lower its mean log-loss is, with the error."""

    half_life: float
    gain: float
    error: float


@dataclass(frozen=True)
class AgeWeights:
    """How the weight of a lead falls with its age.

    `half_life` is that of the weight, in years, or, with `by_order`, as a share of all leads; None: all count alike.
    `tried` are all that were compared on `leads` judged leads, whose mean log-loss is `log_loss` with equal weights.
    """

    half_life: float | None
    by_order: bool
    leads: int
    log_loss: float
    tried: tuple[TriedHalfLife, ...]

    @property
    def sentence(self) -> str:
        """What was found, for people; empty where all leads count alike."""
        if self.half_life is None:
            return ""
        best = next(tried for tried in self.tried if tried.half_life == self.half_life)
        every = (
            f"{self.half_life:.0%} of the leads that came after it"
            if self.by_order
            else f"{_name_years(self.half_life)} of its age"
        )
        return (
            f"The recent past foretells better: the weight of a lead halves with every {every}. On"
            f" {self.leads:,} leads before the held-out ones this lowers the log-loss of a quick model from"
            f" {self.log_loss:.4f} by {best.gain:.4f} (standard error {best.error:.4f})."
        )

    def weigh(self, history: History, weights: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        """The weights (n,) of the leads, times those given; None: all count alike."""
        if self.half_life is None:
            return weights
        ages = _ages(history)
        by_age = 0.5 ** (ages / self.half_life)
        return by_age if weights is None else by_age * weights

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        return {
            "half_life": self.half_life,
            "unit": "share of the leads" if self.by_order else "years",
            "leads": self.leads,
            "log_loss": round(self.log_loss, 6),
            "tried": [
                {"half_life": tried.half_life, "gain": round(tried.gain, 6), "error": round(tried.error, 6)}
                for tried in self.tried
            ],
            "said": self.sentence or "Older leads count as much as recent ones.",
        }


def choose_age_weights(
    history: History, split: HistorySplit, weights: NDArray[np.float64] | None = None
) -> AgeWeights | None:
    """The half-life that foretells the leads before the held-out ones best; None where nobody can tell.

    `weights` (n,) are those of the caller.
    """
    if split.way != "time" or history.time_order is None:
        return None
    before = split.before
    columns = [history.frame[name] for name in history.frame]
    bins = learn_bins([column.iloc[before] for column in columns], MOST_BINS, MOST_LEVELS, FEWEST_PER_BIN)
    width = sum(len(of_field) - 1 for of_field in bins)
    leads = before[:: 1 + int(len(before) * width**2 // MOST_WORK)]
    indexes = find_indexes(bins, [column.iloc[leads] for column in columns])
    design = np.column_stack(
        [np.eye(len(of_field))[indexes[:, at]][:, 1:] for at, of_field in enumerate(bins)] + [np.ones(len(leads))]
    )
    won, ages = history.won[leads], _ages(history)[leads]
    given = np.ones(len(leads)) if weights is None else weights[leads]
    windows = split_history(won, history.time_order[leads], JUDGED_SHARE, np.zeros(len(leads), np.uint64), split.gap)
    judged = np.concatenate([fold.judged for fold in windows.folds])
    if windows.way != "time" or min(won[judged].sum(), (~won[judged]).sum()) < FEWEST_OF_A_KIND:
        return None
    half_lives = [half_life for half_life in HALF_LIVES if half_life <= LONGEST_SPANS * float(np.ptp(ages))]
    by_half_life: list[NDArray[np.float64]] = []
    start = np.zeros((len(windows.folds), design.shape[1]))
    for half_life in (np.inf, *half_lives):
        of_windows = []
        for at, fold in enumerate(windows.folds):
            learned = fold.learned
            weight = given[learned] * 0.5 ** (ages[learned] / half_life)
            start[at] = _fit(design[learned], won[learned], weight / weight.mean(), start[at])
            newest = learned[-max(1, round(LEVEL_SHARE * len(learned))) :]
            level = _find_level(design[newest] @ start[at], won[newest])
            of_windows.append(losses(won[fold.judged].astype(float), design[fold.judged] @ start[at] + level))
        by_half_life.append(np.concatenate(of_windows))
    return _choose(by_half_life, half_lives, history.days is None)


def _choose(by_half_life: Sequence[NDArray[np.float64]], half_lives: Sequence[float], by_order: bool) -> AgeWeights:
    """The best half-life; the first of the losses (n,) are those with equal weights."""
    equal, n = by_half_life[0], len(by_half_life[0])
    tried = tuple(
        TriedHalfLife(half_life, float((equal - other).mean()), float((equal - other).std() / np.sqrt(n)))
        for half_life, other in zip(half_lives, by_half_life[1:], strict=True)
    )
    best = max(tried, key=lambda half: half.gain, default=None)
    pays = best is not None and best.gain > BEYOND_CHANCE * best.error
    return AgeWeights(best.half_life if best and pays else None, by_order, n, float(equal.mean()), tried)


def _ages(history: History) -> NDArray[np.float64]:
    """The age (n,) of each lead beside the newest: years, or the share of all leads that came after it."""
    order = history.time_order
    assert order is not None
    if history.days is not None:
        return np.asarray((order[-1] - order) / DAYS_PER_YEAR)
    return np.asarray(1 - np.searchsorted(order, order, side="left") / len(order))


def _fit(
    design: NDArray[np.float64], won: NDArray[np.bool_], weights: NDArray[np.float64], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The effects (k,) of a logistic regression with a ridge, by Newton's method; the last column has none.

    Shapes: (n, k) columns, (n,) outcomes and weights, (k,) effects to start from.
    """
    ridge = np.full(design.shape[1], RIDGE)
    ridge[-1] = 1e-6
    effects = start.copy()
    for _ in range(NEWTON_STEPS):
        probability = expit(design @ effects)
        slope = design.T @ (weights * (won - probability)) - ridge * effects
        curvature = (design.T * (weights * probability * (1 - probability))) @ design + np.diag(ridge)
        step = np.linalg.solve(curvature, slope)
        effects += step
        if np.abs(step).max() < 1e-4:
            break
    return effects


def _find_level(log_odds: NDArray[np.float64], won: NDArray[np.bool_]) -> float:
    """What moves log-odds (n,) to the rate of the leads; 0 where they all ended alike."""
    rate = float(won.mean())
    return in_the_large(log_odds, rate) if 0 < rate < 1 else 0.0


def _name_years(years: float) -> str:
    return "year" if years == 1 else "half year" if years == 0.5 else f"{years:g} years"
