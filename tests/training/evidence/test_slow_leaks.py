"""Counts that go on after the lead's day are suspected, and honest counts aren't."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.training.evidence.slow_leaks import suspect_slow_leaks
from leadledger.training.history_reader import read_history
from tests.training.crm_history import CARD, make_history

RANDOM = np.random.default_rng(8)
HISTORY = make_history()
AGE = (pd.Timestamp("2025-09-05") - pd.to_datetime(HISTORY["created"])).dt.days.to_numpy()
CALLS = RANDOM.poisson(4, len(HISTORY))
LATER = RANDOM.poisson(3, len(HISTORY)) * (RANDOM.random(len(HISTORY)) < 0.7)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "suspects"),
    [
        ({"calls": CALLS, "mails": RANDOM.poisson(2, len(HISTORY))}, {}),
        ({"calls_week_1": CALLS, "all_calls": CALLS + LATER}, {"all_calls": "whole_life"}),
        ({"call_count": CALLS, "calls_to_date": CALLS + LATER}, {"calls_to_date": "whole_life"}),
        ({"calls": CALLS, "total_minutes": CALLS + LATER}, {}),  # of other things
        ({"calls": CALLS, "price_views": np.minimum(CALLS, LATER)}, {}),
        ({"mails": RANDOM.poisson(1 + AGE / 60)}, {"mails": "grows"}),
        ({"mails": RANDOM.poisson(9 - AGE / 90)}, {}),
    ],
)
def test_what_is_suspected(columns: dict[str, np.ndarray], suspects: dict[str, str]) -> None:
    """By its name beside another count of the same thing, or by its growth with the age of the lead."""
    fields = "".join(f"\n  {name}: {{kind: number}}" for name in columns)
    card = parse_card(CARD.replace("\n  source:", f"{fields}\n  source:"))
    history = read_history(card, HISTORY.assign(**columns))
    assert {suspect.field: suspect.kind for suspect in suspect_slow_leaks(card, history)} == suspects


def fill(share: np.ndarray) -> np.ndarray:
    """A text that is filled with this probability."""
    filled = np.random.default_rng(5).random(len(HISTORY)) < share
    return np.where(filled, "asked", np.array(None, dtype=object))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("share", "suspected"),
    [
        (0.2 + 0.6 * AGE / AGE.max(), True),
        (0.8 - 0.6 * AGE / AGE.max(), False),  # a question that more and more are asked
        (np.where(AGE > 250, 0.9, 0.2), False),  # a question that was dropped from a form
        (np.where(HISTORY["won_on"].notna(), 0.8, 0.4), False),
        (np.full(len(HISTORY), 0.5), False),
    ],
)
def test_what_is_filled_in_with_age(share: np.ndarray, suspected: bool) -> None:
    """A field that is filled the more often the older the lead is suspected, and a change of a form isn't."""
    card = parse_card(CARD.replace("\n  source:", "\n  answer: {kind: text}\n  source:"))
    history = read_history(card, HISTORY.assign(answer=fill(share)))
    suspects = suspect_slow_leaks(card, history)
    assert [(suspect.field, suspect.kind) for suspect in suspects] == ([("answer", "fills")] if suspected else [])
    if suspected:
        assert str(suspects[0]) == (
            "answer: It is filled for 73% of the oldest fifth of the leads, for fewer of each later fifth, and for 33%"
            " of the newest: what is filled in while sales work on a lead grows with its age, an answer that came with"
            " the lead doesn't.\n"
            "  If it is filled in after the lead's day, write `learn: no`; if it is as of that day,"
            " `known_when_scored: yes`."
        )


def test_the_proof_and_the_authors_word() -> None:
    """The message has the figures and the line for the card; `known_when_scored` clears a field."""
    text = CARD.replace("\n  source:", "\n  calls: {kind: number}\n  total_calls: {kind: number}\n  source:")
    frame = HISTORY.assign(calls=1, total_calls=np.arange(len(HISTORY)) % 4 + 1)
    card = parse_card(text)
    frame.loc[0, "calls"] = 0
    (suspect,) = suspect_slow_leaks(card, read_history(card, frame))
    assert str(suspect) == (
        "total_calls: It is 2.5 on average where 'calls' is 1.0, and not less for 100% of the leads. By its name it"
        " counts a lead's whole life, also what came after the day on which the lead would have been scored.\n"
        "  If it counts what came after the lead's day, write `learn: no`; if it is as of that day,"
        " `known_when_scored: yes`."
    )
    vouched = parse_card(
        text.replace("total_calls: {kind: number", "total_calls: {kind: number, known_when_scored: yes")
    )
    assert suspect_slow_leaks(vouched, read_history(vouched, frame)) == ()
