"""Weights by age: chosen where what makes a lead good changes, and not where only the rate does, or nothing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.ages import draw
from leadledger.training.learn.age_weights import AgeWeights, TriedHalfLife, choose_age_weights
from leadledger.training.learn.split import HistorySplit, split_history
from leadledger.training.runs.train import train
from leadledger.training.runs.train_text import summary_text

LEADS = 5000


def split(history: Any) -> HistorySplit:
    """The split of a history by time."""
    return split_history(history.won, history.time_order, 0.25, np.zeros(len(history.won), np.uint64), 60)


def choose(world: str, seed: int, leads: int = LEADS) -> AgeWeights:
    """The weights of a history of a world."""
    history, _ = draw(world, leads, seed)
    ages = choose_age_weights(history, split(history))
    assert ages is not None
    return ages


@pytest.mark.slow
@pytest.mark.parametrize("world", ["steady", "rate"])
def test_a_steady_world_keeps_its_old_leads(world: str) -> None:
    """Where effects stay as they are, whatever the rate does, all leads count alike."""
    chosen = [choose(world, seed).half_life for seed in range(500, 520)]
    assert chosen.count(None) >= 19


@pytest.mark.slow
def test_effects_that_change_ask_for_recent_leads() -> None:
    """Where the effects of three years ago are others, the weight of a lead halves in a year or less."""
    ages = [choose("fast", seed) for seed in range(500, 506)]
    assert sum(aged.half_life is not None and aged.half_life <= 1 for aged in ages) >= 4


@pytest.mark.slow
def test_the_held_out_leads_have_no_say() -> None:
    """Their outcomes may be any: the choice, and every figure, stays the same."""
    history, _ = draw("fast", LEADS, 510)
    of_time = split(history)
    before = choose_age_weights(history, of_time)
    history.won[of_time.held] = ~history.won[of_time.held]
    assert choose_age_weights(history, of_time) == before


@pytest.mark.slow
def test_leads_with_an_order_and_no_days() -> None:
    """Half-lives are shares of the leads, and a lead without a successor has the age 0."""
    history, _ = draw("fast", LEADS, 511)
    by_order = SimpleNamespace(**{**vars(history), "days": None, "time_order": np.arange(LEADS)})
    ages = choose_age_weights(by_order, split_history(history.won, np.arange(LEADS), 0.25, np.zeros(LEADS, np.uint64)))  # type: ignore[arg-type]  # what it reads of a history
    assert ages is not None
    assert ages.by_order
    weights = AgeWeights(0.5, True, 1, 0.5, ()).weigh(by_order, None)  # type: ignore[arg-type]
    assert weights is not None
    assert weights[-1] == pytest.approx(1, abs=1e-3)
    assert weights[0] == pytest.approx(0.25)


def test_weights_multiply_those_of_the_caller() -> None:
    """A lead of two half-lives counts a quarter of what it was to count; without a half-life nothing changes."""
    history: Any = SimpleNamespace(days=np.array([0, 365, 731]), time_order=np.array([0, 365, 731]))
    given: NDArray[np.float64] = np.array([2.0, 1.0, 1.0])
    weights = AgeWeights(1.0, False, 1, 0.5, ()).weigh(history, given)
    assert weights == pytest.approx([0.5, 0.5, 1.0], abs=0.01)
    assert AgeWeights(None, False, 1, 0.5, ()).weigh(history, given) is given


def test_the_words() -> None:
    """The sentence has the half-life, the leads and the gain with its error; there is none without weights."""
    tried = (TriedHalfLife(2.0, 0.0021, 0.0006), TriedHalfLife(0.5, 0.001, 0.001))
    ages = AgeWeights(2.0, False, 3210, 0.41234, tried)
    assert ages.sentence == (
        "The recent past foretells better: the weight of a lead halves with every 2 years of its age. On 3,210 leads"
        " before the held-out ones this lowers the log-loss of a quick model from 0.4123 by 0.0021 (standard error"
        " 0.0006)."
    )
    assert (
        "halves with every 25% of the leads that came after it"
        in AgeWeights(0.25, True, 10, 0.4, (TriedHalfLife(0.25, 0.1, 0.01),)).sentence
    )
    none = AgeWeights(None, False, 10, 0.4, tried)
    assert none.sentence == ""
    assert none.to_dict()["said"] == "Older leads count as much as recent ones."


@pytest.mark.slow
def test_a_training_says_it(tmp_path: Path) -> None:
    """The text, and metrics.json, say that older leads count less, and how much."""
    drawn, _ = draw("fast", LEADS, 512)
    numbers = [name for name in drawn.frame if name != "source"]
    fields = "".join(f"  {name}: {{kind: number}}\n" for name in numbers)
    outcome = "outcome: {became: {field: won, kind: flag}, since: created}"
    stages = "stages: [{name: lead}, {name: opportunity, points: 60}]"
    card = tmp_path / "card.yaml"
    start = "name: fast\nfields:\n  created: {kind: date}\n  source: {kind: text}\n"
    card.write_text(f"{start}{fields}{outcome}\n{stages}\n")
    created = [f"{date(2023, 1, 1) + timedelta(int(day))}" for day in drawn.days]
    training = train(card, drawn.frame.assign(created=created, won=drawn.won))
    ages = training.metrics["age_weights"]
    assert (ages["half_life"], ages["unit"]) == (0.5, "years")
    assert ages["said"] in training.notes
    assert "The recent past foretells better: the weight of a lead halves with every half year of its age." in " ".join(
        summary_text(training).split()
    )


def test_what_can_not_tell() -> None:
    """Too few leads, or no order."""
    history, _ = draw("steady", 400, 1)
    assert choose_age_weights(history, split(history)) is None
    without = split_history(history.won, None, 0.25, np.arange(400, dtype=np.uint64))
    assert choose_age_weights(history, without) is None
