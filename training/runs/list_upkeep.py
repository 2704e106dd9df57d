"""What a release needs, by the leads of a history that it has not learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leadledger.models.releases.store import Releases
from leadledger.models.upkeep import NEWEST_LEADS, Upkeep, find_last_learned, has_learned_promoted, measure_upkeep
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.history import History
from leadledger.training.learn.known_leads import digest_leads
from leadledger.training.learn.lead_rows import find_lead_rows
from leadledger.training.learn.trust import probability_at
from leadledger.training.plausible_days import EPOCH
from leadledger.training.runs.earlier_releases import open_with_leads
from leadledger.training.runs.exploration_study import keep_promoted


def measure_list(releases: Releases, history: History) -> Upkeep | None:
    """What the current release needs; None where the list can't tell. Raises ReleaseError, DataError.

    A recalibrated release took its base rate from leads newer than those that its tables have learned from; so leads
    with a day count from the one after its newest lead on.
    """
    former = open_with_leads(releases)
    provenance = releases.show(former.scorecard.release)["provenance"]
    if has_learned_promoted(provenance):
        promoted = keep_promoted(former.scorecard.card, history)
        if promoted is None:
            return None
        history = promoted
    digests = digest_leads(history)
    known = former.knows(history, digests)
    rows = find_lead_rows(history, digests)
    if rows is not None:
        known |= ~rows.drawn
    if history.lead_days is not None:
        newest = find_last_learned(former.scorecard.release, provenance)
        known |= newest is not None and history.lead_days <= (newest - EPOCH).days
    return measure_leads(former.scorecard, history, np.flatnonzero(~known))


def measure_leads(release: Scorecard, history: History, leads: NDArray[np.intp]) -> Upkeep | None:
    """What a release needs by some leads (m,), positions in the order of time, that it has not learned from."""
    learned = release.learned
    if learned.base_rate is None:
        return None
    newest = leads[-NEWEST_LEADS:]
    probability = probability_at(learned, history.score(release)[newest])
    return measure_upkeep(probability.tolist(), history.won[newest].tolist())
