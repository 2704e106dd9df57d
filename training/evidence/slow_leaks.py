"""Slow leaks: counts that go on after the day on which a lead would have been scored. Suspected, with the proof.

Such a count knows only a little of the outcome, so no test of the outcome finds it: the won are called a little more,
or a little longer. What gives it away is what it counts. As of a lead's day, a count neither grows with the age of the
lead, nor holds far more than another count of the same thing under a name that says *all*. Both may have honest
reasons, so these fields don't stop training; they are named, and the author answers in the card.

- `whole_life`: its name says that it counts everything, and it contains another count of the same thing.
- `grows`: the older the lead, the larger the count.
- `fills`: the older the lead, the more often the field is filled, step by step, also among leads that didn't convert:
  as where sales fill it in while they work. An answer that came with the lead is as old as the lead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from leadledger.models.learner.binning import kind_of
from leadledger.scoring.errors import Suspect
from leadledger.scoring.scorecard import Card
from leadledger.training.history import History
from leadledger.training.intervals import rate_limits

WHOLE_LIFE_WORDS = {"total", "all", "lifetime", "ever", "cumulative", "overall", "sum", "sofar", "todate"}
COUNTING_WORDS = {"count", "number", "num", "no", "nr", "of", "the", "time", "n"}
CONTAINS_SHARE = 0.9  # of the leads in which it is not less than the other count; values may be noisy
EXCEEDS_SHARE = 0.3  # of the leads in which it is more
FEWEST_LEADS = 200  # with both values, or with a day
FEWEST_VALUES = 5  # different ones, of a count that may grow
# `grows`: the rank correlation of count and age, and how many times more the oldest fifth holds than the newest. Honest
# numbers of examples/b2b-software (seeds 5 and 6): up to 0.05.
GROWTH_CORRELATION = 0.25
GROWTH_RATIO = 1.5
# `fills`: by how much the filled share of the oldest fifth is above that of the newest, and how much of it one step
# between fifths may make: a question that was dropped from a form is one step.
FILLED_MORE = 0.2
ONE_STEP = 0.6
CONFIDENCE = 0.999  # that the difference isn't chance


def suspect_slow_leaks(card: Card, history: History) -> tuple[Suspect, ...]:
    """The fields that may change after the lead's day, without those that the card vouches for."""
    columns = {str(name): history.frame[name] for name in history.frame}
    counts = {name: column for name, column in columns.items() if _is_count(column)}
    suspects = []
    for name, column in columns.items():
        if card.fields[name].known_when_scored:
            continue
        proof = next(_proofs(name, column, counts, history), None) if name in counts else None
        if proof:
            mend = "If it counts what came after the lead's day, write `learn: no`; if it is as of that day,"
        else:
            proof = next(_filling(column, history), None)
            mend = "If it is filled in after the lead's day, write `learn: no`; if it is as of that day,"
        if proof:
            suspects.append(Suspect(name, *proof, f"{mend} `known_when_scored: yes`."))
    return tuple(suspects)


def _proofs(
    name: str, column: pd.Series[float], counts: dict[str, pd.Series[float]], history: History
) -> Iterator[tuple[str, str]]:
    """The kinds and texts of the proofs against a count."""
    words = _words(name)
    what = words - WHOLE_LIFE_WORDS - COUNTING_WORDS
    if words & WHOLE_LIFE_WORDS and what:
        for other, values in counts.items():
            both = (column.notna() & values.notna()).to_numpy()
            if other == name or not what <= _words(other) or both.sum() < FEWEST_LEADS:
                continue
            more = (column - values)[both]
            if (more >= 0).mean() >= CONTAINS_SHARE and (more > 0).mean() >= EXCEEDS_SHARE:
                yield (
                    "whole_life",
                    f"It is {column[both].mean():,.1f} on average where '{other}' is {values[both].mean():,.1f}, and"
                    f" not less for {(more >= 0).mean():.0%} of the leads. By its name it counts a lead's whole life,"
                    " also what came after the day on which the lead would have been scored.",
                )
    if history.days is not None:
        yield from _growth(column, history)


def _growth(column: pd.Series[float], history: History) -> Iterator[tuple[str, str]]:
    """Whether a count grows with the age of the lead."""
    assert history.days is not None
    filled = column.notna().to_numpy()
    if filled.sum() < FEWEST_LEADS or column.nunique() < FEWEST_VALUES:
        return
    values, days = column.to_numpy(float)[filled], history.days[filled]
    fifth = len(values) // 5
    oldest, newest = values[:fifth].mean(), values[-fifth:].mean()
    correlation = float(spearmanr(values, -days).statistic) if np.ptp(days) else 0.0
    if correlation >= GROWTH_CORRELATION and oldest >= GROWTH_RATIO * newest:
        yield (
            "grows",
            f"It is {oldest:,.1f} on average for the oldest fifth of the leads and {newest:,.1f} for the newest (rank"
            f" correlation with age {correlation:.2f}): a count that goes on grows with the age of the lead, one as of"
            " the lead's day doesn't.",
        )


def _filling(column: pd.Series[Any], history: History) -> Iterator[tuple[str, str]]:
    """Whether a field is filled the more often the older the lead, among those that didn't convert too."""
    filled = column.notna().to_numpy()
    if history.days is None or filled.all() or not filled.any():
        return
    if not _falls_step_by_step(filled, history.days) or not _falls_step_by_step(
        filled[~history.became], history.days[~history.became]
    ):
        return
    fifths = np.array_split(filled, 5)
    yield (
        "fills",
        f"It is filled for {fifths[0].mean():.0%} of the oldest fifth of the leads, for fewer of each later fifth, and"
        f" for {fifths[-1].mean():.0%} of the newest: what is filled in while sales work on a lead grows with its age,"
        " an answer that came with the lead doesn't.",
    )


def _falls_step_by_step(filled: NDArray[np.bool_], days: NDArray[np.int64]) -> bool:
    """Whether the filled share of leads (n,), the oldest first, falls with every fifth of them, and not by chance."""
    if len(filled) < FEWEST_LEADS or not np.ptp(days):
        return False
    fifths = np.array_split(filled, 5)
    shares = np.array([fifth.mean() for fifth in fifths])
    falls, whole = -np.diff(shares), shares[0] - shares[-1]
    if whole < FILLED_MORE or falls.min() <= 0 or falls.max() > ONE_STEP * whole:
        return False
    oldest, newest = (rate_limits(int(fifth.sum()), len(fifth), CONFIDENCE) for fifth in (fifths[0], fifths[-1]))
    return oldest[0] > newest[1]


def _is_count(column: pd.Series[float]) -> bool:
    """Whether a field holds whole numbers from 0 on."""
    if kind_of(column) != "number":
        return False
    values = column.dropna().to_numpy(float)
    return bool(len(values) and values.min() >= 0 and (values == np.floor(values)).all())


def _words(name: str) -> set[str]:
    """The words of a name, in lower case and without the ending of a plural."""
    parts = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().split("_")
    words = {re.sub(r"(?<=ch)es$|(?<=sh)es$|(?<=[a-z]{2})s$", "", part) for part in parts if part}
    return words - {"to", "date"} | {"todate"} if {"to", "date"} <= words else words
