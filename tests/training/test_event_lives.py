"""The whole lives of leads: counts by the look are those of a score, and nothing comes after the end."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadledger.scoring.card.reader import parse_card
from leadledger.training.history_reader import read_history
from tests.training.event_world import CARD, LAST, make_world

COUNTING = CARD.replace(
    "  age:",
    '  all_visits: {kind: number, is: "count(visit)"}\n'
    '  price_visits: {kind: number, is: "count(price_visit)"}\n'
    "  first_visit: {kind: date, is: first(visit)}\n"
    "  age:",
).replace("{path: {kind: text}}}", "{path: {kind: text}, agent: {kind: text}}, machine: agent = 'robot'}")


def test_counts_by_the_look_are_those_of_a_score() -> None:
    """Whatever a card counts as of the look is what the lives hold; all that is known makes up the whole."""
    world = make_world(400, seed=6)
    random = np.random.default_rng(3)
    events = world.events.assign(agent=random.choice(["robot", "browser"], len(world.events), p=[0.2, 0.8]))
    again = events.sample(frac=0.1, random_state=1)  # sent twice
    card = parse_card(COUNTING)
    history = read_history(card, world.leads, as_of=LAST, events=pd.concat([events, again]))
    assert history.counter is not None
    assert history.landmarks is not None
    assert history.days is not None
    lives, numbers = history.counter.find_lives(card), history.landmarks.numbers
    for kind, field in (("visit", "all_visits"), ("price_visit", "price_visits")):
        assert lives.people[kind].by_look[numbers].tolist() == history.frame[field].tolist()
    of_lead = history.ids["lead_id"]
    for counts, whose in ((lives.people, "browser"), (lives.machines, "robot")):
        expected = events[events["agent"] == whose].groupby("lead").size().reindex(of_lead, fill_value=0)
        assert counts["visit"].whole[numbers].tolist() == expected.tolist()
    first = lives.first_days["visit"][numbers]
    assert np.array_equal(first <= history.days, lives.people["visit"].by_look[numbers] > 0)


def test_a_card_that_counts_nothing() -> None:
    """The lives are there too where the card declares events, and no field or rule counts them."""
    world = make_world(100, seed=6)
    text = "\n".join(line for line in CARD.split("\n") if "count(" not in line and "each:" not in line)
    card = parse_card(text)
    history = read_history(card, world.leads, as_of=LAST, events=world.events)
    assert history.counter is not None
    lives = history.counter.find_lives(card)
    assert history.landmarks is not None
    expected = [len(world.visits[lead]) for lead in history.ids["lead_id"]]
    assert lives.people["visit"].whole[history.landmarks.numbers].tolist() == expected
