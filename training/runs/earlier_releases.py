"""The releases that a new one is compared with: the current one, and the best so far where that is another.

The best so far is kept by name in the metrics of each release (`comparison.measure`, and `measure` after a
recalibration, which moves the base rate alone). A release that was held back, and that a person made current all the
same, becomes the measure itself.

Forecasts are compared that no lead has flattered: the new ones are those of models that had not seen the leads, and so
are the earlier ones, either because a lead is new to the earlier release, or because that kept how a model which had
not seen the lead judged it. Leads that an earlier release has learned from, and kept no such forecast of, are left out.
A release of an edited card has learned what the one before it had: its forecasts are those of that one, moved by what
the edit does to each lead's points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import DataError, ReleaseError
from leadledger.scoring.scorecard import Learned, Scorecard
from leadledger.training.evidence.release_comparison import Comparison, Forecast, compare, incomparable, with_best
from leadledger.training.history import History
from leadledger.training.learn.known_leads import KNOWN_LEADS, NO_LEADS, KnownLeads, read_known_leads
from leadledger.training.learn.threshold import could_be_promoted, list_criteria
from leadledger.training.learn.trust import probability_at
from leadledger.training.plausible_days import EPOCH
from leadledger.training.runs.fit_measures import FittedCard
from leadledger.training.runs.looks import EarlierTraining, TrainingLook

BEST = "best release so far"
MOST_LOOKS = 50  # trainings that are read; their numbers go on from those before them
FEWEST_OF_A_KIND = 20  # leads of either outcome, below which two releases are not told apart


@dataclass(frozen=True)
class EarlierRelease:
    """A release, and the leads that it knows; None: it was made by a version that didn't keep them.

    `trained` is the release that training made, where this one has its tables and the rules of a card that was edited
    since; `known` are then the leads of that one. None: it is that release itself.
    """

    scorecard: Scorecard
    known: KnownLeads | None
    trained: Scorecard | None = None

    def unseen_totals(self, history: History, digests: NDArray[np.uint64]) -> NDArray[np.float64]:
        """The totals (n,) of leads, in tenths, by models that had not seen them; NaN where there are none.

        `digests` (n,) are those of the leads. A release that kept no leads had held out its newest ones, so by time
        all that are judged are new to it; without an order nobody knows, and all are NaN.
        """
        scored = history.score(self.scorecard).astype(float)
        totals = np.full(len(history), np.nan) if self.known is None else self.known.look_up(digests)[1]
        if self.trained is not None and np.isfinite(totals).any():
            totals += scored - history.score(self.trained)
        return np.where(self.knows(history, digests), totals, scored)

    def knows(self, history: History, digests: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which leads (n,) it has learned from, as far as anybody knows; `digests` (n,) are those of the leads."""
        if self.known is None:
            return np.full(len(history), history.time_order is None)
        known = self.known.look_up(digests)[0]
        if self.known.until is not None and history.lead_days is not None:
            known |= history.lead_days <= (self.known.until - EPOCH).days
        return known


@dataclass(frozen=True)
class EarlierReleases:
    """The current release, and the best so far; None where that is the current one, or can't be opened any more.

    `looks`: the trainings of the home, oldest first, drafts and those that were held back too.
    """

    current: EarlierRelease | None
    best: EarlierRelease | None = None
    looks: tuple[EarlierTraining, ...] = ()


def open_earlier(releases: Releases) -> EarlierReleases | None:
    """The releases that a new one is compared with; None where there are none.

    Raises ReleaseError where the current one is refused. The best so far may be gone; it is left out then.
    """
    if not releases.names():
        return None
    looks = tuple(_find_looks(releases))
    if releases.current() is None:
        return EarlierReleases(None, looks=looks)
    current = open_with_leads(releases)
    name = name_measure(releases.show(current.scorecard.release)["metrics"])
    try:
        best = open_with_leads(releases, name) if name and name != current.scorecard.release else None
    except ReleaseError:
        best = None
    return EarlierReleases(current, best, looks)


def _find_looks(releases: Releases) -> Iterator[EarlierTraining]:
    """The newest trainings that are kept, oldest first; a release that is damaged counts no more."""
    for name in releases.names()[-MOST_LOOKS:]:
        try:
            kept = releases.show(name)
            look = kept["metrics"].get("look")
            if look is not None and KNOWN_LEADS in kept["files"]:
                known = read_known_leads(releases.read(name, KNOWN_LEADS))
                own = TrainingLook(look["number"], look["held_out"], look["before"])
                yield EarlierTraining(name, own, known, kept["provenance"])
        except ReleaseError:
            continue


def open_with_leads(releases: Releases, name: str | None = None) -> EarlierRelease:
    """A release (None: the current one) with the leads that it knows. Raises ReleaseError."""
    scorecard = releases.open(name)
    name = scorecard.release
    try:
        trained = _find_trained(releases, name)
        if trained != name:
            return EarlierRelease(scorecard, _read_leads(releases, trained), releases.open(trained))
    except ReleaseError:  # it is gone: the leads that it had judged are left out
        pass
    return EarlierRelease(scorecard, _read_leads(releases, name))


def _find_trained(releases: Releases, name: str) -> str:
    """The release that judged what a release knows: itself, unless its card was edited since. Raises ReleaseError."""
    source = releases.show(name)["provenance"]
    if "edited_from" in source:
        measured = str(source.get("measured_with") or "")  # nothing was learned where none is named
        return _find_trained(releases, measured) if measured else name
    former = source.get("recalibrated_from")
    if not former:
        return name
    trained = _find_trained(releases, str(former))  # a new rate moves no points
    return name if trained == former else trained


def _read_leads(releases: Releases, name: str) -> KnownLeads | None:
    """The leads that a release knows; None: it doesn't say. Raises ReleaseError."""
    has_leads = KNOWN_LEADS in releases.show(name)["files"]
    return read_known_leads(releases.read(name, KNOWN_LEADS)) if has_leads else None


def as_earlier(current: Scorecard | EarlierReleases | None) -> EarlierReleases | None:
    """What `train` is given, as releases to compare with. A scorecard alone is taken to know none of the leads."""
    return EarlierReleases(EarlierRelease(current, NO_LEADS)) if isinstance(current, Scorecard) else current


def name_measure(metrics: Mapping[str, Any]) -> str:
    """The best release when that with these metrics was made; empty where it is that one itself."""
    comparison = metrics.get("comparison") or metrics
    return "" if comparison.get("worse") else str(comparison.get("measure", ""))


def unseen_totals(fitted: FittedCard) -> NDArray[np.float64]:
    """The totals (n,), in tenths, of a fitted card's leads by models that had not seen them; NaN where there are none.

    They are on the scale of the card: its base rate goes with them.
    """
    return np.where(np.isfinite(fitted.fit.forecast), fitted.fit.judged_totals, np.nan)


def compare_to_earlier(
    fitted: FittedCard, current: EarlierRelease, best: EarlierRelease | None, digests: NDArray[np.uint64]
) -> Comparison:
    """The new scorecard beside the current release and the best so far; `digests` (n,) are those of the leads."""
    comparison = _compare(fitted, current, digests, "current release")
    if best is None or not comparison.leads:
        return comparison
    beside_best = _compare(fitted, best, digests, BEST)
    return with_best(comparison, beside_best) if beside_best.leads else comparison


def _compare(fitted: FittedCard, earlier: EarlierRelease, digests: NDArray[np.uint64], kind: str) -> Comparison:
    new, old, history = fitted.scorecard, earlier.scorecard, fitted.history
    if old.card.outcome != new.card.outcome:
        return incomparable(old.release, "it predicts another outcome")
    if old.learned.base_rate is None:
        return incomparable(old.release, "it has no base rate, and so no probabilities")
    try:
        old_totals = earlier.unseen_totals(history, digests)
    except DataError as error:
        return incomparable(old.release, str(error))
    new_totals, held = unseen_totals(fitted), fitted.split.held
    leads = held[np.isfinite(old_totals[held])]
    won = history.won[leads]
    if min(won.sum(), (~won).sum()) < FEWEST_OF_A_KIND and len(leads) < len(held):
        return incomparable(old.release, _too_few(len(held), won, earlier.known is None))
    stage = new.card.predicted_stage
    able = (
        ~history.excluded if stage is None else could_be_promoted(stage, list_criteria(new, history), history.excluded)
    )

    def forecast(learned: Learned, totals: NDArray[np.float64]) -> Forecast:
        threshold = learned.thresholds.get(stage.name) if stage else None
        points = threshold.points if threshold else None
        promoted = able[leads] & (totals >= (points or 0)) & (points is not None)
        return Forecast(probability_at(learned, totals), promoted)

    assert new.learned.base_rate is not None
    forecasts = forecast(new.learned, new_totals[leads]), forecast(old.learned, old_totals[leads])
    return compare(old.release, won, able[leads], *forecasts, new.learned.base_rate, kind)


def _too_few(held: int, won: NDArray[np.bool_], says_nothing: bool) -> str:
    """Why too few leads are left to compare by."""
    if says_nothing:
        return (
            "it was made by an earlier version, which kept no record of the leads that it has learned from, and the"
            " leads have no day that tells"
        )
    return (
        f"it has learned from all but {len(won):,} of the {held:,} held-out leads, and {int(won.sum()):,} of these"
        f" became opportunities; {FEWEST_OF_A_KIND} of either outcome are needed"
    )
