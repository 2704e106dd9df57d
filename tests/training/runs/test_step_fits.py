"""The steps up to a sale, learned from a simulated history: their leads, their measures, and what stops them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from benchmarks.steps import CARD, FRESH, STEPS, TAKEN, cover_rates, foretell, make_world, measure, summarize
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.models.releases.learned_reader import learned_from_text
from leadledger.models.releases.learned_writer import learned_to_text
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.errors import DataError, LeakageError
from leadledger.training.history_reader import read_history, read_step
from leadledger.training.runs.step_fits import make_step_card
from leadledger.training.runs.train import _notes, train
from leadledger.training.runs.training_result import Training

QUICK = AdditiveClassifier(bags=2, pairs=0, combinations=0, random_state=0)
Train = Callable[..., Training]
pytestmark = pytest.mark.slow  # each learns


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of the world with steps."""
    path = tmp_path_factory.mktemp("steps") / "card.yaml"
    path.write_text(CARD)
    return path


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """A history of 2,000 leads."""
    return make_world(2_000, seed=4).frame


@pytest.fixture(scope="module")
def trained(card: Path, frame: pd.DataFrame) -> Training:
    """The card, trained on it."""
    return train(card, frame, estimator=QUICK)


def as_days(column: pd.Series) -> pd.Series:
    """The days of a column as pandas has them."""
    return pd.to_datetime(column)


def test_each_step_has_the_leads_that_began_it_long_enough_ago(trained: Training, frame: pd.DataFrame) -> None:
    """The leads of a step reached the stage before it, the step's horizon ago; they made it within the horizon."""
    assert trained.history is not None
    assert trained.history.as_of is not None
    taken = pd.Timestamp(trained.history.as_of)
    began = "created"
    for step, (column, within) in STEPS.items():
        since, became = as_days(frame[began]), as_days(frame[column])
        known = since <= taken
        mature = known & (since + pd.Timedelta(days=within) <= taken)
        metrics = trained.metrics["steps"][step]
        assert metrics["leads"] == mature.sum()
        assert metrics["reached"] == (mature & ((became - since).dt.days <= within)).sum()
        assert metrics["left_out"]["immature"] == (known & ~mature).sum()
        assert metrics["rate"] == metrics["reached"] / metrics["leads"]
        assert metrics["rate_limits"][0] < metrics["rate"] < metrics["rate_limits"][1]
        began = column


def test_a_step_is_looked_at_on_the_day_it_begins(card: Path, frame: pd.DataFrame) -> None:
    """The leads of a step are in the order of the days on which they began it, and scored as of these."""
    written = read_card(card)
    whole = read_history(written, frame)
    step = read_step(make_step_card(written, 1), whole)
    days = as_days(frame["qualified_on"])[step.rows - 1]
    assert list(pd.to_datetime(step.scoring_days(np.arange(len(step))))) == list(days)
    assert step.days is not None
    assert bool(np.all(np.diff(step.days) >= 0))


def test_days_of_steps_are_no_fields(trained: Training) -> None:
    """Nothing is learned from the days of the steps, nor from the stage."""
    asked = {name for term in trained.learned.all_terms for name in term.fields}
    assert asked <= {"need", "employees", "source", "budget", "deal_size"}
    assert {"need", "employees"} <= asked


def test_each_step_is_judged_beside_its_base_rate(trained: Training) -> None:
    """Each step says how its forecast does on held-out leads, and its release holds what was measured."""
    for step, metrics in trained.metrics["steps"].items():
        held = metrics["held_out"]
        if step != "customer":  # of which few are held out
            assert held["log_loss"] < held["base_log_loss"]
            assert 0.4 < held["slope"] < 1.8
        learned = trained.learned.steps[step]
        assert (learned.base_rate, learned.trust) == (metrics["base_rate"], metrics["trust"])
        assert bool(metrics["rate_alone"]) == (not metrics["signal"]["present"]) == (learned.terms == ())
    assert trained.metrics["steps"]["lead"]["signal"]["present"]
    assert json.loads(json.dumps(trained.metrics["steps"])) == trained.metrics["steps"]
    assert learned_from_text(learned_to_text(trained.learned)) == trained.learned


def test_chances_are_near_the_true_ones(trained: Training) -> None:
    """On fresh leads, the mean chance of each step and of a sale is near the truth."""
    fresh = make_world(1_000, seed=5)
    chances, sale, expected = foretell(trained.scorecard, fresh)
    for step, chance in chances.items():
        assert abs(chance.mean() - fresh.chances[step].mean()) < 0.08
    assert abs(sale.mean() - fresh.sale.mean()) < 0.03
    amounts = fresh.frame["deal_size"].to_numpy(float)
    assert expected == pytest.approx(sale * amounts)


def test_a_card_without_steps_learns_the_same(trained: Training, frame: pd.DataFrame, tmp_path: Path) -> None:
    """Steps change nothing of the score: start, tables, trust and thresholds are those of the card without them."""
    start, end = CARD.index("steps:"), CARD.index("rules:")
    path = tmp_path / "card.yaml"
    path.write_text(CARD[:start] + CARD[end:])
    alone = train(path, frame, estimator=QUICK)
    assert "steps" not in alone.metrics
    text, own = learned_to_text(alone.learned), json.loads(learned_to_text(trained.learned))
    assert json.loads(text) == {key: value for key, value in own.items() if key != "steps"} | {
        "levels": json.loads(text)["levels"]
    }


def test_a_step_with_too_few_leads_has_its_base_rate_alone(card: Path, frame: pd.DataFrame) -> None:
    """Where few leads made a step, or none began it, the release says so, and how much it knows."""
    few = frame.assign(won_on=frame["won_on"].where(frame["won_on"].notna().cumsum() <= 5))
    training = train(card, few, estimator=QUICK)
    metrics, learned = training.metrics["steps"]["customer"], training.learned.steps["customer"]
    assert (learned.terms, learned.trust, learned.start) == ((), 0.0, 500)
    assert learned.base_rate == (metrics["reached"] + 0.5) / (metrics["leads"] + 1)
    assert metrics["rate_alone"] == f"5 of {metrics['leads']} leads made it; at least 10 of either kind are needed"
    text = " ".join(str(training).split())
    assert f"Of the step to customer the base rate alone counts: 5 of {metrics['leads']} leads made it;" in text
    none = train(card, frame.assign(opportunity_on=None, won_on=None), estimator=QUICK)
    assert none.rules_only  # the score itself predicts opportunities
    assert none.learned.steps == {}


def test_a_step_that_nobody_began_is_unknown(tmp_path: Path, frame: pd.DataFrame) -> None:
    """Without a lead that began a step, its chance is not known, and so is that of a sale."""
    path = tmp_path / "card.yaml"
    path.write_text(CARD.replace("field: opportunity_on, kind", "field: reached_on, kind"))
    training = train(path, frame.assign(reached_on=frame["opportunity_on"], opportunity_on=None), estimator=QUICK)
    assert training.learned.steps["customer"].base_rate is None
    assert training.metrics["steps"]["customer"]["rate"] is None
    assert "Of the step to customer no chance is known: no lead began it long enough ago." in " ".join(
        str(training).split()
    )


def test_a_column_that_is_gone_stops_training(card: Path, frame: pd.DataFrame) -> None:
    """A history without the days of a step is refused, with the column."""
    with pytest.raises(DataError) as error:
        train(card, frame.rename(columns={"won_on": "won_onn"}), estimator=QUICK)
    assert str(error.value) == (
        "the data frame: has no column 'won_on', the day of the step 'customer' that the card names."
        " Did you mean 'won_onn'?"
    )


def test_leads_that_skip_a_stage_are_said(card: Path, frame: pd.DataFrame) -> None:
    """A few leads with a day of the next stage alone are counted; many stop training, for the rate is another one."""
    written, made = read_card(card), np.flatnonzero(frame["opportunity_on"].notna())
    few = frame.assign(qualified_on=frame["qualified_on"].where(~frame.index.isin(made[:5])))
    step = read_step(make_step_card(written, 1), read_history(written, few))
    assert (step.counts.no_date, step.doubts) == (5, ())
    many = frame.assign(qualified_on=frame["qualified_on"].where(~frame.index.isin(made[:200])))
    with pytest.raises(DataError) as error:
        train(card, many, estimator=QUICK)
    start = "training of the step 'opportunity' stopped: what it would leave out of the data frame changes the result."
    assert str(error.value).startswith(start)
    assert re.search(
        r"^200 of [0-9,]+ rows have no date, and 200 of them \(100\.0%\) made the step to",
        str(error.value),
        re.MULTILINE,
    )


def test_the_log_knows_no_days_of_steps(trained: Training) -> None:
    """A release that was trained from the decision log has no steps, and says so."""
    fitted = SimpleNamespace(
        card=trained.card,
        learned=replace(trained.learned, steps={}),
        split=SimpleNamespace(gap_kept=True),
        fit=SimpleNamespace(newest=None, pool_forecast=None),
    )
    assert list(_notes(cast(Any, fitted), own=False)) == [
        "The decision log has no days of the steps, so this release has no chance of a sale: train from a list."
    ]


def test_a_field_that_knows_a_step_stops_training(card: Path, frame: pd.DataFrame) -> None:
    """A field that is filled in with a step is found, also where it tells nothing of the outcome itself."""
    reached, won = frame["opportunity_on"].notna(), frame["won_on"].notna()
    by_chance = np.random.default_rng(1).random(len(frame)) < won.sum() / reached.sum()
    leaking = frame.assign(budget=np.where(won | (~reached & by_chance), 1000.0, np.nan))
    with pytest.raises(LeakageError) as error:
        train(card, leaking, estimator=QUICK)
    assert str(error.value).startswith("training of the step 'customer' stopped: a field looks as if it was filled in")


def test_the_benchmark_measures() -> None:
    """A draw of the benchmark has every figure, and chances without bias beyond chance."""
    drawn: dict[str, Any] = measure(3, 3_000, 2_000)
    assert abs(drawn["sale"]["bias"]) < 0.03
    assert 0.7 < drawn["sale"]["slope"] < 1.4
    assert len(list(summarize([drawn, drawn], [cover_rates(1, 500)]))) == 6
    assert (FRESH, TAKEN.year) == (20_000, 2025)
