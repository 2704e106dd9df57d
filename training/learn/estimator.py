"""A caller's classifier: how it is fitted, with weights or without, and what it says when it can't be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.pipeline import Pipeline

from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.models.learner.compile import class_name_of
from leadledger.scoring.errors import DataError


def fit_estimator(
    estimator: ClassifierMixin,
    frame: pd.DataFrame,
    won: NDArray[np.bool_],
    weights: NDArray[np.float64] | None = None,
    leads: NDArray[np.int64] | None = None,
) -> Any:
    """A fitted copy of a classifier. `weights` (n,): how much each lead counts; None: alike.

    `leads` (n,) number the leads where one has several rows, which ours then holds out together.

    In a Pipeline, the last step gets the weights. Raises DataError in words for whatever the classifier's `fit` raises.
    """
    name = f"{estimator.steps[-1][0]}__sample_weight" if isinstance(estimator, Pipeline) else "sample_weight"
    weighted = {} if weights is None else {name: weights}
    if isinstance(estimator, AdditiveClassifier):
        return clone(estimator).fit(frame, won, groups=leads, **weighted)
    try:
        return clone(estimator).fit(frame, won, **weighted)
    except Exception as error:  # it is the caller's, and may raise anything
        first = (str(error).strip().splitlines() or [""])[0]
        raise DataError(
            f"{class_name_of(estimator)} can't be fitted to the history: {type(error).__name__}: {first}. The fields"
            " are numbers, texts and flags, with missing values; put `Binning` before it in a Pipeline"
        ) from error


def align_weights(weights: object, rows: NDArray[np.int64], source_rows: int) -> NDArray[np.float64]:
    """The weights (n,) of the leads of a history, of those (source_rows,) that a caller gives for each row of its list.

    Raises DataError where they are not one finite number, 0 or more, for each row.
    """
    try:
        given = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("`sample_weight` must be numbers, one for each row of the history") from None
    if given.shape != (source_rows,):
        raise DataError(f"`sample_weight` has the shape {given.shape}; the history has {source_rows:,} rows")
    if not (np.isfinite(given).all() and (given >= 0).all()):
        raise DataError("`sample_weight` must be finite numbers, 0 or more")
    return given[rows - 1]
