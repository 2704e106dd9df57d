"""Leads that stand in several rows of a history. A lead is one lead: it is judged once, and learned from once.

A join with activities, or a form that was sent twice, repeats a lead. Its rows are not independent: what one of them
teaches, the held-out others confirm, and a promise that rests on 8 leads seems to rest on 32. Of each lead the earliest
row counts, as in the log of scores. The lead became an opportunity if any of its rows says so.

Without ids, equal rows are one lead where every row stands equally often, where far more of them are of one day than
chance would bring, or where they are copies by all that `copied_rows.py` looks at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadledger.training.copied_rows import CopiedRows, find_copies

FEWEST_LEADS = 20  # different rows without ids, below which their repetition says nothing
CHANCE_RATIO = 10  # equal rows on equal days: so many times more than chance would bring


@dataclass(frozen=True)
class RepeatedLeads:
    """The leads that stand in several rows: how many, how many further rows, and the most frequent numbers of rows.

    `times` has pairs (rows of a lead, leads), the most leads first. `differing`: leads whose rows differ in outcome.
    `example`: the id of one; empty where whole rows are equal, and `but` then the one field in which they may differ.
    `share`: of all rows that are further ones.
    """

    leads: int
    rows: int
    times: tuple[tuple[int, int], ...]
    differing: int
    example: str
    but: str = ""
    share: float = 0.0


def keep_first_rows(whole: pd.DataFrame, key: str, columns: Sequence[str]) -> tuple[pd.DataFrame, RepeatedLeads | None]:
    """The first row of each lead, with the lead's outcome, and which leads are repeated; None where no lead is.

    `whole` has the rows in the order of their days, with `since` and `became`. `key` is the column of the lead's id;
    where it is empty or has no value, rows that are equal in all `columns` may be one lead.
    """
    keys, but = _find_keys(whole, key, columns)
    has_key = keys.notna()
    numbers = pd.Series(-1, index=whole.index)
    numbers[has_key] = pd.factorize(keys[has_key])[0]
    repeated = numbers.duplicated(keep=False) & has_key
    if not repeated.any():
        return whole, None
    first = ~(numbers.duplicated() & has_key)
    some = whole[repeated]
    groups = some.groupby(numbers[repeated], sort=True)
    outcomes = _join_outcomes(some, numbers[repeated])
    kept = whole[first].copy()
    of_repeated = numbers[first & repeated]
    kept.loc[of_repeated.index, "became"] = outcomes.reindex(of_repeated).to_numpy()
    sizes = groups.size().to_numpy()
    counts = Counter(sizes.tolist()).most_common()
    return kept, RepeatedLeads(
        leads=len(sizes),
        rows=int((sizes - 1).sum()),
        times=tuple((int(size), count) for size, count in counts),
        differing=int((groups["became"].nunique(dropna=False) > 1).sum()),
        example=str(keys[repeated].iloc[0]) if keys.name == key else "",
        but=but,
        share=float((sizes - 1).sum() / len(whole)),
    )


def mark_first_rows(whole: pd.DataFrame, key: str, columns: Sequence[str]) -> NDArray[np.bool_]:
    """Which rows (n,) are the first of their leads; all, where those of a lead may differ, as in their days."""
    keys, but = _find_keys(whole, key, columns)
    if but:
        return np.ones(len(whole), bool)
    return ~(keys.duplicated() & keys.notna()).to_numpy(bool)


def _find_keys(whole: pd.DataFrame, key: str, columns: Sequence[str]) -> tuple[pd.Series[Any], str]:
    """What tells leads apart (n,): their ids, named `key`, else the numbers of equal rows; NA where nothing does.

    And the one column in which rows of one number may differ; empty where there is none.
    """
    if key and whole[key].notna().any():
        return whole[key], ""
    numbers = _number_equal_rows(whole, columns)
    if numbers.notna().any():
        return numbers, ""
    copies = find_row_copies(whole, columns)
    if copies is None:
        return numbers, ""
    return pd.Series(copies.numbers, index=whole.index, dtype="Int64"), copies.but


def find_row_copies(whole: pd.DataFrame, columns: Sequence[str]) -> CopiedRows | None:
    """The rows that are copies of one another by `columns`, among rows with `became`; None where there are none."""
    became = whole["became"]
    is_flag = pd.api.types.is_bool_dtype(became) or not pd.api.types.is_numeric_dtype(became)
    ended = became.astype("boolean").fillna(False) if is_flag else became.notna()
    return find_copies({column: whole[column] for column in columns}, ended.to_numpy(bool))


def _join_outcomes(some: pd.DataFrame, numbers: pd.Series) -> pd.Series:
    """The outcome of each lead: the first day on which it became one, not before it was met; else yes before no."""
    if pd.api.types.is_numeric_dtype(some["became"]) and not pd.api.types.is_bool_dtype(some["became"]):
        met = some["since"].groupby(numbers).transform("first")
        after = some["became"].where(some["became"] >= met)
        return after.groupby(numbers).min().fillna(some["became"].groupby(numbers).min())
    return some["became"].astype("boolean").groupby(numbers).max()


def _number_equal_rows(whole: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """A number for each set of equal rows; NA for all where equal rows may well be different leads.

    Few fields with few values repeat by chance. Equal rows are one lead where every row stands equally often, or where
    far more of them are of one day than chance would bring.
    """
    nobody = pd.Series(pd.NA, index=whole.index, dtype="Int64")
    if whole.empty or not columns:
        return nobody
    fields = whole.groupby(list(columns), dropna=False, sort=False).ngroup()
    rows = whole.groupby(["since", "became", *columns], dropna=False, sort=False).ngroup()
    sizes = rows.value_counts().to_numpy()
    if len(sizes) < FEWEST_LEADS or len(sizes) == len(whole):
        return nobody
    if gcd(*map(int, sizes)) > 1:
        return rows.astype("Int64")
    days = whole["since"].value_counts().to_numpy()
    if len(days) < FEWEST_LEADS:
        return nobody
    by_chance = _pairs(fields.value_counts().to_numpy()) * _pairs(days) / _pairs(np.array([len(whole)]))
    return rows.astype("Int64") if _pairs(sizes) > CHANCE_RATIO * max(1.0, by_chance) else nobody


def _pairs(sizes: np.ndarray) -> float:
    """How many pairs there are within groups of these sizes."""
    return float(np.sum(sizes.astype(float) * (sizes - 1) / 2))
