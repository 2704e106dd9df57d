"""A field that counts a lead's events over its whole life stops training, with the proof; honest fields don't."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import LeakageError
from leadledger.scoring.scorecard import Card
from leadledger.training.event_lives import LifeCounts
from leadledger.training.evidence.leakage import find_leaks
from leadledger.training.evidence.whole_life import _compare, prove_whole_lives
from leadledger.training.history import History
from leadledger.training.history_reader import read_history
from leadledger.training.learn.lead_rows import take_one_row_each
from tests.training.event_world import CARD, LAST, make_world

WORLD = make_world(1500, seed=4)
RANDOM = np.random.default_rng(2)
LEADS = WORLD.leads["lead_id"]


def count(until: int = 1000) -> NDArray[np.int64]:
    """The visits of each lead up to so many days after it was met."""
    return np.array([(WORLD.visits[lead] <= until).sum() for lead in LEADS])


TOTAL = count()
BLURRED = np.where(RANDOM.random(len(LEADS)) < 0.03, TOTAL + 1, TOTAL)


HALF = RANDOM.random(len(LEADS)) < 0.5
WHOLE = {"total": TOTAL, "blurred": BLURRED, "half": np.where(HALF, TOTAL, np.nan)}
HONEST = {
    "of_day_0": count(until=0),
    "of_day_7": count(until=7),
    "of_day_30": count(until=30),
    "and_one": count(until=7) + 1,  # one more event is the commonest
    "forecast": np.round(TOTAL * RANDOM.uniform(0.7, 1.3, len(LEADS))),  # better than anybody's
    "as_active": RANDOM.poisson(TOTAL),
    "now_and_then": np.where(HALF, TOTAL, count(until=0)),
    "always_one": np.ones(len(LEADS)),
}


def read(columns: dict[str, NDArray[Any]]) -> tuple[Card, History]:
    """A history with these number fields, one row of each lead."""
    fields = "".join(f"  {name}: {{kind: number}}\n" for name in columns)
    card = parse_card(CARD.replace("  employees:", f"{fields}  employees:"))
    history = read_history(card, WORLD.leads.assign(**columns), as_of=LAST, events=WORLD.events)
    return card, take_one_row_each(history)


def test_what_is_proven() -> None:
    """The count of the whole life is, also a little blurred or for half of the leads; what was known by then is not."""
    proofs = prove_whole_lives(*read(WHOLE | HONEST))
    assert set(proofs) == set(WHOLE)
    assert proofs["blurred"] == (
        "It equals the number of 'visit' events over the whole life for 1,061 (97.3%) of the 1,090 leads that have more"
        " of them after the day on which training looks at them, and the number as of that day for 0 (0.0%): it counts"
        " what came later. To count them as of the day of the score, give a field `is: count(visit)`."
    )


def test_training_stops() -> None:
    """The gate stops training with the lines for the card, unless the author vouches for the field."""
    card, history = read({"total": TOTAL})
    leakage = find_leaks(card, history)
    assert [(suspect.field, suspect.kind) for suspect in leakage.suspects] == [("total", "whole_life")]
    with pytest.raises(LeakageError, match="training stopped: a field looks as if"):
        leakage.refuse()
    assert leakage.suspects[0].mend == (
        "To leave it out, write in the card:\n  total: {kind: number, learn: no}\n"
        "If it is surely known when a lead is scored, write:\n  total: {kind: number, known_when_scored: yes}"
    )
    fields = {**card.fields, "total": replace(card.fields["total"], known_when_scored=True)}
    vouched = find_leaks(replace(card, fields=fields), history)
    assert vouched.suspects == ()
    assert [(suspect.field, suspect.kind) for suspect in vouched.overruled] == [("total", "whole_life")]


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rate=st.floats(0.05, 20),
    spread=st.floats(0.1, 3),
    add=st.integers(0, 3),
    knows_rate=st.booleans(),
)
def test_no_false_alarm(seed: int, rate: float, spread: float, add: int, knows_rate: bool) -> None:
    """What was known at the look is never taken for a count of what came later, even with each lead's true rate."""
    random = np.random.default_rng(seed)
    rates = rate * random.lognormal(0, spread, 1000).clip(0, 50)
    by_look, later = random.poisson(rates).astype(np.int32), random.poisson(rates).astype(np.int32)
    forecast = by_look + add + (np.floor(rates) if knows_rate else 0)
    counts = LifeCounts(by_look + later, by_look)
    assert not _compare(forecast.astype(float), counts).is_proof
    whole = _compare(counts.whole.astype(float), counts)
    assert whole.is_proof == (whole.telling >= 73)
