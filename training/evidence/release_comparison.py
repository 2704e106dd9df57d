"""Whether a new release is worse than the current one, on leads that the new one has not seen.

Both score the same newest leads. The difference in log-loss, and in precision at the promotion threshold, is resampled
over leads (paired bootstrap); a release is worse where the 90 % interval lies wholly on the bad side. A release that
predicts no better than the base rate of the history is held back too: where outcomes were mixed up, both look bad, and
the new one, which has learned nothing, less so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from leadledger.training.evidence.forecast_quality import SMALLEST

CONFIDENCE = 0.90  # of the two-sided interval
RESAMPLES = 2000
MOST_POSITIONS_IN_MEMORY = 20_000_000  # drawn positions that are held in memory at once


@dataclass(frozen=True)
class Forecast:
    """A scorecard's predicted probabilities (n,) 0..1 of some leads, and whether it would promote them (n,).

    `has_threshold`: whether it has a promotion threshold at all.
    """

    probability: NDArray[np.float64]
    promoted: NDArray[np.bool_]
    has_threshold: bool


@dataclass(frozen=True)
class Difference:
    """A measure of the new release and of the old, new less old, and the interval of that."""

    new: float
    old: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """A new release beside the current one, `release`. `precision` is None where one of them promotes nobody."""

    release: str
    leads: int
    log_loss: Difference | None
    precision: Difference | None
    worse: bool
    said: str

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        return asdict(self)


def compare(
    release: str, won: NDArray[np.bool_], new: Forecast, old: Forecast, base_rate: float, seed: int
) -> Comparison:
    """Compare two forecasts of the same leads; `won` (n,) are their outcomes.

    `base_rate` (0..1) is that of the leads which the new release has learned from.
    """
    losses = [_loss(won, forecast.probability) for forecast in (new, old)]
    log_loss = _paired(_mean_gap, losses, seed)
    knows_nothing = _paired(_mean_gap, [losses[0], _loss(won, np.full(len(won), base_rate))], seed)[2] >= 0
    precision = None
    if new.has_threshold and old.has_threshold and new.promoted.any() and old.promoted.any():
        hits = [won & new.promoted, new.promoted, won & old.promoted, old.promoted]
        gap = _paired(_precision_gap, [hit.astype(float) for hit in hits], seed)
        precision = Difference(
            float(won[new.promoted].mean()), float(won[old.promoted].mean()), *(float(number) for number in gap)
        )
    loss = Difference(float(losses[0].mean()), float(losses[1].mean()), *(float(number) for number in log_loss))
    bad = [
        *([f"log-loss {loss.new:.4f} against {loss.old:.4f}"] if loss.low > 0 else []),
        *(
            [f"precision at the threshold {precision.new:.1%} against {precision.old:.1%}"]
            if precision is not None and precision.high < 0
            else []
        ),
    ]
    if bad:
        sentence = f"worse than the current release {release} on the same {len(won):,} leads: {' and '.join(bad)}"
    elif knows_nothing:
        sentence = (
            f"no better on {len(won):,} held-out leads than the base rate of the history, {base_rate:.1%}; so the"
            f" current release {release} stays"
        )
    elif loss.high < 0:
        sentence = f"better than the current release {release}: log-loss {loss.new:.4f} against {loss.old:.4f}"
    else:
        sentence = f"as good as the current release {release}: log-loss {loss.new:.4f} against {loss.old:.4f}"
    return Comparison(release, len(won), loss, precision, bool(bad) or knows_nothing, sentence)


def nothing_learned(release: str, why: str) -> Comparison:
    """The comparison where rules alone would follow a release that has learned."""
    return Comparison(release, 0, None, None, True, f"rules alone, since {why}; so the current release {release} stays")


def incomparable(release: str, why: str) -> Comparison:
    """The comparison where the two can't be compared; the new release is not held back for it."""
    return Comparison(release, 0, None, None, False, f"not compared with the current release {release}: {why}")


def _loss(won: NDArray[np.bool_], probability: NDArray[np.float64]) -> NDArray[np.float64]:
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return np.asarray(-np.log(np.where(won, p, 1 - p)))


def _mean_gap(new: NDArray[np.float64], old: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    return np.asarray(new.mean(axis) - old.mean(axis))


def _precision_gap(*hits: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    won_new, new, won_old, old = (hit.sum(axis) for hit in hits)
    return np.asarray(won_new / np.maximum(new, 1) - won_old / np.maximum(old, 1))


def _paired(statistic: Any, samples: list[NDArray[np.float64]], seed: int) -> tuple[float, float, float]:
    """The statistic, and the ends of its interval. One lead, or leads that all agree: no interval, but the point."""
    value = float(statistic(*samples))
    if len(samples[0]) < 2:
        return value, value, value
    batch = max(1, MOST_POSITIONS_IN_MEMORY // (len(samples[0]) * len(samples)))
    interval = bootstrap(
        samples,
        statistic,
        n_resamples=RESAMPLES,
        batch=batch,
        vectorized=True,
        paired=True,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return value, float(interval.low), float(interval.high)
