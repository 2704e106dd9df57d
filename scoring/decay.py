"""Decay: declared points that count less with every day, as a staircase of whole tenths over whole days.

A rule that decays loses half of its points with every half-life. Days are whole, so its points are a staircase over
days, and every engine looks them up in the same table instead of computing a power of its own.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True)
class HalfLife:
    """After every `days` whole days since the date field `of`, half of the points are left."""

    days: int
    of: str


@dataclass(frozen=True)
class Steps:
    """Points (tenths) over whole days: `points[i]` from day `edges[i - 1]`, to before day `edges[i]`.

    Shapes: (n,) edges, ascending, and (n + 1,) points. A day before the first edge, or in the future, earns points[0].
    """

    edges: tuple[int, ...]
    points: tuple[int, ...]

    def at(self, days: int) -> int:
        """The points after so many days."""
        return self.points[bisect_right(self.edges, days)]

    @property
    def end(self) -> int | None:
        """The day from which on there are no points; None: there are some on every later day."""
        if self.points[-1]:
            return None
        return self.edges[-1] if self.edges else 0


def scale_points(points: int, trust: float) -> int:
    """Declared points (tenths) times trust (0..1), to the nearest tenth; halves away from zero."""
    return int(math.copysign(math.floor(abs(points) * trust + 0.5), points))


def last_days(points: int, within: int) -> Steps:
    """The staircase of `points` (tenths) that count in full for so many days, the first among them."""
    return Steps((within,), (points, 0))


def decay(points: int, trust: float, half_life: int) -> Steps:
    """The staircase of `points` (tenths) times `trust` that halves every `half_life` days, to the nearest tenth."""
    top = abs(points) * trust
    sign = -1 if points < 0 else 1

    def value(day: int) -> int:
        return math.floor(top * math.exp2(-day / half_life) + 0.5)

    edges: list[int] = []
    steps = [value(0)]
    while steps[-1] > 0:
        # The last day on which the value still rounds to steps[-1], by the inverse; the loops mend its rounding.
        day = math.ceil(half_life * math.log2(top / (steps[-1] - 0.5)))
        while value(day) >= steps[-1]:
            day += 1
        while day > 0 and value(day - 1) < steps[-1]:
            day -= 1
        edges.append(day)
        steps.append(value(day))
    return Steps(tuple(edges), tuple(sign * step for step in steps))
