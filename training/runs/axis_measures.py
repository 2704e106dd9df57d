"""The axes of a fitted card: how the leads are graded on both, and what it costs that no learned term spans them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.models.learner.bags import LEAST_AUTO_GAIN
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.scoring.axis import list_axis_grades
from leadledger.scoring.printers.sql.dialects.literals import text_literal
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.history import History
from leadledger.training.intervals import rate_limits


def measure_axes(scorecard: Scorecard, history: History, estimator: Any, held: NDArray[np.intp]) -> dict[str, Any]:
    """How leads with each grade did, and the pairs that were left out, as `axes`; nothing of a card without axes.

    `held` (m,): the leads that are graded, by the published points.
    """
    axes = scorecard.card.axes
    if not axes:
        return {}
    names = list_axis_grades(axes)
    listed = ", ".join(map(text_literal, names))
    (places,) = history.select(scorecard, [f"CAST(list_position([{listed}], axis_grades) AS USMALLINT)"])
    left_out = _describe_left_out(estimator, list(map(str, history.frame.columns)), len(history))
    return {"axes": {"grades": list(_count(names, places[held], history.won[held])), **left_out}}


def _count(names: Sequence[str], places: NDArray[Any], won: NDArray[np.bool_]) -> Iterator[dict[str, Any]]:
    """The leads with each grade that occurs, and how many of them were won."""
    for place, name in enumerate(names, start=1):
        chosen = places == place
        if chosen.any():
            leads, count = int(chosen.sum()), int(won[chosen].sum())
            low, high = rate_limits(count, leads)
            yield {"grades": name, "leads": leads, "won": count, "rate": count / leads, "low": low, "high": high}


def _describe_left_out(estimator: Any, names: Sequence[str], leads: int) -> dict[str, Any]:
    """The pairs that span both axes, and what the best of them would gain on held-out leads."""
    spanning = estimator.spanning_ if isinstance(estimator, AdditiveClassifier) else []
    paying = [(gain / leads, pair) for gain, pair in spanning if gain > LEAST_AUTO_GAIN]
    pairs = [{"fields": [names[first], names[second]], "gain": gain} for gain, (first, second) in paying]
    said = f"{len(spanning):,} pairs of fields span both axes and were not considered"
    if pairs:
        (gain, (first, second)) = paying[0]
        some = "one of them" if len(pairs) == 1 else f"{len(pairs):,} of them"
        best = f"{names[first]} and {names[second]}"
        said += f"; {some} would gain on held-out leads, {best} the most: {gain:.4f} of the log-loss"
    elif spanning:
        said += "; none of them would gain anything on held-out leads"
    return {"left_out_pairs": len(spanning), "gaining_pairs": pairs, "said": said}
