"""What a training would not have known, had nobody been promoted at random below the threshold.

Two quick models of the same kind, one table a field, are set beside each other: one learns from all leads but those
that were drawn, with the outcomes that were seen, as a training without exploration would; the other from the promoted
leads, drawn or not. The drawn leads, which the first hasn't seen, say how far off it is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadledger.models.learner.binning import find_indexes
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.training.history import History
from leadledger.training.learn.trust import LOG_ODDS
from leadledger.training.promotions import Promotions

BAGS = 4  # of a quick model
MOST_LEADS = 50_000  # that a quick model learns from, and that are compared: the newest
FIELDS_NAMED = 3


@dataclass(frozen=True)
class MovedField:
    """A field by how much its points move with the drawn leads: on average, and the most of any lead below."""

    field: str
    mean_points: float
    most_points: float


@dataclass(frozen=True)
class HiddenLeads:
    """What the drawn leads were won at, what a training without them predicts, and the fields that moved most."""

    drawn: int
    predicted: float
    actual: float
    fields: tuple[MovedField, ...]

    @property
    def sentence(self) -> str:
        """The figures, for people."""
        moved = [
            f"{field.field} (by {field.mean_points:.1f} points on average, {field.most_points:.1f} at most)"
            for field in self.fields
        ]
        return (
            f"Without them, a training would predict {self.predicted:.1%} for the {self.drawn:,} leads that were drawn;"
            f" promoted, {self.actual:.1%} of them became opportunities. The fields whose points move most below the"
            f" threshold: {', '.join(moved)}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        return {**asdict(self), "said": self.sentence}


def measure_hidden(
    history: History, promotions: Promotions, weights: NDArray[np.float64], seed: int
) -> HiddenLeads | None:
    """Compare a training without the drawn leads with one that has them; None where either has one outcome alone.

    `weights` (n,): how much each promoted lead counts where a model is fitted.
    """
    known, drawn = promotions.known, promotions.drawn
    seen, promoted = (np.flatnonzero(leads)[-MOST_LEADS:] for leads in (known & ~drawn, known & promotions.promoted))
    if min(len(np.unique(history.won[leads])) for leads in (seen, promoted)) < 2 or not drawn.any():
        return None
    without = _fit(history, seen, None, seed)
    having = _fit(history, promoted, weights[promoted], seed)
    below = history.frame.iloc[np.flatnonzero(promotions.may_be_drawn)[-MOST_LEADS:]]
    moved = (_effects(having, below) - _effects(without, below)) / LOG_ODDS / 10
    moved -= moved.mean(axis=0)  # the level is said by the rates
    fields = [
        MovedField(str(name), round(float(np.abs(points).mean()), 2), round(float(np.abs(points).max()), 2))
        for name, points in zip(history.frame.columns, moved.T, strict=True)
    ]
    fields.sort(key=lambda field: -field.mean_points)
    return HiddenLeads(
        int(drawn.sum()),
        float(without.predict_proba(history.frame[drawn])[:, 1].mean()),
        float(history.won[drawn].mean()),
        tuple(fields[:FIELDS_NAMED]),
    )


def _fit(
    history: History, leads: NDArray[np.intp], weights: NDArray[np.float64] | None, seed: int
) -> AdditiveClassifier:
    """A quick model of some leads."""
    quick = AdditiveClassifier(pairs=0, combinations=0, bags=BAGS, random_state=seed, n_jobs=-1)
    return quick.fit(history.frame.iloc[leads].reset_index(drop=True), history.won[leads], weights)


def _effects(model: AdditiveClassifier, frame: pd.DataFrame) -> NDArray[np.float64]:
    """What each field adds to the log-odds of leads, (n, fields)."""
    columns = [frame[name] for name in frame]
    indexes = find_indexes(model.bins_, columns)
    return np.column_stack([single[indexes[:, at]] for at, single in enumerate(model.additive_.singles)])
