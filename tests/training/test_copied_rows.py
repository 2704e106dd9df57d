"""Rows without ids that are copies are one lead; different leads that are equal by chance stay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.training.copied_rows import find_copies
from leadledger.training.history import History
from leadledger.training.history_reader import read_history

FIELDS = {"need": "text", "source": "text", "country": "text", "employees": "number", "budget": "number"}
NOTHING = ()


def leads(count: int, seed: int = 1) -> pd.DataFrame:
    """Different leads, of which a third becomes one, the more the greater the need."""
    random = np.random.default_rng(seed)
    need = random.integers(0, 4, count)
    return pd.DataFrame(
        {
            "need": np.array(["little", "vague", "clear", "urgent"])[need],
            "source": random.choice(["web", "fair", "friend"], count),
            "country": random.choice(list("ABCDEFGH"), count),
            "employees": random.integers(1, 300, count),
            "budget": random.integers(1, 90, count) * 500,
            "won": random.random(count) < 0.1 + 0.15 * need,
        }
    )


def copied(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """A sample of so many rows with repeats, in which each row stands as often as chance has it."""
    return frame.iloc[np.random.default_rng(2).integers(0, len(frame), rows)].reset_index(drop=True)


def read(frame: pd.DataFrame) -> History:
    """The history that a card of these columns reads."""
    kinds = FIELDS | {"lead": "id", "calls": "number", "met": "date"}
    fields = ", ".join(f"{name}: {{kind: {kinds[name]}}}" for name in frame.columns if name != "won")
    since = ", since: met" if "met" in frame else ""
    return read_history(
        parse_card(f"name: a\nfields: {{{fields}}}\noutcome: {{became: {{field: won, kind: flag}}{since}}}\n"), frame
    )


def test_copies_are_one_lead() -> None:
    """Of a sample with repeats each lead is learned from once, and the share of the copies is said."""
    frame = leads(600)
    sample = copied(frame, 1_500)
    different = len(sample.drop_duplicates())
    history = read(sample)
    assert (history.counts.used, history.counts.repeated) == (different, 1_500 - different)
    (note,) = history.notes
    assert note.startswith(
        f"{sample.groupby(list(sample)).size().gt(1).sum():,} leads stand in several rows (rows that"
    )
    assert note.endswith(
        f". Of each lead the earliest row counts, so {1_500 - different:,} rows ({1 - different / 1_500:.1%}) are left"
        " out."
    )


@pytest.mark.parametrize("dated", [False, True])
def test_near_copies_are_one_lead(dated: bool) -> None:
    """Rows that differ in one field only, a count or the day of an export, are copies too, and the field is named."""
    sample = copied(leads(600), 1_500)
    field = "met" if dated else "calls"
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.random.default_rng(3).integers(0, 300, 1_500), "D")
    sample[field] = days.strftime("%Y-%m-%d") if dated else np.random.default_rng(3).integers(0, 300, 1_500)
    history = read(sample)
    assert history.counts.used == len(sample.drop(columns=field).drop_duplicates())
    assert f"(rows that are equal in every field but '{field}'): " in history.notes[0]


def test_copies_under_numbers_of_their_own() -> None:
    """Different ids are different leads, and what speaks against that is said."""
    sample = copied(leads(600), 1_500)
    different = len(sample.drop_duplicates())
    history = read(sample.assign(lead=[f"L{row}" for row in range(1_500)]))
    assert (history.counts.used, history.counts.repeated) == (1_500, 0)
    assert history.notes == (
        f"{1_500 - different:,} of 1,500 rows ({1 - different / 1_500:.1%}) equal an earlier row in every field but"
        " 'lead', and in outcome: more than different leads would. If they are the same leads under new numbers, take"
        " 'lead' out of the card, so that each lead counts once; else what the held-out leads say of this release is"
        " too good.",
    )


def few_answers() -> pd.DataFrame:
    """Leads of which only coarse answers are known."""
    return leads(1_500)[["need", "source", "country", "won"]]


def empty_forms() -> pd.DataFrame:
    """Leads of which a fifth has told nothing, and hardly any of those becomes one."""
    frame = leads(1_500).astype(object)
    empty = np.random.default_rng(4).random(len(frame)) < 0.2
    frame.loc[empty, list(FIELDS)] = None
    frame.loc[empty, "won"] = np.random.default_rng(4).random(int(empty.sum())) < 0.01
    return frame


def twins_that_end_differently() -> pd.DataFrame:
    """Rows that are equal beyond chance, each with an outcome of its own: colleagues who ask for the same."""
    frame = copied(leads(600), 1_500)
    return frame.assign(won=np.random.default_rng(6).random(len(frame)) < 0.3)


def visits() -> pd.DataFrame:
    """A third of the rows are one of a few dozen short visits, none of which ever buys."""
    short = copied(leads(60, seed=9), 500).assign(won=False, budget=0)
    return pd.concat([leads(1_000), short]).reset_index(drop=True)


@pytest.mark.parametrize("frame", [leads(1_500), few_answers(), empty_forms(), twins_that_end_differently(), visits()])
def test_different_leads_stay(frame: pd.DataFrame) -> None:
    """Rows that are equal by chance, or that end differently, are different leads."""
    history = read(frame)
    assert (history.counts.used, history.counts.repeated, history.notes) == (1_500, 0, NOTHING)


def test_too_little_to_tell() -> None:
    """No rows, and rows of one field that varies, have no copies."""
    nothing = np.zeros(0, bool)
    assert find_copies({"a": pd.Series(dtype=float), "b": pd.Series(dtype=float)}, nothing) is None
    one = {"a": pd.Series([1, 2] * 50), "b": pd.Series([None] * 100), "c": pd.Series(["x"] * 100)}
    assert find_copies(one, np.arange(100) % 2 == 0) is None
