"""A history without days, whose leads are put in order by a field that counts up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.training.history import History
from leadledger.training.history_reader import read_history
from leadledger.training.learn.split import split_history
from leadledger.training.runs.train import train

CARD = """
name: numbered
fields:
  record: {{kind: {kind}}}
  met: {{kind: date}}
  budget: {{kind: number}}
outcome: {{became: {{field: won, kind: flag}}, order: record{since}}}
"""
COUNT = 240
NUMBERS = np.random.default_rng(4).permutation(COUNT)  # of the leads, in the order of the file


def leads(records: list[object]) -> pd.DataFrame:
    """Leads, the later of which have a higher budget, in the order of a file."""
    random = np.random.default_rng(5)
    budget = NUMBERS + random.normal(0, 1, COUNT)
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(NUMBERS // 10, "D")
    won = random.random(COUNT) < 0.3
    return pd.DataFrame({"record": records, "met": days.strftime("%Y-%m-%d"), "budget": budget, "won": won})


def read(kind: str, records: list[object], since: str = "") -> History:
    """The history of a card that orders them."""
    return read_history(parse_card(CARD.format(kind=kind, since=since)), leads(records))


@pytest.mark.parametrize(
    ("kind", "records"),
    [
        ("number", list(NUMBERS * 7)),
        ("id", [f"L-{number}" for number in NUMBERS]),
        ("id", [f"2025/{number // 100}/{number}" for number in NUMBERS]),
        ("date", [str(pd.Timestamp("2020-01-01") + pd.Timedelta(days=int(number)))[:10] for number in NUMBERS]),
    ],
)
def test_the_newest_judge(kind: str, records: list[object]) -> None:
    """Leads are in the order of the field, the last of them are held out, and nothing is learned from the field."""
    history = read(kind, records)
    assert history.days is None
    assert history.order is not None
    assert np.array_equal(history.order, np.arange(COUNT))
    assert np.array_equal(history.rows, np.argsort(NUMBERS) + 1)
    split = split_history(history.won, history.time_order, 0.25, np.arange(len(history), dtype=np.uint64))
    assert (split.way, split.held[0], split.held[-1]) == ("time", 180, 239)
    assert list(history.frame) == ["budget"]
    if kind == "number":
        assert history.left_out["record"] == "it is the order of the leads"


def test_the_order_within_a_day() -> None:
    """Beside a day, the field orders the leads of that day."""
    history = read("number", list(NUMBERS), ", since: met")
    assert history.order is None
    assert np.array_equal(history.rows, np.argsort(NUMBERS) + 1)
    assert history.time_order is history.days


def test_leads_without_a_place() -> None:
    """A lead without a value of the field is left out and counted; equal values have the same place."""
    records = [None if number < 20 else number // 2 for number in NUMBERS]
    history = read("number", records)
    assert (history.counts.no_order, history.counts.used) == (20, 220)
    assert history.order is not None
    assert np.bincount(history.order - history.order[0]).tolist() == [2] * 110


def test_the_field_is_absent() -> None:
    """A history without the field stops training."""
    with pytest.raises(DataError) as error:
        read_history(
            parse_card(CARD.format(kind="id", since="")), leads(list(NUMBERS)).rename(columns={"record": "recrd"})
        )
    assert str(error.value) == (
        "the data frame: has no column 'record', the order of the leads that the card names. Did you mean 'recrd'?"
    )


@pytest.mark.slow
def test_a_training_by_order(tmp_path: Path) -> None:
    """A training is judged by the newest leads, each predicted by models of older ones, and looks for drift."""
    path = tmp_path / "card.yaml"
    path.write_text(CARD.format(kind="id", since=""))
    training = train(path, leads([f"L{number}" for number in NUMBERS]))
    assert training.metrics["split"] == "time"
    assert [model["held_out"] for model in training.metrics["judged_by"]["models"]] == [False, True, True]
    assert training.metrics["drift"]["said"].endswith("the field budget shifted")
    assert "Judged by 60 held-out leads (the newest), " in str(training)
