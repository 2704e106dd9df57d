"""How often the same held-out leads were looked at, and which part of a promise's error a training may spend on them.

Whoever trains ten times on one history, each time with another seed or another card, and keeps the boldest promise, has
one that is broken more often than it says: the held-out leads were looked at ten times. So the trainings that a home
keeps are counted, and each spends a part of the error, 1 - confidence, such that all parts add up to 1. The first
spends most of it, since most histories are looked at once: 90 %; the second 5 %, the third 1.7 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadledger.training.learn.known_leads import KnownLeads

FIRST_SHARE = 0.9  # of the error, for the first look
SAME_LEADS = 0.9  # share of the held-out leads that an earlier training judged too, from which on they are the same
FINGERPRINT = ("card_sha256", "data_sha256", "seed")  # of the provenance: a training that is only repeated


@dataclass(frozen=True)
class TrainingLook:
    """A training's look at held-out leads: its number, from 1, and the release of the look before; empty for the first.

    `held_out` (0..1) is the share of leads that was held out.
    """

    number: int
    held_out: float
    before: str = ""

    @property
    def error_share(self) -> float:
        """The part (0..1) of a promise's error that it may spend; those of all looks add up to 1."""
        number = self.number
        return FIRST_SHARE if number == 1 else (1 - FIRST_SHARE) / (number * (number - 1))

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "number": self.number,
            "held_out": self.held_out,
            "before": self.before,
            "error_share": self.error_share,
            "said": self.describe(),
        }

    def describe(self) -> str:
        """What people must know of it; empty for the first look."""
        if self.number == 1:
            return ""
        return (
            f"This is look {self.number:,} at mostly the same held-out leads; release {self.before} had the one before."
            f" A promise may spend {self.error_share:.1%} of its error on it, so that none is found by trying again; to"
            " promise more, train with newer leads."
        )


@dataclass(frozen=True)
class EarlierTraining:
    """A training that the home keeps: its release, its look, the leads that it judged, and what it was made from."""

    release: str
    look: TrainingLook
    known: KnownLeads
    provenance: Mapping[str, Any]


def count_look(
    earlier: Iterable[EarlierTraining], provenance: Mapping[str, Any], held_out: float, digests: NDArray[np.uint64]
) -> TrainingLook:
    """The look of a new training at its held-out leads, whose digests are (m,).

    A training that only repeats an earlier one, with the same card, data, seed and `held_out`, repeats its look: it
    finds the same, and its release has the same bytes.
    """
    last: EarlierTraining | None = None
    for other in earlier:
        if other.look.held_out == held_out and all(other.provenance.get(key) == provenance[key] for key in FINGERPRINT):
            return other.look
        judged = np.isfinite(other.known.look_up(digests)[1])
        if judged.mean() >= SAME_LEADS and (last is None or other.look.number >= last.look.number):
            last = other
    return TrainingLook(1, held_out) if last is None else TrainingLook(last.look.number + 1, held_out, last.release)
