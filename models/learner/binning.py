"""Binning: columns of a table of leads into the bins of lookup tables.

Numbers are cut near their quantiles, at the roundest number around, so that a table reads `10 to 25`, and not
`9.73 to 26.1`; whole numbers that are few get a bin each. Texts keep their frequent levels. Bin 0 is always the
missing value.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from leadledger.scoring.bins import Bins, FlagBins, NumberBins, TextBins

# A bin may hold between these shares of its fair part of the leads, if a rounder edge is to be had for it.
FAIR_SHARES = (0.7, 1.3)
# Finer bins of single fields. On simulated amounts with a wave in them, 50 leads in a part came nearest to the truth at
# 5,000 and 20,000 leads (400, 200, 100, 50), and cost nothing where there was no wave.
MOST_NUMBER_BINS = 256
FEWEST_PER_PART = 50  # leads
MOST_LEVELS = 4_000  # of all texts together: as SQL, 70 bytes each, three times with the reasons
FEWEST_PER_LEVEL = 2  # leads; a text with fewer on average holds names or addresses,
FEWEST_PER_NAME = 5  # of which only what several leads share is kept


class Binning(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Bins each column by its kind; transforms values into bin indexes.

    The kind of a column of a DataFrame: a flag if its dtype is bool or boolean (or object with only True, False and
    missing values); a number if its dtype is numeric (or object with only numbers); a text otherwise. Every column of
    an array is a number. None, NaN, pd.NA and NaT are missing; infinite numbers fall in the outer bins.

    Parameters
    ----------
    max_bins : most bins of a number, 2 or more, not counting the missing bin.
    max_levels : most levels of a text, 1 or more; further levels share the bin `other`.
    min_count : least leads in a bin of a number or of a level, 1 or more. A small history asks for less: an eighth of
        its leads. Where leads are too few for a bin of their own, they share a bin. The missing bin is there always.

    Attributes
    ----------
    bins_ : list of leadledger.scoring.lookup.NumberBins, TextBins or FlagBins, one a column.
    counts_ : list of int arrays of shape (len(bins),), the leads in each bin, one a column.
    n_features_in_, feature_names_in_ : as in scikit-learn.
    """

    def __init__(self, max_bins: int = 16, max_levels: int = 24, min_count: int = 20) -> None:
        self.max_bins = max_bins
        self.max_levels = max_levels
        self.min_count = min_count

    def fit(self, X: pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Learn the bins of X, of shape (n_leads, n_columns). `y` is ignored."""
        columns = read_columns(self, X, reset=True)
        self.bins_: list[Bins] = learn_bins(columns, self.max_bins, self.max_levels, self.min_count)
        indexes = find_indexes(self.bins_, columns)
        self.counts_: list[NDArray[np.int64]] = count_bins(self.bins_, indexes)
        return self

    def transform(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.int64]:
        """The bin index of each value, of shape (n_leads, n_columns): `bins_[j].find(value)`, for all at once."""
        check_is_fitted(self, "bins_")
        return find_indexes(self.bins_, read_columns(self, X, reset=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []  # indexes are integers, whatever the dtype of X
        return tags


def learn_bins(columns: Sequence[pd.Series[Any]], max_bins: int, max_levels: int, min_count: int) -> list[Bins]:
    """The bins of each column; the parameters are those of `Binning`, and are checked."""
    check_whole("max_bins", max_bins, 2)
    check_whole("max_levels", max_levels, 1)
    check_whole("min_count", min_count, 1)
    least = least_leads(min_count, len(columns[0]))
    learned: list[Bins] = []
    for column in columns:
        match kind_of(column):
            case "flag":
                learned.append(FlagBins())
            case "number":
                learned.append(NumberBins(number_edges(as_floats(column), max_bins, least)))
            case "text":
                learned.append(TextBins(text_levels(column, max_levels, least)))
    return learned


def least_leads(min_count: int, n_leads: int) -> int:
    """The least leads in a bin of its own: `min_count`, or an eighth of a small history."""
    return max(1, min(min_count, n_leads // 8))


def find_indexes(bins: Sequence[Bins], columns: Sequence[pd.Series[Any]]) -> NDArray[np.int64]:
    """The bin index of each value; shape (n_leads, n_columns)."""
    return np.column_stack([find_bins(*both) for both in zip(bins, columns, strict=True)])


def count_bins(bins: Sequence[Bins], indexes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The leads in each bin, one array of shape (len(bins[j]),) a column."""
    return [np.bincount(indexes[:, j], minlength=len(column_bins)) for j, column_bins in enumerate(bins)]


def check_whole(name: str, value: object, least: int) -> None:
    """Raise ValueError unless `value` is a whole number of `least` or more."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be a whole number of {least} or more, not {value!r}.")


def read_columns(estimator: BaseEstimator, X: pd.DataFrame | ArrayLike, *, reset: bool) -> list[pd.Series[Any]]:
    """The columns of X, checked against what `estimator` was fitted on, or remembered if `reset`. At least one row."""
    if isinstance(X, pd.DataFrame):
        # check_array would make one array of one dtype of it; only the names and the number of columns are checked.
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        if X.shape[0] == 0:
            raise ValueError(f"Found array with 0 sample(s) (shape={X.shape}) while a minimum of 1 is required.")
        if X.shape[1] == 0:
            raise ValueError(f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is required.")
        return [X.iloc[:, j] for j in range(X.shape[1])]
    array = validate_data(estimator, X, reset=reset, dtype=np.float64, ensure_all_finite=False)
    return [pd.Series(array[:, j]) for j in range(array.shape[1])]


def kind_of(column: pd.Series[Any]) -> Literal["number", "text", "flag"]:
    """What a column holds, by its dtype, or by its values if they are objects. Dates, complex numbers are refused."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return "flag"
    if pd.api.types.is_complex_dtype(column.dtype):
        raise ValueError(f"Complex data not supported: column {column.name!r}.")
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "number"
    if isinstance(column.dtype, pd.PeriodDtype) or column.dtype.kind in "mM":
        raise ValueError(f"Column {column.name!r} holds dates. Make a number of them first: days since, or days until.")
    if column.dtype == object:
        values = column[column.notna()]
        if len(values) and all(isinstance(value, (bool, np.bool_)) for value in values):
            return "flag"
        if len(values) and all(isinstance(value, (Real, Decimal)) for value in values):
            return "number"
    return "text"


def as_floats(column: pd.Series[Any]) -> NDArray[np.float64]:
    """A column of numbers as floats; missing values become NaN. ValueError names the column that isn't numbers."""
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Column {column.name!r} must hold numbers, as in fit: {error}") from error


def find_bins(bins: Bins, column: pd.Series[Any]) -> NDArray[np.int64]:
    """The bin of each value of a column; shape (n_leads,). The same as `bins.find`, value by value."""
    if isinstance(bins, NumberBins):
        values = as_floats(column)
        indexes = 1 + np.searchsorted(np.asarray(bins.edges, dtype=np.float64), values, side="right")
        return np.where(np.isnan(values), 0, indexes)
    # Few values are distinct: each is looked up once.
    codes, uniques = pd.factorize(column)
    of_code = [bins.find(bool(value)) if isinstance(bins, FlagBins) else bins.find(str(value)) for value in uniques]
    return np.asarray([*of_code, 0], dtype=np.int64)[codes]  # the code of a missing value is -1: the last


def text_levels(column: pd.Series[Any], max_levels: int, least: int) -> tuple[str, ...]:
    """The levels of a text that at least `least` leads have, the most frequent first, at most `max_levels`."""
    counts = column[column.notna()].astype(str).value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(str(level) for level, count in ordered[:max_levels] if count >= least)


def learn_finer_bins(
    columns: Sequence[pd.Series[Any]], bins: Sequence[Bins], nested: Collection[int] = ()
) -> dict[int, tuple[Bins, NDArray[np.int64]]]:
    """Finer bins, by the position of the column, of columns that have leads enough for more than their `bins`.

    With them the bin (n_finer,) that holds each. A bin of a number is cut into parts of at least `FEWEST_PER_PART`
    leads; a text keeps further levels of at least `FEWEST_PER_LEVEL`, or `FEWEST_PER_NAME` where most are rarer. Texts
    share `MOST_LEVELS`. Columns in `nested` have finer bins even where there are no further levels.
    """
    finer: dict[int, tuple[Bins, NDArray[np.int64]]] = {}
    pairs = zip(columns, bins, strict=True)
    texts = sum(isinstance(kind, TextBins) and column.nunique() > len(kind.levels) for column, kind in pairs)
    for at, (column, column_bins) in enumerate(zip(columns, bins, strict=True)):
        if isinstance(column_bins, NumberBins):
            values = as_floats(column)
            values = values[np.isfinite(values)]
            inside = np.searchsorted(column_bins.edges, values, side="right")
            parts = MOST_NUMBER_BINS // (len(column_bins) - 1)
            edges = set(column_bins.edges)
            for bin_ in range(len(column_bins) - 1 if parts > 1 else 0):
                edges.update(number_edges(values[inside == bin_], parts, FEWEST_PER_PART))
            if len(edges) > len(column_bins.edges):
                ascending = tuple(sorted(edges))
                starts = np.searchsorted(column_bins.edges, [-np.inf, *ascending], side="right")
                finer[at] = NumberBins(ascending), np.concatenate([[0], 1 + starts])
        elif isinstance(column_bins, TextBins):
            names = int(column.count()) < FEWEST_PER_LEVEL * column.nunique()
            fewest = FEWEST_PER_NAME if names else FEWEST_PER_LEVEL
            levels = text_levels(column, MOST_LEVELS // max(texts, 1), fewest)
            further = tuple(level for level in levels if level not in column_bins.index)
            if further or at in nested:
                last = len(column_bins) - 1
                coarse = np.concatenate([np.arange(last), np.full(len(further) + 1, last)])
                finer[at] = TextBins((*column_bins.levels, *further)), coarse
    return finer


def number_edges(values: NDArray[np.float64], max_bins: int, least: int) -> tuple[float, ...]:
    """Edges of at most `max_bins` bins with at least `least` leads each, near the quantiles and at round numbers.

    Each bin in turn takes its fair part of the leads that are left; heavy values get a bin of their own.
    """
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    below = np.concatenate([[0], np.cumsum(counts)])  # below[k]: leads under distinct[k]
    whole = bool(np.all(distinct == np.floor(distinct)))
    few = len(distinct) <= max_bins
    edges: list[float] = []
    start = 0
    while len(edges) < max_bins - 1:
        first = int(np.searchsorted(below, below[start] + least))  # the first and last cut that leave `least` on
        last = int(np.searchsorted(below, below[-1] - least, side="right")) - 1  # either side
        if first > last:
            break
        fair = max(least, (below[-1] - below[start]) / (max_bins - len(edges)))
        cut, low, high = (first, first, first) if few else _choose_cut(below, start, first, last, fair)
        edges.append(roundest(distinct[low - 1], distinct[high], distinct[cut], whole=whole))
        start = int(np.searchsorted(distinct, edges[-1]))
    return tuple(edges)


def _choose_cut(below: NDArray[np.int64], start: int, first: int, last: int, fair: float) -> tuple[int, int, int]:
    """The cut nearest to a fair part, the lowest and the highest that do nearly as well. A cut k is below value k."""
    parts = below[first : last + 1] - below[start]
    near = np.flatnonzero((parts >= FAIR_SHARES[0] * fair) & (parts <= FAIR_SHARES[1] * fair))
    if len(near):
        best = near[np.argmin(np.abs(parts[near] - fair))]
        return first + int(best), first + int(near[0]), first + int(near[-1])
    # A heavy value lies across the fair part: end before it, unless too little is there for a bin.
    over = int(np.searchsorted(parts, fair))
    if over > 0 and (over == len(parts) or parts[over - 1] >= fair / 3):
        over -= 1
    cut = first + over
    return cut, cut, cut


def roundest(low: float, high: float, near: float, *, whole: bool) -> float:
    """The roundest x with low < x <= high: a multiple of the largest 1, 2, 2.5 or 5 times 10**k; nearest to `near`.

    `whole`: only whole numbers are asked for; `high` must be one.
    """
    if low < 0 <= high:
        return 0.0
    top = math.floor(math.log10(max(abs(low), abs(high)))) + 1
    for power in range(top, -1 if whole else top - 17, -1):
        for step in (50, 25, 20, 10):  # tenths, so that the multiples are whole
            if whole and power == 0 and step == 25:
                continue
            unit = float(f"{step}e{power - 1}")
            if unit == 0:  # among the least numbers that a float can hold
                return float(high)
            multiple = round(near / unit)
            for candidate in (multiple, math.floor(high / unit), math.floor(low / unit) + 1):
                edge = float(f"{candidate * step}e{power - 1}")  # exact decimal: 3 * 0.1 would be 0.30000000000000004
                if low < edge <= high:
                    return edge
    return float(high)
