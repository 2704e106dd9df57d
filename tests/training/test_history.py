"""A history: which leads may be learnt from, and where all the others went."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.scoring.scorecard import Learned, Scorecard
from leadledger.training.history_reader import read_history

CARD = """
name: small
fields:
  met: {kind: date}
  seen: {kind: date}
  budget: {kind: number}
  industry: {kind: text}
  agreed: {kind: flag}
  note: {kind: text, learn: no}
  silent: {kind: number, is: days_since(seen)}
criteria:
  rich: {met: budget >= 100}
rules:
  - {name: rich, when: budget >= 100, points: 10, reason: Rich}
  - {name: fresh, when: days_since(seen) <= 30, points: 4, half_life: 10 days of seen, reason: Fresh}
exclude:
  - {name: banks, when: industry = 'bank', reason: A bank}
outcome: {became: {field: won_on, kind: date}, since: met, within: 30 days}
"""
ROWS = """met,won_on,budget,industry,agreed,seen,note
2026-03-01,,50,bank,yes,2026-02-20,a
2026-01-01,2026-01-31,100,shop,no,2026-01-01,b
2026-02-01,2026-03-04,,,,,c
2026-01-15,2026-01-10,70,shop,no,,d
2026-04-01,2026-04-02,300,shop,yes,2026-04-01,e
,2026-01-05,10,shop,no,,f
2026-01-03,,lots,shop,no,,g
2026-02-02,2026-02-02,20,bank,,2026-01-23,h
"""


def test_every_row_has_a_place(tmp_path: Path) -> None:
    """Rejected, undated, won before they were met, too young, or learnt from: the counts add up to the rows."""
    path = tmp_path / "history.csv"
    path.write_text(ROWS)
    history = read_history(parse_card(CARD), path, as_of=date(2026, 4, 1))
    counts = history.counts
    assert (counts.rows, counts.rejected, counts.no_date, counts.before, counts.immature) == (8, 1, 1, 1, 1)
    assert counts.rows == sum(
        (counts.rejected, counts.no_date, counts.before, counts.immature, counts.no_outcome, counts.used)
    )
    # Oldest first; day 30 still counts, day 31 no longer.
    assert history.won.tolist() == [True, False, True, False]
    assert history.rows.tolist() == [2, 3, 8, 1]
    assert history.rejects[0].row == 7


def test_values_are_those_of_the_leads_own_day(tmp_path: Path) -> None:
    """Derived fields and decaying rules are worked out as of the day on which each lead was met."""
    path = tmp_path / "history.csv"
    path.write_text(ROWS)
    history = read_history(parse_card(CARD), path, as_of=date(2026, 4, 1))
    assert history.frame["silent"].tolist()[0] == 0.0
    assert history.frame["silent"].tolist()[2:] == [10.0, 9.0]
    assert history.rules.tolist() == [140, 0, 20, 21]
    assert history.criteria["rich"].tolist() == [1, -1, 0, 0]
    assert history.excluded.tolist() == [False, False, True, True]
    assert list(history.frame.columns) == ["budget", "industry", "agreed", "silent"]
    assert history.left_out == {"note": "the card says `learn: no`"}


def test_a_scorecard_scores_the_history_again(tmp_path: Path) -> None:
    """The totals of another scorecard come for the same leads, in the same order."""
    path = tmp_path / "history.csv"
    path.write_text(ROWS)
    card = parse_card(CARD)
    history = read_history(card, path, as_of=date(2026, 4, 1))
    assert history.score(Scorecard(card, Learned(start=100, trust=0.5))).tolist() == [170, 100, 110, 111]


def test_the_newest_day_tells_who_is_young(tmp_path: Path) -> None:
    """Without a day of its own, a history was taken on the newest day in it."""
    path = tmp_path / "history.csv"
    path.write_text(ROWS)
    assert read_history(parse_card(CARD), path).as_of == date(2026, 4, 2)


@pytest.mark.parametrize("values", [["yes", "no", "", "1"], ["TRUE", "false", None, "Y"], [True, False, None, True]])
def test_a_plain_outcome_is_read_in_any_spelling(values: list) -> None:
    """Yes and no, true and false, 1 and 0; a row without an outcome is counted and left out."""
    card = parse_card("name: a\nfields: {n: {kind: number}}\noutcome: {became: {field: y, kind: flag}}\n")
    history = read_history(card, pd.DataFrame({"n": [1.0, np.nan, 3.0, 4.0], "y": values}))
    assert history.won.tolist() == [True, False, True]
    assert history.counts.no_outcome == 1
    assert history.days is None


def test_a_column_that_tells_nothing_is_left_out() -> None:
    """A field with one value, or none, is named with its reason."""
    card = parse_card(
        "name: a\nfields: {n: {kind: number}, e: {kind: text}, c: {kind: flag}, stage: {kind: text}}\n"
        "stages: [{name: lead}]\noutcome: {became: {field: y, kind: flag}}\n"
    )
    frame = pd.DataFrame({"n": [1, 2], "e": [None, None], "c": [True, True], "stage": ["x", "z"], "y": [1, 0]})
    assert read_history(card, frame).left_out == {
        "e": "has no value in the history",
        "c": "has the same value in every row",
        "stage": "the stage is what is decided",
    }


def test_a_missing_outcome_column_is_refused() -> None:
    """The message names the column and a near miss."""
    card = parse_card("name: a\nfields: {n: {kind: number}}\noutcome: {became: {field: won, kind: flag}}\n")
    with pytest.raises(DataError) as refused:
        read_history(card, pd.DataFrame({"n": [1.0], "woon": [1]}))
    assert str(refused.value) == (
        "the data frame: has no column 'won', the outcome that the card names. Did you mean 'woon'?"
    )


def test_spellings_of_a_text_are_one_level(tmp_path: Path) -> None:
    """Spellings with one key become the most common, or the one of the card; ties go to the first in sort order."""
    names = ["Shop", "shop", "SHOP\u00a0", "Shop", "bank", "Bank", "BANK", "Farm", "FARM", "null", "mine"]
    path = tmp_path / "history.csv"
    rows = [f"2026-01-01,,{i},{name},yes,,n" for i, name in enumerate(names)]
    path.write_text("\n".join([ROWS.splitlines()[0], *rows]), encoding="utf-8")
    history = read_history(parse_card(CARD), path, as_of=date(2026, 4, 1))
    levels = history.frame["industry"].tolist()
    assert levels == ["Shop"] * 4 + ["bank"] * 3 + ["FARM"] * 2 + [None, "mine"]
    exact = parse_card(CARD.replace("industry: {kind: text}", "industry: {kind: text, exact: yes}"))
    assert read_history(exact, path, as_of=date(2026, 4, 1)).frame["industry"].nunique() == 10
