"""Recalibration: the base rate of a release moved to recent outcomes, its tables and rules untouched.

Where the world gets better or worse for all leads alike, the points still rank them, and only the probabilities are
off. With the new base rate, the predicted probabilities of the recent leads are right on average. The promotion
thresholds are found anew on these leads, because their promise rested on the old rate; the place of a lead is one among
these leads, where they are enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from leadledger.models.releases.store import Releases
from leadledger.models.upkeep import has_learned_promoted
from leadledger.scoring.errors import DataError
from leadledger.scoring.scorecard import START_TENTHS, Learned, Scorecard
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.history import History
from leadledger.training.history_reader import read_history
from leadledger.training.learn.known_leads import KNOWN_LEADS, KnownLeads, digest_leads
from leadledger.training.learn.lead_rows import take_one_row_each
from leadledger.training.learn.percentiles import find_percentiles
from leadledger.training.learn.threshold import find_thresholds
from leadledger.training.learn.trust import LOG_ODDS, in_the_large, probability_at
from leadledger.training.notebook import table
from leadledger.training.runs.earlier_releases import name_measure, open_with_leads
from leadledger.training.runs.exploration_study import keep_promoted
from leadledger.training.runs.group_measures import find_unfair, measure_groups
from leadledger.training.runs.provenance import provenance
from leadledger.training.sources.event_rows import require_events
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.required_fields import fields_to_score, require_fields

NEWEST_SHARE = 0.25  # share of the history that counts as recent, unless the caller sets another
FEWEST_OF_A_KIND = 20  # recent leads of either outcome, below which a rate is a guess


@dataclass(frozen=True)
class Recalibration:
    """A release with another base rate. `before` and `after` are the rates; `metrics` judge both by the same leads.

    `standard_names` is what it is in the release: a new base rate must not move which names of CRMs are read. `notes`
    are sentences, for people, on what was noticed while the history was read. `known` are the leads that its tables
    have learned from, as the release kept them.
    """

    card_text: str
    learned: Learned
    release: str
    before: float
    after: float
    metrics: Mapping[str, Any]
    provenance: Mapping[str, Any]
    standard_names: bool = True
    notes: tuple[str, ...] = ()
    known: KnownLeads | None = None

    @property
    def unfair(self) -> str:
        """Which bounds of the card's `fairness` it exceeds, in a sentence; empty where it exceeds none."""
        return find_unfair(dict(self.metrics))

    def publish(self, releases: Releases, created: datetime, *, sign_off: str = "") -> str:
        """Release it, and make it the current one; returns the name of the release.

        One that exceeds a bound of the card's `fairness` (`unfair`) becomes current only with `sign_off`, the reason
        why it may, which stays in the release.
        """
        metrics, note = dict(self.metrics), f"{self.release} recalibrated"
        sign_off = " ".join(sign_off.split()) if self.unfair else ""
        if self.unfair:
            metrics["fairness"] = {**metrics["fairness"], "signed_off": sign_off or None}
            note += f"; signed off: {sign_off}" if sign_off else "; held back"
        return releases.publish(
            self.card_text,
            self.learned,
            metrics=metrics,
            provenance=dict(self.provenance),
            created=created,
            files={} if self.known is None else {KNOWN_LEADS: self.known.to_bytes()},
            note=note,
            current=bool(sign_off or not self.unfair),
            standard_names=self.standard_names,
        )

    def _repr_html_(self) -> str:
        rows = [
            {"": name, "base_rate": rate, "log_loss": self.metrics["held_out"][name]["log_loss"]}
            for name, rate in (("before", self.before), ("after", self.after))
        ]
        return table(rows, f"{self.release} recalibrated")

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        return {
            "from": self.release,
            "before": self.before,
            "after": self.after,
            "notes": list(self.notes),
            "metrics": dict(self.metrics),
        }


def recalibrate(
    releases: Releases,
    data: Path | str | pd.DataFrame,
    *,
    release: str | None = None,
    as_of: date | None = None,
    newest: float = NEWEST_SHARE,
    events: Path | str | pd.DataFrame | None = None,
    reading: ReadingOptions = AS_FOUND,
    today: date | None = None,
    accept_left_out: bool = False,
    without: Sequence[str] = (),
) -> Recalibration:
    """Move the base rate of a release (None: the current one) to the newest leads of a history.

    `newest` (0..1) is the share of leads that counts as recent: the newest where the card names a day, else the last
    of the file. `events` are those of the leads, for a card that counts events; each lead is then looked at once, at a
    landmark that is drawn for it. `reading` says where in a file the leads are. `today` and `accept_left_out` as for
    training.
    `without` names the fields that the history has no column for and that it goes on without, as well as without those
    that the release was made without.
    Raises ReleaseError for the release, DataError for the data, or where the recent leads are too few.
    """
    former = open_with_leads(releases, release)
    old = former.scorecard
    card = old.card
    if old.learned.base_rate is None:
        raise DataError(f"release {old.release} has no base rate; `leadledger train` gives it one")
    require_events(card, events)
    history = read_history(card, data, as_of, reading, today, events)
    needs = [(card, _fields_that_count(releases, old))]
    gone = require_fields(history.source.columns, needs, without, history.label, "The base rate")
    history = history.refuse_doubtful("recalibration", accept_left_out)
    shown = releases.show(old.release)
    if has_learned_promoted(shown["provenance"]):
        promoted = keep_promoted(card, history)
        if promoted is None:
            raise DataError(
                f"release {old.release} has learned what becomes of promoted leads, and {history.label} doesn't say"
                " which leads were promoted: other leads would move its rate in vain. Add the columns `recommendation`"
                " and `propensity`, as scored lists have them"
            )
        history = promoted
    if former.known is None and history.time_order is None:
        raise DataError(
            f"release {old.release} was made by an earlier version, which kept no record of the leads that it has"
            " learned from, and the leads have no day or order that tells; on leads that it has learned from, promises"
            " would be too bold. Make a new release with `leadledger train`"
        )
    history = take_one_row_each(history)
    unseen = former.unseen_totals(history, digest_leads(history))
    recent, learned_from = _newest(history, unseen, newest)
    won = history.won[recent]
    if min(won.sum(), (~won).sum()) < FEWEST_OF_A_KIND:
        left = f" that release {old.release} has not learned from" if learned_from else ""
        raise DataError(
            f"{int(won.sum()):,} of the {len(won):,} newest leads{left} became opportunities; at least"
            f" {FEWEST_OF_A_KIND} of either outcome are needed to move the base rate. Give a longer history, or count"
            " more of it as recent"
        )
    totals = np.rint(np.nan_to_num(unseen)).astype(np.int64)
    distance = (totals[recent] - START_TENTHS) * LOG_ODDS
    counts = None if history.fit_weights is None else history.fit_weights[recent]
    after = float(expit(in_the_large(distance, float(np.average(won, weights=counts)), counts)))
    moved = replace(old.learned, base_rate=after)
    thresholds = find_thresholds(card, history, totals, recent, after, comparable=unseen)
    stands_for = history.weights_at(recent)
    lines = {name: threshold.threshold for name, threshold in thresholds.items()}
    moved = replace(
        moved,
        thresholds=dict(old.learned.thresholds) | lines,
        percentiles=find_percentiles(totals[recent], stands_for) or old.learned.percentiles,
    )
    before = shown["metrics"]
    metrics = {
        "recalibrated_from": old.release,
        "measure": name_measure(before) or old.release,
        "counts": dict(history.counts.__dict__),
        "leads": len(won),
        "left_out_as_learned_from": learned_from,
        "won": int(won.sum()),
        "base_rate_before": old.learned.base_rate,
        "base_rate": after,
        "held_out": {
            "before": judge(won, probability_at(old.learned, totals[recent]), stands_for).to_dict(),
            "after": judge(won, probability_at(moved, totals[recent]), stands_for).to_dict(),
        },
        "promises": {name: threshold.to_dict() for name, threshold in thresholds.items()},
        **measure_groups(card, moved, history, totals, recent[:0], recent),
    }
    text = releases.read(old.release, "card.yaml").decode("utf-8")
    source = {"recalibrated_from": old.release} | provenance(text, data, history, 0, gone, events)
    return Recalibration(
        text,
        moved,
        old.release,
        old.learned.base_rate,
        after,
        metrics,
        source,
        old.card.standard_names,
        (*history.notes, *_left_out(learned_from, old.release)),
        former.known,
    )


def _left_out(leads: int, release: str) -> tuple[str, ...]:
    if not leads:
        return ()
    return (f"Left out: {leads:,} of the newest leads, which release {release} has learned from.",)


def _newest(history: History, unseen: NDArray[np.float64], newest: float) -> tuple[NDArray[np.intp], int]:
    """The newest leads that were not learned from, positions, and how many others of the newest were.

    `unseen` (n,): NaN where a lead was learned from.
    """
    positions = np.arange(len(history))[-max(1, round(len(history) * newest)) :]
    usable = np.isfinite(unseen[positions])
    return positions[usable], int((~usable).sum())


def _fields_that_count(releases: Releases, release: Scorecard) -> tuple[str, ...]:
    """The fields that a release scores by, but for those that it was made without."""
    without = releases.show(release.release)["provenance"].get("without", ())
    return tuple(name for name in fields_to_score(release.card, release.learned) if name not in without)
