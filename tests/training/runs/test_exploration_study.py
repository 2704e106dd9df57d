"""Training on explored leads: who is kept, by what weight, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.training.history import History
from leadledger.training.history_reader import read_history
from leadledger.training.promotions import Promotions
from leadledger.training.runs.exploration_study import (
    NOT_ASKED,
    NOT_SAID,
    ExplorationStudy,
    study_exploration,
    weigh_promotions,
)
from leadledger.training.runs.list_upkeep import measure_list
from leadledger.training.runs.recalibration import recalibrate
from leadledger.training.runs.train import train

TEXT = """
name: explored
fields: {lead_id: {kind: id}, created: {kind: date}, size: {kind: number}}
outcome: {became: {field: won, kind: flag}, since: created}
stages: [{name: contact}, {name: lead, points: 60, explore: 20 %}]
"""
CARD = parse_card(TEXT)


def make_frame(leads: int, *, says: bool = True, seed: int = 2) -> pd.DataFrame:
    """Leads of which a tenth is promoted by merit, a fifth of the others at random, and 50 are of before that."""
    random = np.random.default_rng(seed)
    size = random.normal(size=leads)
    by_merit = size > 1.28
    drawn = ~by_merit & (random.random(leads) < 0.2)
    promoted = by_merit | drawn
    won = random.random(leads) < np.where(promoted, 0.3, 0.02)
    frame = pd.DataFrame(
        {
            "lead_id": [f"L{seed}-{i}" for i in range(leads)],
            "created": pd.date_range("2024-01-01", periods=leads, freq="6h"),
            "size": size,
            "won": won,
        }
    )
    if says:
        frame["recommendation"] = np.where(promoted, "promote", "nurture")
        frame["propensity"] = np.where(np.arange(leads) < 50, np.nan, np.where(by_merit, 1, 0.2))
    return frame


def make_history(leads: int, *, says: bool = True) -> History:
    """The history of such leads."""
    return read_history(CARD, make_frame(leads, says=says))


@pytest.fixture(scope="module")
def study() -> ExplorationStudy:
    """The study of a history with enough drawn leads."""
    found = study_exploration(CARD, make_history(2_000), 0)
    assert found is not None
    return found


def test_promoted_leads_are_kept(study: ExplorationStudy) -> None:
    """Promoted leads of known propensity are kept, each stands for 1 / propensity leads, and the rows add up."""
    history, counts = study.history, study.history.counts
    assert history.weights is not None
    assert set(np.round(history.weights, 6)) == {1, 5}
    assert len(history) == counts.used == study.by_merit + study.drawn
    assert (history.weights == 5).sum() == study.drawn
    assert counts.unexplored == study.unknown == 50
    assert counts.rows == counts.used + counts.unpromoted + counts.unexplored
    assert counts.won == history.won.sum()
    assert history.rate == pytest.approx(np.average(history.won, weights=history.weights))
    assert history.fit_weights == pytest.approx(np.sqrt(history.weights))


def test_what_is_said(study: ExplorationStudy) -> None:
    """The counts, the lift, what would have been hidden, and how weights count."""
    counts, lift, hidden, weighed = study.sentences
    assert counts == (
        f"Exploration: {study.by_merit:,} leads were promoted by their own points, and {study.drawn:,} at random of"
        f" {study.drawn + study.undrawn:,} that points alone held back; 0 could not be promoted. Of 50 leads no"
        " propensity is known."
    )
    assert study.lift is not None
    assert lift == study.lift.sentence
    assert study.hidden is not None
    assert study.hidden.predicted < 0.1 < 0.2 < study.hidden.actual
    assert hidden.startswith(f"Without them, a training would predict {study.hidden.predicted:.1%} for the ")
    assert hidden.endswith("The fields whose points move most below the threshold: " + hidden.split("threshold: ")[-1])
    assert [field.field for field in study.hidden.fields] == ["size"]
    assert weighed.startswith("Each promoted lead stands for 1 / propensity leads")
    assert study.to_dict()["said"] == list(study.sentences)


def test_too_few_drawn_leads() -> None:
    """With fewer than ten drawn leads of either outcome all leads are learned from alike, and that is said."""
    history = make_history(120)
    study = study_exploration(CARD, history, 0)
    assert study is not None
    assert study.history is history
    assert not study.weighed
    assert study.sentences[-1] == (
        f"Not enough yet to weigh them: {study.drawn_won} of the drawn leads became opportunities, and 10 of either"
        " kind are needed. Until then training learns from all leads alike, and below the threshold it learns what the"
        " threshold did."
    )


def test_a_history_that_does_not_say() -> None:
    """Without the two columns there is no study."""
    assert study_exploration(CARD, make_history(60, says=False), 0) is None


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.01, 0.05, 0.2, 1.0, float("nan")]), st.booleans()), max_size=80),
)
def test_weights_are_one_over_the_propensity(leads: list[tuple[float, bool]]) -> None:
    """A promoted lead of known propensity stands for 1 / propensity leads, every other one for none."""
    propensity = np.array([lead[0] for lead in leads])
    promoted = np.array([share == 1 or (share > 0 and drawn) for share, drawn in leads], dtype=bool)
    weights = weigh_promotions(Promotions(promoted, propensity))
    assert all(
        weight == (1 / share if was and share == share else 0)
        for weight, share, was in zip(weights, propensity, promoted, strict=True)
    )


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    """A home with a release that has learned from promoted leads."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "card.yaml").write_text(TEXT, "utf-8")
    quick = AdditiveClassifier(bags=2, pairs=0, combinations=0, random_state=0)
    trained = train(folder / "card.yaml", make_frame(3_000), estimator=quick)
    releases = Releases(folder)
    releases.use(trained.publish(releases, datetime(2026, 1, 1, tzinfo=UTC)))  # it has no signal, and is held back
    return releases


@pytest.mark.slow
def test_a_release_of_promoted_leads(releases: Releases) -> None:
    """Its base rate is that of all leads, had they been promoted; text, metrics and provenance say what it learned."""
    shown = releases.show()
    assert shown["provenance"]["learned_from"] == "promoted leads"
    assert shown["metrics"]["exploration"]["weighed"]
    assert shown["metrics"]["counts"]["unpromoted"] > 2_000
    base_rate = releases.open().learned.base_rate
    assert base_rate is not None
    assert 0.22 < base_rate < 0.38  # promoted leads are won three times in ten, and all leads one time in fourteen


@pytest.mark.slow
def test_such_a_release_is_recalibrated_by_promoted_leads(releases: Releases) -> None:
    """A list that says who was promoted moves the rate; one that doesn't is refused, and can't tell what is needed."""
    newer = make_frame(2_000, seed=3)
    newer["created"] += pd.Timedelta(days=800)
    after = recalibrate(releases, newer, newest=1).after
    assert 0.2 < after < 0.4
    silent = newer.drop(columns=["recommendation", "propensity"])
    with pytest.raises(DataError) as caught:
        recalibrate(releases, silent, newest=1)
    assert str(caught.value) == (
        f"release {releases.current()} has learned what becomes of promoted leads, and the data frame doesn't say which"
        " leads were promoted: other leads would move its rate in vain. Add the columns `recommendation` and"
        " `propensity`, as scored lists have them"
    )
    assert measure_list(releases, read_history(CARD, silent)) is None
    upkeep = measure_list(releases, read_history(CARD, newer))
    assert upkeep is not None
    promoted = newer["recommendation"].eq("promote") & newer["propensity"].notna()
    assert upkeep.leads == pytest.approx(promoted.sum(), abs=3)  # some short digests are of two leads


@pytest.mark.slow
def test_propensities_that_a_card_does_not_ask_for_are_noted(tmp_path: Path) -> None:
    """A card without `explore` learns from all leads alike, and a note says that the history has propensities."""
    (tmp_path / "card.yaml").write_text(TEXT.replace(", explore: 20 %", ""), "utf-8")
    quick = AdditiveClassifier(bags=2, pairs=0, combinations=0, random_state=0)
    trained = train(tmp_path / "card.yaml", make_frame(600), estimator=quick)
    assert NOT_ASKED in trained.notes
    assert trained.metrics["counts"]["used"] == 600


@pytest.mark.slow
def test_a_history_without_the_columns_is_noted(tmp_path: Path) -> None:
    """A card that explores can be trained by a history that doesn't say what was recommended, and a note says so."""
    (tmp_path / "card.yaml").write_text(TEXT, "utf-8")
    quick = AdditiveClassifier(bags=2, pairs=0, combinations=0, random_state=0)
    trained = train(tmp_path / "card.yaml", make_frame(600, says=False), estimator=quick)
    assert NOT_SAID in trained.notes
    assert "exploration" not in trained.metrics
    assert "learned_from" not in trained.provenance
