"""A release that exceeds the card's fairness: held back, refused as the current one, or signed off with a note."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from leadledger.api.cli.commands import cli
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import ReleaseError
from leadledger.training.runs.train import train
from leadledger.training.runs.train_text import training_text
from leadledger.training.runs.training_result import Training

CARD = """
name: fair
fields:
  need: {kind: number}
  club: {kind: text}
  gender: {kind: text}
  grown_up: {kind: flag}
  male: {kind: flag, is: gender = 'm'}
outcome: {became: {field: won, kind: flag}}
protected: [gender, grown_up]
fairness: {rate_ratio: 0.8}
rules:
  - {name: needy, when: need > 1, points: 5, reason: Has a need}
exclude:
  - {name: minor, when: not grown_up, reason: Is under age, uses_protected: no sale to minors}
stages: [{name: lead}, {name: opportunity, points: 52}]
"""
CREATED = datetime(2026, 7, 1, tzinfo=UTC)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_bags")]


def simulate(bias: float, leads: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Leads of which the men win more often by `bias` (log-odds); their club gives them away."""
    random = np.random.default_rng(seed)
    gender = random.choice(["f", "m"], leads)
    club = np.where(random.random(leads) < 0.85, np.where(gender == "f", "yoga", "golf"), "chess")
    need = random.normal(size=leads).round(3)
    chance = 1 / (1 + np.exp(-(need - 1 + bias * (gender == "m"))))
    won = np.where(random.random(leads) < chance, "yes", "no")
    return pd.DataFrame({"need": need, "club": club, "gender": gender, "grown_up": "yes", "won": won})


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card that bounds fairness."""
    path = tmp_path_factory.mktemp("card") / "card.yaml"
    path.write_text(CARD, "utf-8")
    return path


@pytest.fixture(scope="module")
def unfair(card: Path) -> Training:
    """A training whose scores prefer men."""
    return train(card, simulate(1.5))


def test_protected_fields_are_never_learned(unfair: Training) -> None:
    """Nor what is computed from them; the report says why each is left out, and which field gives it away."""
    assert {name for term in unfair.learned.terms for name in term.fields} <= {"need", "club"}
    assert unfair.metrics["fields_left_out"]["gender"] == unfair.metrics["fields_left_out"]["male"]
    assert unfair.metrics["fields_left_out"]["gender"] == "the card protects it"
    fairness = unfair.metrics["fairness"]
    assert fairness["chosen_by"] == "promoted to opportunity"
    assert [proxy["name"] for proxy in fairness["fields"][0]["proxies"]] == ["club"]
    assert fairness["uses"] == [
        {"kind": "exclusion", "name": "minor", "fields": ["grown_up"], "reason": "no sale to minors"}
    ]


def test_what_exceeds_the_bound_stops(unfair: Training, tmp_path: Path) -> None:
    """It is held back, `force` or not, and can't be made the current release later."""
    releases = Releases(tmp_path)
    assert unfair.unfair.startswith("of gender f, ")
    name = unfair.publish(releases, CREATED, force=True)
    assert releases.current() is None
    assert releases.show(name)["note"] == "held back"
    with pytest.raises(ReleaseError) as caught:
        releases.use(name)
    assert str(caught.value) == (
        f"release {name} exceeds the fairness that its card asks for: {unfair.unfair}.\n"
        'Mend the card, or train again with --sign-off "the reason", which stays in the release'
    )


def test_a_sign_off_stays_in_the_release(unfair: Training, tmp_path: Path) -> None:
    """Its reason stands in metrics.json, the manifest and the report."""
    releases = Releases(tmp_path)
    name = unfair.publish(releases, CREATED, sign_off=" the board agreed,\n on 1 July ")
    assert releases.current() == name
    reason = "the board agreed, on 1 July"
    shown = releases.show(name)
    assert shown["metrics"]["fairness"]["signed_off"] == reason
    assert shown["note"] == f"signed off: {reason}"
    assert reason in releases.read(name, "report.html").decode()
    releases.use(name)


def test_a_fair_release_needs_no_signature(card: Path, tmp_path: Path) -> None:
    """Where groups get the same, nothing is held back, and a reason is not kept."""
    training = train(card, simulate(0.0))
    assert not training.unfair
    releases = Releases(tmp_path)
    name = training.publish(releases, CREATED, sign_off="for nothing")
    assert releases.current() == name
    assert releases.show(name)["note"] == ""


def test_recalibration_is_held_to_the_same(unfair: Training, tmp_path: Path) -> None:
    """Its thresholds are judged by group on the newest leads; the command says how to sign off."""
    releases = Releases(tmp_path / "home")
    before = unfair.publish(releases, CREATED, sign_off="agreed")
    data = tmp_path / "new.csv"
    simulate(1.5, 2000, seed=1).to_csv(data, index=False)
    arguments = ["recalibrate", str(data), "--home", str(tmp_path / "home"), "--newest", "0.9"]
    stopped = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert "is made, and held back: " in stopped.output
    assert 'To make it current, say why: --sign-off "the reason".' in stopped.output
    assert releases.current() == before
    signed = CliRunner().invoke(cli, [*arguments, "--sign-off", "agreed again"], catch_exceptions=False)
    assert "Signed off: agreed again" in signed.output
    shown = releases.show()
    assert shown["name"] != before
    assert shown["metrics"]["fairness"]["signed_off"] == "agreed again"
    assert shown["note"] == f"{before} recalibrated; signed off: agreed again"


def test_the_command_says_it(card: Path, unfair: Training, tmp_path: Path) -> None:
    """`train --sign-off` makes the release the current one and says so; without it, the text names the way out."""
    data = tmp_path / "history.csv"
    simulate(1.5).to_csv(data, index=False)
    arguments = ["train", str(card), str(data), "--home", str(tmp_path / "home"), "--sign-off", "agreed"]
    signed = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert (
        "is made, and is the current one.\nIt exceeds a bound of the card's fairness, and was signed off: agreed"
        in (signed.output)
    )
    stopped = training_text(unfair, "2026-07-01-001", current=False)
    assert "and held back: of gender f, " in stopped
    assert stopped.splitlines()[3:5] == [
        'To make it current, say why it may be: train again with --sign-off "the reason",',
        "which stays in it.",
    ]


def test_a_protected_field_without_a_column_stops_training(card: Path) -> None:
    """What the bound rests on must be there, or be left out by name; then the report says that it is not measured."""
    history = simulate(0.0, 400).drop(columns="gender")
    with pytest.raises(Exception, match="a field that the card uses has no column: gender"):
        train(card, history)
    training = train(card, history, without=["gender"])
    assert training.metrics["fairness"]["unmeasured"] == ["gender"]
