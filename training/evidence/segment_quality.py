"""What segments gain by tables of their own: held-out leads of each, by its own forecast and by the pool's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.training.intervals import rate_limits

POOL = "all others"


@dataclass(frozen=True)
class SegmentQuality:
    """A segment of the history, and how its held-out leads were predicted.

    `weight` is how much of its tables is its own, 0..1; that of the pool's leads, which belong to no segment, is 0.
    `judged` of its `leads` were held out, by models that had not seen them. `log_loss` is the mean by the forecast,
    `pool_log_loss` that by the pool alone; `foreseen` the mean predicted probability, `came` the share of won, with
    exact 95 % limits. These are None where none was judged.
    """

    segment: str
    leads: int
    won: int
    weight: float
    judged: int
    log_loss: float | None
    pool_log_loss: float | None
    foreseen: float | None
    came: float | None
    came_low: float
    came_high: float


@dataclass(frozen=True)
class SegmentsQuality:
    """All segments of a field, the largest first, and last the leads that belong to none, where there are some."""

    field: str
    segments: tuple[SegmentQuality, ...]

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON; `log_loss` and `pool_log_loss` are of all held-out leads, `said` is a sentence."""
        judged = sum(segment.judged for segment in self.segments)
        losses = {
            name: sum(getattr(segment, name) * segment.judged for segment in self.segments if segment.judged) / judged
            for name in ("log_loss", "pool_log_loss")
        }
        segments = [asdict(segment) for segment in self.segments]
        return {"field": self.field, **losses, "segments": segments, "said": self._describe(**losses)}

    def _describe(self, log_loss: float, pool_log_loss: float) -> str:
        weighty = [segment for segment in self.segments if segment.weight > 0]
        if not weighty:
            return f"those of {self.field} differ no more than by chance, so all are scored alike"
        weights = ", ".join(f"{segment.segment} {segment.weight:.0%}" for segment in weighty)
        return (
            f"those of {self.field} differ; what is a segment's own counts: {weights}. The log-loss of the held-out"
            f" leads is {log_loss:.4f}, and {pool_log_loss:.4f} without it"
        )


def judge_segments(
    field: str,
    names: Sequence[str],
    weights: Sequence[float],
    members: NDArray[np.int64],
    won: NDArray[np.bool_],
    forecast: NDArray[np.float64],
    pool_forecast: NDArray[np.float64],
    held: NDArray[np.intp],
) -> SegmentsQuality:
    """Judge segments, given the name and the weight of each, and of the leads (n,): the segment (-1: none), the
    outcome, the predicted probability and that of the pool alone; `held` are the positions of those that were judged.
    """
    judged = np.zeros(len(won), bool)
    judged[held] = True
    qualities = []
    for at in (*range(len(names)), -1):
        of_segment = members == at
        if not of_segment.any():
            continue
        rows = of_segment & judged
        count = int(rows.sum())
        qualities.append(
            SegmentQuality(
                names[at] if at >= 0 else POOL,
                int(of_segment.sum()),
                int(won[of_segment].sum()),
                round(weights[at], 4) if at >= 0 else 0.0,
                count,
                _mean(_losses(won[rows], forecast[rows])),
                _mean(_losses(won[rows], pool_forecast[rows])),
                _mean(forecast[rows]),
                _mean(won[rows].astype(np.float64)),
                *rate_limits(int(won[rows].sum()), count),
            )
        )
    return SegmentsQuality(field, tuple(qualities))


def _losses(won: NDArray[np.bool_], probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """The log-loss (n,) of each lead."""
    losses: NDArray[np.float64] = -np.log(np.clip(np.where(won, probability, 1 - probability), 1e-12, 1.0))
    return losses


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None
