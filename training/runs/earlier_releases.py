"""The releases that a new one is compared with: the current one, and the best so far where that is another.

The best so far is kept by name in the metrics of each release (`comparison.measure`). A release that was held back, and
that a person made current all the same, becomes the measure itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import DataError, ReleaseError
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.evidence.release_comparison import Comparison, Forecast, compare, incomparable, with_best
from leadledger.training.learn.threshold import could_be_promoted
from leadledger.training.learn.trust import probability_at
from leadledger.training.runs.fit_measures import FittedCard

BEST = "best release so far"


@dataclass(frozen=True)
class EarlierReleases:
    """The current release, and the best so far; None where that is the current one, or can't be opened any more."""

    current: Scorecard
    best: Scorecard | None = None


def open_earlier(releases: Releases) -> EarlierReleases | None:
    """The releases that a new one is compared with; None where none is current.

    Raises ReleaseError where the current one is refused. The best so far may be gone; it is left out then.
    """
    if releases.current() is None:
        return None
    current = releases.open()
    name = name_measure(releases.show(current.release)["metrics"])
    try:
        best = releases.open(name) if name and name != current.release else None
    except ReleaseError:
        best = None
    return EarlierReleases(current, best)


def name_measure(metrics: Mapping[str, Any]) -> str:
    """The best release when that with these metrics was made; empty where it is that one itself."""
    comparison = metrics.get("comparison") or {}
    return "" if comparison.get("worse") else str(comparison.get("measure", ""))


def compare_to_earlier(fitted: FittedCard, earlier: EarlierReleases) -> Comparison:
    """The new scorecard beside the current release and the best so far, on the held-out leads."""
    comparison = _compare(fitted, earlier.current, "current release")
    if earlier.best is None or not comparison.leads:
        return comparison
    best = _compare(fitted, earlier.best, BEST)
    return with_best(comparison, best) if best.leads else comparison


def _compare(fitted: FittedCard, old: Scorecard, kind: str) -> Comparison:
    new, history, held = fitted.scorecard, fitted.history, fitted.split.held
    if old.card.outcome != new.card.outcome:
        return incomparable(old.release, "it predicts another outcome")
    if old.learned.base_rate is None:
        return incomparable(old.release, "it has no base rate, and so no probabilities")
    stage = new.card.predicted_stage
    able = ~history.excluded[held]
    if stage is not None:
        able = could_be_promoted(stage, history.criteria, history.excluded)[held]

    def forecast(card: Scorecard, totals: NDArray[np.int64]) -> Forecast:
        threshold = card.learned.thresholds.get(stage.name) if stage else None
        points = threshold.points if threshold else None
        promoted = able & (totals >= (points or 0)) & (points is not None)
        return Forecast(probability_at(card.learned, totals), promoted)

    try:
        totals = history.score(old)[held]
    except DataError as error:
        return incomparable(old.release, str(error))
    assert new.learned.base_rate is not None
    forecasts = forecast(new, fitted.fit.totals[held]), forecast(old, totals)
    return compare(old.release, history.won[held], able, *forecasts, new.learned.base_rate, kind)
