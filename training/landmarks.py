"""Landmarks: the days after a lead's own on which training looks at it, with the events that were known by then.

Without events a lead is looked at once, on its day. What it does afterwards tells more, and a score is asked for on any
day; so with events it is looked at again, for as long as it was open: a look on the day of the outcome, or later, would
see what the outcome brought about. The horizon counts from the look, so that each look foresees the same stretch of
days, and looks that are younger than the horizon are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadledger.scoring.errors import DataError
from leadledger.scoring.field import Field
from leadledger.scoring.outcome import Outcome
from leadledger.scoring.scorecard import Card
from leadledger.training.examined_rows import Counts
from leadledger.training.plausible_days import EPOCH

USUAL_LANDMARKS = (0, 7, 14, 30)  # days after the lead's own
LANDMARK_DAY = "day of the landmark"  # a date field beside those of the card; no field has spaces in its name


@dataclass(frozen=True)
class LandmarkRows:
    """The rows of a history that are leads at landmarks, in the order of the leads' days; those of a lead together.

    `numbers` (n,) number the rows, from 0. `after` (n,): the landmark, whole days after the lead's own day, which is
    `met` (n,), whole days since 1970.
    """

    numbers: NDArray[np.int64]
    after: NDArray[np.int64]
    met: NDArray[np.int64]

    def take(self, positions: NDArray[np.intp]) -> LandmarkRows:
        """Some of the rows."""
        return LandmarkRows(self.numbers[positions], self.after[positions], self.met[positions])


@dataclass(frozen=True)
class Looks:
    """Which leads are looked at, when.

    `leads` (n,) are positions of leads, `after` (n,) the landmarks, `won` (n,) bool: the lead became one within the
    horizon after the look. `closed` leads became one on their own day, so that there is no look at them; looks that
    would come on the day of the outcome, or later, are `late`, those that are younger than the horizon `immature`.
    """

    leads: NDArray[np.intp]
    after: NDArray[np.int64]
    won: NDArray[np.bool_]
    closed: int
    late: int
    immature: int

    def take(self, kept: NDArray[np.bool_]) -> Looks:
        """Some of the looks (n,)."""
        return replace(self, leads=self.leads[kept], after=self.after[kept], won=self.won[kept])

    def count(self, counts: Counts) -> Counts:
        """Where the leads went, those among them that are not looked at at all."""
        return replace(counts, closed=self.closed)

    def describe(self) -> Iterator[str]:
        """Sentences on what is looked at, for people."""
        leads = len(np.unique(self.leads))
        listed = ", ".join(f"{landmark:,}" for landmark in np.unique(self.after))
        yield (
            f"{leads:,} leads are looked at {len(self.leads):,} times, {listed} days after they were met; left out:"
            f" {self.late:,} looks at leads that had become opportunities by then, and {self.immature:,} that are"
            " younger than the horizon."
        )
        if self.closed:
            yield (
                f"{self.closed:,} leads became opportunities on the very day on which they were met. A look at its end"
                " would see what the outcome brought about, so they are left out."
            )


def list_landmarks(card: Card, outcome: Outcome) -> tuple[int, ...]:
    """The landmarks of a card with events: its own, else the usual ones, where it is known when a lead became one.

    Raises DataError where no day says when a lead was met.
    """
    if not outcome.since:
        raise DataError(
            f"the card '{card.name}' counts events, so training must know as of which day: name the day of the lead"
            " under `since:` of `outcome`"
        )
    if outcome.landmarks:
        return outcome.landmarks
    return USUAL_LANDMARKS if card.events and outcome.kind == "date" else (0,)


def find_looks(leads: pd.DataFrame, outcome: Outcome, landmarks: tuple[int, ...], taken: date | None) -> Looks:
    """The looks at examined leads with `since`, `became` and `won`, in their order and that of the landmarks.

    `taken` is the day on which the history was taken.
    """
    met = leads["since"].to_numpy(np.int64)
    after = np.tile(np.array(landmarks, dtype=np.int64), len(leads))
    positions = np.repeat(np.arange(len(leads)), len(landmarks))
    if outcome.kind == "date":
        waited = leads["became"].to_numpy(np.float64, na_value=np.inf) - met  # days from the lead's to the outcome's
        is_open = waited[positions] > after
        won = waited[positions] <= after + outcome.within
    else:  # when it became one is not known, so there is but the lead's own day
        waited = np.full(len(leads), np.inf)
        is_open, won = np.ones(len(positions), bool), leads["won"].to_numpy(bool)[positions]
    is_old = np.ones(len(positions), bool)
    if outcome.within and taken is not None:
        is_old = met[positions] + after + outcome.within <= (taken - EPOCH).days
    kept = is_open & is_old
    closed = int((waited <= 0).sum())
    late = int((~is_open & (waited[positions] > 0)).sum())
    return Looks(positions[kept], after[kept], won[kept], closed, late, int((is_open & ~is_old).sum()))


def add_landmark_day(card: Card) -> Card:
    """The card with the day of the landmark as one more field."""
    day = Field(LANDMARK_DAY, "date", sources=(("", LANDMARK_DAY),), learn=False)
    return replace(card, fields={**card.fields, LANDMARK_DAY: day})


def find_event_fields(card: Card) -> tuple[str, ...]:
    """The fields that are counted from events, and those that are computed from these, in the order of the card."""
    rest = {field.name for field in card.event_fields}
    for field in card.derived_fields:
        if rest & set(field.computed_from):
            rest.add(field.name)
    return tuple(name for name in card.fields if name in rest)
