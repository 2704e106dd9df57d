"""Example leads for the report: a handful of held-out leads that show what the scores can do and what they can't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Scorecard

WON_HIGH = "a hit: a high score, and it became an opportunity"
LOST_HIGH = "a miss: a high score, but it did not become an opportunity"
WON_LOW = "overlooked: a low score, but it became an opportunity"
NEAR = "near the threshold: little decides whether it is promoted"
UNKNOWN = "hardly known: many answers are missing"


def choose_examples(
    totals: NDArray[np.int64], won: NDArray[np.bool_], unknown: NDArray[np.int64], threshold: int | None
) -> dict[int, str]:
    """A handful of leads that show what the scores can do and what they can't: positions, and what each shows.

    Shapes: (n,) totals (tenths), outcomes, and how many fields are missing. `threshold` (tenths) is where promotion
    begins; None: there is none, so no lead is near it. No lead is taken twice.
    """
    taken: dict[int, str] = {}

    def take(able: NDArray[np.bool_], worth: NDArray[np.int64], what: str) -> None:
        """The lead of the greatest worth, the first of those alike."""
        free = able.copy()
        free[list(taken)] = False
        if free.any():
            taken[int(np.flatnonzero(free)[np.argmax(worth[free])])] = what

    take(won, totals, WON_HIGH)
    take(~won, totals, LOST_HIGH)
    take(won, -totals, WON_LOW)
    if threshold is not None:
        take(np.ones(len(won), bool), -np.abs(totals - threshold), NEAR)
    take(unknown > 0, unknown, UNKNOWN)
    return taken


def examples(
    card: Scorecard,
    leads: Sequence[Mapping[str, Any]],
    days: Sequence[date],
    won: Sequence[bool],
    shows: Sequence[str],
) -> list[dict[str, Any]]:
    """The ledgers of some leads. Shapes: (n,) raw leads, the day each is scored on, outcomes, what each shows.

    Only the words of its ledger are kept of a lead, neither its id nor its name. Points have one decimal;
    `error` is None where the release has no error bars. Raises LeadError for a lead that can't be read.
    """
    made = get_engine(card)
    return [
        _example(made.score(lead, day), ended, what)
        for lead, day, ended, what in zip(leads, days, won, shows, strict=True)
    ]


def _example(result: Result, won: bool, shows: str) -> dict[str, Any]:
    return {
        "shows": shows,
        "total": result.points,
        "low": result.low / 10,
        "high": result.high / 10,
        "error": None if result.error is None else result.error / 10,
        "score": result.score,
        "probability": result.probability,
        "percentile": result.percentile,
        "recommendation": result.recommendation.verdict,
        "line": None if result.recommendation.threshold is None else result.recommendation.threshold / 10,
        "axis_grades": result.axis_grades,
        "won": bool(won),
        "ledger": [
            {"name": entry.name, "kind": entry.kind, "points": entry.points, "reason": entry.reason}
            for entry in result.ledger
        ],
    }
