"""The releases that a new one is compared with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from leadledger.api.cli.examples import find_examples
from leadledger.models.learner.binning import Binning
from leadledger.models.releases.edited_rules import publish_edited
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.scoring.scorecard import Learned
from leadledger.training.history_reader import read_history
from leadledger.training.learn.known_leads import NOT_JUDGED, digest_leads
from leadledger.training.runs.earlier_releases import EarlierRelease, name_measure, open_earlier, open_with_leads
from leadledger.training.runs.recalibration import recalibrate
from leadledger.training.runs.train import train
from leadledger.training.runs.training_result import Training

EXAMPLE = (find_examples() / "b2b-software" / "card.yaml").read_text("utf-8")
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
LEADS = 1200
CARD = """
name: list
fields:
  email: {kind: id}
  budget: {kind: number, known_when_scored: yes}
  need: {kind: text}
outcome: {became: {field: won, kind: flag}}
stages: [{name: lead}, {name: opportunity, probability: {precision: 0.4, confidence: 0.9}}]
"""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card whose history has neither days nor an order."""
    path = tmp_path_factory.mktemp("card") / "card.yaml"
    path.write_text(CARD, "utf-8")
    return path


def leads(first: int = 0, count: int = LEADS) -> pd.DataFrame:
    """Some leads of a list; a budget and a need tell their chance."""
    random = np.random.default_rng(2)
    size = first + count
    budget, need = random.normal(size=size), random.choice(["none", "some", "urgent"], size)
    won = random.random(size) < expit(-1.5 + 1.4 * budget + 1.4 * (need == "urgent"))
    emails = [f"somebody{number}@example.com" for number in range(size)]
    frame = pd.DataFrame({"email": emails, "budget": budget, "need": need, "won": won})
    return frame[first:].reset_index(drop=True)


def train_simply(card: Path, frame: pd.DataFrame, **options: Any) -> Training:
    """Train with a classifier that is quickly fitted."""
    quick = make_pipeline(Binning(), OneHotEncoder(handle_unknown="ignore"), LogisticRegression(max_iter=500))
    return train(card, frame, estimator=quick, **options)


@pytest.fixture(scope="module")
def trained(card: Path) -> Training:
    """A release of the list."""
    return train_simply(card, leads())


@pytest.mark.slow
def test_without_days_no_lead_flatters_the_current_release(card: Path, trained: Training, tmp_path: Path) -> None:
    """Another seed and another order of the rows hold out the same leads, by which both are judged alike."""
    releases = Releases(tmp_path)
    trained.publish(releases, CREATED)
    again = train_simply(card, leads().sample(frac=1, random_state=3), seed=5, current=open_earlier(releases))
    assert trained.history is not None
    assert again.history is not None
    emails = [set(training.history.ids["email"][training.held]) for training in (trained, again) if training.history]
    assert emails[0] == emails[1]
    comparison = again.metrics["comparison"]
    assert comparison["leads"] == len(again.held)
    assert abs(comparison["log_loss"]["difference"]) < 0.002
    assert not comparison["worse"]
    assert [training.metrics["look"]["number"] for training in (trained, again)] == [1, 2]
    assert again.notes[-1].startswith(
        "This is look 2 at mostly the same held-out leads; release 2026-01-01-001 had the"
    )


@pytest.mark.slow
def test_leads_that_the_current_release_has_learned_from_are_left_out(
    card: Path, trained: Training, tmp_path: Path
) -> None:
    """Without its own unflattered forecast of a lead there is no comparison by it; too few left, and it says so."""
    releases = Releases(tmp_path)
    assert trained.known is not None
    forgetful = replace(trained.known, totals=np.full_like(trained.known.totals, NOT_JUDGED))
    name = replace(trained, known=forgetful).publish(releases, CREATED)
    again = train_simply(card, leads(), current=open_earlier(releases))
    assert again.metrics["comparison"]["said"] == (
        f"not compared with the current release {name}: it has learned from all but 0 of the {len(again.held):,}"
        " held-out leads, and 0 of these became opportunities; 20 of either outcome are needed"
    )
    assert not again.held_back
    grown = train_simply(card, leads(600, 1800), current=open_earlier(releases))
    assert 250 < grown.metrics["comparison"]["leads"] < len(grown.held) - 100
    with pytest.raises(DataError, match=r"^0 of the 0 newest leads that release .* has not learned from became"):
        recalibrate(releases, leads())
    newer = recalibrate(releases, leads(1000, 1400), newest=1.0)
    assert newer.metrics["leads"] == pytest.approx(1200, abs=5)
    assert newer.metrics["left_out_as_learned_from"] == pytest.approx(200, abs=5)
    left_out = newer.metrics["left_out_as_learned_from"]
    assert newer.notes[-1] == f"Left out: {left_out:,} of the newest leads, which release {name} has learned from."


@pytest.mark.slow
def test_a_release_of_an_earlier_version_says_nothing_of_its_leads(
    card: Path, trained: Training, tmp_path: Path
) -> None:
    """Without a day or an order nobody knows which leads are new to it: no comparison, no recalibration."""
    releases = Releases(tmp_path)
    name = replace(trained, known=None).publish(releases, CREATED)
    again = train_simply(card, leads(), current=open_earlier(releases))
    assert again.metrics["comparison"]["said"] == (
        f"not compared with the current release {name}: it was made by an earlier version, which kept no record of the"
        " leads that it has learned from, and the leads have no day that tells"
    )
    with pytest.raises(DataError) as caught:
        recalibrate(releases, leads())
    assert str(caught.value) == (
        f"release {name} was made by an earlier version, which kept no record of the leads that it has learned from,"
        " and the leads have no day or order that tells; on leads that it has learned from, promises would be too bold."
        " Make a new release with `leadledger train`"
    )


@pytest.mark.slow
def test_after_an_edit_a_release_is_judged_by_what_the_edit_does_to_each_lead(
    card: Path, trained: Training, tmp_path: Path
) -> None:
    """It is compared, and recalibrated, by all leads that judged it before, moved by the edit."""
    releases = Releases(tmp_path)
    first = trained.publish(releases, CREATED)
    before = train_simply(card, leads(), seed=5, current=open_earlier(releases)).metrics["comparison"]
    rule = "\nrules: [{name: urgent, when: need = 'urgent', points: -40, reason: Urgent}]\n"
    edit: dict[str, Any] = {"by": "Lena", "note": "an edit", "created": CREATED}
    name = publish_edited(releases, CARD + rule, releases.open(first), **edit)
    known = open_with_leads(releases)
    history = read_history(parse_card(CARD + rule), leads())
    digests = digest_leads(history)
    moved = known.unseen_totals(history, digests) - open_with_leads(releases, first).unseen_totals(history, digests)
    urgent = leads()["need"].to_numpy() == "urgent"
    trust = releases.open(name).learned.trust
    assert trust is not None
    assert np.isfinite(moved).all()
    assert not moved[~urgent].any()
    assert set(moved[urgent]) == {float(round(-400 * trust))}
    after = train_simply(card, leads(), seed=5, current=open_earlier(releases)).metrics["comparison"]
    assert (after["release"], after["leads"]) == (name, before["leads"])
    assert after["log_loss"]["difference"] < before["log_loss"]["difference"] - 0.01  # the edit is a bad one
    rated = recalibrate(releases, leads())
    assert rated.metrics["leads"] == LEADS // 4
    again = publish_edited(releases, CARD, releases.open(rated.publish(releases, CREATED)), **edit)
    totals = [open_with_leads(releases, release).unseen_totals(history, digests) for release in (first, again)]
    assert (totals[0] == totals[1]).all()


def _name(earlier: EarlierRelease | None) -> str:
    assert earlier is not None
    return earlier.scorecard.release


def publish(releases: Releases, **metrics: Any) -> str:
    """A release of rules alone with these metrics, made current."""
    return releases.publish(EXAMPLE, Learned(), metrics=metrics, provenance={}, created=CREATED)


def test_the_best_so_far_is_opened_beside_the_current_one(tmp_path: Path) -> None:
    """It is the one that the current release names; the current one alone where it names none, or one that is gone."""
    releases = Releases(tmp_path)
    assert open_earlier(releases) is None
    first = publish(releases)
    earlier = open_earlier(releases)
    assert earlier is not None
    assert (_name(earlier.current), earlier.best) == (first, None)
    second = publish(releases, comparison={"worse": False, "measure": first})
    earlier = open_earlier(releases)
    assert earlier is not None
    assert earlier.best is not None
    assert (_name(earlier.current), _name(earlier.best)) == (second, first)
    publish(releases, comparison={"worse": False, "measure": "2020-01-01-001"})
    earlier = open_earlier(releases)
    assert earlier is not None
    assert earlier.best is None


@pytest.mark.parametrize(
    ("metrics", "name"),
    [
        ({}, ""),
        ({"comparison": {"worse": False}}, ""),
        ({"comparison": {"worse": False, "measure": "a"}}, "a"),
        ({"comparison": {"worse": True, "measure": "a"}}, ""),
        ({"recalibrated_from": "b", "measure": "a"}, "a"),
    ],
)
def test_the_measure_of_a_release(metrics: dict[str, Any], name: str) -> None:
    """A release that was held back, and is current all the same, is the measure from then on."""
    assert name_measure(metrics) == name
