"""What limits take away, in the interpreters of old formulas: plain sums, which know nothing of the card's engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OldScore:
    """The score of a lead by its old formula: the points by the path of each part, and the total, limits applied."""

    points: Mapping[str, float]
    total: float


def clip(points: float, most: float | None, least: float | None) -> float:
    """Points within limits; None: there is no such limit."""
    if most is not None:
        points = min(points, most)
    return points if least is None else max(points, least)
