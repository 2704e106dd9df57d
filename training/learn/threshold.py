"""The promotion thresholds that the stages of a card ask training for, found on held-out leads.

Each stage asks for one of three: `precision_threshold`, `capacity_threshold`, `value_threshold`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from leadledger.scoring.gate import Stage
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.training.history import History
from leadledger.training.intervals import rate_limits
from leadledger.training.learn.capacity_threshold import CapacityThreshold, find_capacity_threshold
from leadledger.training.learn.falling_rate import FallingRate, find_falling_rate
from leadledger.training.learn.precision_threshold import ONE_LOOK, Look, PrecisionThreshold, find_precision_threshold
from leadledger.training.learn.proof import FIRST_VOLUME, VOLUME_GROWTH, strictest_first
from leadledger.training.learn.value_threshold import ValueThreshold, find_value_threshold
from leadledger.training.plausible_days import EPOCH

FoundThreshold: TypeAlias = PrecisionThreshold | CapacityThreshold | ValueThreshold


def could_be_promoted(
    stage: Stage, criteria: Mapping[str, NDArray[np.int8]], excluded: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which leads points alone hold back from a stage: not excluded, and all that it requires is met.

    Shapes: (n,) each criterion by name (1 met, 0 unmet, -1 unknown), as of `list_criteria`; (n,) excluded; (n,) the
    answer.
    """
    able = ~excluded
    for name in (*stage.requires, *(demand.name for demand in stage.demands)):
        able &= criteria[name] == 1
    return able


def list_criteria(scorecard: Scorecard, history: History) -> Mapping[str, NDArray[np.int8]]:
    """The criteria of the leads by name, and the grades of axes that stages ask for, by the published points.

    Shapes: (n,) each, 1 met, 0 unmet, -1 unknown.
    """
    if not scorecard.demands:
        return history.criteria
    names = [demand.name for demand in scorecard.demands]
    columns = [f"CAST(coalesce(CAST({quoted(f'c:{name}')} AS INTEGER), -1) AS TINYINT)" for name in names]
    return {**history.criteria, **dict(zip(names, history.select(scorecard, columns), strict=True))}


def find_thresholds(
    card: Card,
    history: History,
    totals: NDArray[np.int64],
    held: NDArray[np.intp],
    base_rate: float,
    error_share: float = 1.0,
    comparable: NDArray[np.float64] | None = None,
) -> dict[str, FoundThreshold]:
    """The threshold of each stage that asks training for one, on the held-out leads that could be promoted.

    Shapes: (n,) totals (tenths) of all leads of the history, (m,) positions of those held out. `error_share` (0..1) is
    how much of a promise's error, 1 - confidence, this search may spend: less than all of it where the same leads are
    looked at several times, whose shares may add up to 1. `comparable` (n,) are totals of one card over the whole time,
    by which a falling rate is looked for, NaN for leads that don't count; None: `totals` are.
    """
    lead_days = history.lead_days
    days = None if lead_days is None else int(np.ptp(lead_days[held])) + 1
    falling = _falling_rate(card, history, totals.astype(np.float64) if comparable is None else comparable)
    thresholds: dict[str, FoundThreshold] = {}
    for stage in card.stages:
        if stage.demands:  # the card's reader takes no grade beside a threshold that training is asked for
            continue
        able = held[could_be_promoted(stage, history.criteria, history.excluded)[held]]
        fall = None if falling is None or lead_days is None else falling.until_promise(lead_days[able])
        look = Look(fall, error_share, len(history), history.weights_at(able))
        threshold = find_threshold(stage, totals[able], history.won[able], days, base_rate, look)
        if threshold is not None:
            thresholds[stage.name] = threshold
    return thresholds


def _falling_rate(card: Card, history: History, totals: NDArray[np.float64]) -> FallingRate | None:
    """How fast the rate falls, where a promise would rest on it and the history has days."""
    if history.lead_days is None or not any(stage.precision is not None for stage in card.stages):
        return None
    newest = int(history.lead_days.max()) if history.as_of is None else (history.as_of - EPOCH).days
    return find_falling_rate(totals, history.won, history.lead_days, newest)


def find_threshold(
    stage: Stage,
    totals: NDArray[np.int64],
    won: NDArray[np.bool_],
    days: int | None,
    base_rate: float,
    look: Look = ONE_LOOK,
) -> FoundThreshold | None:
    """The threshold that a stage asks training for; None where it asks for none.

    Shapes: (n,) totals (tenths) and (n,) outcomes of the held-out leads that could be promoted. `days` is the number of
    days over which the held-out leads came in, all of them; None: the history has no days. `base_rate` (0..1) is that
    of the scorecard which gave the totals.
    """
    if stage.precision is not None:
        return find_precision_threshold(totals, won, stage.precision, stage.confidence, base_rate, look)
    if stage.capacity is not None:
        return find_capacity_threshold(totals, won, stage.capacity, days, stage.points, look.weights)
    if stage.value is not None:
        return find_value_threshold(totals, won, stage.value, base_rate, look.weights)
    return None


def precision_by_volume(totals: NDArray[np.int64], won: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """What thresholds would promote, the strictest first, the last one all: leads, their share, precision with limits.

    Shapes: (n,) totals (tenths) and (n,) outcomes of the held-out leads that could be promoted.
    """
    sorted_totals, sorted_won = strictest_first(totals, won)
    thresholds = _shown(sorted_totals)
    if len(totals) and sorted_totals[-1] not in thresholds:
        thresholds.append(int(sorted_totals[-1]))
    records = []
    for threshold in thresholds:
        leads, of_them = _count_promoted(sorted_totals, sorted_won, threshold)
        low, high = rate_limits(of_them, leads)
        records.append(
            {
                "points": threshold / 10,
                "leads": leads,
                "share": leads / len(totals),
                "won": of_them,
                "precision": of_them / leads,
                "low": low,
                "high": high,
            }
        )
    return records


def _count_promoted(sorted_totals: NDArray[np.int64], sorted_won: NDArray[np.bool_], threshold: int) -> tuple[int, int]:
    """How many leads a threshold promotes, and how many of them were won."""
    leads = int(np.searchsorted(-sorted_totals, -threshold, side="right"))
    return leads, int(sorted_won[:leads].sum())


def _shown(sorted_totals: NDArray[np.int64]) -> list[int]:
    """The thresholds to show, strictest first: they promote about 30, 35, 40, … leads, ties always together."""
    thresholds: dict[int, None] = {}
    size = float(FIRST_VOLUME)
    while size <= len(sorted_totals):
        thresholds[int(sorted_totals[int(size) - 1])] = None
        size *= VOLUME_GROWTH
    return list(thresholds)
