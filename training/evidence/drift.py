"""Drift: whether the newest leads still look like those that training learned from.

The measure is the population stability index (`models.stability`), less what chance brings on average. What remains is
called steady while chance could explain it, so a small history raises no false alarms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from leadledger.models.learner.binning import count_bins, find_indexes, learn_bins
from leadledger.models.stability import Band, find_band, moved
from leadledger.training.notebook import table

CHANCE_LEVEL = 0.99  # of samples without any drift stay below the level that is called chance
MOST_BINS, MOST_LEVELS, FEWEST_PER_BIN = (
    10,
    24,
    20,
)  # bins of a number, levels of a text, leads in each: tenths are the custom


@dataclass(frozen=True)
class Shift:
    """How far something has moved. `psi` is the index less what chance brings on average, and not below 0.

    `chance` is the level that it stays below in 99 of 100 samples without drift; up to there, it is steady.
    """

    name: str
    psi: float
    chance: float
    band: Band


@dataclass(frozen=True)
class Drift:
    """The shift of the score, of each field and of each rule, the farthest first; how many leads there are of each."""

    score: Shift
    fields: tuple[Shift, ...]
    rules: tuple[Shift, ...]
    older: int
    newest: int

    @property
    def said(self) -> str:
        """What moved, in a sentence."""
        parts = [f"the score has {self.score.band}"] if self.score.band != "steady" else []
        for kind, shifts in (("field", self.fields), ("rule", self.rules)):
            for band in ("shifted", "moved"):
                names = [shift.name for shift in shifts if shift.band == band]
                if names:
                    parts.append(f"the {kind}{'s' if len(names) > 1 else ''} {', '.join(names)} {band}")
        sentence = "; ".join(parts) if parts else "score, fields and rules are steady"
        return f"from the {self.older:,} older leads to the {self.newest:,} newest, {sentence}"

    def _repr_html_(self) -> str:
        parts = (("score", (self.score,)), ("field", self.fields), ("rule", self.rules))
        rows = [{"": kind} | asdict(shift) for kind, shifts in parts for shift in shifts]
        return table(rows, "Drift, older to newest leads", self.said)

    def to_dict(self) -> dict[str, Any]:
        """Nested JSON."""
        return asdict(self) | {
            "fields": [asdict(shift) for shift in self.fields],
            "rules": [asdict(shift) for shift in self.rules],
            "said": self.said,
        }


def drift(
    frame_old: pd.DataFrame,
    frame_new: pd.DataFrame,
    rules_old: Mapping[str, NDArray[np.int8]],
    rules_new: Mapping[str, NDArray[np.int8]],
    totals_old: NDArray[np.int64],
    totals_new: NDArray[np.int64],
) -> Drift:
    """Compare the leads that were learned from (n) with the newest (m), at least one of each.

    Shapes: (n, fields) and (m, fields) with the same columns, as `History.frame`; (n,) and (m,) of each rule by name: 1
    fired, 0 did not, -1 unknown; (n,) and (m,) totals. It says nothing where leads are not in the order of time.
    """
    fields = []
    if frame_old.shape[1]:
        columns_old, columns_new = ([frame[name] for name in frame_old.columns] for frame in (frame_old, frame_new))
        bins = learn_bins(columns_old, MOST_BINS, MOST_LEVELS, FEWEST_PER_BIN)
        counts_old, counts_new = (
            count_bins(bins, find_indexes(bins, columns)) for columns in (columns_old, columns_new)
        )
        fields = [
            measure_shift(str(name), old, new)
            for name, old, new in zip(frame_old.columns, counts_old, counts_new, strict=True)
        ]
    rules = [measure_shift(name, _thirds(rules_old[name]), _thirds(rules_new[name])) for name in rules_old]
    edges = np.unique(np.quantile(totals_old, np.arange(1, MOST_BINS) / MOST_BINS))
    tenths_old, tenths_new = (
        np.bincount(np.searchsorted(edges, totals, side="right"), minlength=len(edges) + 1)
        for totals in (totals_old, totals_new)
    )
    return Drift(
        measure_shift("score", tenths_old, tenths_new),
        tuple(sorted(fields, key=_farthest)),
        tuple(sorted(rules, key=_farthest)),
        len(totals_old),
        len(totals_new),
    )


def measure_shift(name: str, old: NDArray[np.int64], new: NDArray[np.int64]) -> Shift:
    """How far the leads have moved between the bins of something. Shapes: (bins,) leads in each, before and after."""
    used = old + new > 0
    degrees = max(0, int(used.sum()) - 1)
    scale = 1 / int(old.sum()) + 1 / int(new.sum())
    psi = moved(old.tolist(), new.tolist())
    chance = max(0.0, float(chi2.ppf(CHANCE_LEVEL, degrees) - degrees) * scale) if degrees else 0.0
    return Shift(name, round(psi, 4), round(chance, 4), find_band(psi, chance))


def _thirds(fired: NDArray[np.int8]) -> NDArray[np.int64]:
    """How often a rule was unknown, did not fire, and fired."""
    return np.bincount(fired.astype(np.int64) + 1, minlength=3)


def _farthest(shift: Shift) -> tuple[float, str]:
    return -shift.psi, shift.name
