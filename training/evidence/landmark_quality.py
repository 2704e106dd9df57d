"""How good a forecast is at each landmark, what events bring to it, and how it moves as leads age."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.training.evidence.forecast_quality import Judgement, judge
from leadledger.training.intervals import rate_limits


@dataclass(frozen=True)
class LandmarkQuality:
    """The forecast of the held-out leads that were open so many days after they were met, each lead once.

    `foreseen` is the mean prediction, `came` the rate (0..1) with its limits. The measures are as in `Judgement`; those
    `without_events` are of a model of the same recipe that knows none.
    """

    after: int
    leads: int
    won: int
    foreseen: float
    came: float
    low: float
    high: float
    auc: float | None
    log_loss: float
    slope: float | None
    gain: float | None
    auc_without_events: float | None
    log_loss_without_events: float
    gain_without_events: float | None


@dataclass(frozen=True)
class AgeingForecast:
    """The mean forecast (0..1) at a landmark of the held-out leads that were open at all of them.

    `won` are those that became opportunities within the horizon after the last landmark; None where there are none.
    """

    after: int
    won: float | None
    others: float | None


@dataclass(frozen=True)
class LandmarkMeasures:
    """By landmark, over one look at each lead with events and without, and the ageing of the `open_at_all` leads.

    `without_fields` and `without_rules` are what a model without events lacks.
    """

    by_landmark: tuple[LandmarkQuality, ...]
    with_events: dict[str, Any]
    without_events: dict[str, Any]
    ageing: tuple[AgeingForecast, ...]
    open_at_all: int
    without_fields: tuple[str, ...]
    without_rules: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON, with `said`, the sentence for people."""
        return asdict(self) | {"said": self.said}

    @property
    def said(self) -> str:
        """What events bring, in a sentence."""
        ours, without = self.with_events, self.without_events
        if ours["auc"] is None or without["auc"] is None:
            return "the held-out leads all ended alike, so they don't tell what events bring"
        return (
            f"with events the AUC is {ours['auc']:.4f}, without them {without['auc']:.4f}; the best tenth by score"
            f" holds {ours['gain']:.1%} of the opportunities with them, {without['gain']:.1%} without"
        )


def measure_landmarks(
    after: NDArray[np.int64],
    leads: NDArray[np.int64],
    won: NDArray[np.bool_],
    forecast: NDArray[np.float64],
    without: NDArray[np.float64],
    drawn: NDArray[np.bool_],
    lacking: tuple[tuple[str, ...], tuple[str, ...]],
) -> LandmarkMeasures:
    """Measure the held-out rows (n,): landmarks, numbers of leads, outcomes, probabilities with events and without.

    `drawn` (n,): one row of each lead. `lacking`: the fields and the rules that the model without events lacks.
    """
    landmarks = np.unique(after)
    by_landmark = [_judge(int(landmark), after == landmark, won, forecast, without) for landmark in landmarks]
    _, of_lead, rows = np.unique(leads, return_inverse=True, return_counts=True)
    whole = rows[of_lead] == len(landmarks)
    last = np.zeros(len(rows), bool)
    last[of_lead[whole & (after == landmarks[-1])]] = won[whole & (after == landmarks[-1])]
    ageing = []
    for landmark in landmarks:
        here = whole & (after == landmark)
        means = [_mean(forecast[here & (last[of_lead] == ended)]) for ended in (True, False)]
        ageing.append(AgeingForecast(int(landmark), *means))
    return LandmarkMeasures(
        tuple(by_landmark),
        _keep(judge(won[drawn], forecast[drawn])),
        _keep(judge(won[drawn], without[drawn])),
        tuple(ageing),
        int(whole.sum()) // len(landmarks),
        *lacking,
    )


def _judge(
    landmark: int,
    here: NDArray[np.bool_],
    won: NDArray[np.bool_],
    forecast: NDArray[np.float64],
    without: NDArray[np.float64],
) -> LandmarkQuality:
    ours, theirs = judge(won[here], forecast[here]), judge(won[here], without[here])
    low, high = rate_limits(ours.won, ours.leads)
    return LandmarkQuality(
        landmark,
        ours.leads,
        ours.won,
        float(forecast[here].mean()),
        ours.won / ours.leads,
        low,
        high,
        ours.auc,
        ours.log_loss,
        ours.slope,
        ours.gain,
        theirs.auc,
        theirs.log_loss,
        theirs.gain,
    )


def _keep(judgement: Judgement) -> dict[str, Any]:
    names = ("leads", "won", "auc", "log_loss", "brier", "gain", "slope")
    return {name: getattr(judgement, name) for name in names}


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None
