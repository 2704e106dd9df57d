"""Axes in a few words: their grades, and what a lead has on each."""

from __future__ import annotations

from leadledger.scoring.axis import UNKNOWN_GRADE, Axis
from leadledger.scoring.result import Result, format_signed, format_unsigned


def describe_axis(axis: Axis) -> str:
    """The grades of an axis: `A 15.0 · B 5.0 · C below; ? where more than 50% is unknown`."""
    cuts = " · ".join(f"{grade} {format_unsigned(cut)}" for grade, cut in axis.grades)
    share = f"{axis.unknown * 100:.15g}%"
    return f"{cuts} · {axis.below} below; {UNKNOWN_GRADE} where more than {share} of what can be earned is unknown"


def describe_axes(result: Result) -> str:
    """What a lead has on each axis, with the start: `50.0 + fit 5.0 (B) + engagement 3.0 (2) = 58.0`."""
    start = format_unsigned(result.ledger[0].tenths)
    parts = [f"{axis.axis} {format_signed(axis.tenths)} ({axis.grade})" for axis in result.axes]
    return f"Start {start} · {' · '.join(parts)} = {format_unsigned(result.tenths)}"


def list_unknown(result: Result) -> list[str]:
    """A sentence for each axis that has no grade."""
    return [
        f"The grade of {axis.axis} is open: {axis.unknown_share:.0%} of what can be earned there is unknown."
        if axis.worth
        else f"The grade of {axis.axis} is open: nothing of the card, or learned for it, earns points there."
        for axis in result.axes
        if axis.grade == UNKNOWN_GRADE
    ]
