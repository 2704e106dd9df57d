"""Further trainings with other seeds, alike in everything else, to show how much a release owes to its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from leadledger.models.learner.compile import class_name_of
from leadledger.scoring.errors import DataError
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.evidence.seed_spread import spread_over_seeds
from leadledger.training.learn.fit import fit_card
from leadledger.training.runs.fit_measures import FittedCard


def measure_seeds(
    fitted: FittedCard,
    seed: int,
    seeds: int,
    progress: Callable[[str], None],
    sample_weight: NDArray[np.float64] | None,
) -> dict[str, Any]:
    """The spread over so many seeds, two or more: `seed`, which `fitted` has, and those that follow it.

    Raises DataError where the classifier has no seed.
    """
    split, won = fitted.split, fitted.history.won
    fits = [fitted.fit]
    for other in range(seed + 1, seed + seeds):
        progress(f"training with seed {other}")
        classifier = _reseed(fitted.fit.estimator, other)
        fits.append(fit_card(fitted.card, fitted.history, split, classifier, sample_weight=sample_weight))
    losses = [judge(won[split.held], fit.forecast[split.held]).log_loss for fit in fits]
    return spread_over_seeds(losses, [fit.totals for fit in fits]).to_dict()


def _reseed(estimator: Any, seed: int) -> Any:
    """An unfitted copy of a classifier with another seed; in a Pipeline, of each step that has one."""
    names = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    if not names:
        raise DataError(f"{class_name_of(estimator)} has no `random_state`, so it can't be fitted with other seeds")
    return clone(estimator).set_params(**dict.fromkeys(names, seed))
