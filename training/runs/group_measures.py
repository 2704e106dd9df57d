"""Fairness of a release: which leads are looked at, and which count as promoted; the measures: `evidence.fairness`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.scoring.gate import Threshold
from leadledger.scoring.scorecard import Card, Learned, Scorecard
from leadledger.training.evidence.fairness import FairnessMeasures, choose_best, list_uses, measure_fairness
from leadledger.training.history import History
from leadledger.training.learn.threshold import could_be_promoted, list_criteria
from leadledger.training.learn.trust import probability_at


def measure_groups(
    card: Card,
    learned: Learned,
    history: History,
    totals: NDArray[np.int64],
    older: NDArray[np.intp],
    held: NDArray[np.intp],
) -> dict[str, Any]:
    """What the groups of protected fields get, as `fairness`, with the conditions that read such a field and why.

    Nothing where the card protects no field. Shapes: (n,) totals (tenths); positions in the history of the leads that
    were learned from, by which proxies are looked for, and of those to judge by.
    """
    if not card.protected:
        return {}
    stage = card.predicted_stage
    chosen_by, chosen = "in the best fifth by score", np.zeros(len(history), bool)
    chosen[held] = choose_best(totals[held])
    threshold = learned.thresholds.get(stage.name) or Threshold(stage.points) if stage else Threshold()
    if stage is not None and threshold.points is not None:
        criteria = list_criteria(Scorecard(card, learned), history)
        promoted = could_be_promoted(stage, criteria, history.excluded) & (totals >= threshold.points)
        if promoted[held].any():
            chosen_by, chosen = f"promoted to {stage.name}", promoted
    probability, frame, won = probability_at(learned, totals), history.frame, history.won
    fields = measure_fairness(history.protected, frame, probability, chosen, chosen_by, won, older, held, card.fairness)
    unmeasured = tuple(name for name in card.protected if name not in history.protected)
    measures = FairnessMeasures(chosen_by, len(held), fields, unmeasured)
    return {"fairness": measures.to_dict() | {"uses": list_uses(card)}}


def find_unfair(metrics: dict[str, Any]) -> str:
    """Which bounds of the card's `fairness` are exceeded, in a sentence; empty where none is."""
    return "; ".join(metrics.get("fairness", {}).get("exceeded", ()))
