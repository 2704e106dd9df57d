"""Rows without ids that are copies of one another: equal in every field, or in every field but one, beyond chance.

A list that was joined, sampled with repeats or exported twice holds its leads several times. Looking a row up then
beats every learner on held-out leads, and a promise rests on fewer leads than it counts. But rows of a few coarse
fields are equal by chance, and so are those of which nothing is known. Three things together tell copies:

- They are many, in small sets. A large set is what most leads look like, or a form that nobody filled in.
- They are ten times as many as where the values of half of the fields are dealt out to the rows anew.
- They end alike. Different leads that are equal in every field end differently as often as those that are equal in
  every field but one; copies hardly ever do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FEWEST_FIELDS = 3  # that vary
FEWEST_COPIES = 20
LEAST_SHARE = 0.05  # of the rows: fewer copies change little
LARGEST_SET = (5, 0.01, 50)  # rows of a set that may be copies: a share of all rows, and its least and most
CHANCE_RATIO = 10  # so many times more than where half of the fields are dealt out anew
DEALS = 4  # ways to choose the half of the fields; the one that explains most counts
FEWEST_DIFFERENT = 10  # pairs of rows of different outcome that there should be, were they different leads
DIFFERENT_SHARE = 0.2  # ... of which so many are seen at most
FEWEST_TWINS = 50  # pairs that are equal in every field but one, below which the rate of all leads is expected


@dataclass(frozen=True)
class CopiedRows:
    """Sets of copies: a number (n,) for each row, alike for copies; and the one field in which they may differ."""

    numbers: NDArray[np.int64]
    but: str


def find_copies(fields: Mapping[str, pd.Series[Any]], ended: NDArray[np.bool_]) -> CopiedRows | None:
    """The copies among rows, None where there are none. `fields` (n,) each; `ended` (n,): the lead became one."""
    codes = {name: pd.factorize(column, use_na_sentinel=False)[0] for name, column in fields.items()}
    random = np.random.default_rng(0)  # the same rows give the same numbers
    keys = {
        name: random.integers(0, 2**63, int(code.max()) + 1, dtype=np.uint64)[code]
        for name, code in codes.items()
        if len(code) and code.max() > 0
    }
    if len(keys) < FEWEST_FIELDS:
        return None
    for but in ("", *keys):
        rest = [key for name, key in keys.items() if name != but]
        sets = _add(rest)
        copies = _mark_copies(sets)
        if copies.sum() < max(FEWEST_COPIES, LEAST_SHARE * len(sets)):
            continue
        if len(rest) >= FEWEST_FIELDS and _is_beyond_chance(rest, int(copies.sum())) and _end_alike(keys, sets, ended):
            return CopiedRows(_number(sets, ended), but)
    return None


def _add(keys: list[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """A number (n,) for the values of several fields together: sums of random numbers, which are alike by no chance."""
    return np.asarray(np.sum(np.stack(keys), axis=0, dtype=np.uint64))


def _mark_copies(sets: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which rows (n,) are further ones of a set that is small enough."""
    _, first, places, sizes = np.unique(sets, return_index=True, return_inverse=True, return_counts=True)
    least, share, most = LARGEST_SET
    further = np.ones(len(sets), bool)
    further[first] = False
    return np.asarray(further & (sizes[places] <= min(most, max(least, share * len(sets)))))


def _is_beyond_chance(keys: list[NDArray[np.uint64]], copies: int) -> bool:
    """Whether there are far more copies than where the values of half of the fields are dealt out to the rows anew."""
    random = np.random.default_rng(1)
    by_chance = 0
    for _ in range(DEALS):
        order = random.permutation(len(keys))
        half = len(keys) // 2
        dealt = _add([keys[place] for place in order[:half]])[random.permutation(len(keys[0]))]
        kept = _add([keys[place] for place in order[half:]])
        by_chance = max(by_chance, int(_mark_copies(dealt + kept).sum()))
    return copies >= CHANCE_RATIO * max(1, by_chance)


def _end_alike(keys: Mapping[str, NDArray[np.uint64]], sets: NDArray[np.uint64], ended: NDArray[np.bool_]) -> bool:
    """Whether copies differ in outcome far less often than different leads that are as much alike would."""
    copied = np.isin(sets, sets[_mark_copies(sets)])
    order = np.argsort(sets, kind="stable")
    pairs = (sets[order][1:] == sets[order][:-1]) & copied[order][1:]
    differing = int((ended[order][1:] != ended[order][:-1])[pairs].sum())
    twins = twins_differing = 0
    for key in keys.values():
        near = sets - key  # of a field that `sets` leaves out anyway, this is a set of no meaning, and has no twins
        order = np.lexsort((sets, near))
        close = (near[order][1:] == near[order][:-1]) & (sets[order][1:] != sets[order][:-1])
        close &= copied[order][1:] | copied[order][:-1]
        twins += int(close.sum())
        twins_differing += int((ended[order][1:] != ended[order][:-1])[close].sum())
    rate = ended.mean()
    expected = twins_differing / twins if twins >= FEWEST_TWINS else 2 * rate * (1 - rate)
    return bool(expected * pairs.sum() >= FEWEST_DIFFERENT and differing <= DIFFERENT_SHARE * expected * pairs.sum())


def _number(sets: NDArray[np.uint64], ended: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A number (n,) for each set of copies that ended alike; rows of large sets have numbers of their own."""
    copied = np.isin(sets, sets[_mark_copies(sets)])
    _, numbers = np.unique(np.stack([sets, ended.astype(np.uint64)]), axis=1, return_inverse=True)
    return np.where(copied, numbers, len(sets) + np.arange(len(sets))).astype(np.int64)
