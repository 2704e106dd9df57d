"""Naive Bayes as Odoo's CRM scores leads ("predictive lead scoring").

Written after `_pls_get_naive_bayes_probabilities` and `_pls_update_frequency_table` in addons/crm/models/crm_lead.py of
odoo/odoo (at 694f48a):

- a count of won and one of lost for each value of each field, both 0.1 higher than seen, so that none is zero;
- P(value | won) is the value's count over the sum of these counts of its field, which is over leads that have a value;
- a missing value, and one that was never seen, leaves both scores as they are;
- the probability is S(won) / (S(won) + S(lost)) in percent, to two decimals, and kept within 0.01 and 99.99.

Two things Odoo knows are left out: the stage, since all leads here are looked at on the same step, and the team. One is
added: Odoo takes fields with few values only (country, source, language, …), so a number becomes the tenth of the
history in which it lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

EXTRA = 0.1
PARTS = 10  # of a number, with about as many leads each


@dataclass(frozen=True)
class OdooBayes:
    """The frequency table: won and lost in all, inner edges by number, (won, lost) counts by field and value."""

    won: int
    lost: int
    edges: Mapping[str, NDArray[np.float64]]
    counts: Mapping[str, pd.DataFrame]

    def predict(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """The probability (n,) of each lead, 0.0001 to 0.9999."""
        scores = np.log(np.tile([self.won + EXTRA, self.lost + EXTRA], (len(frame), 1)))
        for name, counts in self.counts.items():
            chances = (counts / counts.sum()).map(np.log)
            scores += chances.reindex(_values(frame[name], self.edges.get(name))).fillna(0.0).to_numpy()
        percent = np.round(100 / (1 + np.exp(scores[:, 1] - scores[:, 0])), 2)
        return np.asarray(np.clip(percent, 0.01, 99.99) / 100)


def fit(frame: pd.DataFrame, won: NDArray[np.bool_]) -> OdooBayes:
    """Count. Shapes: (n, fields) as in `History.frame`, (n,) outcomes."""
    edges = {
        str(name): np.unique(frame[name].quantile(np.arange(1, PARTS) / PARTS)) for name in frame.select_dtypes(float)
    }
    counts = {}
    for name in map(str, frame):
        values = _values(frame[name], edges.get(name))
        seen = pd.DataFrame({"won": won, "lost": ~won}).groupby(values.to_numpy(), dropna=True).sum()
        counts[name] = seen + EXTRA
    return OdooBayes(int(won.sum()), int((~won).sum()), edges, counts)


def _values(column: pd.Series[Any], edges: NDArray[np.float64] | None) -> pd.Series[Any]:
    """Each value as a text, None where it is missing."""
    known = column.notna()
    if edges is not None:
        column = pd.Series(np.searchsorted(edges, column, side="right"), index=column.index)
    return column.map(str).astype(object).where(known, None)
