"""The promotion line: the lowest total whose precision holds with the asked confidence, or the word that none does.

Learn-then-Test with a fixed sequence (Angelopoulos and others, 2021): the candidate lines are set by how many held-out
leads they promote, never by what became of them; they are tested from the strictest on, each by the exact binomial
(Clopper-Pearson) bound at the full confidence, and the last one before the first failure is taken. So the chance that
the true precision of the line is below the promise is at most 1 - confidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from scoring.gate import Line
from scoring.result import unsigned

FEWEST = 30  # leads that the strictest line promotes; fewer prove nothing, and one bad one would end the sequence
GROWTH = 1.15  # each line promotes so many times the leads of the one before


@dataclass(frozen=True)
class Promise:
    """A line and what it was found by: `bound` is the lower limit of the precision, `won` of `leads` held-out leads."""

    line: Line
    asked: float
    confidence: float
    leads: int
    won: int
    bound: float
    judged: int

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "line": None if self.line.points is None else self.line.points / 10,
            "asked_precision": self.asked,
            "confidence": self.confidence,
            "held_out_leads_promoted": self.leads,
            "of_them_won": self.won,
            "precision_lower_bound": round(self.bound, 4),
            "held_out_leads_that_meet_the_criteria": self.judged,
            "said": self.line.promise or self.line.closed,
        }


def lower_bound(won: int, leads: int, confidence: float) -> float:
    """The exact lower limit (0..1) of a rate of which `won` in `leads` was seen."""
    return 0.0 if won == 0 else float(beta.ppf(1 - confidence, won, leads - won + 1))


def promise(totals: NDArray[np.int64], won: NDArray[np.bool_], asked: float, confidence: float) -> Promise:
    """Find the line for leads that could be promoted. Shapes: (n,) totals (tenths), (n,) outcomes."""
    order = np.argsort(-totals, kind="stable")
    sorted_totals, sorted_won = totals[order], won[order]
    found: Promise | None = None
    best: tuple[float, int] | None = None
    open_ = True
    for line in _candidates(sorted_totals):
        leads = int(np.searchsorted(-sorted_totals, -line, side="right"))
        of_them = int(sorted_won[:leads].sum())
        bound = lower_bound(of_them, leads, confidence)
        if best is None or bound > best[0]:
            best = (bound, line)
        open_ = open_ and bound >= asked
        if open_:
            said = (
                f"at least {asked:.0%} of the promoted become opportunities, with {confidence:.0%} confidence:"
                f" {of_them} of {leads} held-out leads did"
            )
            found = Promise(Line(line, promise=said), asked, confidence, leads, of_them, bound, len(totals))
    if found is not None:
        return found
    if best is None:
        why = f"only {len(totals)} held-out leads meet the criteria, {FEWEST} are needed"
    else:
        why = f"the best bound is {best[0]:.2f} at {unsigned(best[1])} points"
    closed = Line(None, closed=f"no line can promise that {asked:.0%} of the promoted become opportunities; {why}")
    return Promise(closed, asked, confidence, 0, 0, best[0] if best else 0.0, len(totals))


def _candidates(sorted_totals: NDArray[np.int64]) -> list[int]:
    """The lines to test, strictest first: they promote about 30, 35, 40, … leads, ties always together."""
    found: dict[int, None] = {}
    size = float(FEWEST)
    while size <= len(sorted_totals):
        found[int(sorted_totals[int(size) - 1])] = None
        size *= GROWTH
    return list(found)
