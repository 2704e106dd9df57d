"""Arrays of leads: what they hold, and the draws and dates that the other files are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int64]  # -1 is missing: it picks the last element of a table, the place for missing
Flags: TypeAlias = npt.NDArray[np.bool_]


def pick(rng: np.random.Generator, shares: Sequence[float] | Floats, n: int) -> Codes:
    """Codes 0, 1, … drawn by their shares, which need not add up to one. Shape: (n,)."""
    ends = np.cumsum(shares)
    return np.searchsorted(ends / ends[-1], rng.random(n), side="right").astype(np.int64)


def gaps(rng: np.random.Generator, codes: Codes, share: float) -> Codes:
    """The codes, with a share of them made missing by chance."""
    return np.where(rng.random(len(codes)) < share, -1, codes)


def blanks(rng: np.random.Generator, values: Floats, share: float) -> Floats:
    """The numbers, with a share of them made missing by chance."""
    return np.where(rng.random(len(values)) < share, np.nan, values)


def known(values: Floats, missing: float) -> Floats:
    """The values, and `missing` where they are NaN."""
    return np.where(np.isnan(values), missing, values)


def sigmoid(z: Floats) -> Floats:
    """Probability of log-odds; the log-odds here stay within ±20, so that the plain form is safe."""
    return np.asarray(1 / (1 + np.exp(-z)))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def dates(days: Codes | Floats) -> Any:
    """Days since 1970 as dates; NaN is NaT. Shape: as `days`."""
    known_days = np.where(np.isnan(days), 0, days).astype("datetime64[D]")
    known_days[np.isnan(days)] = np.datetime64("NaT")
    return known_days.astype("datetime64[s]")
