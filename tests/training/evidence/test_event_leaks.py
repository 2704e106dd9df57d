"""Kinds of events that know the outcome stop training, with the proof; honest ones don't."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import LeakageError
from leadledger.training.evidence.leakage import Leakage, find_leaks
from leadledger.training.history_reader import read_history
from leadledger.training.learn.lead_rows import take_one_row_each
from tests.training.event_world import CARD, LAST, World, make_world

RULE = "  - {name: signs, each: contract, points: 5, within: 30 days, reason: Signed}\nstages"
WITH_CONTRACTS = (
    CARD.replace("events:\n", "events:\n  contract: {}\n")
    .replace("  age:", '  contracts: {kind: number, is: "count(contract)"}\n  age:')
    .replace("stages", RULE)
)
MEND = (
    "To leave it out, write `learn: no` at 'contracts', and remove the rule 'signs'.\n"
    "  If such events surely come before the outcome is known, write `known_when_scored: yes` at the event 'contract'."
)


@pytest.fixture(scope="module")
def world() -> World:
    """Leads and their visits."""
    return make_world(1200, seed=4)


def plant(world: World, after: tuple[int, int], share: float, of_others: float = 0.0) -> pd.DataFrame:
    """The events, and contracts of a share of the leads so many days after their outcome, and of others at random."""
    random = np.random.default_rng(1)
    rows: list[dict[str, str]] = []
    leads = world.leads[["lead_id", "met", "won_on"]].astype(object).to_numpy().tolist()
    for lead_id, met, won_on in leads:
        won = isinstance(won_on, str)
        if random.random() < (share if won else of_others):
            day = date.fromisoformat(won_on if won else met)
            day += timedelta(days=int(random.integers(*after) if won else random.integers(0, 200)))
            rows.append({"lead": lead_id, "kind": "contract", "id": f"C{len(rows)}", "time": str(day)})
    return pd.concat([world.events, pd.DataFrame(rows)])


def gate(world: World, events: pd.DataFrame, text: str = WITH_CONTRACTS) -> Leakage:
    """What the gate finds in a history with these events."""
    card = parse_card(text)
    return find_leaks(card, take_one_row_each(read_history(card, world.leads, as_of=LAST, events=events)))


def test_events_of_the_very_day(world: World) -> None:
    """A kind whose events come on the day of the outcome is refused, word for word."""
    leakage = gate(world, plant(world, (0, 1), 0.9))
    assert "event contract" in leakage.checked
    with pytest.raises(LeakageError) as error:
        leakage.refuse()
    first, second = str(error.value).split("\n\n")
    assert first == (
        "training stopped: a kind of events looks as if it was filled in when it was known what became of the lead."
        " What is learned from it would look good on past leads and be wrong on new ones."
    )
    start, proof = second.split(": ", 1)
    assert start == "event contract"
    assert proof == (
        "The first one is of the very day of the outcome for 488 (100.0%) of the 488 leads that became an opportunity"
        f" and have such an event.\n  {MEND}"
    )


def test_events_after_the_outcome(world: World) -> None:
    """A kind that comes only after the outcome, and to hardly any other lead, is refused."""
    leakage = gate(world, plant(world, (1, 60), 0.9, of_others=0.02))
    assert [(suspect.field, suspect.kind) for suspect in leakage.suspects] == [("event contract", "after")]
    assert leakage.suspects[0].proof == (
        "The first one comes on the day of the outcome, or later, for 482 (100.0%) of the 482 leads that became an"
        " opportunity and have such an event; 88.9% of those that became one have such an event, and 0.9% of the"
        " others."
    )


@pytest.mark.slow
def test_rare_honest_events_pass(world: World) -> None:
    """A kind that comes late to all leads alike is no leak, and neither are the visits."""
    assert gate(world, plant(world, (1, 60), 0.3, of_others=0.3)).suspects == ()
    assert gate(world, world.events, CARD).suspects == ()


@pytest.mark.slow
def test_the_card_vouches(world: World) -> None:
    """`known_when_scored: yes` at the kind overrules the gate, and a card that doesn't use the kind is not asked."""
    events = plant(world, (0, 1), 0.9)
    leakage = gate(world, events, WITH_CONTRACTS.replace("contract: {}", "contract: {known_when_scored: yes}"))
    assert leakage.suspects == ()
    assert [suspect.field for suspect in leakage.overruled] == ["event contract"]
    assert gate(world, events, CARD).suspects == ()
    unused = WITH_CONTRACTS.replace(RULE, "stages").replace('"count(contract)"}', '"count(contract)", learn: no}')
    assert gate(world, events, unused).suspects == ()
