"""Segments of a fitted card: which leads belong to which; the measures: `evidence.segment_quality`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.models.learner.binning import find_bins
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.training.evidence.segment_quality import judge_segments
from leadledger.training.history import History
from leadledger.training.learn.fit import CardFit


def measure_segments(fit: CardFit, history: History, held: NDArray[np.intp]) -> dict[str, Any]:
    """How the segments do, as `segments`; nothing where none were asked for. `held` (m,): the leads to judge by."""
    classifier = fit.estimator
    if not isinstance(classifier, AdditiveClassifier) or classifier.segment_field_ is None:
        return {}
    assert fit.pool_forecast is not None
    name, bins = history.frame.columns[classifier.segment_field_], classifier.bins_[classifier.segment_field_]
    segments = classifier.segments_
    segment_of = np.full(len(bins), -1)
    segment_of[[segment.bin for segment in segments]] = np.arange(len(segments))
    quality = judge_segments(
        str(name),
        [bins.labels[segment.bin] for segment in segments],
        [segment.weight for segment in segments],
        segment_of[find_bins(bins, history.frame[name])],
        history.won,
        fit.forecast,
        fit.pool_forecast,
        held,
    )
    return {"segments": quality.to_dict()}
