"""Axes: fit, what a lead is, and engagement, what it does; start + fit + engagement = total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal, TypeAlias, get_args

AxisName: TypeAlias = Literal["fit", "engagement"]
AxisOrNone: TypeAlias = Literal["fit", "engagement", ""]  # empty: of a card without axes
AXES: tuple[AxisName, ...] = get_args(AxisName)
UNKNOWN_GRADE = "?"
MOST_UNKNOWN = 0.5  # of what can be earned on an axis, where the card doesn't say


@dataclass(frozen=True)
class Axis:
    """An axis of a card.

    `grades` are the points on the axis (tenths) from which each grade counts, the best first; `below` is the grade of
    all below. `unknown` (0..1): where more than this share of what the axis can earn is unknown, the grade is `?`.
    """

    grades: tuple[tuple[str, int], ...]
    below: str
    unknown: float = MOST_UNKNOWN

    def grade(self, tenths: int) -> str:
        """The grade of so many points on the axis (tenths)."""
        return next((name for name, cut in self.grades if tenths >= cut), self.below)

    def find_cut(self, grade: str) -> int:
        """The points (tenths) from which a grade counts; `grade` is one of `grades`."""
        return dict(self.grades)[grade]


@dataclass(frozen=True)
class AxisDemand:
    """What a stage asks of an axis: a grade, or a better one; `cut` are the points (tenths) from which it counts."""

    axis: AxisName
    grade: str
    cut: int

    @property
    def name(self) -> str:
        """Its name among the criteria of a lead, which no criterion of a card can have."""
        return f"{self.axis} {self.grade}"

    @property
    def title(self) -> str:
        """The name to show to people."""
        return f"{self.axis} of grade {self.grade} or better"

    def judge(self, tenths: int, is_known: bool, low: int, high: int) -> bool | None:
        """Whether a lead meets it, with so many points on the axis; None: answers could still bring it.

        `is_known`: the axis has a grade. `low` and `high` are what answers to questions could make of the points.
        """
        if is_known and tenths >= self.cut:
            return True
        return None if low < high and high >= self.cut else False


def merge_axes(axes: Iterable[AxisOrNone]) -> AxisName | None:
    """The one axis that some fields share; None where they are of two. Fit, where there are none."""
    names = {axis or "fit" for axis in axes}
    if len(names) > 1:
        return None
    return "engagement" if "engagement" in names else "fit"


def list_axis_grades(axes: Mapping[AxisName, Axis]) -> list[str]:
    """All that the grades of both axes can be together, the best first; none unless there are both."""
    names = [[*(name for name, _ in axis.grades), axis.below, UNKNOWN_GRADE] for axis in axes.values()]
    return [fit + engagement for fit, engagement in product(*names)] if len(names) == len(AXES) else []
