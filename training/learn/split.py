"""Which leads are learned from, which are held out, and what models predict for leads that they have not seen.

Where leads have days, everything goes by time: the newest are held out, and a lead is predicted only by models that
were fitted to leads of earlier days. Without days, parts are drawn at random with the same share of opportunities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.model_selection import StratifiedKFold

from leadledger.models.learner.compile import log_odds
from leadledger.training.history import History
from leadledger.training.learn.estimator import fit_estimator

FOLDS = 5  # random parts, each predicted by a model of the others
FIRST_WINDOW = 0.4  # share of the leads, the oldest, that the first of the growing windows learns from
WINDOWS = 3  # parts of the rest, each predicted by a model of all leads before it
FEWEST_OF_A_KIND = 5  # leads of either outcome in the first window
LONGEST_FIRST_WINDOW = 0.7  # a first window that has to be longer than this share leaves too few leads to predict
MOST_LEADS_PREDICTED = 200_000  # the newest; two weights need no more

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]  # positions to fit to, and positions to predict


@dataclass(frozen=True)
class HistorySplit:
    """Which leads to learn from, and which to hold out; positions in the history. `way`: time or stratified."""

    train: NDArray[np.intp]
    held: NDArray[np.intp]
    way: str


@dataclass(frozen=True)
class Unseen:
    """Out-of-fold log-odds (n,) of leads, NaN where no model predicted the lead; `way`: time or stratified.

    `parts` (n,): by time, which of the windows a lead was predicted in; all 0 elsewhere.
    """

    log_odds: NDArray[np.float64]
    parts: NDArray[np.int64]
    way: str


def split_history(history: History, held_out: float, digests: NDArray[np.uint64]) -> HistorySplit:
    """Hold out the newest leads where the history has days or an order, else the same share of either outcome.

    `digests` (n,) are those of the leads, which choose them then: neither the seed nor the order of the rows has a say.
    """
    positions = np.arange(len(history))
    if history.time_order is not None:
        cut = len(history) - max(1, round(len(history) * held_out))
        return HistorySplit(positions[:cut], positions[cut:], "time")
    held = places_by_digest(history.won, digests) < held_out
    return HistorySplit(positions[~held], positions[held], "stratified")


def places_by_digest(won: NDArray[np.bool_], digests: NDArray[np.uint64]) -> NDArray[np.float64]:
    """The places (n,) 0..1, below 1, of the leads among those of the same outcome, in the order of their digests.

    Parts that are cut by them hold the same share of either outcome, and always the same leads; equal leads stay
    together.
    """
    places = np.zeros(len(won))
    for kind in (won, ~won):
        ordered = np.sort(digests[kind])
        places[kind] = np.searchsorted(ordered, digests[kind], side="left") / max(1, len(ordered))
    return places


def out_of_fold(
    estimator: ClassifierMixin,
    frame: pd.DataFrame,
    won: NDArray[np.bool_],
    days: NDArray[np.int64] | None,
    seed: int,
    progress: Callable[[str], None] = lambda step: None,
    weights: NDArray[np.float64] | None = None,
) -> Unseen:
    """The log-odds of each lead by a model that was fitted without it; where there are days, to earlier leads only.

    `weights` (n,): how much each lead counts in the fits. `days` (n,) ascend, as in a history. The oldest leads, which
    the first window learns from, stay NaN. A history too short for windows (fewer than 5 leads of either outcome early
    on) is predicted in random parts, and `way` says so.
    """
    first = max(0, len(won) - MOST_LEADS_PREDICTED)
    windows = None if days is None else _windows(won[first:], days[first:])
    way = "stratified" if windows is None else "time"
    parts = _random_parts(won[first:], seed) if windows is None else windows
    unseen = np.full(len(won), np.nan)
    of = np.zeros(len(won), dtype=np.int64)
    for number, (kept, left) in enumerate(parts, start=1):
        progress(f"fitting, part {number} of {len(parts)}")
        fit_weights = None if weights is None else weights[first + kept]
        fitted = fit_estimator(estimator, frame.iloc[first + kept], won[first + kept], fit_weights)
        unseen[first + left] = log_odds(fitted, frame.iloc[first + left])
        of[first + left] = number - 1 if way == "time" else 0
    return Unseen(unseen, of, way)


def _random_parts(won: NDArray[np.bool_], seed: int) -> list[Fold]:
    folds = min(FOLDS, int(won.sum()), int((~won).sum()))
    return list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(won, won))


def _windows(won: NDArray[np.bool_], days: NDArray[np.int64]) -> list[Fold] | None:
    """Growing windows: fit to all days before, predict the next part. None where the first would be too long."""
    enough = (np.cumsum(won) >= FEWEST_OF_A_KIND) & (np.cumsum(~won) >= FEWEST_OF_A_KIND)
    if not enough.any():
        return None
    start = max(round(FIRST_WINDOW * len(won)), int(np.argmax(enough)) + 1)
    if start > LONGEST_FIRST_WINDOW * len(won):
        return None
    cuts = np.linspace(start, len(won), WINDOWS + 1)[:-1].round().astype(int)
    # No day lies on both sides of a cut.
    starts = np.unique(np.searchsorted(days, days[cuts]))
    starts = starts[enough[np.maximum(starts - 1, 0)] & (starts > 0)]
    return list(_between(starts, len(won))) or None


def _between(starts: NDArray[np.intp], leads: int) -> Iterator[Fold]:
    for start, end in pairwise([*starts, leads]):
        yield np.arange(start), np.arange(start, end)
