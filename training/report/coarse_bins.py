"""Fewer bins of a number to look at: neighbours that the data don't tell apart are drawn as one.

What was learned stays as it is, and the table below the chart has it, bin by bin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from leadledger.scoring.bins import NumberBins, format_number
from leadledger.scoring.lookup import Table

FEW_BINS = 6  # beside the missing bin; so many are read at a glance
LEAST_DIFFERENCE = 2.0  # standard errors of it: what differs by less may be chance


@dataclass(frozen=True)
class DrawnBin:
    """A row of a chart: its label, its points with their standard error, and its leads."""

    label: str
    points: float
    error: float
    leads: int


def list_drawn_bins(term: Table) -> list[DrawnBin]:
    """The rows of a table's chart: its bins, or, of a number, stretches of neighbours that the data don't tell apart.

    The points of a stretch are the mean of its leads.
    """
    errors = term.errors or (0,) * len(term.points)
    bins = [
        DrawnBin(label, points / 10, error / 10, leads)
        for label, points, error, leads in zip(term.bins.labels, term.points, errors, term.counts, strict=True)
    ]
    if not isinstance(term.bins, NumberBins) or not term.errors:
        return bins
    edges = term.bins.edges
    stretches = [_Stretch(place, place, bins[place]) for place in range(1, len(bins))]
    while len(stretches) > FEW_BINS:
        difference, place = min(
            (_measure_difference(first.bin, second.bin), place)
            for place, (first, second) in enumerate(pairwise(stretches))
        )
        if difference >= LEAST_DIFFERENCE:
            break
        stretches[place : place + 2] = [_join(stretches[place], stretches[place + 1], edges)]
    return [bins[0], *(stretch.bin for stretch in stretches)]


@dataclass(frozen=True)
class _Stretch:
    """Neighbouring bins, from `first` to `last`, as one."""

    first: int
    last: int
    bin: DrawnBin


def _measure_difference(first: DrawnBin, second: DrawnBin) -> float:
    """How far two bins are apart, in standard errors; a bin without leads is no other than its neighbour."""
    if not first.leads or not second.leads:
        return 0.0
    apart = abs(first.points - second.points)
    return apart / (math.hypot(first.error, second.error) or 1e-9) if apart else 0.0


def _join(first: _Stretch, second: _Stretch, edges: tuple[float, ...]) -> _Stretch:
    leads = first.bin.leads + second.bin.leads
    share = first.bin.leads / leads if leads else 0.5
    joined = DrawnBin(
        _label(edges, first.first, second.last),
        share * first.bin.points + (1 - share) * second.bin.points,
        math.hypot(share * first.bin.error, (1 - share) * second.bin.error),
        leads,
    )
    return _Stretch(first.first, second.last, joined)


def _label(edges: tuple[float, ...], first: int, last: int) -> str:
    """The stretch from bin `first` to bin `last` (1 or more) in words, as bins are labelled."""
    if first == 1:
        return "any" if last > len(edges) else f"below {format_number(edges[last - 1])}"
    low = format_number(edges[first - 2])
    return f"{low} and up" if last > len(edges) else f"{low} to {format_number(edges[last - 1])}"
