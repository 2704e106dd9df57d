"""What events bring to a trained card: its held-out leads beside a model of the same recipe that knows no events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from leadledger.scoring.scorecard import START_TENTHS, Card, Learned, Scorecard
from leadledger.training.evidence.landmark_quality import measure_landmarks
from leadledger.training.history import History
from leadledger.training.landmarks import find_event_fields
from leadledger.training.learn.fit import default_classifier, make_forecast, weigh_forecasts
from leadledger.training.learn.split import FoldForecast, HistorySplit, forecast_folds
from leadledger.training.runs.fit_measures import FittedCard


def measure_events(
    fitted: FittedCard,
    estimator: ClassifierMixin | None,
    seed: int,
    progress: Callable[[str], None],
    sample_weight: NDArray[np.float64] | None,
) -> dict[str, Any]:
    """The measures by landmark, as `landmarks`; nothing where leads have no landmarks.

    `estimator` is the caller's classifier (None: the default), which is fitted again without events.
    """
    history, split = fitted.history, fitted.split
    if history.landmarks is None or split.rows is None:
        return {}
    progress("measuring what events bring")
    fields = find_event_fields(fitted.card)
    bare, rules = _without_events(fitted.card, history, fields)
    forecast = _forecast(fitted.card, bare, split, estimator, seed, sample_weight)
    held = np.sort(np.concatenate([fold.judged for fold in split.held_folds]))
    measures = measure_landmarks(
        history.landmarks.after[held],
        history.rows[held],
        history.won[held],
        fitted.fit.forecast[held],
        forecast[held],
        split.rows.drawn[held],
        (tuple(name for name in fields if name in history.frame), rules),
    )
    return {"landmarks": measures.to_dict()}


def _without_events(card: Card, history: History, fields: tuple[str, ...]) -> tuple[History, tuple[str, ...]]:
    """The history as a card without events would see it, and the rules that it lacks."""
    kept = tuple(
        rule
        for rule in card.rules
        if not {*rule.when.fields, *((rule.half_life.of,) if rule.half_life else ())} & {*fields}
    )
    bare = replace(card, rules=kept, each_rules=())
    points = history.score(Scorecard(bare, Learned())) - START_TENTHS
    frame = history.frame.drop(columns=[name for name in fields if name in history.frame])
    names = [rule.name for rule in card.rules if rule not in kept] + [rule.name for rule in card.each_rules]
    return replace(history, frame=frame, rules=points), tuple(names)


def _forecast(
    card: Card,
    bare: History,
    split: HistorySplit,
    estimator: ClassifierMixin | None,
    seed: int,
    sample_weight: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """The probabilities (n,) of a model of the same recipe that knows no events; NaN where no fold judges."""
    if bare.frame.shape[1]:
        classifier = estimator or default_classifier(card, bare, seed)
        forecasts = forecast_folds(classifier, bare.frame, bare.won, split, weights=sample_weight)
    else:  # nothing is left but the rules
        forecasts = [
            FoldForecast(fold, np.zeros(len(fold.judged)), np.zeros(len(fold.learned))) for fold in split.folds
        ]
    weights = weigh_forecasts(card, bare, forecasts, split.way)
    return make_forecast(card, bare, forecasts, weights, split)
