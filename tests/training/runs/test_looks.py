"""Trainings that look at the same held-out leads are counted, and share the error of a promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from leadledger.training.learn.known_leads import SPARE_BITS, KnownLeads
from leadledger.training.learn.precision_threshold import Look, find_precision_threshold
from leadledger.training.runs.looks import EarlierTraining, TrainingLook, count_look

LEADS = np.arange(1000, dtype=np.uint64)
MADE_FROM = {"card_sha256": "c", "data_sha256": "d", "seed": 0}


def training(number: int, leads: NDArray[np.uint64], **provenance: Any) -> EarlierTraining:
    """A training that judged some leads."""
    known = KnownLeads(leads, np.zeros(len(leads), np.int16), SPARE_BITS + 10, None)
    return EarlierTraining(f"2026-01-0{number}-001", TrainingLook(number, 0.25), known, MADE_FROM | provenance)


def test_the_same_leads_are_counted() -> None:
    """Nine tenths are the same leads; fewer are not; another training of the same is the same look."""
    earlier = [training(1, LEADS), training(2, LEADS, seed=1)]
    assert count_look([], MADE_FROM, 0.25, LEADS) == TrainingLook(1, 0.25)
    assert count_look(earlier, MADE_FROM | {"seed": 9}, 0.25, LEADS) == TrainingLook(3, 0.25, "2026-01-02-001")
    assert count_look(earlier, MADE_FROM | {"seed": 9}, 0.25, LEADS + np.uint64(90)).number == 3
    assert count_look(earlier, MADE_FROM | {"seed": 9}, 0.25, LEADS + np.uint64(110)).number == 1
    assert count_look(earlier, MADE_FROM | {"seed": 1}, 0.25, LEADS) == earlier[1].look
    assert count_look(earlier, MADE_FROM | {"seed": 1}, 0.30, LEADS).number == 3


def test_the_shares_add_up_to_one() -> None:
    """However many looks there are, they spend no more than the error."""
    shares = [TrainingLook(number, 0.25).error_share for number in range(1, 1000)]
    assert shares[:3] == pytest.approx([0.9, 0.05, 0.1 / 6])
    assert 0.999 < sum(shares) < 1


def test_a_look_is_said() -> None:
    """Nothing at the first; later which one it is, what it may spend, and the cure."""
    assert TrainingLook(1, 0.25).describe() == ""
    assert TrainingLook(3, 0.25, "2026-01-02-001").describe() == (
        "This is look 3 at mostly the same held-out leads; release 2026-01-02-001 had the one before. A promise may"
        " spend 1.7% of its error on it, so that none is found by trying again; to promise more, train with newer"
        " leads."
    )


@pytest.mark.slow
def test_a_promise_can_not_be_shopped_for() -> None:
    """Where 0.5 is true of every score, ten seeds find a false 0.51 far more often than one; counted, they don't."""
    broken = {"one look": 0, "ten looks": 0, "ten counted looks": 0}
    worlds, seeds, leads = 60, 10, 300
    for world in range(worlds):
        random = np.random.default_rng(world)
        won = random.random(leads) < 0.5
        totals = np.rint(random.normal(500, 60, (seeds, leads))).astype(np.int64)  # scores that know nothing

        def promises(seed: int, share: float, won: NDArray[np.bool_] = won, totals: Any = totals) -> bool:
            found = find_precision_threshold(totals[seed], won, 0.51, 0.9, look=Look(error_share=share))
            return found.threshold.points is not None

        broken["one look"] += promises(0, 1.0)
        broken["ten looks"] += any(promises(seed, 1.0) for seed in range(seeds))
        broken["ten counted looks"] += any(
            promises(seed, TrainingLook(seed + 1, 0.25).error_share) for seed in range(seeds)
        )
    assert broken["ten looks"] > 2 * max(broken["one look"], broken["ten counted looks"])
    assert broken["ten counted looks"] <= 0.15 * worlds
