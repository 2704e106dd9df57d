"""Bars: where they begin and how wide they are, in per cent of the width that they are drawn in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

BarLook: TypeAlias = Literal["gain", "loss", "not-counted", "whole"]
MARGIN = 0.02  # of the width, on either side


@dataclass(frozen=True)
class Bar:
    """A bar as SVG draws it: `x` and `width` are per cent, `look` says what it stands for."""

    x: str
    width: str
    look: BarLook


@dataclass(frozen=True)
class Scale:
    """The stretch of points (tenths) that a drawing shows."""

    low: int
    high: int

    def place(self, tenths: int) -> str:
        """Where so many points stand, in per cent."""
        return f"{self._share(tenths):.2f}%"

    def draw(self, start: int, end: int, look: BarLook) -> Bar:
        """The bar between two totals; it is never thinner than can be seen."""
        left, right = sorted((self._share(start), self._share(end)))
        return Bar(f"{left:.2f}%", f"{max(right - left, 0.4):.2f}%", look)

    def _share(self, tenths: int) -> float:
        span = max(self.high - self.low, 1)
        return 100 * (MARGIN + (1 - 2 * MARGIN) * (tenths - self.low) / span)
