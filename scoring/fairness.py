"""How far the groups of a protected field may lie apart, as a card declares it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fairness:
    """How far the groups of a protected field may lie apart (0..1; None: no bound).

    `rate_ratio`: the least that the share of promoted leads in one group may be, as a share of that in another.
    `precision_gap`: the most by which the shares of won among the promoted may differ between two groups.
    `calibration_gap`: the most by which the share of won in a group may differ from its mean predicted probability.
    """

    rate_ratio: float | None = None
    precision_gap: float | None = None
    calibration_gap: float | None = None
