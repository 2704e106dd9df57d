"""Which rows of a history are of one lead, where it has one for each landmark; and one of each lead, drawn.

A lead is on one side of every split, in all its rows. Whatever counts leads (an interval, a threshold, a test) takes
one row of each, so that no lead confirms itself. Which landmark that is was drawn by the lead's digest, before anybody
knew whether the lead would be open then: to choose among the rows that it has would take the early ones of those that
became opportunities soon, and so more winners than there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leadledger.training.history import History
from leadledger.training.learn.known_leads import digest_leads


@dataclass(frozen=True)
class LeadRows:
    """Rows (n,) in the order of their leads' days: `leads` number the leads, `days` are those of the looks.

    `drawn` (n,) bool: the row of its lead that counts; a lead that wasn't open at the landmark drawn has none.
    """

    leads: NDArray[np.int64]
    days: NDArray[np.int64]
    drawn: NDArray[np.bool_]


def find_lead_rows(history: History, digests: NDArray[np.uint64]) -> LeadRows | None:
    """The rows of each lead; None where each row is a lead. `digests` (n,) are those of the leads."""
    if history.landmarks is None:
        return None
    assert history.days is not None
    after = history.landmarks.after
    landmarks = np.unique(after)
    mixed = (digests ^ (digests >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)  # other bits than known leads keep
    drawn = (mixed >> np.uint64(40)) % np.uint64(max(1, len(landmarks)))
    return LeadRows(history.rows, history.days, after == landmarks[drawn.astype(np.intp)])


def take_one_row_each(history: History) -> History:
    """The history with the row of each lead that was drawn; the whole, where each row is a lead."""
    rows = find_lead_rows(history, digest_leads(history))
    if rows is None:
        return history
    drawn = np.flatnonzero(rows.drawn)
    note = (
        f"Each lead counts once, at a landmark that was drawn for it: {len(drawn):,} of {history.counts.used:,} leads"
        " were open then."
    )
    return replace(history.take(drawn), notes=(*history.notes, note))
