"""Training, end to end, on the simulated history and on the real data."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.models.releases.store import Releases
from leadledger.models.stability import EDGES, POINTS, bin_of
from leadledger.scoring.lookup import Table
from leadledger.training.evidence.forecast_quality import calibration_line, judge
from leadledger.training.history_reader import read_history
from leadledger.training.learn.trust import probability_at
from leadledger.training.runs.train import train
from leadledger.training.runs.training_result import Training

DATA = Path(__file__).parents[4] / "shared" / "data"
UNTIL = date(2026, 6, 30)
real = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data is not shipped; it would be in {DATA}")


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    """A simulated history, with the true probability of each lead."""
    return load_simulator().simulate(12_000, seed=7, until=UNTIL, truth=True)


@pytest.fixture(scope="module")
def trained(truth: pd.DataFrame) -> Training:
    """The example card, trained on it."""
    return train(find_examples() / "b2b-software" / "card.yaml", truth)


@pytest.mark.slow
def test_probabilities_are_the_true_ones(trained: Training, truth: pd.DataFrame) -> None:
    """On new leads, the calibration slope against the true probability lies between 0.9 and 1.1."""
    fresh = load_simulator().simulate(5_000, seed=8, until=UNTIL, truth=True)
    history = read_history(trained.card, fresh.drop(columns="true_probability"))
    predicted = probability_at(trained.learned, history.score(trained.scorecard))
    slope, _ = calibration_line(fresh["true_probability"].to_numpy()[history.rows - 1], predicted)
    assert 0.9 <= slope <= 1.1


@pytest.mark.slow
def test_what_is_published_has_learned_from_every_lead(trained: Training) -> None:
    """The tables count all leads, while those that judge had not seen the newest quarter."""
    assert trained.history is not None
    leads = len(trained.history)
    assert {sum(term.counts) for term in trained.learned.terms if isinstance(term, Table)} == {leads}
    assert trained.known is not None
    assert leads - 20 <= len(trained.known.digests) <= leads  # some short digests are of two leads
    models = [model for model in trained.metrics["judged_by"]["models"] if model["held_out"]]
    assert sum(model["judged"] for model in models) == trained.metrics["held_out"]["leadledger"]["leads"]
    assert all(model["learned_until"] < model["judged_from"] for model in models)


@pytest.mark.slow
def test_what_was_seen_flatters_and_is_not_what_judges(trained: Training) -> None:
    """The judged totals are on the scale of the published ones, and tell less of the leads that these have seen."""
    assert trained.history is not None
    held, judged = trained.held, trained.judged
    published = trained.history.score(trained.scorecard)[held]
    assert abs(published.mean() - judged.mean()) < 1
    losses = [
        judge(trained.history.won[held], probability_at(trained.learned, totals)).log_loss
        for totals in (published, judged)
    ]
    assert losses[0] < losses[1]


@pytest.mark.slow
def test_the_scores_are_binned(trained: Training) -> None:
    """The service can read how many of the leads scored how high: all of them, each once."""
    assert trained.history is not None
    totals = trained.history.score(trained.scorecard)
    binned = np.bincount([bin_of(int(total)) for total in totals], minlength=len(EDGES) + 1)
    assert trained.metrics[POINTS] == binned.tolist()


@pytest.mark.slow
def test_learning_beats_rules_alone(trained: Training) -> None:
    """On held-out leads, the release has a lower loss than rules alone and than a plain logistic regression."""
    losses = {name: quality["log_loss"] for name, quality in trained.metrics["held_out"].items()}
    assert losses["leadledger"] < losses["rules alone"]
    assert losses["leadledger"] < losses["logistic regression"]
    assert losses["leadledger"] < losses["unrestricted boosting"] + 0.002


@pytest.mark.slow
def test_rounding_and_merging_move_scores_little(trained: Training) -> None:
    """Whole tenths and merged rows: under a point on average, some points for leads of rare values."""
    assert trained.metrics["rounding_gap"]["mean_points"] < 1.0
    assert trained.metrics["rounding_gap"]["largest_points"] < 8.0
    assert trained.metrics["compile_gap"] < 1e-9


@pytest.mark.slow
def test_a_release_keeps_it_all(trained: Training, tmp_path: Path) -> None:
    """What is published opens as the same scorecard, and the measures are JSON."""
    releases = Releases(tmp_path)
    name = trained.publish(releases, datetime(2026, 7, 1, tzinfo=UTC))
    opened = releases.open(name)
    assert opened.learned == trained.learned
    assert trained.history is not None
    assert (trained.history.score(opened) == trained.history.score(trained.scorecard)).all()
    assert json.loads(json.dumps(trained.to_dict()))["rules_only"] == ""


@real
@pytest.mark.slow(seconds=15)
def test_bank_marketing() -> None:
    """Stratified, without `duration`: as good as boosting without restrictions; rounding moves little."""
    card = find_examples() / "bank-marketing" / "card.yaml"
    frame = pd.read_csv(DATA / "bank_marketing" / "bank-additional-full.csv", sep=";", keep_default_na=False)
    training = train(card, frame[::4], held_out=0.3)
    assert training.history is not None
    assert "duration" not in training.history.frame
    judged = training.metrics["held_out"]["leadledger"]
    assert training.metrics["split"] == "stratified"
    assert judged["log_loss"] <= training.metrics["held_out"]["unrestricted boosting"]["log_loss"] + 0.001
    assert judged["auc"] >= training.metrics["held_out"]["unrestricted boosting"]["auc"] - 0.002
    assert training.metrics["rounding_gap"]["mean_points"] < 1.0
    assert training.metrics["rounding_gap"]["largest_points"] < 8.0


@real
@pytest.mark.slow
def test_olist_funnel(tmp_path: Path) -> None:
    """The two files joined as its README says, split by time: AUC at least 0.68."""
    for file in (DATA / "olist_funnel").glob("*.csv"):
        (tmp_path / file.name).symlink_to(file)
    readme = (find_examples() / "olist-funnel" / "README.md").read_text("utf-8")
    joins = re.search(r"^python - <<'EOF'\n(.*?)^EOF$", readme, flags=re.MULTILINE | re.DOTALL)
    assert joins
    subprocess.run([sys.executable, "-c", joins[1]], cwd=tmp_path, check=True)
    card = find_examples() / "olist-funnel" / "card.yaml"
    training = train(card, tmp_path / "history.csv", as_of=date(2018, 11, 14))
    assert training.metrics["split"] == "time"
    assert training.metrics["held_out"]["leadledger"]["auc"] >= 0.68
