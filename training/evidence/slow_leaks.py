"""Slow leaks: counts that go on after the day on which a lead would have been scored. Suspected, with the proof.

Such a count knows only a little of the outcome, so no test of the outcome finds it: the won are called a little more,
or a little longer. What gives it away is what it counts. As of a lead's day, a count neither grows with the age of the
lead, nor holds far more than another count of the same thing under a name that says *all*. Both may have honest
reasons, so these fields don't stop training; they are named, and the author answers in the card.

- `whole_life`: its name says that it counts everything, and it contains another count of the same thing.
- `grows`: the older the lead, the larger the count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from leadledger.models.learner.binning import kind_of
from leadledger.scoring.errors import Suspect
from leadledger.scoring.scorecard import Card
from leadledger.training.history import History

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


def suspect_slow_leaks(card: Card, history: History) -> tuple[Suspect, ...]:
    """The fields that may count on after the lead's day, without those that the card vouches for."""
    columns = {str(name): history.frame[name] for name in history.frame}
    counts = {name: column for name, column in columns.items() if _is_count(column)}
    suspects = []
    for name, column in counts.items():
        if card.fields[name].known_when_scored:
            continue
        proof = next(_proofs(name, column, counts, history), None)
        if proof:
            mend = (
                "If it counts what came after the lead's day, write `learn: no`; if it is as of that day,"
                " `known_when_scored: yes`."
            )
            suspects.append(Suspect(name, *proof, mend))
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
