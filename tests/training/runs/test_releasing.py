"""From a training run to a release: the same bytes again, held back if worse, recalibrated, logged."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import CategoricalNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from leadledger.api.cli.commands import cli
from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.models.learner.binning import Binning
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import DataError, ReleaseError
from leadledger.scoring.scorecard import MOST_PERCENT
from leadledger.training.history_reader import read_history
from leadledger.training.learn.known_leads import digest_leads
from leadledger.training.learn.percentiles import find_percentiles
from leadledger.training.runs.earlier_releases import open_earlier, open_with_leads
from leadledger.training.runs.recalibration import recalibrate
from leadledger.training.runs.tracking import log_run
from leadledger.training.runs.train import train
from leadledger.training.runs.training_result import Training

CARD = find_examples() / "b2b-software" / "card.yaml"
UNTIL = date(2026, 6, 30)
CREATED = datetime(2026, 7, 1, tzinfo=UTC)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_bags")]


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    """A simulated history."""
    return load_simulator().simulate(4000, seed=3, until=UNTIL)


@pytest.fixture(scope="module")
def trained(history: pd.DataFrame) -> Training:
    """The example card, trained on it."""
    return train(CARD, history)


@pytest.fixture(scope="module")
def published(trained: Training, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with that as its current release, which no test changes."""
    home = tmp_path_factory.mktemp("published")
    trained.publish(Releases(home), CREATED)
    return home


@pytest.fixture
def releases(published: Path, tmp_path: Path) -> Releases:
    """A copy of it."""
    return Releases(Path(shutil.copytree(published, tmp_path / "home")))


def shuffled(history: pd.DataFrame, older: float) -> pd.DataFrame:
    """The history with the outcomes of its older leads (a share) mixed up among them."""
    ordered = history.sort_values("created", kind="stable").reset_index(drop=True)
    some = np.arange(round(len(ordered) * older))
    waits = pd.to_datetime(ordered["opportunity_date"]) - pd.to_datetime(ordered["created"])
    order = np.arange(len(ordered))
    order[some] = np.random.default_rng(0).permutation(some)
    mixed = waits.iloc[order].reset_index(drop=True)
    ordered["opportunity_date"] = (pd.to_datetime(ordered["created"]) + mixed).dt.strftime("%Y-%m-%d")
    return ordered


def test_the_same_inputs_give_the_same_bytes(history: pd.DataFrame, releases: Releases, tmp_path: Path) -> None:
    """Every file of the release, the fitted classifier too, and so the manifest with all digests."""
    again = Releases(tmp_path / "again")
    train(CARD, history).publish(again, CREATED)
    folders = [home.home / "releases" / home.names()[0] for home in (releases, again)]
    names = sorted(file.name for file in folders[0].iterdir())
    assert "estimator.joblib" in names
    assert names == sorted(file.name for file in folders[1].iterdir())
    for name in names:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name


@pytest.mark.parametrize("older", [0.7, 1.0])
def test_a_challenger_trained_on_shuffled_outcomes_is_held_back(
    history: pd.DataFrame, releases: Releases, older: float
) -> None:
    """Whether the newest leads tell the truth or are mixed up too, the former release stays; `force` overrules."""
    before = releases.current()
    training = train(CARD, shuffled(history, older), current=open_earlier(releases))
    name = training.publish(releases, CREATED)
    assert training.held_back
    assert releases.current() == before
    assert name in releases.names()
    assert releases.list()[-1].note == "held back"
    assert training.publish(releases, CREATED, force=True) == releases.current()


def test_a_good_challenger_becomes_current(history: pd.DataFrame, releases: Releases, trained: Training) -> None:
    """Trained on the same, it is as good, and follows."""
    training = train(CARD, history, seed=1, current=open_earlier(releases))
    assert not training.held_back
    assert training.metrics["comparison"]["release"] == releases.current()
    assert training.publish(releases, CREATED) == releases.current()


def test_a_corrupted_release_is_refused_and_the_former_stays(releases: Releases, trained: Training) -> None:
    """A changed byte is found before it is used."""
    former = releases.current()
    name = trained.publish(releases, CREATED)
    assert former is not None
    releases.use(former)
    file = releases.home / "releases" / name / "learned.json"
    file.chmod(0o644)
    file.write_text(file.read_text().replace('"trust": 0', '"trust": 1', 1))
    with pytest.raises(ReleaseError, match=r"learned\.json is not what was published"):
        releases.use(name)
    assert releases.current() == former


def test_recalibration_moves_the_base_rate_alone(history: pd.DataFrame, releases: Releases) -> None:
    """Half of the recent opportunities lost: the base rate falls to fit, the points stay, the loss falls."""
    worse = history.copy()
    lost = np.random.default_rng(1).random(len(worse)) < 0.5
    worse.loc[lost, "opportunity_date"] = None
    before = releases.open()
    usual = recalibrate(releases, history, as_of=UNTIL).after
    recalibration = recalibrate(releases, worse, as_of=UNTIL)
    after = releases.open(recalibration.publish(releases, CREATED))
    assert after.learned.terms == before.learned.terms
    assert (after.learned.start, after.learned.trust) == (before.learned.start, before.learned.trust)
    assert recalibration.after < 0.65 * usual
    judged = recalibration.metrics["held_out"]
    tenths = judged["after"]["calibration"]
    predicted = sum(tenth["leads"] * tenth["foreseen"] for tenth in tenths)
    assert predicted == pytest.approx(recalibration.metrics["won"], rel=1e-6)
    assert judged["after"]["log_loss"] < judged["before"]["log_loss"]
    read = read_history(before.card, worse, UNTIL)
    unseen = open_with_leads(releases, before.release).unseen_totals(read, digest_leads(read))
    newest = np.rint(unseen[-recalibration.metrics["leads"] :]).astype(np.int64)
    assert after.learned.percentiles == find_percentiles(newest)
    assert len(before.learned.percentiles) == MOST_PERCENT
    assert releases.list()[-1].note == f"{recalibration.release} recalibrated"


def test_recalibration_needs_outcomes(history: pd.DataFrame, releases: Releases) -> None:
    """Too few recent ones are refused."""
    with pytest.raises(DataError, match="at least 20 of either outcome are needed to move the base rate"):
        recalibrate(releases, history, newest=0.02)


def test_the_command_recalibrates(history: pd.DataFrame, releases: Releases, tmp_path: Path) -> None:
    """It prints both rates and the new release."""
    data = tmp_path / "history.csv"
    history.to_csv(data, index=False)
    done = CliRunner().invoke(cli, ["recalibrate", str(data), "--home", str(releases.home)], catch_exceptions=False)
    assert done.exit_code == 0
    assert f"Release {releases.current()} is made, and is the current one: " in done.output
    assert "The points of every lead stay as they were; the probabilities moved." in done.output


def test_what_is_not_additive_is_refused_with_the_price(history: pd.DataFrame) -> None:
    """A forest can't be tables; what it would gain is measured on the same held-out leads."""
    forest = make_pipeline(Binning(), RandomForestClassifier(n_estimators=50, random_state=0))
    with pytest.raises(DataError) as caught:
        train(CARD, history, estimator=forest)
    message = str(caught.value)
    assert message.startswith("RandomForestClassifier can't take the default's place: ")
    assert "held-out leads its log-loss is 0." in message
    assert message.endswith(("readability costs nothing here.", "."))


@pytest.mark.parametrize(
    "steps",
    [(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(max_iter=1000)), (CategoricalNB(min_categories=60),)],
    ids=["decision_function", "predict_log_proba"],
)
def test_any_additive_classifier_can_take_the_place(history: pd.DataFrame, steps: tuple[Any, ...]) -> None:
    """Behind the binning, a logistic regression or naive Bayes of scikit-learn becomes tables, checked to 1e-9."""
    training = train(CARD, history, estimator=make_pipeline(Binning(), *steps))
    assert training.metrics["compile_gap"] < 1e-9
    losses = {name: quality["log_loss"] for name, quality in training.metrics["held_out"].items()}
    assert losses["leadledger"] < losses["rules alone"]
    assert training.learned.terms


def test_a_run_is_logged_to_mlflow(trained: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the address is set, with its measures, its parameters and metrics.json; else nothing happens."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert log_run(trained, "2026-07-01-001") == ""
    mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed")
    address = (tmp_path / "runs").as_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # a folder is enough for a test
    message = log_run(trained, "2026-07-01-001")
    assert message.startswith("Logged to MLflow as run ")
    (run,) = mlflow.MlflowClient(address).search_runs(
        [mlflow.MlflowClient(address).get_experiment_by_name("b2b-software").experiment_id]
    )
    assert run.data.tags["leadledger.release"] == "2026-07-01-001"
    assert run.data.params["seed"] == "0"
    assert run.data.metrics["held_out.leadledger.auc"] == trained.metrics["held_out"]["leadledger"]["auc"]
    kept = next((tmp_path / "runs").rglob("metrics.json"))
    assert json.loads(kept.read_text()) == json.loads(json.dumps(dict(trained.metrics)))


def test_a_tracking_server_that_is_away_is_reported(trained: Training, monkeypatch: pytest.MonkeyPatch) -> None:
    """The release is made all the same."""
    pytest.importorskip("mlflow", reason="mlflow is not installed")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://nowhere")
    assert log_run(trained, "2026-07-01-001").startswith("Not logged to MLflow: ")
