"""The benchmark of landmarks, in the small."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.landmarks import find_truth, share
from leadledger.api.cli.examples import find_examples
from leadledger.scoring.card.reader import parse_card, read_card
from leadledger.scoring.scorecard import Learned
from leadledger.training.history_reader import read_history
from leadledger.training.runs.training_result import Training
from tests.training.event_world import CARD, LAST, make_world


def test_the_share_is_of_what_events_bring() -> None:
    """How far a forecast gets from its own measure without events, of the way that the truth goes."""
    assert share(0.85, 0.8, 0.9, 0.85) == "100% of what events bring"
    assert share(0.82, 0.8, 0.9, 0.85) == "40% of what events bring"
    assert share(0.82, 0.8, 0.85, 0.85) == "nothing to gain"


def test_the_card_says_how_old_a_lead_is() -> None:
    """The age of a lead stands on the axis of what it does, so that both may be learned together."""
    card = read_card(find_examples() / "b2b-software" / "card-with-events.yaml")
    assert card.fields["lead_age"].axis == "engagement"


def test_each_look_has_its_truth() -> None:
    """The true chances stand beside the rows of the history, by lead and landmark."""
    world = make_world(60)
    card = parse_card(CARD)
    history = read_history(card, world.leads, as_of=LAST, events=world.events)
    chances = pd.DataFrame(
        [(f"L{lead}", age, lead + age / 100, -lead) for lead in range(60) for age in (0, 7, 14, 30)],
        columns=["lead_id", "age", "true_probability", "without_events"],
    )
    truth, without = find_truth(Training(card, CARD, Learned(), {}, {}, history), chances)
    assert history.landmarks is not None
    leads = np.array([int(lead[1:]) for lead in history.ids["lead_id"]])
    assert np.allclose(truth, leads + history.landmarks.after / 100)
    assert (without == -leads).all()
