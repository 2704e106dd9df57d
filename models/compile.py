"""Compile: from a fitted additive classifier to tables of points.

Only its public `decision_function` is asked, over one value per bin; so any classifier compiles that is a sum over its
`bins_` and `pairs_`, and one that is not is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from models.additive import Additive, Fields, Floats, Indexes, add_up, purify, read_off
from models.binning import find_bins, find_indexes
from scoring.lookup import Bins, FlagBins, NumberBins, Pair, Table, Term, TextBins

EXACT = 1e-9  # of log-odds
TENTHS = 100 / np.log(2)  # tenths of a point per unit of log-odds: 10 points double the odds


class CompileError(ValueError):
    """A classifier can't be compiled to tables. `gap`: by how much they miss it, in log-odds, where that is the reason."""

    def __init__(self, text: str, gap: float | None = None) -> None:
        super().__init__(text)
        self.gap = gap


def compile_additive(estimator: Any, X_check: pd.DataFrame | ArrayLike) -> Additive:
    """Read the additive part off a fitted binary classifier, and check it on the leads X_check (n_leads, n_columns).

    The estimator needs `bins_` (scoring.lookup bins, one a column), `pairs_` (pairs of positions of columns; may be
    missing: none) and `decision_function`. Where it has `counts_` and `pair_counts_`, those are the leads in each bin
    and cell; else they are counted in X_check. It is asked with a DataFrame (numbers as float64, texts and flags as
    objects, None for missing), or with an array if it was fitted without names and all columns are numbers.

    The result is purified, and misses `decision_function` on X_check by no more than 1e-9; else CompileError.
    """
    bins = tuple(getattr(estimator, "bins_", ()))
    if not bins:
        raise CompileError(
            f"{type(estimator).__name__} has no `bins_`, so that its tables can't be known. Fit it, or give it one "
            "NumberBins, TextBins or FlagBins per column as `bins_`."
        )
    pairs = checked_pairs(getattr(estimator, "pairs_", ()), len(bins))
    columns = columns_of(estimator, X_check, len(bins))
    indexes = find_indexes(bins, columns)
    counts = getattr(estimator, "counts_", None) or [
        np.bincount(indexes[:, field], minlength=len(one)) for field, one in enumerate(bins)
    ]
    pair_counts = getattr(estimator, "pair_counts_", None) or [count_cells(bins, indexes, pair) for pair in pairs]

    def decide(probes: Indexes) -> Floats:
        return decision(estimator, probe_leads(estimator, bins, probes))

    base = [int(np.argmax(count)) for count in counts]
    intercept, singles, cells = read_off(decide, [len(one) for one in bins], pairs, base)
    # Read off relative to the base, while `add_up` needs no base: its values at the base are zero.
    asked = decision(estimator, X_check)
    gap = float(np.max(np.abs(asked - add_up(intercept, singles, cells, indexes))))
    if not gap <= EXACT * max(1.0, float(np.max(np.abs(asked)))):
        raise CompileError(
            f"{type(estimator).__name__} is not a sum of tables: on {len(asked)} leads they miss its "
            f"decision_function by up to {gap:.3g} (log-odds). Either it asks three fields or more together, or a pair "
            "that `pairs_` doesn't list, or it tells values apart that share a bin of `bins_`.",
            gap,
        )
    return purify(
        Additive(
            bins=bins,
            intercept=intercept,
            singles=tuple(singles),
            pairs=cells,
            counts=tuple(np.asarray(count) for count in counts),
            pair_counts={pair: np.asarray(count) for pair, count in zip(pairs, pair_counts, strict=True)},
            monotone=tuple(getattr(estimator, "monotone_", (0,) * len(bins))),
            gap=gap,
        )
    )


def checked_pairs(pairs: Sequence[Sequence[int]], fields: int) -> list[Fields]:
    """The pairs as (i, j) with i < j, each once."""
    found = []
    for pair in pairs:
        one, other = (int(field) for field in pair)
        if not 0 <= one < other < fields:
            raise CompileError(f"`pairs_` holds {tuple(pair)!r}; a pair is (i, j) with 0 <= i < j < {fields}.")
        found.append((one, other))
    if len(set(found)) < len(found):
        raise CompileError("`pairs_` holds a pair twice.")
    return found


def columns_of(estimator: Any, X: pd.DataFrame | ArrayLike, fields: int) -> list[pd.Series[Any]]:
    """The columns of X, in the order of the estimator's."""
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X, dtype=np.float64))
    if frame.shape[1] != fields or not len(frame):
        raise CompileError(f"X_check must hold leads with {fields} columns, but its shape is {frame.shape}.")
    return [frame.iloc[:, position] for position in range(fields)]
