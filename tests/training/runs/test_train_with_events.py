"""Training with events, end to end: a release, what events bring at each landmark, and what follows a release."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import leadledger
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import DataError, LeakageError
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.runs.training_result import Training
from tests.command_line import run
from tests.training.event_world import CARD, LAST, World, make_world

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_bags")]


@pytest.fixture(scope="module")
def world() -> World:
    """Leads and events whose truth is known."""
    return make_world(2000)


@pytest.fixture(scope="module")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card, the leads and the events, and a home with a release that has learned from them."""
    folder = tmp_path_factory.mktemp("events")
    (folder / "card.yaml").write_text(CARD)
    world.leads.to_csv(folder / "leads.csv", index=False)
    world.events.to_csv(folder / "events.csv", index=False)
    files = folder / "card.yaml", folder / "leads.csv", "--events", folder / "events.csv"
    result = run("train", *files, "--as-of", LAST, "--home", folder / "leadledger-home")
    assert result.exit_code == 0, result.output
    (folder / "text.txt").write_text(result.stdout)
    return folder


@pytest.fixture(scope="module")
def kept(folder: Path) -> dict[str, Any]:
    """What the release keeps."""
    releases = Releases(folder / "leadledger-home")
    name = releases.current()
    assert name is not None
    return releases.show(name)


def test_the_text(folder: Path) -> None:
    """The text of a training has what events bring, by landmark, within 80 columns."""
    text = (folder / "text.txt").read_text()
    assert "Events: with events the AUC is 0." in text
    assert "days after     leads    came  foreseen   slope      AUC  without events" in text
    assert "As leads age, over the " in " ".join(text.split())
    assert max(map(len, text.splitlines()[:-1])) <= 80


def test_the_measures(kept: dict[str, Any]) -> None:
    """metrics.json has the forecast at each landmark, with events and without, and how it moves as leads age."""
    measures = kept["metrics"]["landmarks"]
    assert [row["after"] for row in measures["by_landmark"]] == [0, 7, 14, 30]
    assert [row["after"] for row in measures["ageing"]] == [0, 7, 14, 30]
    assert measures["without_fields"] == ["visits", "recent"]
    assert measures["without_rules"] == ["reads"]
    assert measures["with_events"]["auc"] > measures["without_events"]["auc"]
    assert measures["with_events"]["auc"] == kept["metrics"]["held_out"]["leadledger"]["auc"]
    assert measures["ageing"][-1]["won"] > measures["ageing"][0]["won"]
    assert measures["ageing"][-1]["others"] < measures["ageing"][0]["others"]
    source = kept["provenance"]
    assert source["events"] == "events.csv"
    assert len(source["events_sha256"]) == 64


def test_the_page(folder: Path) -> None:
    """The report has a section on what events bring."""
    releases = Releases(folder / "leadledger-home")
    page = releases.read(str(releases.current()), "report.html").decode()
    assert "What events bring" in page


def test_what_follows(folder: Path) -> None:
    """Recalibration and back-test read events too, and refuse without them."""
    newer = make_world(1200, seed=9, first=LAST)
    newer.leads.assign(lead_id="N" + newer.leads["lead_id"]).to_csv(folder / "newer.csv", index=False)
    newer.events.assign(lead="N" + newer.events["lead"]).to_csv(folder / "newer_events.csv", index=False)
    releases, taken = Releases(folder / "leadledger-home"), date(2027, 12, 31)
    with pytest.raises(DataError, match="counts events; give those of the leads by --events FILE"):
        leadledger.recalibrate(releases, folder / "newer.csv", as_of=taken)
    moved = leadledger.recalibrate(releases, folder / "newer.csv", as_of=taken, events=folder / "newer_events.csv")
    assert 0.1 < moved.after < 0.4
    assert moved.provenance["events"] == "newer_events.csv"
    edited = folder / "edited.yaml"
    edited.write_text(CARD.replace("points: 6", "points: 9"))
    with pytest.raises(DataError, match="counts events; give those of the leads by --events FILE"):
        leadledger.backtest(folder / "card.yaml", edited, folder / "leads.csv", as_of=LAST)
    tried = leadledger.backtest(
        folder / "card.yaml", edited, folder / "leads.csv", as_of=LAST, events=folder / "events.csv"
    )
    assert (
        "Each lead counts once, at a landmark that was drawn for it: 1,672 of 1,811 leads were open then."
        in tried.notes
    )
    assert tried.changed > 0


def test_a_release_scores_as_it_was_trained(world: World, folder: Path) -> None:
    """The service gives a lead with its events, as of a landmark, the points that training gave it then."""
    card = Releases(folder / "leadledger-home").open()
    training_history = leadledger.read_history(folder / "card.yaml", world.leads, LAST, events=world.events)
    totals = training_history.score(card)
    days = training_history.scoring_days(np.arange(len(totals)))
    by_lead = dict(list(world.events.groupby("lead")))
    leads = world.leads.astype(object).where(world.leads.notna(), None).set_index("lead_id", drop=False)
    for position in range(0, len(totals), 97):
        lead = leads.loc[training_history.ids["lead_id"][position]].to_dict()
        rows = by_lead[lead["lead_id"]].to_dict("records") if lead["lead_id"] in by_lead else []
        events = [
            {"kind": row["kind"], "id": row["id"], "time": row["time"], "properties": {"path": row["path"]}}
            for row in rows
        ]
        assert leadledger.score(card, lead, days[position], events=events).tenths == totals[position]


@pytest.fixture(scope="module")
def planted(world: World, folder: Path) -> Training:
    """The same training in Python, with an event of every lead on the day after its last landmark."""
    met = pd.to_datetime(world.leads["met"])
    late = pd.DataFrame(
        {
            "lead": world.leads["lead_id"],
            "kind": "visit",
            "id": [f"late{at}" for at in range(len(met))],
            "time": [f"{day.date()}T00:00:00Z" for day in met + pd.Timedelta(days=31)],
            "path": "/pricing",
        }
    )
    events = pd.concat([world.events, late])
    return leadledger.train(folder / "card.yaml", world.leads, as_of=LAST, events=events)


def test_planted_events_change_nothing(planted: Training, folder: Path, kept: dict[str, Any]) -> None:
    """Events after the last landmark of every lead change nothing that is learned or measured."""
    assert planted.learned == Releases(folder / "leadledger-home").open().learned
    assert json.loads(json.dumps(planted.metrics["landmarks"])) == kept["metrics"]["landmarks"]


def test_truth(world: World, planted: Training) -> None:
    """The forecast reaches nearly all of what the world makes possible."""
    history = planted.history
    assert history is not None
    assert history.landmarks is not None
    truth = np.array(
        [
            world.truth(*row)
            for row in zip(history.ids["lead_id"], history.frame["need"], history.landmarks.after, strict=True)
        ]
    )
    won, held = history.won, planted.held
    quality = planted.metrics["held_out"]["leadledger"]
    assert quality["auc"] > roc_auc_score(won[held], truth[held]) - 0.02
    assert judge(won[held], truth[held]).log_loss > quality["log_loss"] - 0.02


def test_contributions(planted: Training) -> None:
    """The entries of a ledger as of a landmark, those of rules for each event among them, add up to the total."""
    assert planted.history is not None
    totals = planted.history.score(planted.scorecard)[planted.held] / 10
    contributions = planted.contributions()
    assert contributions["total"].to_numpy() == pytest.approx(totals)
    assert contributions["rule reads"].any()
    assert "event visit" in set(planted.importance()["field"])


def test_leaks_stop_it(world: World, folder: Path) -> None:
    """A kind of events that comes with the outcome stops training with exit status 1, like a field that does."""
    text = CARD.replace("events:\n", "events:\n  contract: {}\n")
    text = text.replace("stages", "  - {name: signs, each: contract, points: 5, within: 30 days, reason: A}\nstages")
    (folder / "leaky.yaml").write_text(text)
    won = world.leads[world.leads["won_on"].notna()]
    contracts = pd.DataFrame({"lead": won["lead_id"], "kind": "contract", "time": won["won_on"]})
    with pytest.raises(LeakageError, match="event contract: The first one is of the very day of the outcome"):
        leadledger.train(
            folder / "leaky.yaml", world.leads, as_of=date(2025, 12, 31), events=pd.concat([world.events, contracts])
        )


def test_json(folder: Path) -> None:
    """The measures are JSON."""
    releases = Releases(folder / "leadledger-home")
    metrics = json.loads(releases.read(str(releases.current()), "metrics.json"))
    assert metrics["landmarks"]["said"].startswith("with events the AUC is")
