"""Which leads are judged, and which leads the models that judge them have learned from.

Where leads have days, everything goes by time, as it will for the release: a model that judges leads from a day on has
learned only from leads whose outcome was known by that day. Windows grow: the first judges leads of the middle, the
others the newest, which are held out. Without days, the leads are cut into parts at random, each with the same share
of opportunities, and each part is judged by a model of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from leadledger.models.learner.compile import log_odds
from leadledger.training.learn.estimator import fit_estimator
from leadledger.training.learn.lead_rows import LeadRows

FIRST_WINDOW = 0.6  # share of the leads before the newest part, the oldest, that the first window learns from
HELD_WINDOWS = 2  # windows that judge the newest part: a second one learns from half of it
FEWEST_OF_A_KIND = 5  # leads of either outcome that a window learns from
LEAST_KNOWN_SHARE = 0.5  # of the leads before a window, whose outcome was known; with fewer, all of them are taken
MOST_LEADS_LEARNED = 200_000  # by a model that only judges: the newest; more would hardly move what it foresees


@dataclass(frozen=True)
class Fold:
    """A model's leads, positions in the history: those that it is fitted to, and those that it then judges.

    `held`: whether the judged leads are of the held-out ones, by which the release is measured; others only weigh the
    model beside the rules.
    """

    learned: NDArray[np.intp]
    judged: NDArray[np.intp]
    held: bool = True


@dataclass(frozen=True)
class HistorySplit:
    """The folds, oldest first; `way`: time or stratified.

    `gap` is the number of days that the outcome of a lead takes to be known, 0: none. `gap_kept`: whether each model
    learned only from leads whose outcome was known on the first day that it judges. `rows`: where leads have several
    rows, those of each; folds hold all rows of a lead, and what counts leads takes the one that was drawn.
    """

    folds: tuple[Fold, ...]
    way: str
    gap: int = 0
    gap_kept: bool = True
    rows: LeadRows | None = None

    @property
    def held(self) -> NDArray[np.intp]:
        """The held-out leads, (m,) positions in ascending order: each is judged by one model, which had not seen it."""
        return self.draw(np.sort(np.concatenate([fold.judged for fold in self.held_folds])))

    @property
    def before(self) -> NDArray[np.intp]:
        """By time, the leads before the held-out ones, (m,) positions."""
        return self.draw(np.arange(self.held_folds[0].judged[0]))

    def draw(self, positions: NDArray[np.intp]) -> NDArray[np.intp]:
        """Of some rows, in ascending order, one of each lead."""
        return positions if self.rows is None else positions[self.rows.drawn[positions]]

    @property
    def apart(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Leads to learn from and others to judge by: all before the held-out ones and these; without time, a fold."""
        if self.way != "time":
            return self.draw(self.folds[-1].learned), self.draw(self.folds[-1].judged)
        return self.before, self.held

    @property
    def held_folds(self) -> tuple[Fold, ...]:
        """The folds that judge the held-out leads."""
        return tuple(fold for fold in self.folds if fold.held)


@dataclass(frozen=True)
class FoldForecast:
    """What the model of a fold predicts, log-odds: of the leads that it judges, and of those that it learned from.

    The latter are predicted by the parts of the model that left them out, where it has such parts. `pool` is `judged`
    without what segments add; None where the model has none.
    """

    fold: Fold
    judged: NDArray[np.float64]
    learned: NDArray[np.float64]
    pool: NDArray[np.float64] | None = None


def split_history(
    won: NDArray[np.bool_],
    order: NDArray[np.int64] | None,
    held_out: float,
    digests: NDArray[np.uint64],
    gap: int = 0,
    rows: LeadRows | None = None,
) -> HistorySplit:
    """Hold out the newest leads where these have days or an order, else each lead once, in parts of that share.

    Shapes: (n,) outcomes; (n,) what rises with time, ascending, or None; (n,) digests of the leads, which choose the
    parts: neither a seed nor the order of the rows has a say. `held_out` is a share, 0..1.
    `gap` is the number of days after which the outcome of a lead is known. It is kept where enough leads are left.
    `rows`: where leads have several rows, those of each; `order` is then that of the leads.
    """
    split = None if order is None else _split_by_time(won, order, held_out, gap, order if rows is None else rows.days)
    if split is not None:
        return replace(split, rows=rows)
    leads = np.arange(len(won)) if rows is None else rows.leads
    _, first, of_lead = np.unique(leads, return_index=True, return_inverse=True)
    outcome = np.bincount(of_lead, won) > 0
    parts = min(max(2, round(1 / held_out)), int(outcome.sum()), int((~outcome).sum()))
    part_of = np.floor(places_by_digest(outcome, digests[first]) * parts)[of_lead]
    folds = [(np.flatnonzero(part_of != part), np.flatnonzero(part_of == part)) for part in range(parts)]
    random = np.random.default_rng(0)
    folds_of_parts = tuple(Fold(_at_most(kept, random), judged) for kept, judged in folds)
    return HistorySplit(folds_of_parts, "stratified", rows=rows)


def places_by_digest(won: NDArray[np.bool_], digests: NDArray[np.uint64]) -> NDArray[np.float64]:
    """The places (n,) 0..1, below 1, of the leads among those of the same outcome, in the order of their digests.

    Parts that are cut by them hold the same share of either outcome, and always the same leads. Leads that are equal,
    as where a history has a few texts and no ids, are dealt out: were they to stay together, those that won would lie
    in one part and those that lost in another, and each part would be judged by a model that knows the other half only.
    """
    places = np.zeros(len(won))
    for kind in (won, ~won):
        dealt = _deal_out(digests[kind])
        places[kind] = np.searchsorted(np.sort(dealt), dealt) / max(1, len(dealt))
    return places


def _deal_out(digests: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Digests (n,) of which no two are equal: of those that are, the second, third, … are mixed anew (SplitMix64)."""
    order = np.argsort(digests, kind="stable")
    ranked = digests[order]
    starts = np.concatenate([[True], ranked[1:] != ranked[:-1]])[: len(ranked)]
    times = np.arange(len(ranked)) - np.maximum.accumulate(np.where(starts, np.arange(len(ranked)), 0))
    mixed = ranked + times.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    dealt = np.empty_like(digests)
    dealt[order] = np.where(times == 0, ranked, mixed ^ (mixed >> np.uint64(31)))
    return dealt


def _at_most(kept: NDArray[np.intp], random: np.random.Generator) -> NDArray[np.intp]:
    if len(kept) <= MOST_LEADS_LEARNED:
        return kept
    return np.sort(random.choice(kept, MOST_LEADS_LEARNED, replace=False))


def _split_by_time(
    won: NDArray[np.bool_], days: NDArray[np.int64], held_out: float, gap: int, looked: NDArray[np.int64]
) -> HistorySplit | None:
    """Growing windows; `days` (n,) ascend. None where all leads are of one day.

    `looked` (n,) are the days from which the outcome takes the gap to be known.
    """
    leads = len(won)
    cut = _day_start(days, leads - max(1, round(leads * held_out)))
    if cut is None:
        return None
    starts = [_day_start(days, round(FIRST_WINDOW * cut))]
    starts += [_day_start(days, cut + (leads - cut) * part // HELD_WINDOWS) for part in range(1, HELD_WINDOWS)]
    cuts = sorted({cut, *(start for start in starts if start is not None)})
    folds, kept = [], True
    for start, end in pairwise([*cuts, leads]):
        before = np.arange(start)
        known = before[looked[before] + gap <= days[start]]
        enough = len(known) >= LEAST_KNOWN_SHARE * start and _of_either_kind(won[known]) >= FEWEST_OF_A_KIND
        learned = known if enough else before
        if start < cut and _of_either_kind(won[learned]) < FEWEST_OF_A_KIND:
            continue
        kept = kept and enough
        first = start if start >= cut else max(start, end - MOST_LEADS_LEARNED)
        folds.append(Fold(learned[-MOST_LEADS_LEARNED:], np.arange(first, end), start >= cut))
    return HistorySplit(tuple(folds), "time", gap, kept)


def _day_start(days: NDArray[np.int64], position: int) -> int | None:
    """The start of a day that is nearest to a position, so that no day lies on both sides; None: there is but one."""
    sides = (
        np.searchsorted(days, days[min(position, len(days) - 1)], side="left"),
        np.searchsorted(days, days[min(position, len(days) - 1)], side="right"),
    )
    starts = [int(side) for side in sides if 0 < side < len(days)]
    return min(starts, key=lambda start: abs(start - position), default=None)


def _of_either_kind(won: NDArray[np.bool_]) -> int:
    return int(min(won.sum(), (~won).sum()))


def forecast_folds(
    estimator: ClassifierMixin,
    frame: pd.DataFrame,
    won: NDArray[np.bool_],
    split: HistorySplit,
    progress: Callable[[str], None] = lambda step: None,
    weights: NDArray[np.float64] | None = None,
) -> list[FoldForecast]:
    """Fit a copy of a classifier for each fold, and let it judge. `weights` (n,): how much each row counts in it."""
    forecasts = []
    for number, fold in enumerate(split.folds, start=1):
        progress(f"judging by models that had not seen the leads, {number} of {len(split.folds)}")
        learned = fold.learned
        fitted = fit_estimator(
            estimator,
            frame.iloc[learned],
            won[learned],
            None if weights is None else weights[learned],
            None if split.rows is None else split.rows.leads[learned],
        )
        own, leads = held_out_decision(fitted, frame.iloc[learned]), frame.iloc[fold.judged]
        decided = log_odds(fitted, leads)
        segmented = getattr(fitted, "segment_field_", None) is not None
        pool = decided - fitted.segment_decision(leads) if segmented else None
        forecasts.append(FoldForecast(fold, decided, own, pool))
    return forecasts


def held_out_decision(fitted: ClassifierMixin, frame: pd.DataFrame) -> NDArray[np.float64]:
    """The log-odds (n,) of the leads that a classifier was fitted to: by the parts of it that left them out, if any."""
    decided = log_odds(fitted, frame)
    unseen = getattr(fitted, "held_out_decision_", None)
    return decided if unseen is None else np.where(np.isfinite(unseen), unseen, decided)
